"""Values of merge fields: what is one, and what only looks like one.

Facts: the Unicode blanks (categories Zs, Zl, Zp), the format characters that show nothing (Cf),
and letters that show nothing (Hangul fillers, the blank of Braille).
"""

import re
from typing import Any

from .addresses import as_written


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


def as_text(value: Any) -> str:
    """A value of any kind as people read it; "" for none. Zero and False are values.

    A phone number is written as E.164, whatever the settings of its library.
    """
    return as_written(value)


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
