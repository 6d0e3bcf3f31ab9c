"""The columns of files as shops, tills, CRMs, mail and booking tools, and phones write them."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from octopush_django.contacts.columns.fields import FIELDS
from octopush_django.contacts.columns.guessing import understand

FILE = Path(__file__).parents[1] / "files" / "exports.txt"
OWN, ASKED = "-", "?"


@dataclass
class Export:
    """One file: its titles, their cells from above to below, and what they mean."""

    name: str
    titles: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)

    def add(self, title, meaning, *cells):
        self.titles.append(title)
        self.fields.append(meaning)
        self.cells.append(list(cells))

    @property
    def rows(self):
        return list(zip(*self.cells, strict=True))


def _exports():
    exports = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            exports.append(Export(line.removeprefix("== ")))
        elif line and not line.startswith("#"):
            exports[-1].add(*(cell.strip() for cell in line.split("|")))
    return exports


EXPORTS = _exports()


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_an_export_is_understood(export):
    columns = understand(export.titles, export.rows)
    asked = {question.index for question in columns.questions}
    places = {index: place for place, index in enumerate(columns.of("phone_number"), start=1)}
    found = [
        ASKED if column.index in asked
        else f"phone_number {places[column.index]}" if column.index in places
        else column.field if column.field in FIELDS
        else OWN
        for column in columns.columns
    ]  # fmt: skip
    assert dict(zip(export.titles, found, strict=True)) == dict(
        zip(export.titles, export.fields, strict=True)
    )


def test_there_are_forty_of_them():
    assert len({export.name for export in EXPORTS}) >= 40
