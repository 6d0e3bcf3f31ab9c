"""What is a value of a merge field, and what only looks like a merge field."""

from decimal import Decimal

import pytest

from octopush_django.rules import compliance, values
from octopush_django.rules.values import BLANKS, as_text, foreign_merge_fields, stripped

from ..people import STOP


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (False, "False"), (Decimal(0), "0"), (Decimal("1.50"), "1.50"),
     ("", ""), ("Ada", "Ada")],
)  # fmt: skip
def test_zero_and_false_are_values(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    "blank", ["\u00a0", "\t", "\u200b", "\n", "\ufeff", "\u2800", "\u3164", " "]
)
def test_what_shows_nothing_is_nothing(blank):
    assert stripped(blank * 3) == ""
    assert stripped(f"{blank}Ada Lovelace{blank}") == "Ada Lovelace"


def test_blanks_are_each_one_character():
    assert len(set(BLANKS)) == len(BLANKS)
    assert not any(char.isalnum() and char not in "\u115f\u1160\u3164\uffa0" for char in BLANKS)


@pytest.mark.parametrize(
    "field",
    ["%first_name%", "*|FNAME|*", "[first_name]", "(ch1)", "((first_name))", "<first_name>",
     "$first_name$", "${first_name}", "[prenom]", "[Prénom]", "｛first_name｝", "[[nom]]",
     "%%nom%%",
     "<<nom>>", "##prenom##", "#nom#", "(champ 2)", "[contact.firstname]"],
)  # fmt: skip
def test_merge_fields_of_other_systems_are_seen(field):
    assert foreign_merge_fields(f"Bonjour {field}, à bientôt") == [field]
    [finding] = [
        found
        for found in compliance.check_message(
            text=f"Bonjour {field}", purpose="alert", sms_type="sms_premium", sender="Shop"
        )
        if found.code == "foreign_field"
    ]
    assert finding.acknowledge
    assert field in str(finding.message)


@pytest.mark.parametrize(
    "text",
    ["20% de remise et 30% demain", "Offre [NOUVEAU] (ici) <3 merci #promo#", "-20%!50%",
     "{first_name|cher client}, voir www.site.fr (gratuit)", "5$ et 6$", "A * B | C"],
)  # fmt: skip
def test_plain_writing_is_no_merge_field(text):
    assert foreign_merge_fields(text) == []


@pytest.mark.parametrize(
    "options",
    [{"cards": [{"title": "{first_name|cher client}"}]}, {"actions": [{"text": "Oui {nom}"}]}],
)
def test_braces_in_a_card_or_a_button_must_be_acknowledged(options):
    [finding] = compliance.check_options(options)
    assert (finding.code, finding.acknowledge) == ("options_with_braces", True)
    assert (
        compliance.check_options({"actions": [{"text": "Oui"}], "get_back_pressed_keys": True})
        == []
    )


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u2009", "\u200b", "\t"])
def test_another_blank_in_the_stop_mention_is_named_as_that(blank, settings):
    from octopush_django.conf import conf

    def codes(text):
        found = compliance.check_message(
            text=text, purpose="wholesale", sms_type="sms_premium", sender="Shop",
            stop_patterns=conf.stop_patterns,
        )  # fmt: skip
        return [one.code for one in found if one.level == "error"]

    assert codes(f"Soldes STOP au{blank}XXXXX") == ["stop_blank"]
    assert codes("Soldes") == ["stop_missing"]
    assert codes(f"Soldes {STOP}") == []


def test_words_for_nothing():
    assert {"nan", "None", "NULL"} <= set(values.LOOKS_EMPTY)
    assert not {"Nan", "Nat", "Nil", "Ada"} & set(values.LOOKS_EMPTY)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1 250,50 €", 1250.5), ("-20 %", -20.0), ("−3", -3.0), ("1.250,5", 1250.5),
     ("1,250.5", 1250.5), ("1.250.000", 1_250_000.0), ("0.125", 0.125), ("12,5", 12.5),
     ("1'250", 1250.0), ("1234,567", 1234.567), ("\u00a01\u202f250 EUR ", 1250.0),
     # A thousand and more for some, one and a bit for others.
     ("1,250", None), ("1.250", None),
     ("1.2.3", None), ("1,2,3.4", None), ("", None), ("many", None), ("1e5", None),
     ("12 rue X", None), ("9" * 21, None)],
)  # fmt: skip
def test_numbers_as_people_write_them(text, number):
    assert values.read_number(text) == number


def test_the_comparable_form_is_that_of_the_kind():
    texts = {"ville": "12", "points": "12", "since": "31/12/2025", "odd": "12"}
    kinds = {"points": values.Kind.NUMBER, "since": values.Kind.DATE, "odd": values.Kind.DATE}
    assert values.comparables_of(texts, kinds) == {"points": 12.0, "since": "2025-12-31"}
