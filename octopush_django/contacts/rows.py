"""One row of a file: a person who can become a contact, or the reason why not.

What is wrong beside the number (an e-mail, a date, a text that is too long) is left out and
counted; the person comes in. What is wrong with the number or with a consent refuses the row.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _

from .. import numbers
from ..client.text import storable
from ..conf import conf
from ..models import Contact
from ..models.contact_fields import LONGEST_DETAIL
from ..numbers import Number
from ..rules.addresses import canonical_email
from ..rules.dates import read_date
from ..rules.values import Kind, comparables_of, stripped
from .columns.consent import read_consent, read_refusal
from .columns.countries import read_country
from .columns.fields import FIELDS
from .columns.guessing import Columns
from .people import UNKNOWN, Consent, Person, Refusal

LONGEST_NAME = Contact._meta.get_field("first_name").max_length or 0
LONGEST_SOURCE = Contact._meta.get_field("consent_source").max_length or 0
_BETWEEN_NUMBERS = ":::"
"""Google's contacts write several numbers of one label so."""
_ROUNDED = re.compile(r"\d[.,]\d+E\+?\d+", re.IGNORECASE)
_QUOTED = re.compile(r"'(?=[\d=@+\-\t\r])")
"""The mark by which spreadsheets keep a text a text."""


class Refused(ValueError):
    """A row that cannot become a contact; its text is the reason, ``kind`` sums them up."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind

    @property
    def is_of_number(self) -> bool:
        """Whether the rest of the row can be read."""
        return self.kind in ("bad_number", "spreadsheet_number", "bad_country")


@dataclass
class PersonReader:
    """Reads the rows of one file. ``left_out``: (title, why) -> cells that were left out.

    ``kinds``: key of a field of the site's own -> its kind. ``region``: the country in which
    national numbers are read where a row names none.
    """

    columns: Columns
    kinds: Mapping[str, Kind]
    region: str
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        of, columns = self.columns.of, self.columns.columns
        self._titles = {column.index: column.title for column in columns}
        self._width = 1 + max(self._titles, default=0)
        self._numbers, self._emails = of("phone_number"), of("email")
        self._has_several = len(self._numbers) > 1 or len(self._emails) > 1
        self._countries = (*of("calling_code"), *of("country"))
        self._first_names, self._last_names = of("first_name"), of("last_name")
        self._values = [(c.index, c.field) for c in columns if c.field not in FIELDS]
        self._has_comparables = any(kind != Kind.TEXT for kind in self.kinds.values())
        self._read_number = numbers.reader(self.region)
        self._by_phone = self._consent_reader("")
        self._by_email = self._consent_reader("email_")

    def read(self, cells: Sequence[str]) -> Person:
        """The person in ``cells``. Raises :class:`Refused`."""
        if len(cells) < self._width:
            cells = [*cells, *[""] * (self._width - len(cells))]
        elif len(cells) > self._width:
            self._refuse_more_cells(cells)
        self._wrong: list[tuple[str, str]] = []
        number, email = self._number(cells), self._email(cells)
        if not number and not email:
            raise Refused("no_address", _("There is neither a number nor an e-mail address."))
        values = self._details(cells)
        person = Person(
            number,
            email,
            self._name(cells, self._first_names),
            self._name(cells, self._last_names),
            values,
            comparables_of(values, self.kinds) if self._has_comparables else {},
            self._by_phone(cells),
            self._by_email(cells),
        )
        if "refused" in (person.by_phone.status, person.by_email.status):
            person.elsewhere = self._refusals_elsewhere(cells, person)
        # Of a row that is refused nothing is left out: all of it is.
        self.left_out.update(self._wrong)
        return person

    def refusals(self, cells: Sequence[str]) -> Iterator[Refusal]:
        """What a row refuses whose number cannot be read: by its e-mail address, if it has one."""
        email = self._email(cells) if len(cells) == self._width else ""
        if not email:
            return
        with suppress(Refused):
            by_phone, by_email = self._by_phone(cells), self._by_email(cells)
            if by_email.status == "refused":
                yield Refusal("email", email, by_email.source)
            if by_phone.status == "refused":
                yield Refusal("phone", email, by_phone.source)

    def _refuse_more_cells(self, cells: Sequence[str]) -> None:
        """There is no telling which cell belongs under which title."""
        if any(cell.strip() for cell in cells[self._width :]):
            said = _("The row has %(cells)d cells, and there are %(titles)d titles: put quotes "
                     "around a cell with a delimiter in it.")  # fmt: skip
            raise Refused("too_many_cells", said % {"cells": len(cells), "titles": self._width})

    # --- numbers and addresses ---

    def _number(self, cells: Sequence[str]) -> Number | None:
        """The first mobile; where there is none, the first other number."""
        if len(self._numbers) == 1 and not self._countries:
            number = self._read_number(cells[self._numbers[0]])
            if number:
                return number
        found: list[tuple[Number, int]] = []
        wrong: list[tuple[Refused, int]] = []
        for index in self._numbers:
            for text in _parts(cells[index]):
                try:
                    found.append((self._read(cells, text), index))
                except Refused as refusal:
                    wrong.append((refusal, index))
        if wrong and not found:
            raise wrong[0][0]
        chosen = min(found, key=_is_no_mobile, default=(None, 0))[0]
        for number, index in found:
            if number != chosen:
                self._leave_out(index, "second")
        for _refusal, index in wrong:
            self._leave_out(index, "bad_number")
        return chosen

    def _read(self, cells: Sequence[str], text: str) -> Number:
        """The number, in the country that the row names; in that of the import where it has none.

        Raises :class:`Refused` for what is no number, and for a country that nobody knows, unless
        the number has its own.
        """
        number = self._read_number(text) if not self._countries else self._abroad(cells, text)
        if number is None:
            raise _no_number(text)
        return number

    def _abroad(self, cells: Sequence[str], number: str) -> Number | None:
        for index in self._countries:
            text = cells[index].strip()
            if text:
                region = read_country(text)
                if region is None and not number.startswith(("+", "00")):
                    said = _("“%(value)s” is no country that we know: correct it, or write the "
                             "number with + and its country code.")  # fmt: skip
                    raise Refused("bad_country", said % {"value": text[:40]})
                return numbers.read(number, region or self.region)
        return self._read_number(number)

    def _email(self, cells: Sequence[str]) -> str:
        """The first address that is one; others are left out."""
        found = ""
        for index in self._emails:
            text = _unquoted(cells[index])
            if text:
                email = canonical_email(text)
                if not email:
                    self._leave_out(index, "bad_email")
                elif not found:
                    found = email
                elif email != found:
                    self._leave_out(index, "second")
        return found

    def _refusals_elsewhere(self, cells: Sequence[str], person: Person) -> list[Refusal]:
        """Of whoever refuses: the other numbers and e-mail addresses of the row."""
        found: list[Refusal] = []
        if not self._has_several and not any(_BETWEEN_NUMBERS in cells[i] for i in self._numbers):
            return found
        if person.by_phone.status == "refused":
            for text in (text for index in self._numbers for text in _parts(cells[index])):
                with suppress(Refused):
                    number = self._read(cells, text).e164
                    if number != person.identity:
                        found.append(Refusal("phone", number, person.by_phone.source))
        if person.by_email.status == "refused":
            emails = {canonical_email(_unquoted(cells[index])) for index in self._emails}
            found += [Refusal("email", email, person.by_email.source)
                      for email in sorted(filter(None, emails - {person.email}))]  # fmt: skip
        return found

    # --- names and details ---

    def _name(self, cells: Sequence[str], indexes: Sequence[int]) -> str:
        found = ""
        for index in indexes:
            text = self._text(cells, index, LONGEST_NAME)
            if not found:
                found = text
            elif text and text != found:
                self._leave_out(index, "second")
        return found

    def _details(self, cells: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for index, key in self._values:
            text = self._text(cells, index, LONGEST_DETAIL)
            kind = self.kinds.get(key, Kind.TEXT)
            if text and key in found:
                if text != found[key]:
                    self._leave_out(index, "second")
            elif text and kind != Kind.TEXT and not comparables_of({key: text}, {key: kind}):
                self._leave_out(index, f"no_{kind}")
            elif text:
                found[key] = text
        return found

    def _text(self, cells: Sequence[str], index: int, longest: int) -> str:
        """The cell without blanks around it; "" where it is left out."""
        text = cells[index]
        if not text or (text.isalnum() and len(text) <= longest):
            return text
        text = stripped(text)
        if text[:1] == "'":
            text = _QUOTED.sub("", text, count=1)
        if len(text) > longest:
            self._leave_out(index, "too_long")
            return ""
        return text if text.isprintable() else storable(text)

    # --- consent ---

    def _consent_reader(self, prefix: str) -> Callable[[Sequence[str]], Consent]:
        """Reads one kind of consent from a row; the refusal of any column wins."""
        of = self.columns.of
        yes, no = of(f"{prefix}consent"), of("email_refusal" if prefix else "refusal")
        dates, sources = of(f"{prefix}consented_at"), of(f"{prefix}consent_source")

        def leave_out(cells: Sequence[str]) -> Consent:
            """A date or a place of no consent says nothing."""
            for index in (*dates, *sources):
                if stripped(cells[index]):
                    self._leave_out(index, "no_consent")
            return UNKNOWN

        if not yes and not no:
            return leave_out if dates or sources else lambda cells: UNKNOWN

        @lru_cache(maxsize=4096)
        def answer(*said: str) -> Consent:
            """What the columns that hold consent say, with the words as its source."""
            answers = [*map(read_consent, said[: len(yes)]), *map(read_refusal, said[len(yes) :])]
            if None in answers and "refused" not in answers:
                raise _no_consent(said[answers.index(None)])
            found = [(answer or "unknown", place) for place, answer in enumerate(answers)]
            status, place = max(found, key=lambda answer: _WEIGHT[answer[0]])
            title, text = self._titles[(*yes, *no)[place]], storable(said[place])
            words = f"{title}: {stripped(text)}"[:LONGEST_SOURCE]
            return UNKNOWN if status == "unknown" else Consent(status, source=words)

        def read(cells: Sequence[str]) -> Consent:
            found = answer(*[cells[index] for index in (*yes, *no)])
            if not (dates or sources):
                return found
            if found is UNKNOWN:
                return leave_out(cells)
            source = next(
                filter(None, (self._text(cells, i, LONGEST_SOURCE) for i in sources)), ""
            )
            return Consent(found.status, self._date(cells, dates), source or found.source)

        return read

    def _date(self, cells: Sequence[str], indexes: Sequence[int]) -> datetime | None:
        for index in indexes:
            text = stripped(cells[index])
            if text:
                moment = read_date(text, conf.zone)
                if moment:
                    return moment
                self._leave_out(index, "bad_date")
        return None

    def _leave_out(self, index: int, why: str) -> None:
        self._wrong.append((self._titles.get(index, ""), why))


_WEIGHT = {"unknown": 0, "given": 1, "refused": 2}


def _no_consent(text: str) -> Refused:
    said = _("“%(value)s” as consent is neither yes nor no.")
    return Refused("bad_consent", said % {"value": text.strip()[:40]})


def _parts(cell: str) -> Sequence[str]:
    """The numbers of a cell, as they stand there."""
    text = cell.strip()
    if _BETWEEN_NUMBERS in text:
        return [part for part in text.split(_BETWEEN_NUMBERS) if part.strip()]
    return (text,) if text else ()


def _is_no_mobile(found: tuple[Number, int]) -> bool:
    return found[0].line_type != "mobile"


def _unquoted(cell: str) -> str:
    """A cell without blanks around it, and without the mark that keeps it a text."""
    return _QUOTED.sub("", stripped(cell), count=1)


def _no_number(text: str) -> Refused:
    if _ROUNDED.fullmatch(text):
        said = _("“%(value)s”: the spreadsheet rounded this number; format the column as text and "
                 "export again.")  # fmt: skip
        return Refused("spreadsheet_number", said % {"value": text})
    said = _("“%(value)s” is not a phone number; correct it, or empty the cell to keep the e-mail "
             "address alone.")  # fmt: skip
    return Refused("bad_number", said % {"value": text[:40]})
