"""The file of refused rows: each with its line and the reason, to be mended and imported again."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from django.utils.translation import gettext as _

from .tables.files import UnreadableFile, without_formula

TITLES = (("line", "reason"), ("ligne", "motif"))
"""The titles of the first two columns, in the languages that this app speaks."""


class RefusedRows:
    """Writes the file, which is made with the first refused row.

    ``named``: the place that a person chose, by default ``<source>.refused.csv`` in the working
    directory. ``dry_run``: write only to a place that is named.
    """

    def __init__(self, named: Path | str | None, source: Path, *, dry_run: bool = False) -> None:
        path = Path(named or f"{source.stem}.refused.csv")
        if path.resolve() == source.resolve():
            said = _("The refused rows need a file of their own, and not %(file)s itself.")
            raise UnreadableFile(said % {"file": path})
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            said = _("The refused rows cannot be written to %(file)s: name another place.")
            raise UnreadableFile(said % {"file": path})
        self.path = path
        self.is_kept = bool(named) or not dry_run
        self.header: Sequence[str] = ()
        self._file: Any = None

    def __enter__(self) -> "RefusedRows":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    @property
    def written(self) -> Path | None:
        """The file, where there is one."""
        return self.path if self._file else None

    def write(self, line: int, reason: str, cells: Sequence[str]) -> None:
        """Add a row. ``line``: where it stands in the file, from 1."""
        if not self.is_kept:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file, delimiter=";")
            self._writer.writerow([_("line"), _("reason"), *map(without_formula, self.header)])
        self._writer.writerow([line, reason, *map(without_formula, cells)])


def columns_of_ours(header: Sequence[str]) -> dict[str | int, str]:
    """What the columns are that :class:`RefusedRows` put in front: nothing to import."""
    first = tuple(title.strip().lower() for title in header[:2])
    return {0: "ignore", 1: "ignore"} if first in TITLES else {}
