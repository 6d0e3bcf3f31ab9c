import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django import numbers

SPELLINGS = [
    "0639980011", "06 39 98 00 11", "06.39.98.00.11", "06-39-98-00-11", " 06 39 98 00 11 ",
    "06\u00a039\u00a098\u00a000\u00a011", "06\u202f39\u202f98\u202f00\u202f11", "0033639980011",
    "00 33 6 39 98 00 11", "+33639980011", "+33 6 39 98 00 11", "+33 (0)6 39 98 00 11",
    "+33(0)639980011", "0033 (0) 6 39 98 00 11", "33639980011", "639980011", "639980011.0",
    "33639980011.0", "=+33639980011", "'0639980011", "０６３９９８００１１", "٠٦٣٩٩٨٠٠١١",
    "\u202a+33639980011\u202c", "(06) 39 98 00 11",
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_is_one_number(text):
    assert numbers.canonical(text) == "+33639980011"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+33690123456", "+590690123456"),
        ("0690 12 34 56", "+590690123456"),
        ("+590690123456", "+590690123456"),
        ("0692123456", "+262692123456"),
        ("+33 694 12 34 56", "+594694123456"),
        ("696123456", "+596696123456"),
        ("0262 12 34 56", "+262262123456"),
        ("01 99 00 45 15", "+33199004515"),
        ("+44 20 3882 8112", "+442038828112"),
        ("+ 442038828112", "+442038828112"),
    ],
)
def test_overseas_landlines_and_abroad(text, number):
    assert numbers.canonical(text) == number


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "n/a", "6,39981E+08", "6.1E8", "06399800111", "0639 98", "+33 1", "06 12",
     "0639980011 ext. 9", "0639980011 / 0639980012", "+33", "0" * 100, "\x00", "-", "+",
     "0639980011x"],
)  # fmt: skip
def test_what_is_no_number_is_none(text):
    assert numbers.canonical(text) is None


def test_a_region_reads_its_own_national_numbers():
    assert numbers.canonical("0470 12 34 56", region="BE") == "+32470123456"


@pytest.mark.parametrize("text", ["33639980011", "+33639980011", "0639980011"])
def test_callbacks_may_lack_the_plus(text):
    assert numbers.from_gateway(text) == "+33639980011"


def test_international_digits_win_in_callbacks():
    assert numbers.from_gateway("447911123456") == "+447911123456"
    assert numbers.from_gateway("33612345678", region="BE") == "+33612345678"


@pytest.mark.parametrize(
    ("number", "kind"),
    [("+33639980011", "mobile"), ("+33199004515", "landline"), ("+33612345678", "mobile"),
     ("+33123456789", "landline"), ("+14155552671", "mobile"), ("+33939012345", "landline"),
     ("+33700123456", "invalid"), ("+99912345678", "invalid"), ("nonsense", "invalid")],
)  # fmt: skip
def test_line_type(number, kind):
    assert numbers.line_type(number) == kind


def test_test_numbers_are_the_six_ranges_for_fiction():
    assert numbers.is_test("+33639980000")
    assert numbers.is_test("+33465719999")
    assert not numbers.is_test("+33639970000")
    assert not numbers.is_test("+336399800001")


def test_masked_hides_the_middle():
    assert numbers.masked("+33612345678") == "+336****5678"
    assert numbers.masked("12345") == "****"


@given(st.text(max_size=40))
def test_anything_gives_canonical_or_none(text):
    number = numbers.canonical(text)
    assert number is None or numbers.canonical(number) == number


@given(st.integers(0, 99_999_999), st.sampled_from(["+33 {}", "0{}", "0033{}", "+33(0){}", "{}"]))
def test_all_french_mobiles_have_one_form(digits, spelling):
    national = f"6{digits:08d}"
    parsed = phonenumbers.parse(f"+33{national}")
    if phonenumbers.is_valid_number(parsed):
        assert numbers.canonical(spelling.format(national)) == f"+33{national}"
