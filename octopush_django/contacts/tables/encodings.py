"""In which encoding a text file is written.

Marks and UTF-8 prove themselves. Among the encodings of one byte a letter, which all read
anything, the one is taken whose words look like words (:mod:`.letters`); where two do, a person is
asked. The whole file counts, not only its start.
"""

import codecs
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from .letters import against
from .unreadable import DoubtfulEncoding, UnreadableFile

BLOCK = 1 << 20
LONGEST_LINE = 4_000_000
"""Bytes: more than 200 columns of 10,000 characters."""
ALL_WORDS, MOST_WORDS = 8_000_000, 20_000
"""Bytes, and different words, up to which every word is looked at."""
LONGEST_WORD = 60
SHOWN = 120
"""Characters of a line that a person is shown."""

_MARKS = [  # the longer first: the mark of UTF-16 is the start of that of UTF-32
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_HANDICAPS = {"cp1252": 0, "iso8859-15": 2, "mac_roman": 4, "cp850": 2}
"""Points that rarer encodings begin with. Latin-1 is Windows-1252 without signs."""
_ONLY_IN_LATIN_9 = bytes.fromhex("a4a6a8b4b8bcbdbe")
_CLEAR, _MANY_TIMES = 3, 6
"""Points by which the best reading must lead, and how many times fewer it must have."""

_SEPARATORS = bytes(
    byte if byte > 127 or chr(byte).isalnum() or byte == ord("'") else ord(" ")
    for byte in range(256)
)


def find_encoding(path: Path) -> tuple[str, list[str]]:
    """The encoding of a text file, and remarks for a person.

    Raises :class:`DoubtfulEncoding`, or :class:`UnreadableFile` where no encoding reads the file,
    it holds NUL, or a line is longer than ``LONGEST_LINE``.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    encoding = _marked(start) or _wide(start)
    if encoding:
        check_encoding(path, encoding)
        return encoding, []
    try:
        _decode(path, "utf-8")
    except _Undecodable:
        return _by_words(path)
    return "utf-8", []


_NO_ENCODINGS_OF_FILES = {"undefined", "punycode", "idna", "unicode_escape", "raw_unicode_escape"}
"""Python's own, in which no file is written; "undefined" raises for everything."""


def check_encoding(path: Path, encoding: str) -> None:
    """Raise :class:`UnreadableFile` unless ``encoding`` reads all of the file."""
    try:
        is_text = codecs.lookup(encoding)._is_text_encoding
    except (LookupError, ValueError):  # of a name that holds NUL
        is_text = False
    if not is_text or encoding.lower().replace("-", "_") in _NO_ENCODINGS_OF_FILES:
        sentence = _("There is no encoding “%(encoding)s”.") % {"encoding": encoding}
        raise UnreadableFile(sentence, "unknown_encoding")
    try:
        _decode(path, codecs.lookup(encoding).name)
    except _Undecodable as error:
        sentence = _("Line %(line)d cannot be read as %(encoding)s.") % {
            "line": _line_at(path, encoding, error.position),
            "encoding": encoding.upper(),
        }
        raise UnreadableFile(sentence, "undecodable") from error


def _marked(start: bytes) -> str:
    return next((name for mark, name in _MARKS if start.startswith(mark)), "")


def _wide(start: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: zeros stand where the high bytes of ASCII are."""
    length = len(start) // 4 * 4
    zeros = [start[place:length:4].count(0) / (length // 4 or 1) for place in range(4)]
    patterns = {"utf-32-le": "0111", "utf-32-be": "1110", "utf-16-le": "0101", "utf-16-be": "1010"}
    for encoding, pattern in patterns.items():
        if all(
            share > 0.6 if wanted == "1" else share < 0.3
            for share, wanted in zip(zeros, pattern, strict=True)
        ):
            return encoding
    return ""


class _Undecodable(Exception):
    """``position``: the byte of the file, counted from 0."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position


def _blocks(path: Path) -> Iterator[bytes]:
    """The bytes of the file, cut at line ends where those are not too far."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block + file.readline(BLOCK)


def _decode(path: Path, encoding: str) -> None:
    """Read all of the file: raise what :func:`check_encoding` does, or ``_Undecodable``."""
    decoder = codecs.getincrementaldecoder(encoding)()
    is_utf8, is_wide = encoding == "utf-8", encoding.startswith(("utf-16", "utf-32"))
    position = since_line_end = 0
    text, pending = "", False
    for block in _blocks(path):
        if not is_utf8 or pending or not block.isascii():
            text = _decoded(decoder, block, position)
            pending = bool(decoder.getstate()[0])
        if is_wide and "\x00" in text:
            raise _nul(path, encoding, position + len(text.partition("\x00")[0].encode(encoding)))
        if not is_wide and 0 in block:
            raise _nul(path, encoding, position + block.index(0))
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        since_line_end = len(block) - last - 1 if last >= 0 else since_line_end + len(block)
        position += len(block)
        if since_line_end > LONGEST_LINE:
            sentence = _("Line %(line)d does not end. Is this really a table?")
            line = _line_at(path, encoding, position - since_line_end)
            raise UnreadableFile(sentence % {"line": line}, "endless_line")
    _decoded(decoder, b"", position, final=True)


def _decoded(
    decoder: codecs.IncrementalDecoder, block: bytes, position: int, final: bool = False
) -> str:
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        kept_back = len(error.object) - len(block)
        raise _Undecodable(position - kept_back + error.start) from error
    except UnicodeError as error:  # of UTF-16 and UTF-32: no mark begins the file
        raise _Undecodable(0) from error


def _nul(path: Path, encoding: str, position: int) -> UnreadableFile:
    sentence = _("Line %(line)d holds NUL characters: the file is damaged, or no table.")
    return UnreadableFile(sentence % {"line": _line_at(path, encoding, position)}, "nul")


def _line_at(path: Path, encoding: str, position: int) -> int:
    """The number of the line, counted from 1, in which a byte stands."""
    inner = codecs.getincrementaldecoder(encoding)("replace")
    decoder = io.IncrementalNewlineDecoder(inner, translate=True)
    line, left = 1, position
    for block in _blocks(path):
        line += decoder.decode(block[:left]).count("\n")
        left -= len(block)
        if left <= 0:
            break
    return line


# --- one byte a letter ------------------------------------------------------------------------


def _by_words(path: Path) -> tuple[str, list[str]]:
    check_encoding(path, "latin-1")  # which reads every byte: looks for NUL and endless lines
    words = sorted(_accented_words(path))
    if sum(map(_is_utf8, words)) > len(words) / 2:
        check_encoding(path, "utf-8")
    judged = {name: against(_read(words, name)) for name in _candidates(words)}
    totals = {name: total + _HANDICAPS[name] for name, (total, _words) in judged.items()}
    best = min(totals, key=lambda name: totals[name])
    impossible = judged[best][1]
    clear = max(totals[best] + _CLEAR, judged[best][0] * _MANY_TIMES)
    rivals = [name for name in totals if totals[name] < clear]
    if len(impossible) > len(words) / 10:
        rivals = [*totals, *_guess(words)]
    names = sorted({best, *rivals}, key=lambda name: (totals.get(name, 0), name))
    if len(names) > 1 and (readings := _readings(path, names)):
        raise DoubtfulEncoding(readings)
    check_encoding(path, best)
    sentence = _("Is “%(word)s” spelled so in the file? It may come from another system.")
    return best, [sentence % {"word": word} for word in impossible[:1]]


def _accented_words(path: Path) -> set[bytes]:
    """The different words with a byte beyond ASCII; of a large file, some with each such byte."""
    words: set[bytes] = set()
    seen, read = b"", 0
    for block in _blocks(path):
        fresh = block.translate(None, seen)
        if read > ALL_WORDS and fresh.isascii():
            continue
        found = {word[:LONGEST_WORD] for word in block.translate(_SEPARATORS).split()}
        words |= {word for word in found if not word.isascii()}
        seen += bytes(set(fresh))
        read += len(block)
        if len(words) > MOST_WORDS:
            read = ALL_WORDS + 1
    return words


def _is_utf8(word: bytes) -> bool:
    try:
        return bool(word.decode())
    except UnicodeDecodeError:
        return False


def _candidates(words: Sequence[bytes]) -> list[str]:
    used = set(b"".join(words))
    names = [name for name in _HANDICAPS if name != "iso8859-15" or used & {*_ONLY_IN_LATIN_9}]
    return [name for name in names if _can_read(bytes(used), name)]


def _can_read(used: bytes, encoding: str) -> bool:
    try:
        return bool(used.decode(encoding))
    except UnicodeDecodeError:
        return False


def _read(words: Sequence[bytes], encoding: str) -> list[str]:
    return [word.decode(encoding) for word in words]


def _guess(words: Sequence[bytes]) -> list[str]:
    """What charset-normalizer takes the words for: languages from beyond Western Europe."""
    best = from_bytes(b" ".join(words[:2000])).best()
    return [best.encoding] if best and not best.encoding.startswith("utf") else []


def _readings(path: Path, encodings: Sequence[str]) -> dict[str, str]:
    """The first line that reads differently, in each encoding; nothing where none does."""
    for block in _blocks(path):
        for line in block.splitlines():
            places = (place for place, byte in enumerate(line) if byte > 127)
            for place in () if line.isascii() else places:
                begin = max(place - SHOWN // 2, 0)
                part = line[begin : begin + SHOWN]
                readings = {name: part.decode(name, "replace").strip() for name in encodings}
                if len(set(readings.values())) > 1:
                    return readings
    return {}
