"""The process that reads a workbook, whose path is its argument.

Writes JSON lines: ``[line, [cells]]`` for each row, then one object: what to remark, or ``error``
with the code of the reason. Its memory and time are limited, so that no file can do harm. No
Django here.
"""

import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from xml.parsers import expat

from .xlsx_parts import Refused, Sheet, Workbook
from .xlsx_sheet import Row, SheetReader, has_content

MEMORY = 160 << 20
"""Bytes, of addresses."""
SECONDS = 120
"""Of the processor."""
BATCH = 200

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, OverflowError,
           IndexError, NotImplementedError, RuntimeError, OSError)  # fmt: skip


def limit() -> None:
    """Keep this process within ``MEMORY`` and ``SECONDS``, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main(path: str) -> None:
    """Write the rows and the outcome."""
    reader: SheetReader | None = None
    try:
        with zipfile.ZipFile(path) as archive:
            workbook = Workbook(archive)
            sheet = _choose(workbook)
            reader = SheetReader(workbook, workbook.texts(), workbook.formats())
            _write(reader.rows(sheet.path))
            outcome = {
                "hidden_rows": reader.hidden_rows,
                "hidden_columns": reader.hidden_columns,
                "sheet": sheet.name,
                "others": _others(workbook, sheet),
            }
    except Refused as refusal:
        outcome = {"error": refusal.code, **refusal.details}
    except MemoryError:
        outcome = {"error": "memory"}
    except expat.ExpatError as error:
        outcome = {"error": "memory" if error.code == 1 else "damaged"}
    except DAMAGED:
        outcome = {"error": "damaged"}
    if outcome.get("error") == "damaged":
        outcome["line"] = reader.line if reader else 0
    _print(json.dumps(outcome))


def _choose(workbook: Workbook) -> Sheet:
    """The first visible sheet with something in it."""
    for sheet in workbook.sheets:
        if sheet.is_visible and has_content(workbook, sheet.path):
            return sheet
    hidden = [sheet.name for sheet in workbook.sheets if _has_content(workbook, sheet)]
    raise Refused("only_hidden", name=hidden[0]) if hidden else Refused("empty")


def _others(workbook: Workbook, chosen: Sheet) -> list[str]:
    others = (sheet for sheet in workbook.sheets if sheet is not chosen)
    return [sheet.name for sheet in others if _has_content(workbook, sheet)]


def _has_content(workbook: Workbook, sheet: Sheet) -> bool:
    """Whether there is something in a sheet that is not read; what is damaged there is nothing."""
    try:
        return has_content(workbook, sheet.path)
    except (Refused, expat.ExpatError, *DAMAGED):
        return False


def _write(rows: Iterator[Row]) -> None:
    batch: list[str] = []
    for row in rows:
        batch.append(json.dumps(row))
        if len(batch) >= BATCH:
            _print("\n".join(batch))
            batch.clear()
    if batch:
        _print("\n".join(batch))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    limit()
    main(sys.argv[-1])
