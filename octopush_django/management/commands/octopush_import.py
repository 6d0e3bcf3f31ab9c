"""Import contacts from a file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...contacts.files import UnreadableFile
from ...contacts.importer import ImportReport, import_contacts


class Command(BaseCommand):
    help = "Import contacts from a CSV or XLSX file into a list. Doing it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--list", required=True, metavar="NAME", help="the list to fill")
        parser.add_argument("--refused", metavar="PATH", help="where to write refused rows")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = import_contacts(
                options["file"], options["list"], refused_path=options["refused"]
            )
        except (UnreadableFile, OSError) as error:
            raise CommandError(str(error)) from error
        for line in describe(report):
            self.stdout.write(line)


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
    if report.dates_ignored:
        lines.append(f"  {report.dates_ignored} dates could not be read and were left empty.")
    if report.refused:
        kinds = ", ".join(f"{kind}: {rows}" for kind, rows in report.refusals.most_common())
        lines.append(f"  {report.refused} rows were refused ({kinds}).")
        lines.append(f"  They are in {report.refused_path}, each with its line and the reason.")
    return lines
