"""What kind of file it is, told by its content: names lie, and uploads may have none."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from .unreadable import UnreadableFile

START = 4096
"""Bytes from the beginning that tell the kind."""

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_BINARY = {
    b"%PDF": "pdf",
    b"{\\rtf": "document",
    b"\x89PNG": "image",
    b"\xff\xd8\xff": "image",
    b"GIF8": "image",
    b"II*\x00": "image",
    b"MM\x00*": "image",
    b"RIFF": "image",
    b"\x1f\x8b": "archive",
    b"BZh": "archive",
    b"7z\xbc\xaf": "archive",
    b"Rar!": "archive",
    b"\xfd7zXZ": "archive",
    b"SQLite format 3": "database",
}
_TEXT = {
    "<!doctype html": "html",
    "<html": "html",
    "<head": "html",
    "<meta": "html",
    "<style": "html",
    "<table": "html",
    "mime-version:": "html",
    "<?xml": "xml",
    "begin:vcard": "vcard",
    "[{": "json",
    '{"': "json",
}


def kind_of(path: Path) -> str:
    """``text``, ``zip``, or the name of a kind that is not read (see :func:`refusal`)."""
    with path.open("rb") as file:
        start = file.read(START)
    if start.startswith(b"PK\x03\x04"):
        return "zip"
    if start.startswith(_OLE):
        return _kind_of_ole(path)
    is_heic = start[4:8] == b"ftyp"
    binary = [kind for magic, kind in _BINARY.items() if start.startswith(magic)]
    return "image" if is_heic else (binary or [_kind_of_text(start)])[0]


def _kind_of_text(start: bytes) -> str:
    marks = bytes.fromhex("efbbbf fffe feff 00")
    begin = "".join(start.strip(marks).replace(b"\x00", b"").decode("latin-1").lower().split())
    control = sum(byte < 32 and byte not in b"\t\n\x0b\x0c\r\x1a\x00" for byte in start)
    if control > len(start) / 10 and not _is_wide(start):
        return "binary"
    squeezed = {"".join(word.split()): kind for word, kind in _TEXT.items()}
    return next((kind for word, kind in squeezed.items() if begin.startswith(word)), "text")


def _is_wide(start: bytes) -> bool:
    """Whether this is UTF-16, whose Greek and Cyrillic letters hold bytes of control.

    Told by the mark at its beginning, or by NULs in one half of each character alone.
    """
    is_marked = start.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return is_marked or (0 in start[::2]) != (0 in start[1::2])


def _kind_of_ole(path: Path) -> str:
    """Old Excel's files and workbooks with a password come in the same container."""
    name = "EncryptedPackage".encode("utf-16-le")
    return "password" if any(name in block for block in _overlapping(path, len(name))) else "xls"


def _overlapping(path: Path, overlap: int) -> Iterable[bytes]:
    tail = b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield tail + block
            tail = block[-overlap:]


def refusal(kind: str) -> UnreadableFile:
    """Why files of this kind are not read, and the way out."""
    sentences = {
        "xls": _("This is a workbook of old Excel (.xls). Save it as XLSX or CSV."),
        "xlsb": _("This is a binary workbook (.xlsb). Save it as XLSX or CSV."),
        "password": _("The workbook has a password. Save it without one, as XLSX or CSV."),
        "ods": _("This is a workbook of LibreOffice (.ods). Save it as XLSX or CSV."),
        "numbers": _("This is a workbook of Numbers. Export it as Excel (XLSX) or CSV."),
        "document": _("This is a text document. Save its table as XLSX or CSV."),
        "pdf": _("This is a PDF. Save the table that it was made from as XLSX or CSV."),
        "image": _("This is a picture. Save the table that it shows as XLSX or CSV."),
        "html": _("This is a web page, even if its name ends in .xls. Save it as XLSX or CSV."),
        "xml": _("This is an XML file. Open it in a spreadsheet and save it as XLSX or CSV."),
        "json": _("This is JSON. Save the table as XLSX or CSV."),
        "vcard": _("These are address cards (vCard). Export the contacts as CSV."),
        "archive": _("This is an archive. Unpack it, and take the XLSX or CSV file from it."),
        "database": _("This is a database. Save the table as XLSX or CSV."),
        "binary": _("This is no table that we can read. Save it as XLSX or CSV."),
    }
    return UnreadableFile(sentences[kind], kind)
