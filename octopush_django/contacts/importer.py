"""Files to contacts, streaming: CSV in any usual dialect, or a workbook.

Every row ends as a contact or in the file of refused rows, with its line and the reason in words.
Importing the same file again changes nothing. Memory does not grow with the file: rows come in
slices, each of which is one transaction; who was met before in the file is marked in the database.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from phonenumbers import SUPPORTED_REGIONS

from ..conf import conf
from ..models import ContactField, ContactImport, ContactList, ImportState
from ..models.campaigns import account_of
from .columns.fields import FIELDS, key_of_position
from .columns.guessing import Columns, Question, understand
from .opt_outs import note_opt_outs
from .people import Person, Refusal
from .reading_ahead import read_ahead
from .refused import RefusedRows, columns_of_ours
from .rows import PersonReader, Refused
from .storing import store
from .tables.files import MOST_COLUMNS, Table, UnreadableFile, open_table

SAMPLE = 1_000
"""Rows by which columns are understood."""
SLICE = 5_000
"""Rows of one transaction."""
LONGEST_LIST_NAME = 100


class UndecidedColumns(UnreadableFile):
    """Columns of which a person must say what they are: ``questions``. Nothing was imported."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(" ".join(question.message for question in columns.questions))
        self.code = "undecided_columns"
        self.columns = columns
        self.questions: Sequence[Question] = columns.questions


@dataclass
class ImportReport:
    """What became of a file.

    ``refusals``: reason -> rows. ``left_out``: (title, why) -> cells that were left out of rows
    which came in. ``opted_out``: addresses that are opt-outs now, because somebody refuses by them
    who has another one as a contact, or came in as none. ``columns``: title -> field.
    ``remarks``: sentences about the file.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    without_number: int = 0
    repeated: int = 0
    consent_withdrawn: int = 0
    opted_out: int = 0
    refused: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    columns: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    refused_path: Path | None = None

    @property
    def dates_ignored(self) -> int:
        """Dates of consent that could not be read."""
        return sum(cells for (_title, why), cells in self.left_out.items() if why == "bad_date")

    def as_json(self) -> dict[str, Any]:
        """The report as ``ContactImport.report`` keeps it."""
        document = {**vars(self), "refusals": dict(self.refusals)}
        document["left_out"] = [[*what, cells] for what, cells in self.left_out.items()]
        del document["refused_path"]
        return document


def import_contacts(
    path: Path | str,
    list_name: str,
    *,
    columns: Mapping[str | int, str] | None = None,
    country: str | None = None,
    encoding: str | None = None,
    refused_path: Path | str | None = None,
    dry_run: bool = False,
    by: Any = None,
    run: ContactImport | None = None,
) -> ImportReport:
    """Import a file into the list ``list_name``, which is made if it does not exist.

    ``columns``: what columns are, by title or by index from 0, where the file does not tell or
    tells otherwise (:data:`~.columns.fields.FIELDS`, or the key of a field of the site's own).
    ``country``: where numbers without a country are from (ISO 3166-1 alpha-2), by default
    ``PHONENUMBER_DEFAULT_REGION``. ``encoding``: of a text file, where it cannot be told.
    ``refused_path``: where refused rows go, by default ``<file>.refused.csv`` in the working
    directory. ``dry_run``: report what would happen, and change nothing; refused rows are written
    only to a ``refused_path`` that is named. ``by``: the user who imports. ``run``: an import that
    waits, in place of a new one.

    The first row of a person gives the names, an empty cell changes nothing, and a refusal of
    consent wins and stays. Raises :class:`UndecidedColumns` where a person must say what a column
    is, and :class:`~.tables.files.UnreadableFile` for a file that cannot be read; what was stored
    before the place where it breaks stays, and the error says how many rows.
    """
    path = Path(path)
    region = _region(country)
    name = _list_name(list_name)
    report = ImportReport()
    refused = RefusedRows(refused_path, path, dry_run=dry_run)
    with open_table(path, encoding=encoding) as table, refused:
        understood, rows = _look_at(table, columns or {}, region)
        if understood.questions:
            raise UndecidedColumns(understood)
        report.columns = _by_title(understood)
        refused.header = table.header
        with _all_or_nothing(dry_run):
            run = _begin(path, name, understood, by, run)
            reader = PersonReader(understood, ContactField.objects.kinds(), region)
            _import_rows(rows, reader, run, report, refused)
        report.remarks = list(table.remarks)
        report.refused_path = refused.written
        if not dry_run:
            _finish(run, report)
    return report


def columns_of_file(
    path: Path | str,
    *,
    columns: Mapping[str | int, str] | None = None,
    country: str | None = None,
    encoding: str | None = None,
) -> Columns:
    """What the columns of a file are, and what must be asked. Raises ``UnreadableFile``."""
    with open_table(Path(path), encoding=encoding) as table:
        return _look_at(table, columns or {}, _region(country))[0]


def _look_at(
    table: Table, said: Mapping[str | int, str], region: str
) -> tuple[Columns, Iterator[tuple[int, list[str]]]]:
    """What the columns of a table are, and its rows, of which the first are read by then."""
    sample = list(islice(table.rows, SAMPLE))
    understood = understand(
        table.header,
        _as_wide_as_usual([cells for _line, cells in sample], len(table.header)),
        said={**_names_of_ours(table.header), **columns_of_ours(table.header), **said},
        region=region,
        known=ContactField.objects.labels(),
    )
    if not understood.has_titles:
        first = (sample[0][0] - 1 if sample else 1, table.header)
        sample.insert(0, first)
        table.header = [""] * len(table.header)
        understood = _without_titles(understood, said)
    return understood, chain(sample, table.rows)


def _without_titles(understood: Columns, said: Mapping[str | int, str]) -> Columns:
    """The columns by their places: what stands above them is a person's."""
    columns = (
        replace(column, title="", field=column.field if is_told else key_of_position(column.index))
        for column in understood.columns
        for is_told in [column.field in FIELDS or column.field in said.values()]
    )
    return replace(understood, columns=tuple(columns))


def _names_of_ours(header: Sequence[str]) -> dict[str | int, str]:
    """Titles that are names of fields, as an export writes them."""
    return {i: title for i, title in enumerate(header) if title in FIELDS and "_" in title}


def _as_wide_as_usual(sample: list[list[str]], titles: int) -> list[list[str]]:
    """The rows without cells beyond the titles, unless most rows are longer.

    A row alone with more cells has a delimiter within a cell, and is refused.
    """
    wider = sum(1 for cells in sample if len(cells) > titles)
    widest = max(map(len, sample), default=0)
    if 2 * wider > len(sample) and widest <= MOST_COLUMNS:
        return sample
    return [cells[:titles] for cells in sample]


def _region(country: str | None) -> str:
    region = str(conf.region if country in (None, "") else country).strip().upper()
    if region not in SUPPORTED_REGIONS:
        said = _("%(country)s is no country: write two letters, such as CH.")
        raise UnreadableFile(said % {"country": region}, code="country")
    return region


def _list_name(text: Any) -> str:
    name = str(text).strip() if isinstance(text, str | Promise) else ""
    if not 0 < len(name) <= LONGEST_LIST_NAME or "\x00" in name:
        said = _("The name of the list must have 1 to %(longest)d characters.")
        raise UnreadableFile(said % {"longest": LONGEST_LIST_NAME}, code="list_name")
    return name


def _by_title(understood: Columns) -> dict[str, str]:
    """Title -> field; a second column of one title, or one without, is named by its place."""
    found: dict[str, str] = {}
    for column in understood.columns:
        title = column.title.strip()
        place = key_of_position(column.index)
        found[f"{title} ({place})" if title in found else title or place] = column.field
    return found


@contextmanager
def _all_or_nothing(dry_run: bool) -> Iterator[None]:
    """Of a dry run everything is done, and undone at its end."""
    if not dry_run:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _begin(
    path: Path, list_name: str, understood: Columns, by: Any, run: ContactImport | None
) -> ContactImport:
    """Make the list and the fields that are new, and write down that an import began."""
    with transaction.atomic():
        contact_list, _made = ContactList.objects.get_or_create(name=list_name)
        for column in understood.columns:
            if column.field not in FIELDS:
                label = (column.title.strip() or column.field)[:100]
                ContactField.objects.get_or_create(key=column.field, defaults={"label": label})
        if run is None:
            run = ContactImport(file_name=path.name[:255], created_by=account_of(by))
        elif not _is_mine(run):
            raise UnreadableFile(_("This file is being imported already."), "taken")
        run.contact_list, run.state = contact_list, ImportState.RUNNING
        run.save(update_fields=["contact_list", "state"] if run.pk else None)
    return run


def _is_mine(run: ContactImport) -> bool:
    """Whether this call begins with an import that waits: nobody else did."""
    waiting = ContactImport.objects.filter(pk=run.pk, state=ImportState.WAITING)
    return bool(waiting.update(state=ImportState.RUNNING))


def _finish(run: ContactImport, report: ImportReport) -> None:
    run.state, run.finished_at, run.file = ImportState.DONE, timezone.now(), None
    run.report = report.as_json()
    run.save(update_fields=["state", "finished_at", "file", "report"])


@dataclass
class _Slice:
    """Rows that were read: the people in them, each once, and what was refused or left out.

    ``people``: as :func:`~.storing.store` takes them. ``refusals``: of addresses that none of them
    has.
    """

    people: list[tuple[Any, ...]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    rows: int = 0
    repeated: int = 0
    refused: list[tuple[int, Refused, list[str]]] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)


def _import_rows(
    rows: Iterable[tuple[int, list[str]]],
    reader: PersonReader,
    run: ContactImport,
    report: ImportReport,
    refused: RefusedRows,
) -> None:
    """Store slice after slice; the next one is read while the database works on this one."""
    try:
        # Closed before the file is: nothing reads from it any more.
        with closing(read_ahead(_slices(rows, reader))) as parts:
            for part in parts:
                _take(part, run, report, refused)
    except (UnreadableFile, OSError) as error:
        raise _broken_off(run, report, error) from error


def _take(part: _Slice, run: ContactImport, report: ImportReport, refused: RefusedRows) -> None:
    """Store a slice, with the report as it is then."""
    for line, refusal, cells in part.refused:
        refused.write(line, str(refusal), cells)
        report.refusals[refusal.kind] += 1
    report.rows += part.rows
    report.repeated += part.repeated
    report.refused += len(part.refused)
    report.left_out += part.left_out
    with transaction.atomic():
        lists = ContactList.objects.select_for_update()
        if not lists.filter(pk=run.contact_list_id or 0).exists():
            raise UnreadableFile(_("The list was deleted meanwhile."), "list_deleted")
        _store(part.people, run, report)
        report.opted_out += note_opt_outs(part.refusals, run.file_name)
        run.report = report.as_json()
        run.save(update_fields=["report"])


def _slices(rows: Iterable[tuple[int, list[str]]], reader: PersonReader) -> Iterator[_Slice]:
    stream = iter(rows)
    while chunk := list(islice(stream, SLICE)):
        yield _read(chunk, reader)


def _read(chunk: Iterable[tuple[int, list[str]]], reader: PersonReader) -> _Slice:
    """The people of a slice, each once, with the refusals of their later rows."""
    found = _Slice()
    people: dict[str, Person] = {}
    reader.left_out = found.left_out
    for line, cells in chunk:
        try:
            person = reader.read(cells)
        except Refused as refusal:
            if any(map(str.strip, cells)):
                found.rows += 1
                found.refused.append((line, refusal, cells))
                if refusal.is_of_number:
                    found.refusals += reader.refusals(cells)
            continue
        found.rows += 1
        first = people.setdefault(person.identity, person)
        if first is not person:
            found.repeated += 1
            first.take_refusals(person)
    for person in people.values():
        found.people.append(person.row)
        found.refusals += person.elsewhere
    return found


def _broken_off(run: ContactImport, report: ImportReport, error: Exception) -> UnreadableFile:
    """Write down that the import failed, and say how far it came: whole slices are stored."""
    ContactImport.objects.filter(pk=run.pk).update(
        state=ImportState.FAILED, finished_at=timezone.now(), file=None
    )
    said = str(error)
    if report.rows:
        kept = _("%(error)s The rows before it (%(rows)d) were imported; mend the file and import "
                 "it again: nobody comes twice.")  # fmt: skip
        said = kept % {"error": said, "rows": report.rows}
    return UnreadableFile(said, getattr(error, "code", "unreadable"))


def _store(people: Sequence[tuple[Any, ...]], run: ContactImport, report: ImportReport) -> None:
    if not people:
        return
    stored = store(people, run)
    report.created += stored.created
    report.updated += stored.updated
    report.repeated += stored.repeated
    report.unchanged += len(people) - stored.created - stored.updated - stored.repeated
    report.consent_withdrawn += stored.withdrawn
    report.opted_out += stored.opted_out
    report.without_number += sum(1 for number, *_others in people if number is None)
