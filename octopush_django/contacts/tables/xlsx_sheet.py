"""The rows of one sheet of a workbook, as text, in a stream.

openpyxl keeps an object for each row and each text, and shows no formats; this reader keeps one
row. Runs in the process that reads workbooks: no Django here.
"""

from collections.abc import Iterator, Sequence

from .number_formats import Shown, plain
from .xlsx_parts import (
    CHUNK,
    LONGEST_CELL,
    Attributes,
    Refused,
    Texts,
    Workbook,
    local,
    safe_parser,
    unescaped,
)

MOST_ROWS = 1_048_576
"""What a sheet of Excel can hold."""
MOST_COLUMNS = 200
MOST_CELLS, MOST_TEXT = 16_384, 4_000_000
"""Filled cells and characters of a row."""

Row = tuple[int, list[str]]


class SheetReader:
    """Rows with something in them; ``hidden_rows`` and ``hidden_columns`` count as they come.

    A cell further right than ``MOST_COLUMNS`` comes right behind those: no row is wider than what
    stands in it, or that.
    """

    def __init__(self, workbook: Workbook, texts: Texts, formats: Sequence[Shown]) -> None:
        self.workbook = workbook
        self.texts = texts
        self.formats = formats
        self.hidden_rows = 0
        self.line = 0
        self._hidden: list[tuple[int, int]] = []
        self._rows: list[Row] = []
        self._width = 0
        self._cells: list[str] = []
        self._column = 0
        self._type = self._style = ""
        self._text: list[str] = []
        self._taken = self._row_text = 0
        self._is_text = self._row_is_hidden = False
        self._phonetic = 0

    @property
    def hidden_columns(self) -> int:
        """How many columns up to the last one with something in it are hidden."""
        hidden: set[int] = set()
        for first, last in self._hidden:
            hidden.update(range(max(first, 1), min(last, self._width, MOST_COLUMNS) + 1))
        return len(hidden)

    def rows(self, path: str) -> Iterator[Row]:
        """Yield (number of the row, cells). Raises :class:`Refused`."""
        parser = safe_parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        with self.workbook.open(path) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk)
                yield from self._rows
                self._rows.clear()
        parser.Parse(b"", True)
        yield from self._rows

    def _start(self, name: str, attributes: Attributes) -> None:
        if ":" in name:
            name = local(name)
        if name == "c":
            reference = attributes.get("r")
            self._column = _column(reference) if reference else self._column + 1
            self._type = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._text.clear()
            self._taken = 0
        elif name in ("v", "t"):
            self._is_text = not self._phonetic
        elif name == "row":
            self._begin_row(attributes)
        elif name == "rPh":
            self._phonetic += 1
        elif name == "col" and attributes.get("hidden") in ("1", "true"):
            self._hidden.append((int(attributes["min"]), int(attributes["max"])))

    def _begin_row(self, attributes: Attributes) -> None:
        self.line = int(attributes["r"]) if "r" in attributes else self.line + 1
        if not 0 < self.line <= MOST_ROWS:
            raise Refused("too_many_rows", line=self.line)
        self._row_is_hidden = attributes.get("hidden") in ("1", "true")
        self._column = self._row_text = 0
        self._cells = []

    def _data(self, text: str) -> None:
        if self._is_text:
            self._taken += len(text)
            if self._taken > LONGEST_CELL:
                raise self._too_long()
            self._text.append(text)

    def _too_long(self) -> Refused:
        return Refused("long_cell", line=self.line, column=self._column)

    def _end(self, name: str) -> None:
        if ":" in name:
            name = local(name)
        if name in ("v", "t"):
            self._is_text = False
        elif name == "c":
            if self._text:
                self._place(self._shown("".join(self._text)))
        elif name == "row" and self._cells:
            self._rows.append((self.line, self._cells))
            self._width = max(self._width, len(self._cells))
            self.hidden_rows += self._row_is_hidden
        elif name == "rPh":
            self._phonetic -= 1

    def _shown(self, raw: str) -> str:
        kind = self._type
        if kind == "s":
            text = self.texts[int(raw)]
            if len(text) > LONGEST_CELL:
                raise self._too_long()
            return text
        if kind == "n":
            style = int(self._style or 0)
            show = self.formats[style] if 0 <= style < len(self.formats) else plain
            return show(raw.strip())
        if kind == "b":
            return "TRUE" if raw.strip() in ("1", "true") else "FALSE"
        if kind == "d":
            return raw.replace("T", " ").removesuffix(" 00:00:00")
        return unescaped(raw)  # texts, what formulas gave, and errors such as #N/A

    def _place(self, text: str) -> None:
        if not text:
            return
        self._row_text += len(text)
        if self._row_text > MOST_TEXT or len(self._cells) >= MOST_CELLS:
            raise Refused("wide_row", line=self.line)
        cells, place = self._cells, self._column - 1
        if place < len(cells):
            cells[place] = text
        elif place == len(cells) or place >= MOST_COLUMNS:
            if place > MOST_COLUMNS > len(cells):
                cells.extend([""] * (MOST_COLUMNS - len(cells)))
            cells.append(text)
        else:
            cells.extend([""] * (place - len(cells)))
            cells.append(text)


_columns: dict[str, int] = {}


def _column(reference: str) -> int:
    """28 for ``AB12``."""
    letters = reference.rstrip("0123456789")
    number = _columns.get(letters)
    if number is None:
        number = 0
        for letter in letters[:8].upper():
            number = number * 26 + ord(letter) - 64
        if number < 1:
            raise Refused("damaged", line=0)
        if len(letters) < 3:
            _columns[letters] = number
    return number


def has_content(workbook: Workbook, path: str) -> bool:
    """Whether a sheet has a cell with something in it."""
    reader = SheetReader(workbook, _AnyText(), [plain])
    return any(any(cell.strip() for cell in cells) for _line, cells in reader.rows(path))


class _AnyText(Texts):
    def __getitem__(self, number: int) -> str:
        return "x"
