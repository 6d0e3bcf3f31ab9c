import json
import re
import unicodedata
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from octopush_django import numbers

CASES = json.loads((Path(__file__).parent / "files" / "numbers.json").read_text("utf-8"))

SPELLINGS = [
    "0639980011", "06 39 98 00 11", "06.39.98.00.11", "06-39-98-00-11", " 06 39 98 00 11 ",
    "06\u00a039\u00a098\u00a000\u00a011", "06\u202f39\u202f98\u202f00\u202f11", "0033639980011",
    "00 33 6 39 98 00 11", "+33639980011", "+33 6 39 98 00 11", "+33 (0)6 39 98 00 11",
    "+33(0)639980011", "0033 (0) 6 39 98 00 11", "33639980011", "639980011", "639980011.0",
    "33639980011.0", "=+33639980011", "'0639980011", "０６３９９８００１１", "٠٦٣٩٩٨٠٠١١",
    "\u202a+33639980011\u202c", "(06) 39 98 00 11", '="0639980011"', "='0639980011'", "०६३९९८००११",
    "639980011,00", "639 980 011,00", "+33639980011.0", "0639980011.0", "(0)6 39 98 00 11",
    "+33 06 39 98 00 11", "+33 [0] 6 39 98 00 11", "(+33)(0)6 39 98 00 11", "33 (0)6 39 98 00 11",
    "+0639980011", "+06 39 98 00 11", "+0033639980011", "0+33639980011", "00+33639980011",
    "0+33(0)639980011", "033639980011", "0330639980011", "330639980011", "++33639980011",
    "＋33639980011", "tel:+33639980011", "tel:+33-6-39-98-00-11", "Tel : 06 39 98 00 11",
    "TÉL. 0639980011", "Te\u0301l: 0639980011", "téléphone portable : 06 39 98 00 11",
    "Phone 0639980011", "mobile:0639980011", "Mob. 0639980011", "Port. 0639980011",
    "GSM: +33 6 39 98 00 11", "SMS 0639980011", "Tel (mobile) : 0639980011",
    "ＴＥＬ：０６３９９８００１１", "℡ 0639980011", "0639980011,", "- 0639980011", "«0639980011»",
    "06/39/98/00/11", "06,39,98,00,11", "06;39;98;00;11;", "06_39_98_00_11", "06~39~98~00~11",
    "06 39 98\n00 11", "\n0639980011\r\n", "06'39'98'00'11", "[06] 39 98 00 11",
    "06．39．98．00．11", "06／39／98／00／11", "06ｰ39980011", "06 39 98 (0)0 11",
]  # fmt: skip

DECORATION = sorted(
    char
    for char in map(chr, range(0x110000))
    if unicodedata.category(char) in {"Zs", "Zl", "Zp", "Cf", "Pd"}
    or char in "\t\n_.·•‧−ー⠀'\"/,;"
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['text']}-{case['region']}")
def test_numbers_that_were_read_wrong(case):
    assert numbers.canonical(case["text"], case["region"]) == case["right"], case["why"]


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_is_one_number(text):
    assert numbers.canonical(text) == "+33639980011"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+33690123456", "+590690123456"),
        ("33690123456", "+590690123456"),
        ("0690 12 34 56", "+590690123456"),
        ("+590690123456", "+590690123456"),
        ("+590 0690 12 34 56", "+590690123456"),
        ("+590 (0)690 12 34 56", "+590690123456"),
        ("0692123456", "+262692123456"),
        ("+33 694 12 34 56", "+594694123456"),
        ("696123456", "+596696123456"),
        ("0639 01 23 45", "+262639012345"),
        ("0262 12 34 56", "+262262123456"),
        ("0590 69 01 23", "+590590690123"),
        ("0596 50 12 34", "+596596501234"),
        ("0269 60 12 34", "+262269601234"),
        ("0508 41 12 34", "+508411234"),
        ("+33 508 41 12 34", "+508411234"),
        ("0590690301234", "+590690301234"),
        ("0262692123456", "+262692123456"),
        ("02620692123456", "+262692123456"),
        ("508708401234", "+508708401234"),
        ("68987123456", "+68987123456"),
        ("687123456", "+33687123456"),
        ("687751234", "+33687751234"),
        ("299123456", "+33299123456"),
        ("01 99 00 45 15", "+33199004515"),
        ("+44 20 3882 8112", "+442038828112"),
        ("+ 442038828112", "+442038828112"),
    ],
)
def test_overseas_landlines_and_abroad(text, number):
    assert numbers.canonical(text) == number


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0612345678", "PM", "+33612345678"),
        ("0612345678", "MF", "+33612345678"),
        ("612345678", "RE", "+33612345678"),
        ("33612345678", "RE", "+33612345678"),
        ("33612345678", "NC", "+33612345678"),
        ("262692123456", "GP", "+262692123456"),
        ("0690301234", "RE", "+590690301234"),
        ("0639980011", "YT", "+33639980011"),
        ("41 12 34", "PM", "+508411234"),
        ("041 12 34", "PM", "+508411234"),
        ("0976 01 23 45", "GP", "+590976012345"),
        ("75 12 34", "NC", "+687751234"),
        ("687751234", "NC", "+687751234"),
        ("0612345678", "NC", None),
        ("0612345678", "PF", None),
    ],
)
def test_french_numbers_in_the_regions_overseas(text, region, number):
    assert numbers.canonical(text, region) == number


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "n/a", "6,39981E+08", "6.1E8", "3,36E+10", "06399800111", "0639 98", "+33 1",
     "06 12", "+33", "0" * 100, "\x00", "-", "+", "0639980011x", "O639980011", "+33 39 98",
     # An extension, another label, or a sign that is no separator.
     "0639980011 ext. 9", "0639980011x12", "0639980011 #12", "0639980011 poste 9", "*0639980011",
     "tel:+33639980011;ext=12", "Fax: 0639980011", "Tel/Fax 0639980011", "Mobilefax 0639980011",
     "0639980011 tel", "0639980011²", "06 39 98 00 1²", "①639980011", "06…39980011", "=0+",
     # Two numbers.
     "0639980011 / 0639980012", "0639980011, 0639980012", "0639980011;0639980012",
     "06 39 98 00 11 ou 06 39 98 00 12", "0639980011\n0639980012", "0639980011 0639980012",
     "0639980011 (0639980012)", "+33639980011 +33639980012", "+33+33639980011",
     "0639980011 / 12", "0639980011, 12", "33639980011 33639980012", "0639980011 - 0639980012",
     # Another country's digits without +, and digits too few or many.
     "41791234567", "447911123456", "4915123456789", "3361234567.0", "336 123 456,00",
     "99639980011"],
)  # fmt: skip
def test_what_is_no_number_is_none(text):
    assert numbers.canonical(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+39 (0)331 123456", "+390331123456"),
        ("0039 (0)6 698 12345", "+390669812345"),
        ("+39 (0)347 123456", None),
        ("+39 (0)333 1234567", None),
        ("+39 (0)345 1234567", None),
        ("+39 0345 1234567", "+3903451234567"),
        ("+378 (0)549 886377", "+3780549886377"),
        ("+379 (0)6 698 12345", None),
        ("+225 (0)7 12 34 56 78", "+2250712345678"),
        ("+242 (0)6 123 4567", "+242061234567"),
        ("+229 (0)1 95 12 34 56", "+2290195123456"),
        ("+49 (0)151 23456789", "+4915123456789"),
        ("0049(0)15123456789", "+4915123456789"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("+49 0151 23456789", "+4915123456789"),
        ("+34 (0)612 345 678", "+34612345678"),
        ("+34 0612 345 678", None),
        ("+1 (0)202 555 0123", "+12025550123"),
        ("+7 (8) 912 345-67-89", "+79123456789"),
        ("+36 06 20 123 4567", "+36201234567"),
        ("+44 79(0)11 123456", None),
    ],
)
def test_the_zero_after_a_country_code(text, number):
    assert numbers.canonical(text) == number


def test_countries_that_keep_the_zero_are_those_of_the_metadata():
    found = set()
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.metadata_for_region(region)
        lines = [line for line in (metadata.fixed_line, metadata.mobile) if line]
        if any((line.example_number or "").startswith("0") for line in lines):
            found.add(str(metadata.country_code))
    assert found == numbers._ZERO_IS_KEPT


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0470 12 34 56", "BE", "+32470123456"),
        ("0470/12.34.56", "BE", "+32470123456"),
        ("33612345678", "BE", None),
        ("4915123456789", "DE", "+4915123456789"),
        ("04915123456789", "DE", "+4915123456789"),
        ("0+49 (0)151 23456789", "DE", "+4915123456789"),
        ("15123456789", "DE", "+4915123456789"),
        ("41791234567", "DE", None),
        ("447911123456", "GB", "+447911123456"),
        ("0447911123456", "GB", "+447911123456"),
        ("+07911123456", "GB", "+447911123456"),
        ("38328012345", "XK", "+38328012345"),
        ("62218350123", "ID", None),
        ("468123456", "SE", None),
        ("0468123456", "SE", "+46468123456"),
        ("12025550123", "US", "+12025550123"),
        ("02486412345", "SC", None),
        ("3311234567", "IT", "+393311234567"),
        ("331123456", "IT", None),
        ("393311234567", "IT", "+393311234567"),
        ("0390212345", "IT", "+390390212345"),
        ("011 33 612345678", "US", "+33612345678"),
        ("0011 33 6 12 34 56 78", "AU", "+33612345678"),
        ("001 65 8234 5678", "HK", None),
        ("030/2345678", "DE", "+49302345678"),
        ("(030) 2345678", "DE", "+49302345678"),
        ("030 1234567-68", "DE", "+4930123456768"),
        ("030 1234567/68", "DE", None),
        ("0301234567 (2)", "DE", None),
        ("040 1234 / 040 5432", "DE", None),
        ("040 1234 040 5432", "DE", None),
        ("436641234567/68", "AT", None),
        ("27123456/57", "LU", None),
        ("+4930123456.0", "DE", None),
        ("0612345678", "XX", None),
        ("+33612345678", "XX", "+33612345678"),
        ("0612345678", "fr", "+33612345678"),
        # With a + each would be another number, here or abroad.
        ("84991946594", "RU", "+74991946594"),
        ("95273517", "MM", "+9595273517"),
        ("0278114377", "ZA", None),
    ],
)
def test_a_region_reads_its_own_national_numbers(text, region, number):
    assert numbers.canonical(text, region) == number


@pytest.mark.parametrize("text", ["33639980011", "+33639980011", "0639980011", "639980011"])
def test_callbacks_may_lack_the_plus(text):
    assert numbers.from_gateway(text) == "+33639980011"


def test_international_digits_win_in_callbacks():
    assert numbers.from_gateway("447911123456") == "+447911123456"
    assert numbers.from_gateway("33612345678", region="BE") == "+33612345678"
    assert numbers.from_gateway(33612345678, region="BE") == "+33612345678"
    assert numbers.from_gateway("00447911123456") == "+447911123456"
    assert numbers.from_gateway("33612345678.0") == "+33612345678"
    assert numbers.from_gateway("33612345678 / 33698765432") is None
    assert numbers.from_gateway("nonsense") is None
    assert numbers.from_gateway(None) is None


class WholeNumber:
    """An integer type that is no ``int``, like NumPy's."""

    def __index__(self):
        return 612345678


class Unwilling:
    def __index__(self):
        raise RuntimeError

    __str__ = __index__


class Text(str):
    def __str__(self):
        return "0698765432"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (33612345678, "+33612345678"),
        (612345678, "+33612345678"),
        (WholeNumber(), "+33612345678"),
        (Text("0612345678"), "+33612345678"),
        *[
            (value, None)
            for value in (True, False, None, 0, -612345678, 10**5000, 612345678.0, float("nan"),
                          b"0612345678", ["0612345678"], {}, object(), Unwilling(), "6" * 10**6)
        ],
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_text_and_whole_numbers_are_read(value, number):
    assert numbers.canonical(value) == number
    assert numbers.from_gateway(value) == number


@pytest.mark.parametrize("form", ["E164", "INTERNATIONAL", "NATIONAL", "RFC3966"])
def test_the_librarys_object_is_its_number_whatever_its_text(settings, form):
    settings.PHONENUMBER_DEFAULT_FORMAT = form
    belgian = PhoneNumber.from_string("+32470123456")
    assert numbers.canonical(belgian) == numbers.from_gateway(belgian) == "+32470123456"
    assert numbers.canonical(phonenumbers.parse("+390331123456")) == "+390331123456"


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (PhoneNumber.from_string("0692123456", region="FR"), "+262692123456"),
        (PhoneNumber.from_string("0639980011", region="FR"), "+33639980011"),
        (PhoneNumber(raw_input="Tel : 06 12 34 56 78"), "+33612345678"),
        (PhoneNumber(33, 1, raw_input="0612345678"), "+33612345678"),
        (PhoneNumber(33, 612345678, extension="12"), None),
        (PhoneNumber(33, 612345678, extension="12", raw_input="0612345678"), None),
        (PhoneNumber(national_number=612345678), None),
        (PhoneNumber(33), None),
        (PhoneNumber(), None),
        (PhoneNumber(raw_input="x" * 1000), None),
    ],
    ids=range(10),
)
def test_the_librarys_object_may_be_unread(number, right):
    assert numbers.canonical(number) == right


@pytest.mark.parametrize(
    ("number", "kind"),
    [("+33639980011", "mobile"), ("+33199004515", "landline"), ("+33612345678", "mobile"),
     ("+33123456789", "landline"), ("+14155552671", "mobile"), ("+33939012345", "landline"),
     ("+447012345678", "landline"), ("+33899123456", "invalid"), ("+33811123456", "invalid"),
     ("+33801234567", "invalid"), ("+80012345678", "invalid"), ("+881612345678", "mobile"),
     ("+447640123456", "invalid"), ("+33700123456", "invalid"), ("+99912345678", "invalid"),
     ("+330612345678", "invalid"), ("0612345678", "invalid"), ("+39000000000", "invalid"),
     ("nonsense", "invalid"), ("", "invalid"), ("+", "invalid")],
)  # fmt: skip
def test_line_type(number, kind):
    assert numbers.line_type(number) == kind


@pytest.mark.parametrize("kind", PhoneNumberType.values())
def test_only_lines_that_a_person_answers_have_a_type(kind):
    expected = {
        PhoneNumberType.FIXED_LINE: "landline", PhoneNumberType.VOIP: "landline",
        PhoneNumberType.PERSONAL_NUMBER: "landline", PhoneNumberType.MOBILE: "mobile",
        PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    }.get(kind, "invalid")  # fmt: skip
    for example in examples(kind):
        e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        if phonenumbers.number_type(example) == kind and re.match(numbers.E164_PATTERN, e164):
            assert numbers.line_type(e164) == expected, e164
            assert numbers.read(e164) == numbers.Number(e164, expected)


def test_test_numbers_are_the_six_ranges_for_fiction():
    assert numbers.is_test("+33639980000")
    assert numbers.is_test("+33465719999")
    assert not numbers.is_test("+33639970000")
    assert not numbers.is_test("+336399800001")


def test_masked_hides_the_middle():
    assert numbers.masked("+33612345678") == "+336****5678"
    assert numbers.masked("12345") == "****"


@given(st.text(max_size=40) | st.text("0123456789+() ./,;-٣６é\u200b", max_size=30))
def test_any_text_gives_canonical_or_none(text):
    number = numbers.canonical(text)
    assert number is None or numbers.canonical(number) == number
    assert number is None or re.fullmatch(numbers.E164_PATTERN, number)
    assert numbers.from_gateway(text) is None or numbers.line_type(numbers.from_gateway(text))


@given(
    st.from_regex(r"[+0]{0,2}[1-9][0-9]{5,14}", fullmatch=True),
    st.sampled_from("FR DE IT".split()),
)
def test_digits_give_canonical_or_none(digits, region):
    number = numbers.canonical(digits, region)
    assert number is None or numbers.canonical(number, region) == number
    if number and digits.startswith("+") and digits[1] not in "0+":
        assert (
            number == digits
            or not phonenumbers.is_valid_number(phonenumbers.parse(digits))
            or (digits.startswith(("+3326", "+3359", "+33508")))
        )


@given(st.integers(0, 99_999_999), st.sampled_from(["+33 {}", "0{}", "0033{}", "+33(0){}", "{}"]))
def test_all_french_mobiles_have_one_form(digits, spelling):
    national = f"6{digits:08d}"
    parsed = phonenumbers.parse(f"+33{national}")
    if phonenumbers.is_valid_number(parsed):
        assert numbers.canonical(spelling.format(national)) == f"+33{national}"


@given(
    st.sampled_from(["0{}", "+33{}", "0033{}", "+33(0){}", "0+33{}"]),
    st.integers(0, 99_999_999),
    st.lists(st.text(DECORATION, max_size=3), min_size=20, max_size=20),
)
def test_decoration_between_digits_changes_nothing(spelling, digits, decoration):
    plain = spelling.format(f"6{digits:08d}")
    number = numbers.canonical(plain)
    assume(number is not None)
    decorated = "".join(map("".join, zip(plain, decoration, strict=False)))
    assert numbers.canonical(decorated) == number


@given(
    st.integers(0, 99_999_999),
    st.integers(0, 99_999_999),
    st.sampled_from([" ", "/", ",", ";", "\n", " - ", " / ", " ou ", " et ", "|", " & ", "", "("]),
    st.sampled_from(["FR", "DE", "RE", "IT"]),
)
def test_two_numbers_are_none(one, other, between, region):
    first, second = f"06{one:08d}", f"06{other:08d}"
    assert numbers.canonical(f"{first}{between}{second}", region) is None
    assert numbers.canonical(f"+33{first[1:]}{between}+33{second[1:]}", region) is None


def examples(*kinds):
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in kinds:
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                yield example


def test_international_examples_of_all_countries_are_themselves():
    for example in examples(*PhoneNumberType.values()):
        e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        is_storable = re.match(numbers.E164_PATTERN, e164)
        for form in (
            PhoneNumberFormat.E164,
            PhoneNumberFormat.INTERNATIONAL,
            PhoneNumberFormat.RFC3966,
        ):
            text = phonenumbers.format_number(example, form)
            for region in ("FR", "US", "IT"):
                assert numbers.canonical(text, region) == (e164 if is_storable else None), text


def test_national_examples_of_all_countries_are_themselves_or_none():
    read = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                text = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
                number = numbers.canonical(text, region)
                assert number in (e164, None), (text, region)
                is_mobile = kind == PhoneNumberType.MOBILE
                assert number or not is_mobile or len(e164) < 9, (text, region)
                read += number is not None
    assert read > 1000


def test_examples_without_plus_are_themselves_or_none_in_their_country():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                e164 = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                assert numbers.canonical(e164[1:], region) in (e164, None), region
                if re.match(numbers.E164_PATTERN, e164):
                    assert numbers.from_gateway(e164[1:], region) == e164


@pytest.mark.parametrize("region", ["FR", "RE", "DE", "BE", "US"])
def test_a_number_is_parsed_once_at_most(monkeypatch, region):
    calls = []
    parse = phonenumbers.parse
    monkeypatch.setattr(phonenumbers, "parse", lambda *args: calls.append(1) or parse(*args))
    mobile = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    forms = [PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL]
    start = mobile.national_number // 1000 * 1000
    found = 0
    for i in range(1000):
        mobile.national_number = start + i
        text = phonenumbers.format_number(mobile, forms[i % 3])
        if number := numbers.canonical(text, region):
            found += numbers.line_type(number) == "mobile"
    assert found > 900
    assert len(calls) <= 1100


def test_a_short_number_is_masked_whole():
    assert numbers.masked("+12345678") == "****"
    assert numbers.masked("+123456789") == "+123****6789"
    assert numbers.masked("+33612345678") == "+336****5678"


def test_the_vatican_keeps_the_zero_of_italy():
    assert numbers.read("03906877828", "VA").e164 == "+3903906877828"
