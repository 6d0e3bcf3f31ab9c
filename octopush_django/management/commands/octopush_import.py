"""Import contacts from a file."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...contacts.columns.fields import FIELDS, key_of_position
from ...contacts.columns.guessing import Columns
from ...contacts.importer import (
    ImportReport,
    UndecidedColumns,
    columns_of_file,
    import_contacts,
)
from ...contacts.tables.files import UnreadableFile
from ...models import ContactField
from ..asking import add_yes, ask

LEFT_OUT = {
    "bad_email": "no e-mail address",
    "bad_date": "no date",
    "no_number": "no number",
    "bad_number": "no phone number",
    "second": "the person has another one already",
    "no_consent": "the row says neither yes nor no to advertising",
    "no_date": "no date",
    "too_long": "too long",
}


class Command(BaseCommand):
    help = (
        "Import contacts from a file into a list: CSV in any dialect, or XLSX. Doing it again "
        "changes nothing. On a terminal it shows what each column is, and asks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--list", required=True, metavar="NAME", help="the list to fill")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="HEADER=FIELD",
            help=f"what a column is: {', '.join(FIELDS)}, or a personal detail of yours",
        )
        parser.add_argument(
            "--country", metavar="CH", help="where numbers without a country are from"
        )
        parser.add_argument("--encoding", metavar="NAME", help="of the file, such as cp850")
        parser.add_argument("--refused", metavar="PATH", help="where to write refused rows")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")
        add_yes(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        told = {
            "columns": _said(options["column"]),
            "country": options["country"],
            "encoding": options["encoding"],
        }
        try:
            if sys.stdin.isatty() and not options["yes"] and not options["dry_run"]:
                understood = columns_of_file(options["file"], **told)
                if understood.questions:
                    raise UndecidedColumns(understood)
                for line in _columns(understood):
                    self.stdout.write(line)
                ask(options, f"Import into “{options['list']}”?")
            report = import_contacts(
                options["file"],
                options["list"],
                **told,
                refused_path=options["refused"],
                dry_run=options["dry_run"],
            )
        except UndecidedColumns as error:
            raise CommandError("\n".join(_questions(error)), returncode=2) from error
        except (UnreadableFile, OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if options["dry_run"]:
            self.stdout.write("Nothing was imported. What would happen:")
        for line in describe(report):
            self.stdout.write(line)


def _said(columns: Sequence[str]) -> dict[str, str]:
    said = {}
    for text in columns:
        header, mark, name = text.rpartition("=")
        if not mark:
            raise CommandError(f"--column {text}: write it like “Portable=phone_number”.")
        said[header] = name.strip()
    return said


def _columns(understood: Columns) -> Iterator[str]:
    """What each column is taken for; a personal detail that there is not yet is called new."""
    details = ContactField.objects.labels()
    for column in understood.columns:
        title = column.title.strip() or key_of_position(column.index)
        is_new = column.field not in FIELDS and column.field not in details
        new = "a new personal detail, " if is_new else ""
        yield f"  {title} → {new}{column.field} ({column.reason})"


def _questions(error: UndecidedColumns) -> Iterator[str]:
    yield "Nothing was imported: say first what these columns are."
    for question in error.questions:
        yield f"  {question.message}"
        title = question.title or (key_of_position(question.index) if question.index >= 0 else "…")
        answers = ", ".join(question.choices)
        yield f'    --column "{title}=…": {answers}, or a name of your own to keep what it says'


def describe(report: ImportReport) -> list[str]:
    """The report in lines for a person."""
    columns = ", ".join(f"{title} → {name}" for title, name in report.columns.items())
    lines = [
        f"{report.rows} rows read. Columns: {columns}.",
        f"  {report.created} contacts are new, {report.updated} were changed, "
        f"{report.unchanged} were known as they are.",
    ]
    if report.without_number:
        lines.append(f"  {report.without_number} have no number, only an e-mail address.")
    if report.repeated:
        lines.append(
            f"  {report.repeated} rows repeat a person met before; the first row's names stay"
            f" ({report.consent_withdrawn} of them withdrew consent: that wins)."
        )
    if report.opted_out:
        lines.append(
            f"  {report.opted_out} numbers and e-mail addresses are opt-outs now: somebody refuses"
            " by them who has another one, or did not come in."
        )
    for (title, why), cells in report.left_out.most_common():
        lines.append(f"  {cells} cells of “{title}” were left out: {LEFT_OUT[why]}.")
    lines += [f"  {remark}" for remark in report.remarks]
    if report.refused:
        kinds = ", ".join(f"{kind}: {rows}" for kind, rows in report.refusals.most_common())
        lines.append(f"  {report.refused} rows were refused ({kinds}).")
        if report.refused_path:
            lines.append(
                f"  They are in {report.refused_path}, each with its line and the reason."
            )
        else:
            lines.append("  Name a file with --refused to have each with its line and the reason.")
    return lines
