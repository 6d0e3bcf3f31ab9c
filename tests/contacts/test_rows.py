"""What one row says in several columns: which number, which country, which consent."""

import csv

import pytest

from octopush_django.contacts.importer import import_contacts
from octopush_django.models import Contact

pytestmark = pytest.mark.django_db

LANDLINE, OTHER_LANDLINE, MOBILE = "0199001001", "0199001002", "0639981001"


@pytest.fixture
def load(tmp_path):
    """Import one row of pairs: what a column is, and its cell there; the contact."""

    def load(*pairs, **told):
        path = tmp_path / "file.csv"
        titles = [f"Title {index}" for index in range(len(pairs))]
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter=";").writerows([titles, [cell for _field, cell in pairs]])
        columns = {index: field for index, (field, _cell) in enumerate(pairs)}
        import_contacts(path, "Clients", columns=columns,
                        refused_path=tmp_path / "refused.csv", **told)  # fmt: skip
        return Contact.objects.get()

    return load


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        ((LANDLINE, MOBILE), MOBILE),
        ((MOBILE, LANDLINE), MOBILE),
        ((LANDLINE, OTHER_LANDLINE, MOBILE), MOBILE),
        ((f"{LANDLINE} ::: {MOBILE}", ""), MOBILE),
        (("", MOBILE), MOBILE),
        (("abc", MOBILE), MOBILE),
        ((LANDLINE, ""), LANDLINE),
        (("", LANDLINE), LANDLINE),
        ((LANDLINE, "abc"), LANDLINE),
        ((LANDLINE, OTHER_LANDLINE), LANDLINE),
    ],
)
def test_the_first_mobile_is_taken_and_a_landline_only_where_there_is_none(load, cells, taken):
    contact = load(*[("phone_number", cell) for cell in cells])
    assert contact.phone_number == f"+33{taken[1:]}"
    assert contact.line_type == ("mobile" if taken == MOBILE else "landline")


# --- countries -----------------------------------------------------------------------------------

# A mobile number in Belgium, a landline in France, none in Switzerland.
AMBIGUOUS = "0470123456"


@pytest.mark.parametrize("order", [1, -1], ids=["code first", "country first"])
@pytest.mark.parametrize(
    ("code", "country", "taken"),
    [
        ("+32", "France", "+32470123456"),
        ("33", "Belgique", "+33470123456"),
        ("", "France", "+33470123456"),
        (" ", "Belgique", "+32470123456"),
        ("32", "", "+32470123456"),
    ],
)
def test_the_calling_code_goes_before_the_country_wherever_it_stands(
    load, order, code, country, taken
):
    pairs = [("calling_code", code), ("country", country)][::order]
    assert load(*pairs, ("phone_number", AMBIGUOUS), country="CH").phone_number == taken


@pytest.mark.parametrize("country", ["BE", "FR"])
def test_where_a_row_names_no_country_that_of_the_import_counts(load, country):
    contact = load(("phone_number", AMBIGUOUS), ("calling_code", ""), ("country", ""),
                   country=country)  # fmt: skip
    assert contact.phone_number == {"BE": "+32470123456", "FR": "+33470123456"}[country]


# --- consent -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "email_"])
@pytest.mark.parametrize(
    ("cells", "status", "place"),
    [
        (("oui", "non"), "refused", 1),
        (("non", "oui"), "refused", 0),
        (("oui", "", "non"), "refused", 2),
        (("bof", "non"), "refused", 1),
        (("", "non"), "refused", 1),
        (("oui", ""), "given", 0),
        (("", "oui"), "given", 1),
        (("", ""), "unknown", None),
    ],
)
def test_a_no_beats_a_yes_and_a_yes_beats_silence_whatever_their_order(
    load, prefix, cells, status, place
):
    field = f"{prefix}consent"
    contact = load(*[(field, cell) for cell in cells], ("phone_number", MOBILE))
    said = "" if place is None else f"Title {place}: {cells[place]}"
    assert getattr(contact, field) == status
    assert getattr(contact, f"{field}_source") == said


@pytest.mark.parametrize("prefix", ["", "email_"])
@pytest.mark.parametrize("order", [1, -1], ids=["consent first", "refusal first"])
def test_a_refusal_beats_the_consent_beside_it(load, prefix, order):
    refusal = "email_refusal" if prefix else "refusal"
    pairs = [(f"{prefix}consent", "oui"), (refusal, "oui")][::order]
    assert getattr(load(*pairs, ("phone_number", MOBILE)), f"{prefix}consent") == "refused"


@pytest.mark.parametrize(
    ("pairs", "by_phone", "by_email"),
    [
        ([("refusal", "oui")], "refused", "unknown"),
        ([("email_refusal", "oui")], "unknown", "refused"),
        ([("refusal", "oui"), ("email_refusal", "non")], "refused", "unknown"),
        ([("refusal", "non"), ("email_refusal", "oui")], "unknown", "refused"),
        ([("consent", "oui"), ("email_refusal", "oui")], "given", "refused"),
        ([("email_consent", "oui"), ("refusal", "oui")], "refused", "given"),
        ([("consent", "non"), ("email_consent", "oui")], "refused", "given"),
    ],
)
def test_either_refusal_is_read_from_its_own_columns(load, pairs, by_phone, by_email):
    contact = load(("phone_number", MOBILE), ("email", "nora@example.org"), *pairs)
    assert (contact.consent, contact.email_consent) == (by_phone, by_email)
