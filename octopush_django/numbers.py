"""Phone numbers: one canonical form for every spelling, and what kind of line it is.

Facts: E.164 (ITU-T) for the form; libphonenumber's metadata for which numbers exist; Arcep's
decision 2018-0881 for the numbers reserved for fiction in France, our *test numbers*.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

LineType = Literal["mobile", "landline", "invalid"]

E164_PATTERN = r"^\+[1-9][0-9]{7,14}$"
"""The shape that the database checks: ``+``, then 8 to 15 digits."""

TEST_PREFIXES = (
    "+3363998",  # mobile
    "+3319900",
    "+3326191",
    "+3335301",
    "+3346571",
    "+3353649",
)
"""Numbers that French films and samples use: they belong to nobody (Arcep 2018-0881)."""

OVERSEAS_ZONES = {
    "+262269": "Indian/Mayotte",
    "+262639": "Indian/Mayotte",
    "+262": "Indian/Reunion",
    "+508": "America/Miquelon",
    "+590": "America/Guadeloupe",
    "+594": "America/Cayenne",
    "+596": "America/Martinique",
    "+681": "Pacific/Wallis",
    "+687": "Pacific/Noumea",
    "+689": "Pacific/Tahiti",
}
"""Where a French number overseas lives, by its prefix; of several that fit, the first counts."""

_TEST_NUMBER_LENGTH = len("+33639980000")
_OVERSEAS_CODES = ("262", "590", "594", "596", "508")
_DECORATION = re.compile(r"[\s().\-/\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_TRUNK_ZERO = re.compile(r"^((?:\+|00)\d{1,3})\(0\)")
_SPREADSHEET_FLOAT = re.compile(r"^(\+?\d{9,15})\.0+$")
_MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_LONGEST_SPELLING = 64


def canonical(text: str, region: str = "FR") -> str | None:
    """Return the one E.164 form of a number in any spelling, or None if it is no phone number.

    ``region`` is the country (ISO 3166-1 alpha-2) that national numbers are read in. Understands
    national forms, ``00`` and ``+`` prefixes, ``(0)``, dots, hyphens, any kind of blank, digits of
    other scripts, the zero that a spreadsheet drops, and French overseas numbers written with
    ``+33`` or ``0``: ``+33690…`` is ``+590690…``. Anything with letters or an extension is None.
    """
    dialled = _dialled(str(text))
    if dialled is None:
        return None
    if not dialled.startswith("+") and dialled.startswith("33") and len(dialled) == 11:
        with_code = _existing("+" + dialled, region)
        if with_code:
            return with_code
    return _existing(dialled, region)


def country_prefixes(regions: Iterable[str]) -> list[str]:
    """``+`` and the calling code of each country (ISO 3166-1 alpha-2); unknown ones have none."""
    codes = (phonenumbers.country_code_for_region(region.upper()) for region in regions)
    return [f"+{code}" for code in codes if code]


def from_gateway(text: str, region: str = "FR") -> str | None:
    """Like :func:`canonical`, for numbers in callbacks, which often lack the ``+``.

    International digits are tried first: ``33612345678`` is a French mobile whatever ``region``.
    """
    digits = _dialled(str(text))
    if digits is None:
        return None
    if digits[0] not in "+0":
        international = _existing("+" + digits, region)
        if international:
            return international
    return canonical(text, region)


def is_test(number: str) -> bool:
    """Whether the E.164 ``number`` belongs to the ranges reserved for fiction."""
    return len(number) == _TEST_NUMBER_LENGTH and number.startswith(TEST_PREFIXES)


def line_type(number: str) -> LineType:
    """What the E.164 ``number`` is: a mobile (can get SMS), a landline, or no number at all."""
    if is_test(number):
        return "mobile" if number.startswith(TEST_PREFIXES[0]) else "landline"
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return "invalid"
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        return "invalid"
    return "mobile" if kind in _MOBILE_TYPES else "landline"


def masked(number: str) -> str:
    """The number as logs may show it: ``+336****5678``."""
    return f"{number[:4]}****{number[-4:]}" if len(number) > 9 else "****"


def _dialled(text: str) -> str | None:
    """The spelling without its decoration: digits, perhaps after a ``+``. None if not a number."""
    if len(text) > _LONGEST_SPELLING:
        return None
    text = unicodedata.normalize("NFKC", text).strip().lstrip("='\"").rstrip("\"'")
    text = _SPREADSHEET_FLOAT.sub(r"\1", text)
    text = _TRUNK_ZERO.sub(r"\1", re.sub(r"\s", "", text))
    text = _DECORATION.sub("", text)
    sign, digits = ("+", text[1:]) if text.startswith("+") else ("", text)
    if not digits.isdecimal():
        return None
    digits = "".join(str(unicodedata.decimal(digit)) for digit in digits)
    if not sign and digits.startswith("00"):
        sign, digits = "+", digits[2:]
    return sign + digits


def _existing(dialled: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(dialled, region)
    except phonenumbers.NumberParseException:
        return None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if is_test(number) or phonenumbers.is_valid_number(parsed):
        return number
    return _overseas(number)


def _overseas(number: str) -> str | None:
    """The overseas number that is commonly written as one of mainland France."""
    if not (number.startswith("+33") and len(number) == _TEST_NUMBER_LENGTH):
        return None
    for code in _OVERSEAS_CODES:
        candidate = phonenumbers.parse(f"+{code}{number[3:]}", None)
        if phonenumbers.is_valid_number(candidate):
            return phonenumbers.format_number(candidate, PhoneNumberFormat.E164)
    return None
