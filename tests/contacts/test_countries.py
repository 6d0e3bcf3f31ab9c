"""Countries as cells name them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.contacts.columns.countries import is_calling_code, read_country


@pytest.mark.parametrize(
    ("text", "region"),
    [(text, "CH") for text in ("CH", "ch", "CHE", "Suisse", "SUISSE", "Switzerland", "Schweiz",
                               "Suiza", "Svizzera", "SUI", "+41", "41", "0041", "41.0", "'+41",
                               "Suisse (+41)", "CH - Suisse", "41 (CH)", "Switzerland +41")]
    + [("F", "FR"), ("France", "FR"), ("FRA", "FR"), ("33", "FR"), ("Deutschland", "DE"),
       ("D", "DE"), ("UK", "GB"), ("Angleterre", "GB"), ("U.K.", "GB"), ("États-Unis", "US"),
       ("etats unis", "US"), ("United States (US)", "US"), ("Côte d’Ivoire", "CI"),
       ("La Réunion", "RE"), ("Nederland", "NL"), ("Österreich", "AT"), ("España", "ES")]
    # Codes that several countries share are the main one's, unless the cell says otherwise.
    + [("1", "US"), ("7", "RU"), ("44", "GB"), ("262", "RE"), ("590", "GP"), ("Canada (+1)",
    "CA")],
)  # fmt: skip
def test_a_country(text, region):
    assert read_country(text) == region


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "0", "8", "99", "999", "800", "041", "Bayern", "Neverland", "XX", "Congo",
     "France, Suisse", "Suisse (+33)", "Lille", "75001", "0639981001", "Frank", "x" * 10_000],
)  # fmt: skip
def test_no_country(text):
    assert read_country(text) is None


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_region_of_the_phone_library_has_its_code(region):
    assert read_country(region) == region
    assert read_country(region.lower()) == region


def test_every_calling_code_has_its_main_region():
    for code, (main, *_others) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        expected = None if main == "001" else main
        assert read_country(str(code)) == read_country(f"+{code}") == expected
        assert is_calling_code(f"00{code}") is (expected is not None)


@pytest.mark.parametrize("text", ["CH", "", "030", "089", "0", "999", "Suisse"])
def test_no_calling_code(text):
    assert not is_calling_code(text)


@given(st.text())
def test_any_text_has_an_answer(text):
    assert read_country(text) is None or read_country(text) in phonenumbers.SUPPORTED_REGIONS
