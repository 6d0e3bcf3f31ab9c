"""Numbers and dates as Excel shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.contacts.tables.number_formats import BUILT_IN, plain, shown_by

ACCOUNTS = '_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-'
MOMENT = "46083.604166666664"
"""2026-03-02 14:30, a Monday."""


@pytest.mark.parametrize(
    ("raw", "text"),
    [("639981001", "639981001"), ("33639981002", "33639981002"), ("1.2E+14", "120000000000000"),
     ("3.3639981002E10", "33639981002"), ("123456789012345", "123456789012345"), ("12.5", "12.5"),
     ("0.30000000000000004", "0.3"), ("19.899999999999999", "19.9"), ("-3.0", "-3"), ("0", "0"),
     ("1E-07", "0.0000001"), ("007", "7"), ("1e308", "1" + "0" * 308), ("nan", "nan"),
     ("1e999", "1e999"), ("x", "x"), ("", "")],
)  # fmt: skip
def test_without_a_format(raw, text):
    assert plain(raw)[:16] == text[:16]
    assert shown_by("General")(raw) == plain(raw)
    assert len(plain(raw)) == len(text)


@pytest.mark.parametrize(
    ("code", "raw", "text"),
    [
        ("0%", "0.2", "20%"),
        ("0 %", "0.2", "20 %"),
        (r"0.0\ %", "0.1234", "12.3 %"),
        ('#,##0.00 "€"', "19.9", "19,90 €"),
        ('#,##0.00\xa0"€"', "1234567.891", "1 234 567,89 €"),
        ("#,##0.00\\ [$€-40C]", "19.9", "19,90 €"),
        ("[$€-1809]#,##0.00", "1234.5", "€1,234.50"),
        ("[$€-2] #,##0.00", "19.9", "€ 19,90"),
        ("[$$-409]#,##0.00", "1234.5", "$1,234.50"),
        ('"$"#,##0.00', "1234.5", "$1,234.50"),
        ("[$-40C]0.00", "1.5", "1,50"),
        (ACCOUNTS, "19.9", "19,90 €"),
        (ACCOUNTS, "-19.9", "-19,90 €"),
        ("#,##0", "1234", "1 234"),
        ("#,##0;[Red]-#,##0", "-1234", "-1 234"),
        ("#,##0_);(#,##0)", "-12", "(12)"),
        ("0.00", "-1.005", "-1.01"),
        ("0.##", "1.5", "1.5"),
        ("0.##", "2", "2"),
        ("00000", "1000", "01000"),
        ("0000000000", "639981001", "0639981001"),
        ('0#" "##" "##" "##" "##', "639981001", "06 39 98 10 01"),
        (r"0#\ ##\ ##\ ##\ ##", "639981001", "06 39 98 10 01"),
        ('"+"0', "33639981001", "+33639981001"),
        (r"\+33\ 0\ 00\ 00\ 00\ 00", "639981001", "+33 6 39 98 10 01"),
        ("[<=9999999]###-####;(###) ###-####", "5551234567", "(555) 123-4567"),
        ("[<=9999999]###-####;(###) ###-####", "5551234", "555-1234"),
        ('[=1]"oui";[=0]"non";General', "1", "oui"),
        ('[=1]"oui";[=0]"non";General', "0", "non"),
        ('[=1]"oui";[=0]"non";General', "7", "7"),
        ('0;-0;"aucun"', "0", "aucun"),
        ("0.00E+00", "33639981001", "33639981001"),
        ("##0.0E+0", "639981001", "639981001"),
        ("# ?/?", "0.5", "0.5"),
        ("@", "639981001", "639981001"),
        (";;;", "639981001", "639981001"),
        ("0", "not a number", "not a number"),
        ("0", "1e300", "1" + "0" * 300),
        ("Standard", "x", "x"),
    ],
)  # fmt: skip
def test_numbers(code, raw, text):
    shown = shown_by(code)(raw)
    assert shown == text or (raw == "1e300" and len(shown) == 301)


@pytest.mark.parametrize(
    ("code", "raw", "text"),
    [
        ("dd/mm/yyyy hh:mm", MOMENT, "02/03/2026 14:30"),
        ("dd/mm/yyyy\\ hh:mm;@", MOMENT, "02/03/2026 14:30"),
        ("d/m/yy h:mm", MOMENT, "2/3/26 14:30"),
        ("dd/mm/yyyy", MOMENT, "02/03/2026"),
        ("dd/mm/yyyy hh:mm", "46083", "02/03/2026 00:00"),
        ("[$-40C]dd.mm.yyyy", MOMENT, "02.03.2026"),
        ("yyyy-mm-dd", MOMENT, "2026-03-02"),
        ("yyyy-mm-dd hh:mm", MOMENT, "2026-03-02 14:30"),
        ('yyyy-mm-dd"T"hh:mm:ss', MOMENT, "2026-03-02T14:30:00"),
        ("yyyy-mm-dd h:mm:ss", MOMENT, "02/03/2026 14:30"),
        ("YYYY-MM-DD HH:MM:SS", MOMENT, "02/03/2026 14:30"),
        ("yyyy-mm-dd h:mm:ss", "46083", "02/03/2026"),
        (BUILT_IN[14], MOMENT, "02/03/2026"),
        (BUILT_IN[22], MOMENT, "02/03/2026 14:30"),
        ("d mmmm yyyy", MOMENT, "02/03/2026"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", MOMENT, "02/03/2026"),
        ("[$-40C]dddd d mmmm yyyy hh:mm", MOMENT, "02/03/2026 14:30"),
        ("mmm-yy", MOMENT, "03/2026"),
        ("m/d/yyyy", MOMENT, "2026-03-02"),
        ("mm/dd/yy h:mm AM/PM", MOMENT, "2026-03-02 2:30 PM"),
        ("h:mm:ss", "0.6041666666666666", "14:30:00"),
        ("h:mm", "0.3784722222222222", "9:05"),
        ("hh:mm", "0.99999999", "00:00"),
        ("mm:ss", "0.0104166666666667", "15:00"),
        ("mm:ss.0", "0.0104166666666667", "15:00"),
        ("[h]:mm", "1.5", "36:00"),
        ("[$-F400]h:mm:ss\\ AM/PM", MOMENT, "14:30:00"),
        ('hh"h"mm', MOMENT, "14h30"),
        ("dd/mm/yyyy", "59", "28/02/1900"),
        ("dd/mm/yyyy", "61", "01/03/1900"),
        ("dd/mm/yyyy", "-1", "-1"),
        ("dd/mm/yyyy", "1e300", plain("1e300")),
        ("dd/mm/yyyy", "nan", "nan"),
        ("dd/mm/yyyy", "x", "x"),
    ],
)
def test_dates(code, raw, text):
    assert shown_by(code)(raw) == text


def test_dates_of_old_macs():
    show = shown_by("dd/mm/yyyy hh:mm", since_1904=True)
    assert show("44621.604166666664") == "02/03/2026 14:30"


@given(
    code=st.text(st.sampled_from('0#?.,;%€$[]"\\_*@/:-+eEyMmdDhHsS GeneralAP<>=1'), max_size=14),
    raw=st.floats().map(str) | st.integers().map(str) | st.text(max_size=5),
    since_1904=st.booleans(),
)
def test_no_format_breaks(code, raw, since_1904):
    assert isinstance(shown_by(code, since_1904)(raw), str)


@given(number=st.integers(0, 10**15 - 1))
def test_whole_numbers_stay(number):
    for code in ("General", "0", "@", "0.00E+00"):
        assert shown_by(code)(str(number)) == str(number)
        assert shown_by(code)(f"{number}.0") == str(number)
    assert shown_by("#,##0")(str(number)).replace(" ", "") == str(number)
