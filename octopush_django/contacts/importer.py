"""Files to contacts, streaming: CSV in any usual dialect, or XLSX.

Every row ends as a contact or in the file of refused rows, with its line and the reason in words.
Importing the same file again changes nothing. Memory does not grow with the file: rows come in
chunks, and the numbers met so far are kept in a temporary database on disk.
"""

import csv
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from .. import numbers
from ..client.text import storable
from ..conf import conf
from ..models import Consent, Contact, ContactList
from ..rules.addresses import canonical_email
from .files import UnreadableFile, read_rows

CHUNK = 500
NAMES = ("first_name", "last_name")
PARAMETERS = ("param1", "param2", "param3", "param4", "param5")
VALUES = (*NAMES, *PARAMETERS)
LONGEST = {name: getattr(Contact._meta.get_field(name), "max_length", 0) for name in VALUES}

HEADERS = {
    "phone_number": "telephone tel mobile portable gsm phone phonenumber numero number cellphone "
    "numerodetelephone teleph telmobile telephonemobile telportable telephoneportable mobilephone",
    "email": "email mail courriel adresseemail adressemail emailaddress",
    "first_name": "prenom firstname givenname",
    "last_name": "nom lastname surname familyname nomdefamille",
    "consent": "consentement consent optin accord rgpd gdpr",
    "consented_at": "datedeconsentement dateconsentement consentdate consentedat dateoptin",
    "consent_source": "originedeconsentement sourceconsentement consentsource",
}
_YES = frozenset(["oui", "yes", "1", "true", "vrai", "o", "y", "x", "ok", "si", "given"])
_NO = frozenset(["non", "no", "0", "false", "faux", "n", "refus", "refuse", "refused", "stop"])


@dataclass
class ImportReport:
    """What became of a file. ``refusals``: reason -> rows. ``columns``: header -> our field."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    without_number: int = 0
    repeated: int = 0
    consent_withdrawn: int = 0
    dates_ignored: int = 0
    refused: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    columns: dict[str, str] = field(default_factory=dict)
    refused_path: Path | None = None


@dataclass
class _Row:
    line: int
    cells: Sequence[str]
    number: str | None
    email: str
    values: dict[str, str]
    consent: str
    consented_at: datetime | None
    consent_source: str

    @property
    def identity(self) -> str:
        return self.number or self.email


class _Refused(ValueError):
    """A row that cannot become a contact; its text is the reason, ``kind`` sums them up."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def import_contacts(
    path: Path | str, list_name: str, *, refused_path: Path | str | None = None
) -> ImportReport:
    """Import a file into the list ``list_name``, which is made if it does not exist.

    In a file the first row of a number gives the names, and any refusal of consent wins; against
    the database non-empty cells win, but a refusal stays. Refused rows go to ``refused_path``
    (default: ``<file>.refused.csv`` in the working directory). Raises
    :class:`~octopush_django.contacts.files.UnreadableFile`.
    """
    path = Path(path)
    refused_path = Path(refused_path or f"{path.stem}.refused.csv")
    report = ImportReport()
    with closing(read_rows(path)) as rows, _Refusals(refused_path, report) as refusals:
        _line, header = next(rows, (0, []))
        mapping = map_columns(header)
        report.columns = {header[index]: name for index, name in mapping.items()}
        refusals.header = header
        contact_list, _made = ContactList.objects.get_or_create(name=list_name.strip()[:100])
        with _met_before() as first_time:
            stream = _parsed(rows, mapping, report, refusals)
            while chunk := list(islice(stream, CHUNK)):
                fresh = first_time([row.identity for row in chunk])
                with transaction.atomic():
                    _store(chunk, fresh, contact_list, report)
    return report


def map_columns(header: Sequence[str]) -> dict[int, str]:
    """Which column is what. Columns we don't know become parameters 1 to 5, in their order."""
    known = {word: name for name, words in HEADERS.items() for word in words.split()}
    known |= {_folded(name): name for name in VALUES}
    mapping: dict[int, str] = {}
    for index, title in enumerate(header):
        name = known.get(_folded(title))
        if name and name not in mapping.values():
            mapping[index] = name
    if "phone_number" not in mapping.values() and "email" not in mapping.values():
        raise UnreadableFile(
            _(
                "The first line names no column with numbers or e-mail addresses. "
                "Write “Téléphone” or “E-mail” above it."
            )
        )
    free = iter([name for name in PARAMETERS if name not in mapping.values()])
    for index, title in enumerate(header):
        if index not in mapping and title.strip():
            name = next(free, None)
            if name:
                mapping[index] = name
    return dict(sorted(mapping.items()))


def _parsed(
    rows: Iterable[tuple[int, list[str]]],
    mapping: Mapping[int, str],
    report: ImportReport,
    refusals: "_Refusals",
) -> Iterator[_Row]:
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        report.rows += 1
        try:
            yield _parse(line, cells, mapping, report)
        except _Refused as refusal:
            refusals.write(line, refusal, cells)


def _parse(
    line: int, cells: Sequence[str], mapping: Mapping[int, str], report: ImportReport
) -> _Row:
    data = {name: cells[i].strip() for i, name in mapping.items() if i < len(cells)}
    data = {name: storable(value) for name, value in data.items()}
    number = _number(data.get("phone_number", ""))
    email = _email(data.get("email", ""))
    if not number and not email:
        raise _Refused("no_address", _("There is neither a number nor an e-mail address."))
    values = {name: data[name] for name in VALUES if data.get(name)}
    for name, value in values.items():
        longest = LONGEST[name]
        if len(value) > longest:
            raise _Refused(
                "too_long",
                _("“%(value)s…” is over %(longest)d characters.")
                % {"value": value[:30], "longest": longest},
            )
    raw_date = data.get("consented_at", "")
    consented_at = _date(raw_date)
    report.dates_ignored += bool(raw_date and not consented_at)
    return _Row(
        line, cells, number, email, values,
        read_consent(data.get("consent", "")), consented_at, data.get("consent_source", "")[:255],
    )  # fmt: skip


def _number(text: str) -> str | None:
    if not text:
        return None
    number = numbers.canonical(text, conf.region)
    if number:
        return number
    if re.fullmatch(r"\d[.,]\d+E\+?\d+", text, re.IGNORECASE):
        raise _Refused(
            "spreadsheet_number",
            _(
                "“%(value)s”: the spreadsheet rounded this number; format the column as text and "
                "export again."
            )
            % {"value": text},
        )
    raise _Refused(
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
        raise _Refused(
            "bad_email",
            _("“%(value)s” is not an e-mail address; correct it or empty the cell.")
            % {"value": text[:60]},
        )
    return email


def read_consent(text: str) -> str:
    """A cell's yes or no as a consent. Raises ``ValueError`` for anything else."""
    word = _folded(text)
    if not word:
        return Consent.UNKNOWN
    if word in _YES:
        return Consent.GIVEN
    if word in _NO:
        return Consent.REFUSED
    raise _Refused(
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


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in letters if not unicodedata.combining(c)))


# --- storing ----------------------------------------------------------------------------------


def _store(
    chunk: Sequence[_Row], fresh: set[str], contact_list: ContactList, report: ImportReport
) -> None:
    """Write a chunk: those met for the first time, then the refusals of the others."""
    first: dict[str, _Row] = {}
    again = []
    for row in chunk:
        if row.identity in fresh and row.identity not in first:
            first[row.identity] = row
        else:
            again.append(row)
    contacts = _existing(first.values())
    new, changed = [], []
    for identity, row in first.items():
        contact = contacts.get(identity)
        if contact is None:
            contacts[identity] = contact = _new_contact(row)
            new.append(contact)
        elif _update(contact, row):
            changed.append(contact)
    _create(new)
    Contact.objects.bulk_update(
        changed, [*VALUES, "email", "consent", "consented_at", "consent_source"], batch_size=200
    ) if changed else None
    _add_to_list(contacts.values(), contact_list)
    report.created += len(new)
    report.updated += len(changed)
    report.unchanged += len(first) - len(new) - len(changed)
    report.without_number += sum(1 for row in first.values() if not row.number)
    report.repeated += len(again)
    report.consent_withdrawn += _withdraw(again)


def _existing(rows: Iterable[_Row]) -> dict[str, Contact]:
    rows = list(rows)
    by_number = Contact.objects.filter(phone_number__in=[row.number for row in rows if row.number])
    found = {str(contact.phone_number): contact for contact in by_number}
    addresses = [row.email for row in rows if not row.number]
    for contact in Contact.objects.filter(email__in=addresses).order_by("-phone_number", "-pk"):
        found[contact.email] = contact
    return found


def _new_contact(row: _Row) -> Contact:
    return Contact(
        phone_number=row.number,
        email=row.email,
        consent=row.consent,
        consented_at=row.consented_at,
        consent_source=row.consent_source,
        **row.values,
    )


def _update(contact: Contact, row: _Row) -> bool:
    """Bring a known contact up to date; True if that changed anything."""
    wanted: dict[str, Any] = dict(row.values)
    if row.email:
        wanted["email"] = row.email
    decided = row.consent != Consent.UNKNOWN and contact.consent != Consent.REFUSED
    if decided:
        wanted["consent"] = row.consent
        wanted |= {"consented_at": row.consented_at} if row.consented_at else {}
        wanted |= {"consent_source": row.consent_source} if row.consent_source else {}
    changes = {name: value for name, value in wanted.items() if getattr(contact, name) != value}
    for name, value in changes.items():
        setattr(contact, name, value)
    return bool(changes)


def _create(contacts: Sequence[Contact]) -> None:
    with_number = [contact for contact in contacts if contact.phone_number]
    # Somebody may have added the same number meanwhile: theirs stays, and we get its key.
    Contact.objects.bulk_create(
        with_number,
        update_conflicts=True,
        unique_fields=["phone_number"],
        update_fields=["phone_number"],
    )
    Contact.objects.bulk_create(contact for contact in contacts if not contact.phone_number)


def _add_to_list(contacts: Iterable[Contact], contact_list: ContactList) -> None:
    membership = Contact.lists.through
    membership.objects.bulk_create(
        [membership(contact_id=c.pk, contactlist_id=contact_list.pk) for c in contacts],
        ignore_conflicts=True,
    )


def _withdraw(rows: Iterable[_Row]) -> int:
    """A refusal in a later row of the same person wins."""
    refusing = {row.identity: row for row in rows if row.consent == Consent.REFUSED}
    changed = 0
    for contact in _existing(refusing.values()).values():
        row = refusing.get(str(contact.phone_number)) or refusing[contact.email]
        if contact.consent != Consent.REFUSED:
            contact.consent = Consent.REFUSED
            contact.consented_at = row.consented_at or contact.consented_at
            contact.save(update_fields=["consent", "consented_at"])
            changed += 1
    return changed


class _Refusals:
    """The file of refused rows; made with the first of them."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        self.path = path
        self.report = report
        self.header: Sequence[str] = ()
        self._file: Any = None

    def __enter__(self) -> "_Refusals":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file:
            self._file.close()

    def write(self, line: int, refusal: _Refused, cells: Sequence[str]) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file, delimiter=";")
            self._writer.writerow([_("line"), _("reason"), *self.header])
            self.report.refused_path = self.path
        self._writer.writerow([line, str(refusal), *cells])
        self.report.refused += 1
        self.report.refusals[refusal.kind] += 1


@contextmanager
def _met_before() -> Iterator[Any]:
    """A function that tells which of some identities are met for the first time in this file.

    They are kept in a temporary database that SQLite spills to disk, so memory stays flat.
    """
    with closing(sqlite3.connect("")) as store:
        store.execute("CREATE TABLE met (identity TEXT PRIMARY KEY) WITHOUT ROWID")

        def first_time(identities: Iterable[str]) -> set[str]:
            fresh = set()
            for identity in identities:
                cursor = store.execute("INSERT OR IGNORE INTO met VALUES (?)", (identity,))
                if cursor.rowcount:
                    fresh.add(identity)
            return fresh

        yield first_time
