"""Values of merge fields: what is one, what only looks like one, and how two are compared.

Facts: the Unicode blanks (categories Zs, Zl, Zp), the format characters that show nothing (Cf),
and letters that show nothing (Hangul fillers, the blank of Braille).
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from math import isinf
from typing import Any

from django.db.models.manager import BaseManager
from django.utils.functional import Promise

from .addresses import as_written
from .dates import read_day


def _between(first: int, last: int) -> str:
    return "".join(map(chr, range(first, last + 1)))


BLANKS = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5"
    + _between(0x180B, 0x180E)
    + _between(0x2000, 0x200F)
    + _between(0x2028, 0x202F)
    + _between(0x205F, 0x206F)
    + "\u2800\u3000\u3164\ufeff\uffa0"
    + _between(0xFFF9, 0xFFFB)
)
"""Characters that show nothing."""

LOOKS_EMPTY = (
    "nan", "NaN", "NAN", "NaT", "None", "none", "NONE", "null", "Null", "NULL", "nil", "n/a",
    "N/A", "#N/A", "<NA>", "undefined",
)  # fmt: skip
"""What programs write where they have no value; to a person they are words."""


def stripped(text: str) -> str:
    """``text`` without characters at its ends that show nothing; "" where nothing else is."""
    return text.strip(BLANKS)


MOST_BITS = 200
"""Of a whole number: sixty digits."""


def is_value(value: Any) -> bool:
    """Whether ``value`` is something to read: a text, a number, a date, or an object with a text.

    None is no value, which is allowed. Collections, bytes, functions, infinity, and objects that
    say nothing of themselves are none.
    """
    if value is None or isinstance(value, str | Promise):
        return True
    if isinstance(value, int):
        return value.bit_length() <= MOST_BITS
    if isinstance(value, float | Decimal):
        return not isinf(value)
    is_many = isinstance(value, Iterable | bytes | bytearray | memoryview | BaseManager)
    says_something = getattr(type(value), "__str__", None) is not object.__str__
    return says_something and not is_many and not callable(value)


def as_text(value: Any) -> str:
    """A value of any kind as people read it; "" for none. Zero and False are values.

    A phone number is written as E.164, whatever the settings of its library.
    """
    return as_written(value)


class Kind(StrEnum):
    """What kind of values a field of a site's own has."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


def comparable(text: str, kind: Kind) -> float | str | None:
    """A value in a form that sorts: a number, or a day as ``2026-03-02``.

    None for a text, and where ``text`` cannot be read as one number or one day.
    """
    if kind == Kind.NUMBER:
        return read_number(text)
    return read_day(text) if kind == Kind.DATE else None


def comparables_of(values: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The comparable forms of some values, of those that have one. ``kinds``: key -> kind."""
    found = {key: comparable(text, kinds.get(key, Kind.TEXT)) for key, text in values.items()}
    return {key: value for key, value in found.items() if value is not None}


_NUMBER = re.compile(r"([-+]?)(\d{1,20}(?:[.,']\d{1,20}){0,6})")
_UNITS = re.compile(r"[\s_%€$£]|\b(?:EUR|USD|GBP|CHF)\b", re.IGNORECASE)


def read_number(text: str) -> float | None:
    """The number that people write: ``1 250,50 €``, ``-20 %``, ``1.250,5``; None if unclear.

    ``1,250`` and ``1.250`` are unclear: a thousand and more for some, one and a bit for others.
    """
    found = _NUMBER.fullmatch(_UNITS.sub("", stripped(text)).replace("\N{MINUS SIGN}", "-"))
    if not found:
        return None
    groups, marks = re.split("[.,']", found[2]), re.findall("[.,']", found[2])
    decimals = ""
    if len(set(marks)) == 2 and marks.count(marks[-1]) == 1:
        decimals, marks = groups.pop(), marks[:-1]
    elif len(marks) == 1 and marks != ["'"] and _is_decimal(*groups):
        decimals, marks = groups.pop(), []
    in_thousands = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    unclear = len(marks) == 1 and marks != ["'"] and not decimals
    if marks and (unclear or len(set(marks)) > 1 or not in_thousands):
        return None
    return float(f"{found[1]}{''.join(groups)}.{decimals or 0}")


def _is_decimal(whole: str, part: str) -> bool:
    """Whether what stands behind a mark can be no group of thousands."""
    return len(part) != 3 or whole == "0" or len(whole) > 3


_FOREIGN_WORD = (
    r"(?:first|last|given|family|full|user|nick)[ _.-]?name|f_?name|l_?name|name|pr[ée]nom|nom|"
    r"civilit[ée]|ville|soci[ée]t[ée]|company|city|title|(?:e-?)?mail|phone|tel|mobile|"
    r"(?:param|ch|champ|field|var|col|attr|custom)[ _.-]?\d+|\w+[_.]\w+"
)
_FOREIGN = re.compile(
    r"%%?[^\W\d][\w.]*%%?|\*\|[^|*\n]{1,40}\|\*|\$\{[^{}\n]{1,40}\}|\$[^\W\d]\w*\$|"
    r"\(\([^()\n]{1,40}\)\)|\[\[[^\[\]\n]{1,40}\]\]|<<[^<>\n]{1,40}>>|##[^#\n]{1,40}##|"
    r"[\uff5b][^\uff5b\uff5d\n]{1,40}[\uff5d]|"
    rf"\[(?:{_FOREIGN_WORD})\]|\((?:{_FOREIGN_WORD})\)|<(?:{_FOREIGN_WORD})>|#(?:{_FOREIGN_WORD})#|"
    rf"@(?:{_FOREIGN_WORD})@|__(?:{_FOREIGN_WORD})__",
    re.IGNORECASE,
)


def foreign_merge_fields(text: str) -> list[str]:
    """What looks like a merge field of another system, in order of appearance, each once.

    ``%first_name%``, ``*|FNAME|*``, ``[prenom]``, ``((ch1))``, ``${…}`` and the like: nobody
    fills them in here.
    """
    return list(dict.fromkeys(found[0] for found in _FOREIGN.finditer(text)))
