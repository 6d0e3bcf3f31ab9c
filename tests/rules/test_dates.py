"""Dates of usual exports."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.rules.dates import is_date, read_date

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 1, 5, tzinfo=PARIS)
TEN = datetime(2026, 1, 5, 10, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime(2026, 11, 30, tzinfo=UTC), tick=False):
        yield


@pytest.mark.parametrize(
    ("text", "moment"),
    [(text, MIDNIGHT) for text in (
        "2026-01-05", "2026/01/05", "2026.1.5", "05/01/2026", "5/1/2026", "05-01-2026",
        "05.01.2026", "5.1.26", "05/01/26", " 05/01/2026 ", "5 janvier 2026",
        "lundi 5 janvier 2026",
        "5 janv. 2026", "05-Jan-2026", "Jan 5, 2026", "January 5th, 2026", "5. Januar 2026",
        "5 de enero de 2026", "5 gennaio 2026", "Monday, January 5, 2026")]
    + [(text, TEN) for text in (
        "2026-01-05 10:00:00", "2026-01-05T10:00", "2026-01-05T10:00:00+01:00",
        "2026-01-05T09:00:00Z", "2026-01-05T09:00:00.000Z", "2026-01-05 09:00:00 UTC",
        "2026-01-05 10:00:00 +0100", "05/01/2026 10:00", "05/01/2026 à 10h00", "05/01/2026 10h",
        "Jan 5, 2026 10:00 AM", "Mon, 05 Jan 2026 09:00:00 GMT",
        "2026-01-05 10:00 GMT+0100 (CET)")]
    + [("1er février 2026", datetime(2026, 2, 1, tzinfo=PARIS)),
       ("05/01/2026 10:20:30", datetime(2026, 1, 5, 10, 20, 30, tzinfo=PARIS)),
       ("1/5/2026 12:15 AM", datetime(2026, 5, 1, 0, 15, tzinfo=PARIS)),
       ("Dec 31, 2025 3:04:05 PM", datetime(2025, 12, 31, 15, 4, 5, tzinfo=PARIS)),
       ("31 août 1999", datetime(1999, 8, 31, tzinfo=PARIS)),
       ("05/01/99", datetime(1999, 1, 5, tzinfo=PARIS)),
       ("29/02/2024", datetime(2024, 2, 29, tzinfo=PARIS))],
)  # fmt: skip
def test_a_date(text, moment):
    assert read_date(text, PARIS) == moment


def test_only_one_reading_of_month_first_is_possible():
    assert read_date("01/13/2026", PARIS) == datetime(2026, 1, 13, tzinfo=PARIS)
    assert read_date("01/12/2025", PARIS) == datetime(2025, 12, 1, tzinfo=PARIS)  # day first


def test_the_zone_is_of_what_has_no_offset():
    assert read_date("2026-07-05 10:00", PARIS) == datetime(2026, 7, 5, 8, tzinfo=UTC)
    written = read_date("2026-07-05T10:00:00-05:30", PARIS)
    assert written is not None
    assert written.utcoffset() == -timedelta(hours=5, minutes=30)
    assert written == datetime(2026, 7, 5, 10, tzinfo=timezone(-timedelta(hours=5, minutes=30)))


@pytest.mark.parametrize(
    "text",
    ["", "-", "46027", "20260105", "1767607200", "0000-00-00", "0000-00-00 00:00:00", "00/00/00",
     "2026-13-05", "2026-02-30", "13/13/2026", "32/01/2026", "29/02/2025", "05/01/1899",
     "1850-01-01", "2099-01-01", "05/2026", "janvier 2026", "5 brumaire 2026", "oui",
     "06 39 98 10 01", "0639981001", "05/01/2026 25:00", "05/01/2026 13:00 PM", "5-1/2026",
     "2026-01-05 x", "x" * 10_000, "192.0.2.1", "1.2.3"],
)  # fmt: skip
def test_no_date(text):
    assert read_date(text, PARIS) is None
    assert not is_date(text)


def test_after_the_next_year_is_no_date():
    assert read_date("2027-12-31", PARIS)
    assert read_date("2028-01-01", PARIS) is None


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2026, 1, 1)))
def test_what_python_writes_is_read(moment):
    for form in (
        "%Y-%m-%d %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d.%m.%Y %Hh%M:%S",
        "%d %B %Y %H:%M:%S",
    ):
        expected = moment.replace(microsecond=0, tzinfo=PARIS)
        assert read_date(moment.strftime(form), PARIS) == expected


@given(st.text(alphabet="0123456789/-.: TZ+janvierAPM,", max_size=40) | st.text())
def test_any_text_has_an_answer(text):
    found = read_date(text, PARIS)
    assert found is None or found.tzinfo is not None
