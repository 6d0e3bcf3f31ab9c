"""The dates and times of usual exports, in five languages."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from .words import words

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "janvier janv january jan januar enero ene gennaio gen",
            "fevrier fevr fev february feb februar febrero febbraio",
            "mars march mar marz maerz marzo",
            "avril avr april apr abril abr aprile",
            "mai may mayo maggio mag",
            "juin june jun juni junio giugno giu",
            "juillet juil july jul juli julio luglio lug",
            "aout august aug agosto ago",
            "septembre sept september sep septiembre settembre set",
            "octobre oct october oktober okt octubre ottobre ott",
            "novembre nov november noviembre novembre",
            "decembre dec december dezember dez diciembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_CLOCK = (
    r"(?:[\sT,]+(?:à|at|um|le|alle)?\s*(?P<hour>\d{1,2})\s?[:h.](?P<minute>\d{2})?"
    r"(?:[:m.](?P<second>\d{2})s?(?:[.,]\d{1,9})?)?"
    r"(?:\s?(?P<half>[ap])\.?m\.?)?)?"
    r"(?:\s*(?P<zone>(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|Z|UTC|GMT))?(?:\s*\([^)]*\))?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_CLOCK}",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}})(?P<mark>[-/.]) ?(?P<month>\d{{1,2}})(?P=mark) ?(?P<year>\d{{4}}|\d{{2}})"
    rf"{_CLOCK}",
    re.IGNORECASE,
)
_WEEKDAY = r"(?:[^\W\d]{2,10}\.?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:er|st|nd|rd|th|\.|º)?"
_NAME = r"(?P<name>[^\W\d_]{3,10})\.?"
_DAY_AND_NAME = re.compile(
    rf"{_WEEKDAY}{_DAY}[\s-]+(?:de\s+)?{_NAME},?[\s-]+(?:de\s+)?(?P<year>\d{{4}}){_CLOCK}",
    re.IGNORECASE,
)
_NAME_AND_DAY = re.compile(
    rf"{_WEEKDAY}{_NAME}\s+{_DAY},?\s+(?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE
)
_SHAPES = (_YEAR_FIRST, _DAY_FIRST, _DAY_AND_NAME, _NAME_AND_DAY)
_ZERO = re.compile(r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}(?:[ T][0:]*)?")
_LONGEST = 64
_FIRST_YEAR = 1900


def read_date(text: str, zone: tzinfo) -> datetime | None:
    """The moment that ``text`` names, aware; None if there is none, or no sensible one.

    Without an offset the time is one of ``zone``; without an hour it is midnight. Of digits alone
    the day comes first, unless only the month can: "01/13/2026" is 13 January. Two digits of a
    year are the last such year. Before 1900, or after the next year, is no date of a person's
    file; an Excel serial number is none, since nothing tells it from a count.
    """
    moment = _read(text, zone)
    return moment if moment and moment.year <= _this_year() + 1 else None


def is_date(text: str) -> bool:
    """Whether ``text`` is written as a date, be the time zone what it may."""
    return read_date(text, UTC) is not None


def read_day(text: str) -> str | None:
    """The day as ``2026-03-02``, without its hour and however far ahead; None if there is none."""
    moment = _read(text, UTC)
    return moment.date().isoformat() if moment else None


def is_zero(text: str) -> bool:
    """Whether ``text`` is the date that databases write for none: "0000-00-00 00:00:00"."""
    return bool(_ZERO.fullmatch(text.strip()))


@lru_cache(maxsize=4096)
def _read(text: str, zone: tzinfo) -> datetime | None:
    if len(text) > _LONGEST:
        return None
    for shape in _SHAPES:
        if parts := shape.fullmatch(text.strip()):
            moment = _moment(parts.groupdict(), month_may_be_first=shape is _DAY_FIRST)
            return moment if not moment or moment.tzinfo else moment.replace(tzinfo=zone)
    return None


def _this_year() -> int:
    return date.today().year


def _moment(parts: dict[str, str | None], *, month_may_be_first: bool) -> datetime | None:
    """The moment of the named parts of a shape; None if a part is out of bounds."""
    year, month, day = _year(parts["year"] or ""), _month(parts), int(parts["day"] or 0)
    if month > 12 and month_may_be_first:
        day, month = month, day
    minute, second = int(parts["minute"] or 0), int(parts["second"] or 0)
    try:
        moment = datetime(year, month, day, _hour(parts), minute, second, tzinfo=_zone(parts))
    except ValueError:
        return None
    return moment if year >= _FIRST_YEAR else None


def _year(digits: str) -> int:
    """Four digits as they are; two are the last such year that is not ahead."""
    if len(digits) > 2:
        return int(digits)
    return _this_year() - (_this_year() - int(digits)) % 100


def _month(parts: dict[str, str | None]) -> int:
    """The month by its digits or its name; 0 if there is no such month."""
    name = "".join(words(parts.get("name") or ""))
    return _MONTHS.get(name, 0) if name else int(parts.get("month") or 0)


def _hour(parts: dict[str, str | None]) -> int:
    hour = int(parts["hour"] or 0)
    half = (parts["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError("a clock of twelve hours")
    return hour % 12 + (12 if half == "p" else 0) if half else hour


def _zone(parts: dict[str, str | None]) -> tzinfo | None:
    """The offset that is written; None if there is none."""
    written = (parts["zone"] or "").upper()
    if written in {"Z", "UTC", "GMT"}:
        return UTC
    if not written:
        return None
    sign = -1 if "-" in written else 1
    digits = re.sub(r"\D", "", written).ljust(4, "0")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
