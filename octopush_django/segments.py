"""How many SMS a text counts as, and how to write the same in the alphabet that costs less.

Facts: 3GPP TS 23.038 (the alphabet and its extension table), TS 23.040 (160/153 and 70/67),
Unicode Standard Annex 15 (NFKC and NFD: the plain form of a styled or an accented character).
``counter.js`` does the same in the browser, with the data of ``table``.
"""

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Characters that cost two units: an escape, then themselves."""

PLAIN_PATTERN = (
    "^[ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "ÄÖÑÜÇØÅÆÉèéùìòøåæßäöñüà '.,-]*$"
)
"""Values of letters, each of one septet. Every database reads it alike: no ranges, no escapes."""

GSM7_ALONE, GSM7_EACH = 160, 153
UCS2_ALONE, UCS2_EACH = 70, 67


_DASHES = "‐‑‒–—―⁃−➖─━¯ˉ⸗⸚⸺⸻⹀⹝〜〰゠\u058a\u05be\u1400\u1806\U00010d6e\U00010ead"
_BULLETS = "•‣◦▪▫■□●○◆◇￭￮"
_SPELLED = {
    "‘’‚‛′‵´`ʼʻʽˈˊˋ❛❜": "'", "“”„‟″‶«»❝❞〝〞〟¨˝": '"', "‹": "<", "›": ">",
    _DASHES: "-", _BULLETS: "-", "·": ".", "¸": ",", "∶": ":", "‽": "?!", "ˆ": "^", "˜∼≈": "~",
    "\t\v\x85\u1680\u2028\u2029\u2800\u3164": " ",
    "→➔➜➝➞": "->", "←": "<-", "⇒": "=>", "►▶▸➤": ">", "◄◀": "<",
    "÷∕⁄➗": "/", "×✕✖": "x", "⋅∙∗": "*", "➕": "+", "±": "+/-", "≤": "<=", "≥": ">=", "≠": "!=",
    # Braces and bars would make or break a merge field.
    "｛﹛︷❴": "(", "｝﹜︸❵": ")", "¦｜￨│∣": "-",
    "°": "o", "©": "(C)", "®": "(R)", "¢": "c", "₣": "F", "µ": "u", "ƒ": "f", "℮": "e", "∆": "Δ",
    "œ": "oe", "Œ": "OE", "ẞ": "SS", "þ": "th", "Þ": "Th", "đðɖɗ": "d", "ĐÐƉƊ": "D", "ł": "l",
    "Ł": "L", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N", "ı": "i", "ȷ": "j",
    "ĸƙ": "k", "Ƙ": "K", "əɛǝ": "e", "ƏƐƎ": "E", "ɔ": "o", "Ɔ": "O", "ɓ": "b", "Ɓ": "B", "ƴ": "y",
    "Ƴ": "Y", "ɑ": "a", "ɡ": "g", "⓿": "0",
}  # fmt: skip
_NUMBERS = [str(number) for number in range(1, 21)]
_IN_ORDER = {
    "🅐": string.ascii_uppercase, "🅰": string.ascii_uppercase, "⓵": _NUMBERS[:10],
    "❶": _NUMBERS[:10], "➀": _NUMBERS[:10], "➊": _NUMBERS[:10], "⓫": _NUMBERS[10:],
}  # fmt: skip
"""Characters that stand in a row in Unicode: the first, and the likenesses of them all."""
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "ABCDEFGHIJKLMNOPRSTUVWYZ", strict=True))

_LIKENESSES = {
    **{char: plain for chars, plain in _SPELLED.items() for char in chars},
    **{chr(ord(first) + n): plain for first, plains in _IN_ORDER.items()
       for n, plain in enumerate(plains)},
    **_SMALL_CAPITALS,
}  # fmt: skip
"""Likenesses that Unicode does not know."""

# Classes of characters, for regular expressions of Python and of JavaScript alike.
_MARKS = "\u0300-\u0333\u0339-\u034e\u0350-\u036f\u20e3"
"""Accents behind their letter, and the frame of a keycap; a stroke through it has a meaning."""
_JOINERS = "\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_UNSEEN = "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_RAISED = "²³¹⁰⁴-⁾₀-₎"
_CLASSES = {
    "invisible": f"[{_UNSEEN}{_JOINERS}]",
    "mark": f"[{_MARKS}]",
    "accented": f"[A-Za-zÆæØø][{_MARKS}]+",
    "hanging": f"[{_MARKS}{_JOINERS}]",
    "bullet": f"[{_BULLETS}]",
    "passed": f"[{_RAISED}{_MARKS}{_JOINERS}]",
    # 2³ is not 23, 9€² is not 9€2, 18h¹ is not 18h1; but H₂O is H2O.
    "power": f"[0-9\u0660-\u0669\u06f0-\u06f9%‰$¥£₠-₿h][{_RAISED}]|H[²³¹⁰⁴-⁹]",
    "decimal": "[0-9０-９\U0001d7ce-\U0001d7ff\U0001fbf0-\U0001fbf9]",
    "number": ".*[0-9][.,]?",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _CLASSES.items()}


@dataclass(frozen=True)
class Count:
    """What a text costs. ``units`` are septets in ``gsm7``, 16-bit units in ``ucs2``."""

    encoding: Literal["gsm7", "ucs2"]
    units: int
    segments: int


def count(text: str) -> Count:
    """Count ``text`` as the network does. An empty text is one SMS of no units."""
    if is_gsm7(text):
        widths = [2 if character in GSM7_EXTENDED else 1 for character in text]
        return Count("gsm7", sum(widths), _fill(widths, GSM7_ALONE, GSM7_EACH))
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Count("ucs2", sum(widths), _fill(widths, UCS2_ALONE, UCS2_EACH))


def is_gsm7(text: str) -> bool:
    """Whether every character is in the GSM alphabet or its extension table."""
    return not forcing_unicode(text)


def forcing_unicode(text: str) -> list[str]:
    """The distinct characters that turn the whole text into UCS-2, in order of appearance."""
    outside = (char for char in text if char not in GSM7_BASIC and char not in GSM7_EXTENDED)
    return list(dict.fromkeys(outside))


@lru_cache(4096)
def likeness(character: str) -> str | None:
    """What a character outside the alphabet can be replaced by; "" if nobody would miss it.

    None for what has no likeness (an emoji, a letter of another script, a control character), and
    for a character of the alphabet.
    """
    if is_gsm7(character):
        return None
    if is_invisible(character) or _is("mark", character):
        return ""
    if character in _LIKENESSES:
        return _LIKENESSES[character]
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", character)))
    return plain if is_gsm7(plain) else None


def is_invisible(character: str) -> bool:
    """Whether nobody sees the character: zero width, a mark of direction, a joiner."""
    return _is("invisible", character)


def replaceable(text: str) -> dict[str, str]:
    """The distinct characters that have a likeness where they stand, with that."""
    return {char: plain for char, plain in _in_place(text) if plain is not None}


def simplified(text: str) -> str:
    """``text`` with each character replaced that has a likeness; what has none stays."""
    return without(text, replaceable(text))


def without(text: str, characters: Iterable[str]) -> str:
    """``text`` with these characters replaced by their likeness, or left out if they have none.

    A character with a likeness in one place stays in the others: ``m² 2²`` becomes ``m2 2²``.
    What hangs on a character that is left out goes with that.
    """
    chosen = set(characters)
    dropped = chosen - replaceable(text).keys()
    written, last, is_new, is_gone = "", ("", ""), False, False
    for char, plain in _in_place(text):
        is_gone = char in dropped or (is_gone and _is("hanging", char))
        replaced = char in chosen and plain is not None
        now = (char, char if plain is None else plain)
        if is_gone:
            last, is_new = ("", last[1]), True
        elif replaced and not plain:
            written = _accented(written, char)
        else:
            apart = (replaced or is_new) and _is_apart(last, now)
            written += " " * apart + (now[1] if replaced else char)
            if plain != "":
                last, is_new = now, replaced
    return written


def table() -> dict[str, object]:
    """The alphabet, the limits and the likenesses as data, for the browser (``counter.js``)."""
    return {
        "basic": "".join(sorted(GSM7_BASIC)),
        "extended": "".join(sorted(GSM7_EXTENDED)),
        "gsm7": [GSM7_ALONE, GSM7_EACH],
        "ucs2": [UCS2_ALONE, UCS2_EACH],
        "likenesses": _LIKENESSES,
        "patterns": _CLASSES,
    }


def _is(pattern: str, text: str) -> bool:
    return bool(_PATTERNS[pattern].fullmatch(text))


def _plain(char: str) -> str:
    """A piece of a character in the alphabet: its likeness, its base letter; else itself."""
    decomposed = unicodedata.normalize("NFD", char)
    base = decomposed[0] if _is("accented", decomposed) else char
    return char if is_gsm7(char) else _LIKENESSES.get(char, base)


def _in_place(text: str) -> Iterator[tuple[str, str | None]]:
    """Each character with its likeness where it stands.

    None for a power, and for what hangs on a character that stays: a joiner between emoji.
    """
    root, stays = "", False
    for char in text:
        plain = likeness(char)
        if plain is not None and ((stays and _is("hanging", char)) or _is("power", root + char)):
            plain = None
        yield char, plain
        if plain != "":
            stays = plain is None and not is_gsm7(char)
            root = root if _is("passed", char) else (plain or char)[-1]


def _accented(written: str, mark: str) -> str:
    """``written`` with the mark on its last letter, if the alphabet has that: ``é``."""
    letter = unicodedata.normalize("NFC", written[-1:] + mark)
    return written[:-1] + letter if letter in GSM7_BASIC else written


def _is_apart(last: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether a blank must part a number from what would change its value: ``1½``, ``•20``.

    ``𝟱0`` and ``①②`` are one number.
    """
    (before, left), (char, right) = last, now
    if not "0" <= right[:1] <= "9":
        return False
    alike = len(left) == len(right) == 1 and _is("decimal", before) == _is("decimal", char)
    return _is("bullet", before) or (_is("number", left) and not alike)


def _fill(widths: Iterable[int], alone: int, each: int) -> int:
    """Fill segments greedily: a character of two units is never split between two."""
    widths = list(widths)
    if sum(widths) <= alone:
        return 1
    segments, room = 1, each
    for width in widths:
        if width > room:
            segments, room = segments + 1, each
        room -= width
    return segments
