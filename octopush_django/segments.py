"""How many SMS a text counts as: GSM 03.38 and UCS-2, filled greedily.

Facts: 3GPP TS 23.038 (the alphabet and its extension table), TS 23.040 (160/153 and 70/67).
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


_SPELLED = {
    "‘’‚‛′´`": "'", "“”„‟″«»": '"', "‐‑‒–—―•": "-", "…": "...", "œ": "oe", "Œ": "OE", "°º": "o",
    "\u00a0\u1680\u2002\u2003\u2007\u2009\u200a\u202f\u3000": " ", "ª": "a", "™": "TM", "×": "x",
    "®": "(R)", "©": "(C)", "½": "1/2", "¼": "1/4", "·": ".", "\t": " ", "ł": "l", "Ł": "L",
}  # fmt: skip


def _replacements() -> dict[str, str]:
    spelled = {char: plain for chars, plain in _SPELLED.items() for char in chars}
    for code in range(0xA1, 0x180):
        plain = unicodedata.normalize("NFKD", chr(code))[0]
        if chr(code) not in GSM7_BASIC and plain in GSM7_BASIC and plain != " ":
            spelled.setdefault(chr(code), plain)
    return spelled


REPLACEMENTS: Mapping[str, str] = _replacements()
"""Characters outside the alphabet that have a plain likeness in it: ``’`` -> ``'``."""


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


def without(text: str, characters: Iterable[str]) -> str:
    """``text`` with these characters replaced by their likeness, or left out if they have none."""
    return text.translate({ord(char): REPLACEMENTS.get(char, "") for char in characters})


def table() -> dict[str, object]:
    """The alphabet and the limits as data, for the counter in the browser (``counter.js``)."""
    return {
        "basic": "".join(sorted(GSM7_BASIC)),
        "extended": "".join(sorted(GSM7_EXTENDED)),
        "gsm7": [GSM7_ALONE, GSM7_EACH],
        "ucs2": [UCS2_ALONE, UCS2_EACH],
        "replacements": dict(REPLACEMENTS),
    }


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
