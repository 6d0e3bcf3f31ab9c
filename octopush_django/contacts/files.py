"""Rows of a file, whatever its dialect: CSV in any usual encoding and delimiter, or XLSX."""

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

LONGEST_CELL = 10_000
MOST_COLUMNS = 200
LARGEST_UNPACKED = 1 << 30

Rows = Iterator[tuple[int, list[str]]]


class UnreadableFile(ValueError):
    """The file cannot be read as a table; its text says why, in words for a person."""


def read_rows(path: Path) -> Any:
    """Yield (line, cells) of a file, the header first. Raises :class:`UnreadableFile`."""
    if not path.is_file():
        raise UnreadableFile(_("There is no file %(path)s.") % {"path": path})
    return _xlsx(path) if zipfile.is_zipfile(path) else _csv(path)


def _csv(path: Path) -> Rows:
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        delimiter = _delimiter(file.readline(LONGEST_CELL * 10))
        file.seek(0)
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader((line.replace("\x00", "") for line in file), delimiter=delimiter)
        try:
            before = 0
            for cells in reader:
                yield before + 1, _bounded(cells)
                before = reader.line_num
        except csv.Error as error:
            raise UnreadableFile(
                _("Line %(line)d cannot be read: %(error)s.")
                % {"line": reader.line_num, "error": error}
            ) from error


def _encoding(path: Path) -> str:
    """UTF-8 or UTF-16 where the file is that, else what spreadsheets write in Western Europe."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        file.seek(0)
        try:
            while block := file.read(1 << 16):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _delimiter(header: str) -> str:
    return max(";,\t|", key=header.count)


def _xlsx(path: Path) -> Rows:
    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
            raise UnreadableFile(_("The workbook is too large. Save it as CSV."))
    try:
        workbook = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise UnreadableFile(_("This is no workbook that we can read. Save it as CSV.")) from error
    try:
        sheet = workbook.worksheets[0]
        for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield line, _bounded([_cell(value) for value in row])
    finally:
        workbook.close()


def _cell(value: Any) -> str:
    """A cell as it would stand in a CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    return str(value)


def without_formula(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; a phone number with its + is none."""
    is_number = re.fullmatch(r"[+-][\d .()]*", text)
    return f"'{text}" if text[:1] in tuple("=@\t\r\n+-") and not is_number else text


def _bounded(cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise UnreadableFile(_("There are more than %(most)d columns.") % {"most": MOST_COLUMNS})
    return [cell[:LONGEST_CELL] for cell in cells]
