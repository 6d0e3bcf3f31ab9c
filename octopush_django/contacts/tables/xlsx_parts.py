"""The parts of an XLSX file: which sheets there are, their texts and formats.

An XLSX file is a ZIP archive of XML parts (ECMA-376). Nothing here trusts what the archive says of
itself. Runs in the process that reads workbooks: no Django here.
"""

import re
import zipfile
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any
from xml.parsers import expat

from .number_formats import BUILT_IN, Shown, plain, shown_by

LONGEST_CELL = 10_000
LARGEST_UNPACKED = 1 << 30
HIGHEST_RATIO, SMALL = 200, 10_000_000
"""A part may unpack to 200 times its size, or to ``SMALL`` bytes."""
MOST_TEXTS = 10_000_000
CHUNK = 1 << 16

Attributes = dict[str, str]


class Refused(Exception):
    """The workbook is not read; ``code`` and ``details`` become a sentence elsewhere."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass
class Sheet:
    """``path``: of its part in the archive."""

    name: str
    path: str
    is_visible: bool


class Workbook:
    """An open archive. Part names are compared in small letters, as Excel does."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.parts = {
            info.filename.replace("\\", "/").lower().lstrip("/"): info
            for info in archive.infolist()
        }
        _check_kind(self.parts)
        _check_sizes(self.parts)
        self.since_1904 = False
        self.sheets: list[Sheet] = []
        main = self._main_part()
        self._targets = self._relations(main)
        self._read_main(main)

    def parse(self, path: str, start: Callable[[str, Attributes], None]) -> None:
        """Call ``start`` with name (without prefix) and attributes of each element of a part."""
        parser = safe_parser()
        parser.StartElementHandler = lambda name, attributes: start(local(name), attributes)
        with self.open(path) as stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk)
        parser.Parse(b"", True)

    def open(self, path: str) -> IO[bytes]:
        if path not in self.parts:
            raise Refused("damaged")
        if self.parts[path].flag_bits & 1:
            raise Refused("password")
        return self.archive.open(self.parts[path])

    def texts(self) -> "Texts":
        """The shared texts that cells of type ``s`` point to."""
        path = self._target("/sharedStrings")
        texts = Texts()
        if path in self.parts:
            texts.read(self.open(path))
        return texts

    def formats(self) -> list[Shown]:
        """How the numbers of each cell style are shown; the place in the list is the style."""
        codes: dict[int, str] = {}
        styles: list[Shown] = []
        known: dict[int, Shown] = {}
        within = ""

        def start(name: str, attributes: Attributes) -> None:
            nonlocal within
            if name in ("cellXfs", "cellStyleXfs", "dxfs"):
                within = name
            elif name == "numFmt" and within != "dxfs":
                codes[int(attributes["numFmtId"])] = attributes["formatCode"]
            elif name == "xf" and within == "cellXfs":
                number = int(attributes.get("numFmtId", 0))
                if number not in known:
                    code = codes.get(number) or BUILT_IN.get(number, "General")
                    known[number] = shown_by(code[:1000], self.since_1904)
                styles.append(known[number])

        path = self._target("/styles")
        if path in self.parts:
            self.parse(path, start)
        return styles or [plain]

    def _main_part(self) -> str:
        targets = self._relations("").values()
        found = [path for kind, path in targets if kind.endswith("/officeDocument")]
        return found[0] if found else "xl/workbook.xml"

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Id -> kind and path of what the part ``path`` refers to."""
        place = PurePosixPath(path or "none")
        relations: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = PurePosixPath("/", place.parent, attributes["Target"].replace("\\", "/"))
                relations[attributes["Id"]] = (attributes["Type"], _normal(str(target)))

        where = str(place.parent / "_rels" / (f"{place.name}.rels" if path else ".rels"))
        if where in self.parts:
            self.parse(where, start)
        return relations

    def _target(self, kind: str) -> str:
        found = [path for other, path in self._targets.values() if other.endswith(kind)]
        return found[0] if found else ""

    def _read_main(self, path: str) -> None:
        def start(name: str, attributes: Attributes) -> None:
            if name == "workbookPr":
                self.since_1904 = attributes.get("date1904") in ("1", "true")
            elif name == "sheet":
                ids = [value for key, value in attributes.items() if local(key) == "id"]
                kind, where = self._targets.get(ids[0] if ids else "", ("", ""))
                if kind.endswith("/worksheet"):
                    is_visible = attributes.get("state", "visible") == "visible"
                    self.sheets.append(Sheet(attributes.get("name", ""), where, is_visible))

        self.parse(path, start)


class Texts:
    """Texts by number, in one block of memory: a million of them take no million objects."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._ends = array("I", [0])

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise Refused("damaged")
        return self._block[self._ends[number] : self._ends[number + 1]].decode()

    def read(self, stream: IO[bytes]) -> None:
        """Take all ``si`` of the part; each is cut one character beyond the longest cell."""
        parser = safe_parser()
        pieces: list[str] = []
        take = pieces.append
        prefix = ""
        phonetic = taken = 0

        def start(name: str, _attributes: Attributes) -> None:
            nonlocal prefix, phonetic
            if name == f"{prefix}t":
                parser.CharacterDataHandler = None if phonetic else data
            elif name == f"{prefix}rPh":
                phonetic += 1
            elif local(name) == "sst":
                prefix = name.removesuffix("sst")

        def data(text: str) -> None:
            nonlocal taken
            if taken <= LONGEST_CELL:
                take(text)
                taken += len(text)

        def end(name: str) -> None:
            nonlocal phonetic, taken
            if name == f"{prefix}t":
                parser.CharacterDataHandler = None
            elif name == f"{prefix}si":
                if pieces:
                    text = unescaped("".join(pieces))
                    self._block += text[: LONGEST_CELL + 1].encode()
                    pieces.clear()
                    taken = 0
                self._ends.append(len(self._block))
                if len(self._ends) > MOST_TEXTS:
                    raise Refused("memory")
            elif name == f"{prefix}rPh":
                phonetic -= 1

        parser.StartElementHandler, parser.EndElementHandler = start, end
        with stream:
            while chunk := stream.read(CHUNK):
                parser.Parse(chunk)
        parser.Parse(b"", True)


def safe_parser() -> Any:
    """A parser that refuses document types, and so all entities of a file's own."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_arguments: Any) -> None:
        raise Refused("entities")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def local(name: str) -> str:
    """The name without its prefix."""
    return name.rpartition(":")[2] if ":" in name else name


def unescaped(text: str) -> str:
    """``_x000D_`` is how XLSX writes a character that XML cannot hold."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", _character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character.isprintable() or character in "\t\r\n" else ""


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.lower().split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _check_kind(parts: dict[str, zipfile.ZipInfo]) -> None:
    if "[content_types].xml" in parts and any(name.startswith("xl/") for name in parts):
        if "xl/workbook.bin" in parts:
            raise Refused("xlsb")
        return
    if any(name.endswith(".iwa") or name.startswith("index.zip") for name in parts):
        raise Refused("numbers")
    if "content.xml" in parts and "mimetype" in parts:
        raise Refused("ods")
    is_document = any(name.startswith(("word/", "ppt/")) for name in parts)
    raise Refused("document" if is_document else "archive")


def _check_sizes(parts: dict[str, zipfile.ZipInfo]) -> None:
    infos = parts.values()
    is_bomb = any(
        info.file_size > max(SMALL, HIGHEST_RATIO * info.compress_size) for info in infos
    )
    if is_bomb or sum(info.file_size for info in infos) > LARGEST_UNPACKED:
        raise Refused("bomb")
