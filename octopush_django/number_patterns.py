"""The usual spellings of phone numbers, told by patterns: no parsing, dozens of times as fast.

The patterns are compiled from libphonenumber's metadata, once for each country. What they tell
is what :func:`numbers.read` says after parsing; where that is not certain they tell nothing.

Facts: the order in which the library asks for kinds of lines (``number_type()``), and what it
takes off the digits of a number (``parse()``).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

AnsweredLine = Literal["mobile", "landline"]
"""The lines that a person answers, of ``numbers.LineType``."""

Reader = Callable[[str], tuple[str, AnsweredLine] | None]
"""From a spelling to the E.164 form and the line, or None."""

UNCERTAIN = {
    "33": "26|59|508",  # overseas, though the metadata have them in mainland France
    "39": r"\d{9}\Z",  # a mobile, or a landline whose 0 was dropped
}
"""National numbers that the metadata alone do not tell, by calling code."""

TEST_MOBILES = {"FR": r"63998\d{4}\Z"}
"""Mobiles reserved for fiction, which the metadata lack, by region."""

_CODES = {
    f"{code}{more}"[:3]: str(code)
    for code in COUNTRY_CODE_TO_REGION_CODE
    for more in map("{:02d}".format, range(100))
}  # by the first three digits: no calling code begins another
_LINES: tuple[AnsweredLine, ...] = ("landline", "landline", "mobile")  # by group number modulo 3
_NOTHING = "(?!)"


def line_type(e164: str) -> AnsweredLine | None:
    """What kind of line the E.164 number is, assigned exactly so; None where it is uncertain."""
    code = _CODES.get(e164[1:4])
    found = _match_of(code)(e164) if code else None
    return _LINES[found.lastindex % 3] if found and found.lastindex else None


@lru_cache(maxsize=512)
def reader(region: str) -> Reader:
    """Reads the usual spellings in ``region`` (ISO 3166-1 alpha-2, upper case).

    These are ``+`` and a number of any country; the calling code of ``region``, after ``00`` or
    nothing; national numbers with their prefix, and mobiles without. Blanks, dots and hyphens
    may stand between the digits.
    """
    metadata = PhoneMetadata.metadata_for_region(region)
    code = str(metadata.country_code) if metadata else ""
    match = re.compile(_spellings(metadata) if metadata else _NOTHING, re.ASCII).match
    may_hold_two = metadata is not None and _may_hold_two(metadata)

    def read(text: str) -> tuple[str, AnsweredLine] | None:
        spaced = text.replace(".", " ").replace("-", " ")
        digits = spaced.replace(" ", "")
        if digits != text:
            is_decimal = text.rstrip("0 -").endswith(".")
            if is_decimal or (may_hold_two and " 0" in spaced[6:-6]):
                return None
        if not (found := match(digits)):
            line = line_type(digits)
            return (digits, line) if line else None
        if not (group := found.lastindex):
            return None
        line = _LINES[group % 3]
        if line == "landline" and not found.start(group):
            return None  # without the prefix it may be a number abroad
        return f"+{code}{found[group]}", line

    return read


def _may_hold_two(metadata: PhoneMetadata) -> bool:
    """Whether two numbers of the country may look like one: both have 15 digits at most."""
    plans = _plans(str(metadata.country_code))
    return min(length for plan in plans for length in _lengths(plan.general_desc)) < 8


def _spellings(metadata: PhoneMetadata) -> str:
    """Matches the digits of a number of one country, for each start that is certain."""
    code = str(metadata.country_code)
    first, *others = _plans(code)
    starts = [rf"\+{code}"]
    if not metadata.national_prefix_transform_rule:
        starts += _national(metadata)
        if metadata.id == first.id:
            starts += _signless(metadata)
    general = f"(?={_whole(metadata.general_desc)})" if others else ""
    return f"(?:{'|'.join(starts)}){general}{_numbers(code)}"


def _national(metadata: PhoneMetadata) -> Iterable[str]:
    """Starts of national numbers that begin with no calling code of the country."""
    stripped = _ungrouped(metadata.national_prefix_for_parsing)
    abroad = f"0?{metadata.country_code}|00|{_ungrouped(metadata.international_prefix)}"
    if prefix := metadata.national_prefix:
        yield f"(?!{abroad})(?={prefix})(?>{stripped})"
    yield f"(?!{abroad}|{stripped})"


def _signless(metadata: PhoneMetadata) -> Iterable[str]:
    """Starts with the calling code but no ``+``, which ``parse()`` takes for a calling code."""
    general = _whole(metadata.general_desc)
    abroad = _ungrouped(metadata.international_prefix)
    start = f"{metadata.country_code}(?!{_ungrouped(metadata.national_prefix_for_parsing)})"
    yield f"(?!{general}|{abroad}){start}"
    if abroad == "00":
        yield f"00{start}"


@lru_cache(maxsize=512)
def _match_of(code: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(rf"\+{code}{_numbers(code)}", re.ASCII).match


def _numbers(code: str) -> str:
    """Matches the national numbers of a calling code; the group that matched is the line.

    Several countries may share the code: the first whose leading digits or lines fit decides.
    """
    pattern = _NOTHING
    for plan in reversed(_plans(code)):
        if leading := plan.leading_digits:
            pattern = f"(?={leading})(?:{_lines(plan)})|(?!{leading})(?:{pattern})"
        else:
            pattern = f"{_lines(plan)}|{pattern}"
    return f"(?!{UNCERTAIN.get(code, _NOTHING)})(?:{pattern})"


def _plans(code: str) -> list[PhoneMetadata]:
    """The metadata of the countries that share a calling code, in the library's order."""
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    find = PhoneMetadata.metadata_for_region_or_calling_code
    return [plan for region in regions if (plan := find(int(code), region))]


def _lines(plan: PhoneMetadata) -> str:
    """The kinds of lines in the order in which the library asks for them, in three groups.

    What no person answers is in no group: premium rate, toll-free, pagers, etc.
    """
    general, usual = _pattern(plan.general_desc), _lengths(plan.general_desc)
    sizes = [n for n in usual if 8 <= len(str(plan.country_code)) + n <= 15]  # E.164

    def any_of(*kinds: PhoneNumberDesc | None) -> str:
        return "|".join(
            _pattern(kind) if _lengths(kind) == usual else _sized(_lengths(kind)) + _pattern(kind)
            for kind in kinds
        )

    return f"{_sized(sizes)}(?={general})(?:" + "|".join([
        any_of(plan.premium_rate, plan.toll_free, plan.shared_cost),
        f"({any_of(plan.voip, plan.personal_number)})",
        any_of(plan.pager, plan.uan, plan.voicemail),
        f"({any_of(plan.mobile)}|{TEST_MOBILES.get(plan.id, _NOTHING)})",
        f"({any_of(plan.fixed_line)})",
    ]) + ")"  # fmt: skip


def _lengths(kind: PhoneNumberDesc | None) -> Sequence[int]:
    return kind.possible_length if kind else ()


def _sized(lengths: Iterable[int]) -> str:
    """Looks ahead: one of these numbers of digits, then the end."""
    return "(?=" + ("|".join(rf"\d{{{length}}}\Z" for length in lengths) or _NOTHING) + ")"


def _pattern(kind: PhoneNumberDesc | None) -> str:
    """Matches a whole national number of a kind, of whatever length."""
    pattern = kind.national_number_pattern if kind else None
    return rf"(?:{pattern})\Z" if pattern else _NOTHING


def _whole(kind: PhoneNumberDesc | None) -> str:
    """Looks ahead: a whole national number of a kind."""
    return _sized(_lengths(kind)) + _pattern(kind)


def _ungrouped(pattern: str | None) -> str:
    """The pattern without groups that would be counted."""
    return re.sub(r"\((?!\?)", "(?:", pattern or _NOTHING)
