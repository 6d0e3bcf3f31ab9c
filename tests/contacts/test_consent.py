"""Yes and no as people write them in a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.contacts.columns.consent import is_telling, read_consent, read_refusal


def each(text):
    """The titles or cells of a table: ``|`` or the end of a line stands between them."""
    return [part.strip() for part in text.replace("\n", "|").split("|")]


YES = each("""oui|Oui|OUI !|yes|ja|sí|Sì|si|1|true|TRUE|vrai|wahr|x|X|✓|✔|✔️|☑|ok|o|y|j|s|t|1.0""")
AGREES = each(
    """opt-in|Opted in|OPT_IN|accepté|acceptée|Accepte|subscribed|SUBSCRIBED|abonné|Abonnée
    abonné(e)|accepté·e|inscrit|inscrite|inscrit(e)|granted|allowed|confirmed
    double opt-in|Confirmed Opt-In|d'accord|J'accepte|Opt-in SMS|given|Einverstanden
    Suscrito|Iscritto"""
)
NO = "non|NON|no|nein|0|false|FALSE|faux|falsch|n|f|✗|✘|❌|☐|0.0".split("|")
REFUSES = each(
    """opt-out|opted out|OptOut|désinscrit|désinscrit(e)|désabonnée|unsubscribed|non abonné
    not subscribed|never subscribed|NEVER_SUBSCRIBED|not_subscribed|refusé|refusée
    refuse|refus|refused|STOP|STOP SMS|Stop sms !|blacklisté|black listé|Blacklisted
    blocked|ne souhaite pas|pas de SMS|pas d'accord|n'accepte pas|non inscrit
    Ne pas contacter|Do not contact|ne souhaite plus|Désabonné e-mail|Pas d'e-mail
    abgemeldet|Disiscritto|baja|No consent|not opted in|Non, désabonné|Non (STOP)"""
)
NOTHING = each(
    """||-|--|—|n/a|N/A|NA|inconnu|Inconnue|unknown|pending|en attente|non renseigné|NULL
    none|bounced|Cleaned|not set|0000-00-00 00:00:00"""
)
UNCLEAR = each(
    """peut-être|oui/non|oui e-mail|newsletter|non désinscrit|not unsubscribed|2|36111
    2026-01-05|Lille|SMS|oui sauf dimanche|accepté le 05/01/2026|oui mais pas trop|?!|👻
    yes, unsubscribed|opt-in / opt-out"""
)


@pytest.mark.parametrize("text", [*YES, *AGREES])
def test_given(text):
    assert read_consent(text) == "given"


@pytest.mark.parametrize("text", [*NO, *REFUSES])
def test_refused(text):
    assert read_consent(text) == "refused"


@pytest.mark.parametrize("text", NOTHING)
def test_cells_that_say_nothing(text):
    assert read_consent(text) == ""
    assert read_refusal(text) == ""


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_not_understood(text):
    assert read_consent(text) is None


@pytest.mark.parametrize("text", [*YES, *REFUSES, "2026-01-05", "05/01/2026 10:00", "oui, STOP"])
def test_yes_to_a_refusal(text):
    assert read_refusal(text) == "refused"


@pytest.mark.parametrize("text", [*NO, "abonné", "subscribed", "opt-in", "non désinscrit"])
def test_what_is_no_refusal_is_no_consent_either(text):
    assert read_refusal(text) == ""


@pytest.mark.parametrize("text", ["peut-être", "36111", "Lille", "oui et non"])
def test_what_is_not_understood_as_refusal(text):
    assert read_refusal(text) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [("désabonné", True), ("Non abonné", True), ("Opt-in", True), ("STOP", True),
     ("oui", False), ("1", False), ("confirmé", False), ("refusé", False), ("bus stop", False),
     ("inscrit au cours du lundi", False)],
)  # fmt: skip
def test_cells_that_speak_of_consent_by_themselves(text, told):
    assert is_telling(text) is told


@given(
    st.sampled_from(["pas", "non", "not", "never", "nicht", "no", "ne", "jamais", "kein"]),
    st.sampled_from(
        ["accord", "accepté", "abonné", "subscribed", "opt-in", "inscrit", "souhaite"]
    ),
    st.sampled_from(["", "SMS", "de SMS", "!"]),
    st.booleans(),
)
def test_a_negation_is_never_a_yes(negation, word, rest, first):
    text = f"{negation} {word} {rest}" if first else f"{word} {negation} {rest}"
    assert read_consent(text) != "given"
    assert read_consent(text.upper()) != "given"


@given(st.text())
def test_any_text_has_an_answer(text):
    assert read_consent(text) in {"given", "refused", "", None}
    assert read_refusal(text) in {"refused", "", None}
    assert is_telling(text) in {True, False}
