"""One row of a file: a person who can become a contact, or the reason why not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from .. import numbers
from ..client.text import storable
from ..conf import conf
from ..models import Consent, Contact
from ..rules.addresses import canonical_email
from .columns import VALUES, folded

LONGEST = {name: getattr(Contact._meta.get_field(name), "max_length", 0) for name in VALUES}

_YES = frozenset(["oui", "yes", "1", "true", "vrai", "o", "y", "x", "ok", "si", "given"])
_NO = frozenset(["non", "no", "0", "false", "faux", "n", "refus", "refuse", "refused", "stop"])


@dataclass
class Row:
    """A person as the file has them; ``cells`` as they stand there."""

    line: int
    cells: Sequence[str]
    number: str | None
    email: str
    values: dict[str, str]
    consent: str
    consented_at: datetime | None
    consent_source: str
    date_ignored: bool

    @property
    def identity(self) -> str:
        """By what the same person is known again in this file."""
        return self.number or self.email


class Refused(ValueError):
    """A row that cannot become a contact; its text is the reason, ``kind`` sums them up."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def parse(line: int, cells: Sequence[str], mapping: Mapping[int, str]) -> Row:
    """The person in ``cells``; ``mapping``: column -> field. Raises :class:`Refused`."""
    data = {name: cells[i].strip() for i, name in mapping.items() if i < len(cells)}
    data = {name: storable(value) for name, value in data.items()}
    number = _number(data.get("phone_number", ""))
    email = _email(data.get("email", ""))
    if not number and not email:
        raise Refused("no_address", _("There is neither a number nor an e-mail address."))
    values = {name: data[name] for name in VALUES if data.get(name)}
    for name, value in values.items():
        longest = LONGEST[name]
        if len(value) > longest:
            raise Refused(
                "too_long",
                _("“%(value)s…” is over %(longest)d characters.")
                % {"value": value[:30], "longest": longest},
            )
    raw_date = data.get("consented_at", "")
    consented_at = _date(raw_date)
    return Row(
        line, cells, number, email, values,
        read_consent(data.get("consent", "")), consented_at, data.get("consent_source", "")[:255],
        date_ignored=bool(raw_date and not consented_at),
    )  # fmt: skip


def _number(text: str) -> str | None:
    if not text:
        return None
    number = numbers.canonical(text, conf.region)
    if number:
        return number
    if re.fullmatch(r"\d[.,]\d+E\+?\d+", text, re.IGNORECASE):
        raise Refused(
            "spreadsheet_number",
            _(
                "“%(value)s”: the spreadsheet rounded this number; format the column as text and "
                "export again."
            )
            % {"value": text},
        )
    raise Refused(
        "bad_number",
        _(
            "“%(value)s” is not a phone number; correct it, or empty the cell to keep the "
            "e-mail address alone."
        )
        % {"value": text[:40]},
    )


def _email(text: str) -> str:
    if not text:
        return ""
    email = canonical_email(text)
    if email is None:
        raise Refused(
            "bad_email",
            _("“%(value)s” is not an e-mail address; correct it or empty the cell.")
            % {"value": text[:60]},
        )
    return email


def read_consent(text: str) -> str:
    """A cell's yes or no as a consent. Raises ``ValueError`` for anything else."""
    word = folded(text)
    if not word:
        return Consent.UNKNOWN
    if word in _YES:
        return Consent.GIVEN
    if word in _NO:
        return Consent.REFUSED
    raise Refused(
        "bad_consent",
        _("“%(value)s” as consent is neither yes nor no.") % {"value": text[:40]},
    )


def _date(text: str) -> datetime | None:
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d %H:%M:%S",
                 "%d/%m/%Y %H:%M", "%d/%m/%y"):  # fmt: skip
        try:
            return make_aware(datetime.strptime(text, form), conf.zone)
        except (ValueError, OverflowError):
            continue
    return None
