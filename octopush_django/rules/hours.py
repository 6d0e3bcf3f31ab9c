"""When marketing may leave: the allowed hours of a week, never on public holidays.

Facts: French practice for the hours of commercial SMS (AF2M charter, the stricter reading); Code
du travail, article L3133-1, for the public holidays.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from ..conf import conf

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(
    rf"^({'|'.join(_DAYS)})-({'|'.join(_DAYS)}) (\d\d):(\d\d)-(\d\d):(\d\d)$", re.ASCII
)


def in_words(moment: datetime) -> str:
    """Day and time in the zone of the settings, for sentences that name the zone."""
    return date_format(moment.astimezone(conf.zone), "l j F Y H:i")


@dataclass(frozen=True)
class AllowedHours:
    """Days of the week and hours at which marketing may leave, in a zone."""

    first_day: int
    last_day: int
    opens: time
    closes: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> "AllowedHours | None":
        """Read ``mon-sat 08:00-20:00``. Empty text means always: None.

        Raises ``ValueError`` with the expected form.
        """
        if not text.strip():
            return None
        found = _HOURS.match(text.strip().lower())
        if not found:
            raise ValueError(f"{text!r} is not of the form mon-sat 08:00-20:00")
        opens, closes = time(int(found[3]), int(found[4])), time(int(found[5]), int(found[6]))
        if opens >= closes:
            raise ValueError(f"{text!r} closes before it opens")
        return cls(_DAYS.index(found[1]), _DAYS.index(found[2]), opens, closes, zone)

    def allows(self, moment: datetime) -> bool:
        """Whether marketing may leave at ``moment`` (aware)."""
        local = moment.astimezone(self.zone)
        return self._open_on(local.date()) and self.opens <= local.time() < self.closes

    def next_opening(self, moment: datetime) -> datetime:
        """The first moment, from ``moment`` on, at which marketing may leave."""
        if self.allows(moment):
            return moment
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.opens else local.date() + timedelta(days=1)
        while not self._open_on(day):
            day += timedelta(days=1)
        return datetime.combine(day, self.opens, self.zone)

    def closing(self, moment: datetime) -> datetime:
        """When the allowed hours end in which ``moment`` lies."""
        return datetime.combine(moment.astimezone(self.zone).date(), self.closes, self.zone)

    def _open_on(self, day: date) -> bool:
        first, last, today = self.first_day, self.last_day, day.weekday()
        in_week = first <= today <= last if first <= last else not last < today < first
        return in_week and day not in french_holidays(day.year)


def french_holidays(year: int) -> set[date]:
    """The eleven public holidays of mainland France (Code du travail, L3133-1)."""
    easter = _easter(year)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    return {date(year, month, day) for month, day in fixed} | {
        easter + timedelta(days=days) for days in moving
    }


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    week = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * week) // 451
    month, day = divmod(h + week - 7 * m + 114, 31)
    return date(year, month, day + 1)
