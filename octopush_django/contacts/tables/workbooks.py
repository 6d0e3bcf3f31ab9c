"""Rows of a workbook, read by a process of its own that cannot do harm (:mod:`.xlsx_program`)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .delimited import Rows, long_cell
from .kinds import refusal
from .unreadable import UnreadableFile

SECONDS = 120
"""How long a reader may wait for a workbook's rows, all together."""

_ROOT = Path(__file__).parents[3]
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from octopush_django.contacts.tables import xlsx_program; "
    "xlsx_program.limit(); xlsx_program.main(sys.argv[2])"
)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""The environment of the process; the site's secrets are none of its business."""


@contextmanager
def open_workbook(path: Path, remarks: list[str]) -> Iterator[Rows]:
    """The rows of the first visible sheet with something in it; the process ends on leaving.

    ``remarks`` gets what a person should know when all rows were read. The rows raise
    :class:`UnreadableFile`.
    """
    process = subprocess.Popen(
        [_interpreter(), "-I", "-S", "-c", _PROGRAM, str(_ROOT), str(path.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
    )
    with process:
        try:
            yield _rows(process, remarks)
        finally:
            process.kill()


def _interpreter() -> str:
    """Python itself: within some web servers ``sys.executable`` is the server."""
    if "python" in Path(sys.executable or "").name.lower():
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_exec_prefix, "bin", version))


def _rows(process: "subprocess.Popen[bytes]", remarks: list[str]) -> Rows:
    for line in _lines(process):
        found = json.loads(line)
        if isinstance(found, dict):
            if "error" in found:
                raise _refusal(found)
            remarks += _remarks(found)
            return
        yield found[0], found[1]
    raise _refusal({"error": "memory"})  # killed by the system, without a word


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """What the process writes, as long as all waiting for it stays below ``SECONDS``."""
    assert process.stdout
    left, rest = float(SECONDS), b""
    while left > 0:
        killer = Timer(left, process.kill)
        began = monotonic()
        killer.start()
        block: bytes = process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
        killer.cancel()
        left -= monotonic() - began
        if not block:
            break
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if left <= 0:
        raise _refusal({"error": "time"})


def _refusal(found: dict[str, Any]) -> UnreadableFile:
    code, line = found["error"], found.get("line", 0)
    if code == "long_cell":
        return long_cell(line, found["column"])
    if code == "damaged" and line:
        code = "damaged_at"
    sentences = {
        "damaged": _("The workbook is damaged. Open it in a spreadsheet and save it again."),
        "damaged_at": _("The workbook is damaged after row %(line)d."),
        "bomb": _("The workbook unpacks to far more than its size. Save it as CSV."),
        "entities": _("The workbook defines XML entities, as no spreadsheet does."),
        "memory": _("The workbook takes too much memory. Save it as CSV."),
        "time": _("Reading the workbook takes too long. Save it as CSV."),
        "empty": _("There is nothing in the workbook."),
        "only_hidden": _("Only the hidden sheet “%(name)s” holds something. Show it, and save."),
        "too_many_rows": _("Row %(line)d is beyond the end of a sheet: the workbook is damaged."),
        "wide_row": _("Row %(line)d holds too many cells. Is this really a list of people?"),
    }
    if code not in sentences:
        return refusal(code)
    return UnreadableFile(sentences[code] % {"name": "", "line": 0, **found}, found["error"])


def _remarks(found: dict[str, Any]) -> list[str]:
    remarks = []
    if rows := found["hidden_rows"]:
        remarks.append(
            ngettext(
                "%(count)d row is hidden in the workbook, for example by a filter. It was read.",
                "%(count)d rows are hidden in the workbook, for example by a filter. "
                "They were read.",
                rows,
            )
            % {"count": rows}
        )
    if columns := found["hidden_columns"]:
        remarks.append(
            ngettext(
                "%(count)d column is hidden in the workbook. It was read.",
                "%(count)d columns are hidden in the workbook. They were read.",
                columns,
            )
            % {"count": columns}
        )
    if found["others"]:
        sentence = _("Only the sheet “%(sheet)s” was read. These were not: %(others)s.")
        names = ", ".join(f"“{name}”" for name in found["others"])
        remarks.append(sentence % {"sheet": found["sheet"], "others": names})
    return remarks
