"""Files to contacts, streaming: CSV in any usual dialect, or XLSX.

Every row ends as a contact or in the file of refused rows, with its line and the reason in words.
Importing the same file again changes nothing. Memory does not grow with the file: rows come in
chunks, and the numbers met so far are kept in a temporary database on disk.
"""

import csv
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..models import Consent, Contact, ContactList
from ..models.contacts import has_address
from ..rules.addresses import as_written
from .columns import VALUES, map_columns
from .files import read_rows, without_formula
from .rows import Refused, Row, parse

CHUNK = 500


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


def _parsed(
    rows: Iterable[tuple[int, list[str]]],
    mapping: Mapping[int, str],
    report: ImportReport,
    refusals: "_Refusals",
) -> Iterator[Row]:
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        report.rows += 1
        try:
            row = parse(line, cells, mapping)
        except Refused as refusal:
            refusals.write(line, refusal, cells)
        else:
            report.dates_ignored += row.date_ignored
            yield row


# --- storing ----------------------------------------------------------------------------------


def _store(
    chunk: Sequence[Row], fresh: set[str], contact_list: ContactList, report: ImportReport
) -> None:
    """Write a chunk: those met for the first time, then the refusals of the others."""
    first: dict[str, Row] = {}
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


def _existing(rows: Iterable[Row]) -> dict[str, Contact]:
    rows = list(rows)
    by_number = Contact.objects.filter(phone_number__in=[row.number for row in rows if row.number])
    found = {as_written(contact.phone_number): contact for contact in by_number}
    addresses = [row.email for row in rows if not row.number]
    by_email = Contact.objects.filter(has_address("email", addresses))
    for contact in by_email.order_by("-phone_number", "-pk"):
        found[contact.email] = contact
    return found


def _new_contact(row: Row) -> Contact:
    return Contact(
        phone_number=row.number,
        email=row.email,
        consent=row.consent,
        consented_at=row.consented_at,
        consent_source=row.consent_source,
        **row.values,
    )


def _update(contact: Contact, row: Row) -> bool:
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


def _withdraw(rows: Iterable[Row]) -> int:
    """A refusal in a later row of the same person wins."""
    refusing = {row.identity: row for row in rows if row.consent == Consent.REFUSED}
    changed = 0
    for contact in _existing(refusing.values()).values():
        row = refusing.get(as_written(contact.phone_number)) or refusing[contact.email]
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

    def write(self, line: int, refusal: Refused, cells: Sequence[str]) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file, delimiter=";")
            self._writer.writerow([_("line"), _("reason"), *self.header])
            self.report.refused_path = self.path
        self._writer.writerow([line, str(refusal), *map(without_formula, cells)])
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
