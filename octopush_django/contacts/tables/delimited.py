"""Rows of a text file: CSV with any delimiter and any line ends.

The csv module reads batches of lines, and each batch is looked at as a whole: only where a cell
holds a line break, or a line is very long, are rows looked at one by one.
"""

import csv
import re
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from .unreadable import UnreadableFile

LONGEST_CELL = 10_000
BATCH = 1 << 14
"""Characters, about: more rows at once cost the garbage collector more than they save."""
LONGEST_ROW = 1 << 18
"""Characters of the lines that one row may take in beyond its batch."""
DELIMITERS = ";,\t|"
SAMPLE = 20
"""Lines that decide on the delimiter."""

Rows = Iterator[tuple[int, list[str]]]

_SEP = re.compile(r'"?sep=([^\s"]|\t)"?[;,\t|]*\s*', re.IGNORECASE)


def delimited_rows(path: Path, encoding: str) -> Generator[tuple[int, list[str]], None, None]:
    """Yield (line, cells) of a text file, line 1 first; rows without any text are left out.

    Raises :class:`UnreadableFile` for quotes that are never closed and cells that are too long.
    """
    with path.open(encoding=encoding, newline="") as file:
        _skip_mark(file)
        begin = file.tell()
        stated = _SEP.fullmatch(file.readline(100))
        first_line = 2 if stated else 1
        if not stated:
            file.seek(begin)
        delimiter = stated[1] if stated else _delimiter_of(file)
        yield from _Reader(file, delimiter, first_line).rows()


def _skip_mark(file: TextIO) -> None:
    """Pass over byte order marks, of which the codecs with an endianness leave all."""
    begin = file.tell()
    while file.read(1) == "\ufeff":
        begin = file.tell()
    file.seek(begin)


def _delimiter_of(file: TextIO) -> str:
    """The delimiter that cuts the first lines most evenly, the header into most columns."""
    begin = file.tell()
    sample = [file.readline(LONGEST_ROW) for _line in range(3 * SAMPLE)]
    lines = [line for line in sample if line.strip()]
    file.seek(begin)

    def evenness(delimiter: str) -> tuple[bool, int, int]:
        rows = _widths(lines, delimiter)
        header = rows[0] if rows else 0
        return header > 1, rows[1:].count(header), header

    return max(DELIMITERS, key=evenness)


def _widths(lines: list[str], delimiter: str) -> list[int]:
    """The number of cells of each row with something in it."""
    widths = []
    try:
        for row in csv.reader(lines[: SAMPLE + 1], delimiter=delimiter):
            if any(cell.strip(" ;,\t|") for cell in row):
                widths.append(len(row))
    except csv.Error:
        pass
    return widths


class _Reader:
    def __init__(self, file: TextIO, delimiter: str, first_line: int) -> None:
        self.file = file
        self.delimiter = delimiter
        self.line = first_line
        """The number of the first line of the batch."""

    def rows(self) -> Rows:
        while lines := self.file.readlines(BATCH):
            if lines[-1] == "\x1a":  # how DOS ends a file
                lines.pop()
            cells = self._simple(lines)
            yield from self._each(lines) if cells is None else self._numbered(cells)
            self.line += len(lines)

    def _numbered(self, rows: list[list[str]]) -> Rows:
        numbered = zip(count(self.line), rows)
        if all(map(any, rows)):
            return numbered
        return (row for row in numbered if any(row[1]))

    def _simple(self, lines: list[str]) -> list[list[str]] | None:
        """The rows of a batch in which each line is one; else None."""
        if max(map(len, lines), default=0) > LONGEST_CELL:
            return None
        try:
            rows = list(csv.reader(lines, delimiter=self.delimiter))
        except csv.Error:
            return None
        return None if len(rows) < len(lines) or self._is_open(lines) else rows

    def _each(self, lines: list[str]) -> Rows:
        """Row by row; ``lines`` grows by those in which its last row goes on."""
        reader = csv.reader(self._with_more(lines), delimiter=self.delimiter)
        batch, before = len(lines), 0
        while before < batch:
            try:
                cells = next(reader)
            except csv.Error as error:
                raise self._beyond_limit(lines[before : reader.line_num], before) from error
            after = reader.line_num
            row = lines[before:after]
            is_last = after == len(lines)
            if not self._is_whole(row) if len(row) > 1 else is_last and self._is_open(row):
                raise self._open_quote(row, self.line + before)
            if max(map(len, cells), default=0) > LONGEST_CELL:
                raise too_long(self.line + before, cells)
            if any(cells):
                yield self.line + before, cells
            before = after

    def _beyond_limit(self, lines: list[str], before: int) -> UnreadableFile:
        """A cell is longer than the csv module takes: most often a quote that is not closed."""
        if len(lines) > 1:
            return self._open_quote(lines, self.line + before)
        cells = lines[0].split(self.delimiter)
        place = max(range(len(cells)), key=lambda index: len(cells[index])) + 1
        return long_cell(self.line + before, place)

    def _with_more(self, lines: list[str]) -> Iterator[str]:
        yield from lines[:]
        more = 0
        while more < LONGEST_ROW and (line := self.file.readline()):
            lines.append(line)
            more += len(line)
            yield line

    def _is_open(self, lines: list[str]) -> bool:
        """Whether the last of these lines, each a row, goes on: it takes one more in."""
        rows = csv.reader([*lines[-1:], "more"], delimiter=self.delimiter)
        return bool(lines) and len(list(rows)) == 1

    def _is_whole(self, lines: list[str]) -> bool:
        """Whether these lines are one row, whose quotes all stand around whole cells."""
        try:
            rows = list(csv.reader(lines, delimiter=self.delimiter, strict=True))
        except csv.Error:
            return False
        return len(rows) == 1

    def _open_quote(self, lines: list[str], line: int) -> UnreadableFile:
        text = "".join(lines)
        ends = rf"[{re.escape(self.delimiter)}\r\n]"
        cell = re.compile(rf'"(?:[^"]|"")*+"(?={ends}|$)|(?!")[^{ends[1:-1]}]*')
        position = 0
        while position < len(text) and (found := cell.match(text, position)):
            position = found.end() + 1
        within = text[:position].replace("\r\n", "\n").replace("\r", "\n").count("\n")
        sentence = _("The quote that opens in line %(line)d is not closed where its cell ends.")
        return UnreadableFile(sentence % {"line": line + within}, "open_quote")


def too_long(line: int, cells: list[str]) -> UnreadableFile:
    """The reason of a row with a cell of more than ``LONGEST_CELL`` characters."""
    column = next(place for place, cell in enumerate(cells, 1) if len(cell) > LONGEST_CELL)
    return long_cell(line, column)


def long_cell(line: int, column: int) -> UnreadableFile:
    """The reason of a file with too long a cell; both numbers count from 1."""
    sentence = _("Line %(line)d, column %(column)d: a cell of more than %(most)d characters.")
    numbers = {"line": line, "column": column, "most": LONGEST_CELL}
    return UnreadableFile(sentence % numbers, "long_cell")
