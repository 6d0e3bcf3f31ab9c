import json
import random
import re
from contextlib import contextmanager
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberFormat, PhoneNumberType

from octopush_django import number_patterns, numbers

CASES = json.loads((Path(__file__).parent / "files" / "numbers.json").read_text("utf-8"))
READERS = ["FR", "DE", "IT", "CH", "US", "GB", "RE"]
EXAMPLES = [
    (region, example)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in PhoneNumberType.values()
    if (example := phonenumbers.example_number_for_type(region, kind))
]


@contextmanager
def parsing_only():
    """Numbers are read and told as if there were no patterns."""
    caches = (numbers.reader, numbers._read, numbers._assigned)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(number_patterns, "reader", lambda region: lambda text: None)
        patch.setattr(number_patterns, "line_type", lambda e164: None)
        for cache in caches:
            cache.cache_clear()
        try:
            yield
        finally:
            for cache in caches:
                cache.cache_clear()


def assert_same_as_parsing(spellings):
    """Each (text, region) is read alike with patterns and without, and its line too."""
    spellings = list(spellings)
    fast = [numbers.read(text, region) for text, region in spellings]
    found = {number.e164 for number in fast if number}
    lines = {e164: numbers.line_type(e164) for e164 in found}
    with parsing_only():
        for (text, region), number in zip(spellings, fast, strict=True):
            assert numbers.read(text, region) == number, (text, region)
        for e164, line in lines.items():
            assert numbers.line_type(e164) == line, e164


@pytest.mark.parametrize(
    ("text", "region", "e164", "line"),
    [
        ("0612345678", "FR", "+33612345678", "mobile"),
        ("06 12 34 56 78", "FR", "+33612345678", "mobile"),
        ("06.12.34.56.78", "FR", "+33612345678", "mobile"),
        ("06-12-34-56-78", "FR", "+33612345678", "mobile"),
        (" 06 12 04 06 08", "FR", "+33612040608", "mobile"),
        ("+33612345678", "FR", "+33612345678", "mobile"),
        ("+33 6 12 04 56 78", "FR", "+33612045678", "mobile"),
        ("33612345678", "FR", "+33612345678", "mobile"),
        ("0033612345678", "FR", "+33612345678", "mobile"),
        ("00 33 6 12 34 56 78", "FR", "+33612345678", "mobile"),
        ("612345678", "FR", "+33612345678", "mobile"),
        ("0733123456", "FR", "+33733123456", "mobile"),
        ("0639980011", "FR", "+33639980011", "mobile"),
        ("+33639980011", "DE", "+33639980011", "mobile"),
        ("0123456789", "FR", "+33123456789", "landline"),
        ("09 12 34 56 78", "FR", "+33912345678", "landline"),
        ("0687751234", "FR", "+33687751234", "mobile"),
        ("0692 12 34 56", "RE", "+262692123456", "mobile"),
        ("262692123456", "RE", "+262692123456", "mobile"),
        ("0639 01 23 45", "YT", "+262639012345", "mobile"),
        ("0690 30 12 34", "GP", "+590690301234", "mobile"),
        ("+590690301234", "FR", "+590690301234", "mobile"),
        ("751234", "NC", "+687751234", "mobile"),
        ("0470 12 34 56", "BE", "+32470123456", "mobile"),
        ("079 123 45 67", "CH", "+41791234567", "mobile"),
        ("41791234567", "CH", "+41791234567", "mobile"),
        ("+41 79 123 45 67", "FR", "+41791234567", "mobile"),
        ("0151 23456789", "DE", "+4915123456789", "mobile"),
        ("447400123456", "GB", "+447400123456", "mobile"),
        ("612 345 678", "ES", "+34612345678", "mobile"),
        ("347 123 4567", "IT", "+393471234567", "mobile"),
        ("07400 123456", "GB", "+447400123456", "mobile"),
        ("07797 712345", "GB", "+447797712345", "mobile"),
        ("202-555-0123", "US", "+12025550123", "mobile"),
        ("12025550123", "US", "+12025550123", "mobile"),
        ("506-234-5678", "CA", "+15062345678", "mobile"),
        ("8 912 345-67-89", "RU", "+79123456789", "mobile"),
        ("06 20 123 4567", "HU", "+36201234567", "mobile"),
        ("+33612345678", "XX", "+33612345678", "mobile"),
        ("+881612345678", "FR", "+881612345678", "mobile"),
    ],
)
def test_usual_spellings_need_no_parsing(text, region, e164, line):
    assert number_patterns.reader(region)(text) == (e164, line)
    assert_same_as_parsing([(text, region)])


@pytest.mark.parametrize(
    ("text", "region"),
    [
        # Overseas by the French plan, or premium rate, or nobody's.
        ("0690123456", "FR"), ("+33690123456", "FR"), ("0639012345", "FR"), ("0262123456", "FR"),
        ("0590690123", "FR"), ("+33508411234", "FR"), ("0899123456", "FR"), ("0801234567", "FR"),
        ("0700123456", "FR"), ("+33700123456", "FR"), ("0612345678", "RE"),
        # Mobile or landline, here or abroad.
        ("331123456", "IT"), ("+39331123456", "IT"), ("123456789", "FR"), ("0331234567", "FR"),
        ("41791234567", "FR"), ("95273517", "MM"), ("4915123456789", "DE"), ("02486412345", "SC"),
        # Two numbers, decimals, too many digits.
        ("040 1234 040 5432", "DE"), ("+49 30 123 030 1234567", "DE"), ("61234567.0", "FR"),
        ("639 980 011.00", "FR"), ("06 12 34 56 78 06 12 34 56 79", "FR"), ("0612345678 0", "FR"),
        ("06123456789", "FR"), ("061234567", "FR"), ("+4912", "DE"), ("+49894212345678901", "DE"),
        ("011151123456789", "AR"),  # dialled for a mobile, 9 in place of 15
        # Signs that are no digit, blank, dot or hyphen.
        ("06/12/34/56/78", "FR"), ("0612345678x", "FR"), ("06١٢345678", "FR"), ("+", "FR"),
        ("", "FR"), ("0612345678\n", "FR"), ("(0)612345678", "FR"), ("++33612345678", "FR"),
        ("0612345678", "XX"), ("0612345678", ""),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left_to_the_library(text, region):
    assert number_patterns.reader(region)(text) is None
    assert_same_as_parsing([(text, region)])


@pytest.mark.parametrize(
    "e164",
    ["", "+", "33612345678", "0612345678", "+33", "+999123456789", "+33899123456",
     "+33612345678\n", "+336123456789", "+336١2345678"],
)  # fmt: skip
def test_what_no_person_answers_has_no_line(e164):
    assert number_patterns.line_type(e164) is None


def spelled(example):
    forms = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL,
             PhoneNumberFormat.NATIONAL, PhoneNumberFormat.RFC3966)  # fmt: skip
    texts = {phonenumbers.format_number(example, form) for form in forms}
    return texts | {text.replace("+", start) for text in texts for start in ("", "00")}


@pytest.mark.parametrize("reader", ["", *READERS])
def test_examples_of_every_country_and_kind_are_read_as_by_parsing(reader):
    """``reader``: the region that reads them; "" is the example's own."""
    assert_same_as_parsing(
        (text, reader or region) for region, example in EXAMPLES for text in spelled(example)
    )


def test_most_examples_that_a_person_answers_need_no_parsing():
    usual = PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE
    found = [
        number_patterns.reader(region)(phonenumbers.format_number(example, form)) is not None
        for region, example in EXAMPLES
        if phonenumbers.number_type(example) in usual
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL)
    ]
    assert sum(found) > 0.75 * len(found)


@pytest.mark.parametrize("region", READERS)
def test_numbers_that_were_read_wrong_are_read_as_by_parsing(region):
    assert_same_as_parsing((case["text"], reader) for case in CASES
                           for reader in {region, case["region"]})  # fmt: skip


@pytest.mark.parametrize("region", ["FR", "RE", "YT", "GP", "PM", "NC"])
def test_every_french_block_is_read_as_by_parsing(region):
    starts = ("0", "+33", "0033", "33", "", "+262", "262", "590")
    assert_same_as_parsing(
        (f"{start}{block}012345", region) for block in range(100, 1000) for start in starts
    )


def kind(pattern, *lengths):
    return PhoneNumberDesc(national_number_pattern=pattern, possible_length=lengths)


def plan(region, **told):
    """The metadata of a country as no real one has them, yet: they change every other week."""
    told = {"international_prefix": "00", "national_prefix": "0",
            "national_prefix_for_parsing": "0", **told}  # fmt: skip
    return PhoneMetadata(id=region, country_code=47, register=False, **told)


ANY, MOBILE, LANDLINE = kind(r"\d{7,9}", 7, 8, 9), kind(r"[4-7]\d{7}", 8), kind(r"[1-3]\d{7}", 8)
USUAL = {"general_desc": ANY, "mobile": MOBILE, "fixed_line": LANDLINE}
LONG = kind(r"(?!4747)\d{4,15}", *range(4, 16))
LONG_MOBILE, LONG_LANDLINE = (
    kind(rf"{first}\d{{3,14}}", *range(4, 16)) for first in ("[4-7]", "[01]")
)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # What is taken off a number.
        ({"international_prefix": "0[12]|77|4747"}, {}),
        ({"international_prefix": "00|4747", "general_desc": LONG, "mobile": LONG_MOBILE}, {}),
        ({"international_prefix": "99", "general_desc": LONG, "fixed_line": LONG_LANDLINE}, {}),
        ({"national_prefix_for_parsing": "(05)|0|6"}, {}),
        ({"national_prefix_for_parsing": "0(?:5|44)?"}, {}),
        ({"national_prefix_for_parsing": "0|5"}, {"national_prefix_for_parsing": "0"}),
        ({"national_prefix_for_parsing": "0|6",
          "general_desc": kind(r"(?!47)\d{6,10}", *range(6, 11)),
          "mobile": kind(r"[1-7]\d{5,9}", *range(6, 11))}, {}),
        ({"national_prefix": None, "national_prefix_for_parsing": "[56]1?"}, {}),
        # Which numbers there are, and in which of two countries.
        ({"general_desc": kind(r"47\d{7,8}|[1-9]\d{7}", 8, 9, 10)}, {}),
        ({"general_desc": kind(r"[1-5]\d{7}", 8)}, {}),
        ({"general_desc": kind(r"[1-5]\d{7}", 8)}, {"general_desc": ANY}),
        ({"general_desc": kind(r"0\d{8}|[1-5]\d{7}", 8, 9)}, {"general_desc": ANY}),
        ({"general_desc": kind(r"\d{8}", 8)}, {"general_desc": LONG, "mobile": LONG_MOBILE}),
        ({"leading_digits": "[1-5]"}, {"mobile": kind(r"[3-7]\d{7}", 8)}),
        ({"leading_digits": "[1-5]", "mobile": kind("5{8}", 8)},
         {"leading_digits": None, "mobile": MOBILE}),
        ({"mobile": kind(r"5[0-4]\d{6}", 8)}, {"mobile": kind(r"[1-7]\d{7}", 8)}),
        ({"mobile": None}, {"leading_digits": "5", "fixed_line": kind(r"[4-7]\d{7}", 8)}),
        # Kinds that overlap, and their lengths.
        ({"premium_rate": kind(r"5[1-3]\d{6}", 8), "toll_free": kind(r"54\d{6}", 8)}, {}),
        ({"voip": kind(r"5[1-3]\d{6}", 8), "shared_cost": kind(r"52\d{6}", 8)}, {}),
        ({"personal_number": kind(r"6\d{6,7}", 7, 8), "pager": kind(r"[56]2\d{6}", 8)}, {}),
        ({"uan": kind(r"6\d{7}", 8), "voicemail": kind(r"5\d{7}", 8)}, {}),
        ({"fixed_line": kind(r"[1-5]\d{7}", 8), "mobile": kind(r"[4-7]\d{6,7}", 8)}, {}),
        ({"general_desc": LONG, "fixed_line": LONG_LANDLINE}, {}),
        ({"general_desc": LONG, "mobile": LONG_MOBILE}, {}),
    ],
)  # fmt: skip
def test_metadata_of_every_shape_are_read_as_by_parsing(monkeypatch, first, second):
    first = {**USUAL, **first}
    for region, told in (("NO", first), ("SJ", {**first, **second})):
        assert PhoneMetadata.metadata_for_region(region)
        monkeypatch.setitem(PhoneMetadata._region_metadata, region, plan(region, **told))
    with fresh_patterns():
        chance = random.Random(13)
        starts = ["", "0", "05", "044", "6", "47", "+47", "0047", "0147", "77", "7747", "00", "01",
                  "012", "047", "4747", "51", "5"]  # fmt: skip
        texts = ["474733612345678", "423450 0423450", "+47 423450 0423450"] + [
            start + "".join(chance.choices("0123456789", k=chance.choice([6, 7, 8, 8, 9, 14])))
            for start in starts
            for _ in range(40)
        ]
        assert_same_as_parsing((text, region) for text in texts for region in ("NO", "SJ", "FR"))


@contextmanager
def fresh_patterns():
    caches = (number_patterns.reader, number_patterns._match_of, numbers.reader,
              numbers._read, numbers._assigned)  # fmt: skip
    for cache in caches:
        cache.cache_clear()
    try:
        yield
    finally:
        for cache in caches:
            cache.cache_clear()


@st.composite
def near_numbers(draw):
    """A text close to a real number, and a region to read it in."""
    home, example = draw(st.sampled_from(EXAMPLES))
    code, digits = example.country_code, phonenumbers.national_significant_number(example)
    tail = draw(st.text("0123456789", max_size=len(digits)))
    digits = digits[: len(digits) - len(tail)] + tail
    place, change = draw(st.integers(0, len(digits))), draw(st.text("0123456789", max_size=2))
    digits = digits[:place] + change + digits[place + draw(st.integers(0, 2)) :]
    starts = ["", "0", "00", f"+{code}", f"00{code}", f"0{code}", f"+{code}0", str(code), "8", "1"]
    digits = draw(st.sampled_from(starts)) + digits
    separators = st.sampled_from(["", "", "", " ", ".", "-", " - ", "  ", "\u00a0", "/", "(0)"])
    gaps = draw(st.lists(separators, max_size=6))
    places = draw(st.lists(st.integers(0, len(digits)), min_size=len(gaps), max_size=len(gaps)))
    for gap, at in zip(gaps, sorted(places, reverse=True), strict=True):
        digits = digits[:at] + gap + digits[at:]
    return digits, draw(st.sampled_from([home, *READERS]))


@settings(max_examples=50, deadline=None)
@given(st.lists(near_numbers(), min_size=40, max_size=40))
def test_what_is_close_to_a_number_is_read_as_by_parsing(spellings):
    assert_same_as_parsing(spellings)


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"\+[1-9][0-9]{5,15}", fullmatch=True))
def test_lines_of_any_digits_are_those_of_the_library(e164):
    line = numbers.line_type(e164)
    with parsing_only():
        assert numbers.line_type(e164) == line


def test_groups_of_the_library_are_not_counted():
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.metadata_for_region(region)
        assert re.compile(number_patterns._spellings(metadata)).groups % 3 == 0
