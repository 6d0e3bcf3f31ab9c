"""Phone numbers: one canonical form for every spelling, and what kind of line it is.

A spelling that could mean two numbers is no number: the other one belongs to a stranger.

Facts: E.164 (ITU-T) for the form; libphonenumber's metadata for which numbers exist; Arcep's
decision 2018-0881 for the French plan and the numbers reserved for fiction, our *test numbers*.
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from . import number_patterns

LineType = Literal["mobile", "landline", "invalid"]

E164_PATTERN = r"^\+[1-9][0-9]{7,14}$"
"""The shape that the database checks: ``+``, then 8 to 15 digits."""

TEST_PREFIXES = ("+3363998", "+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
"""Numbers that French films and samples use: nobody's (Arcep 2018-0881). The first are mobiles."""

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
_FRENCH_PLAN_CODES = ("33", "262", "590", "594", "596", "508")
_FRENCH_CODES = (*_FRENCH_PLAN_CODES, "681", "687", "689")
_COUNTRY_CODES = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
_ZERO_IS_KEPT = {"39", "225", "229", "241", "242", "378"}  # a first 0 is part of the number
_LINE_TYPES: dict[int, LineType] = {
    PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline", PhoneNumberType.VOIP: "landline",
    PhoneNumberType.PERSONAL_NUMBER: "landline",
}  # fmt: skip
_LONGEST_SPELLING = 256
_LABELS = re.compile(r"^([ (]*(t[ée]l([ée]phone)?|phone|mob(ile)?|port(able)?|gsm|sms)[ .:/()]*)+")
_DECIMALS = re.compile(r"^(\+?\d{7,}|[1-9]\d{0,2}(?:[ .,]\d{3})+)[.,]0+$")
_DIALLED = re.compile(r"(0{0,2}\++)?((?:\d|\(0\))+)")
_GAPS = re.compile(r"(?<=.{6})[^\d+]+(?=[\d+])")
_OTHER_BRACKETS = re.compile(r"\((?!0\))|(?<!\(0)\)")
_COUNTS_AS = {
    **dict.fromkeys("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\ufe0e\ufe0f", ""),
    **dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029\\\u2044\u2215、\u060c\u061b", ";"),
    **dict.fromkeys("\t\x1f\u2800'\"`_~\u2053\u223c\u2212\u30fc·•‧∙⋅・。[]„‚", " "),
}


class Number(NamedTuple):
    """A phone number that exists, and what kind of line it is."""

    e164: str
    line_type: LineType


def read(text: object, region: str = "FR") -> Number | None:
    """The number that a spelling means, or None if there is none, or it is not certain.

    ``text``: a string, a whole number, or the library's ``PhoneNumber``; anything else is None.
    ``region``: the country (ISO 3166-1 alpha-2) that national numbers are read in.

    Digits without ``+`` are national, or begin with the country code of ``region``. Separators
    and labels such as ``tel:`` are skipped; an extension or a second number makes it None.
    """
    return reader(region)(text)


@lru_cache(maxsize=512)
def reader(region: str = "FR") -> Callable[[object], Number | None]:
    """:func:`read` for many texts of one region: usual spellings need no parsing."""
    region = region.upper()
    usual = number_patterns.reader(region)

    def read_one(text: object) -> Number | None:
        if type(text) is not str or len(text) > _LONGEST_SPELLING:
            text = _written(text)
        found = usual(text)
        return Number._make(found) if found else _read(text, region)

    return read_one


def canonical(text: object, region: str = "FR") -> str | None:
    """The one E.164 form of a number in any spelling, or None: see :func:`read`."""
    number = read(text, region)
    return number.e164 if number else None


def from_gateway(text: object, region: str = "FR") -> str | None:
    """Like :func:`canonical`, for numbers in callbacks, which often lack the ``+``.

    International digits are tried first: ``33612345678`` is a French mobile whatever ``region``.
    """
    written = _written(text)
    number = _read(f"+{written}", region.upper()) or read(written, region)
    return number.e164 if number else None


def country_prefixes(regions: Iterable[str]) -> list[str]:
    """``+`` and the calling code of each country (ISO 3166-1 alpha-2); unknown ones have none."""
    codes = (phonenumbers.country_code_for_region(region.upper()) for region in regions)
    return [f"+{code}" for code in codes if code]


def is_test(number: str) -> bool:
    """Whether the E.164 ``number`` belongs to the ranges reserved for fiction."""
    return len(number) == _TEST_NUMBER_LENGTH and number.startswith(TEST_PREFIXES)


def line_type(number: str) -> LineType:
    """What the E.164 ``number`` is: "mobile" (can get SMS), "landline" or "invalid".

    "invalid" is not a number that a person answers: none, premium rate, toll-free, pager, etc.
    """
    line = number_patterns.line_type(number)
    if line is None and (found := _assigned(number)):
        return found.line_type
    return line or "invalid"


def masked(number: str) -> str:
    """The number as logs may show it: ``+336****5678``."""
    return f"{number[:4]}****{number[-4:]}" if len(number) > 9 else "****"


def _written(value: Any) -> str:
    """What ``value`` says: its text or digits, E.164 for the library's object; "" for nothing."""
    if isinstance(value, PhoneNumber):
        e164 = phonenumbers.format_number(value, PhoneNumberFormat.E164)
        value = "" if value.extension else e164 if _existing(e164) else value.raw_input
    if isinstance(value, str):
        return str.__str__(value) if len(value) <= _LONGEST_SPELLING else ""
    try:
        whole = 0 if isinstance(value, bool) else operator.index(value)
    except Exception:
        return ""
    return str(whole) if 0 < whole < 10**15 else ""


@lru_cache(maxsize=4096)
def _read(text: str, region: str) -> Number | None:
    """The number in ``text``, to which a spreadsheet may have added ``=``, quotes or decimals."""
    plain = "".join(map(_counts_as, unicodedata.normalize("NFC", text)))
    body = _LABELS.sub("", plain.lstrip(" =;")).strip()
    whole = _DECIMALS.sub(r"\1", body)
    spellings = {whole} if re.match(r"[1-9]\d{6}", body) else {whole, body}
    return _only(_dialled(each, region) for each in spellings if not _holds_two(each, region))


@lru_cache(maxsize=4096)
def _counts_as(char: str) -> str:
    """What a character means: a digit, a letter, one of ``+().,;/``, a blank, nothing, ``?``."""
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category in {"Cf", "Zs", "Pd", "Pi", "Pf"}:
        return "" if category == "Cf" else " "
    same = unicodedata.normalize("NFKC", char).lower()
    if category in {"No", "Nl"} or (len(same) > 1 and not same.isalpha()):
        return "?"
    return _COUNTS_AS.get(same, same)


def _only(readings: Iterable[Number | None]) -> Number | None:
    """The one number among the readings; None if there are several, or none."""
    found = set(readings) - {None}
    return found.pop() if len(found) == 1 else None


def _holds_two(body: str, region: str) -> bool:
    """Whether ``body`` is two numbers, or one and more digits, not one with separators in it."""
    for gap in _GAPS.finditer(body):
        left, right = body[: gap.start()], body[gap.end() :]
        is_firm = not set("/,;(").isdisjoint(gap[0])
        is_other = is_firm or (right[0] in "+0" and len(right) > 6 and _dialled(right, region))
        sign = "+" if left.startswith(_own_codes(region)) else ""
        if is_other and _dialled(sign + left, region):
            return True
    return False


def _dialled(spelling: str, region: str) -> Number | None:
    """The number of a spelling, by how it begins: with ``+``, with ``00``, or with neither."""
    parts = _DIALLED.fullmatch(_OTHER_BRACKETS.sub("", re.sub("[ .,;/]", "", spelling)))
    if not parts:
        return None
    digits = re.sub(r"^\(0\)", "0", parts[2])
    if parts[1] and digits[0] != "0":
        return _international(digits)
    if digits.startswith("00"):
        return _only([_international(digits[2:]), _national(digits, region)])
    return _unsigned(digits, region)


def _unsigned(digits: str, region: str) -> Number | None:
    """Digits without ``+``: national, or with the code of ``region``, even after a zero."""
    national = _national(digits, region)
    bare = digits.removeprefix("0")
    is_own = bare.startswith(_own_codes(region))
    other = _international(bare) if is_own or bare == digits else None
    if national and other and national != other:
        return _likelier(national, other, digits, region)
    return national or (other if is_own else None)


def _likelier(national: Number, other: Number, digits: str, region: str) -> Number | None:
    """Which of two numbers ``digits`` are, ``national`` or ``other`` (with ``+``); None: unclear.

    A number abroad yields to a mobile or a usual national form. In the same country, digits
    longer than mobiles are ``other``; else a mobile goes first, unless it lacks the prefix.
    """
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    lengths = metadata.mobile.possible_length if metadata and metadata.mobile else ()
    prefix = phonenumbers.ndd_prefix_for_region(region, False) or " "
    is_national = digits.startswith("0" if region in {"IT", "VA"} else prefix)
    is_mobile, is_other_mobile = (each.line_type == "mobile" for each in (national, other))
    home = f"+{phonenumbers.country_code_for_region(region)}"
    if not other.e164.startswith(home):
        return national if is_national or is_mobile or lengths == (len(digits),) else None
    if len(digits.removeprefix("0")) > max(lengths, default=0):
        return other if national.e164.startswith(home) else None
    if is_mobile == is_other_mobile:
        return national if is_national else None
    return national if is_mobile else None if is_national else other


@lru_cache
def _own_codes(region: str) -> tuple[str, ...]:
    """The country codes that digits without ``+`` may begin with; France has several."""
    code = str(phonenumbers.country_code_for_region(region))
    return _FRENCH_CODES if code in _FRENCH_CODES else (code,)


def _national(digits: str, region: str) -> Number | None:
    """Digits as dialled in ``region``; None if they may be an Italian landline without its 0."""
    digits = digits.replace("(0)", "0")
    code = str(phonenumbers.country_code_for_region(region))
    if code in _FRENCH_PLAN_CODES:
        rest = digits.removeprefix("0")
        return _existing(f"+{code}{rest}") or _existing(f"+33{rest}")
    if code == "39" and len(digits) < 10 and _existing(f"+390{digits}"):
        return None
    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    return _existing(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def _international(digits: str) -> Number | None:
    """Digits that begin with a country code; ``(0)`` or a national prefix after it may go."""
    code, rest = _split(digits)
    is_bracketed = rest.startswith("(0)")
    rest = rest.replace("(0)", "0")
    whole = _existing(f"+{code}{rest}")
    if not code or (whole and not is_bracketed):
        return whole
    country = phonenumbers.region_code_for_country_code(int(code))
    prefix = "0" if is_bracketed else phonenumbers.ndd_prefix_for_region(country, False)
    if not prefix or not rest.startswith(prefix):
        return None
    without = _existing(f"+{code}{rest.removeprefix(prefix)}")
    if code in _ZERO_IS_KEPT:
        return None if without and len(rest) > 10 else whole
    return _only([whole, without])


def _split(digits: str) -> tuple[str, str]:
    """The country code that ``digits`` begin with, or "", and the rest; no code begins another."""
    size = next((size for size in (1, 2, 3) if digits[:size] in _COUNTRY_CODES), 0)
    return digits[:size], digits[size:]


def _existing(e164: str) -> Number | None:
    """The number as it is assigned; ``+33`` also leads overseas, by the same nine digits.

    The metadata of mainland France contain 026x, 059x and 0508, which are overseas (Arcep).
    """
    if not e164.startswith("+33") or len(e164) != _TEST_NUMBER_LENGTH:
        return _assigned(e164)
    candidates = [f"+{code}{e164[3:]}" for code in _FRENCH_PLAN_CODES]
    if e164.startswith(("+3326", "+3359")):
        candidates.reverse()
    if e164.startswith("+33508"):
        candidates.insert(0, f"+{e164[3:]}")
    return next(filter(None, map(_assigned, candidates)), None)


@lru_cache(maxsize=4096)
def _assigned(e164: str) -> Number | None:
    """The number if it exists exactly so; without parsing, which is slow and may drop digits."""
    if line := number_patterns.line_type(e164):
        return Number(e164, line)
    code, rest = _split(e164[1:])
    if not code or not re.fullmatch(E164_PATTERN, e164):
        return None
    if is_test(e164):
        return Number(e164, "mobile" if e164.startswith(TEST_PREFIXES[0]) else "landline")
    zeros = len(rest) - len(str(int(rest)))
    kind = phonenumbers.number_type(PhoneNumber(int(code), int(rest), None, zeros > 0, zeros))
    if kind == PhoneNumberType.UNKNOWN:
        return None
    return Number(e164, _LINE_TYPES.get(kind, "invalid"))
