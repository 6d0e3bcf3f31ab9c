"""A file, whatever its dialect, as a table of text: CSV in any usual encoding, or XLSX."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from ...conf import conf
from .delimited import Rows, delimited_rows
from .encodings import check_encoding, find_encoding
from .kinds import kind_of, refusal
from .unreadable import DoubtfulEncoding, UnreadableFile
from .workbooks import open_workbook

__all__ = ["DoubtfulEncoding", "Table", "UnreadableFile", "open_table", "without_formula"]

MOST_COLUMNS = 200


@dataclass
class Table:
    """What stands in a file.

    ``header``: the titles as they stand, without empty ones at the end; at least one.
    ``rows``: the line, as a person counts from 1, and the cells of each row with something in it;
    there may be fewer cells than titles, or more. A stream, which may raise
    :class:`UnreadableFile` midway. ``encoding``: empty for workbooks. ``remarks``: sentences for a
    person, complete when all rows were read.
    """

    header: list[str]
    rows: Rows
    encoding: str = ""
    remarks: list[str] = field(default_factory=list)


@contextmanager
def open_table(path: Path, *, encoding: str | None = None) -> Iterator[Table]:
    """Open a file as a table; its kind is told by its content.

    ``encoding`` is what a person chose; None finds it out. Raises :class:`DoubtfulEncoding` where
    a person has to choose, and :class:`UnreadableFile` for everything that is no table, or is
    larger than ``OCTOPUSH_IMPORT_LIMIT``.
    """
    _check_size(path)
    kind = kind_of(path)
    if kind == "zip":
        remarks: list[str] = []
        with open_workbook(path, remarks) as rows:
            yield Table(_header(rows), rows, "", remarks)
    elif kind == "text":
        found, remarks = (encoding, []) if encoding else find_encoding(path)
        if encoding:
            check_encoding(path, encoding)
        with closing(delimited_rows(path, found)) as rows:
            yield Table(_header(rows), rows, found, remarks)
    else:
        raise refusal(kind)


def _check_size(path: Path) -> None:
    if not path.is_file():
        sentence = _("There is no file %(path)s.") % {"path": path}
        raise UnreadableFile(sentence, "no_file")
    size = path.stat().st_size
    if size > conf.import_limit:
        sentence = _(
            "The file has %(size)s MB; %(limit)s MB are allowed (OCTOPUSH_IMPORT_LIMIT). "
            "Split it into several."
        )
        sizes = {"size": _megabytes(size), "limit": _megabytes(conf.import_limit)}
        raise UnreadableFile(sentence % sizes, "too_large")


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _header(rows: Rows) -> list[str]:
    """The first row with something in it, up to its last title."""
    for _line, cells in rows:
        titled = [place for place, cell in enumerate(cells, 1) if cell.strip()]
        if not titled:
            continue
        if titled[-1] > MOST_COLUMNS:
            sentence = _("There are more than %(most)d columns.") % {"most": MOST_COLUMNS}
            raise UnreadableFile(sentence, "too_many_columns")
        return cells[: titled[-1]]
    raise UnreadableFile(_("There is nothing in the file."), "empty")


def without_formula(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; a phone number with its + is none."""
    is_number = re.fullmatch(r"[+-][\d .()]*", text)
    return f"'{text}" if text[:1] in tuple("=@\t\r\n+-") and not is_number else text
