"""What the cells of a column look like, whatever its title says."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from ... import numbers
from ...rules.dates import is_date, is_zero
from .consent import is_telling, read_consent
from .countries import is_calling_code, read_country

_BLANK = frozenset(["", "-", "--", "n/a", "null", "none", "."])
_EMAIL = re.compile(r"(?:[^@<>]*<)?\s*[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+\s*>?")
_DIALLED = re.compile(r"[+(]?\d[\d\s.()/+‐-–-]{4,24}|\d[.,]\d+E\+?\d+", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*(?::::|[;\n|]|,\s|\s/\s)\s*")
_SIX_DIGITS = re.compile(r"(?:\D*\d){6}")
_FIGURES = re.compile(r"(?=.*\d.*\d)[\W\d]+")
_LENGTHS = range(6, 16)
_MSISDN_LENGTH = 11
_STRAY = 0.01
_LONGEST = 300


class Cells:
    """The cells of one column in the first rows of a file; empty ones do not count.

    ``region``: the country (ISO 3166-1 alpha-2) that national numbers are read in.
    """

    def __init__(self, texts: Sequence[str], region: str) -> None:
        stripped = (text[:_LONGEST].strip().lstrip("'=").strip('" ') for text in texts)
        self.texts = [
            text for text in stripped if text.lower() not in _BLANK and not is_zero(text)
        ]
        self.region = region

    def __bool__(self) -> bool:
        return bool(self.texts)

    def share(self, test: Callable[[str], object]) -> float:
        """The share of cells that pass ``test``; 0.0 if there are none."""
        return sum(1 for text in self.texts if test(text)) / len(self.texts) if self.texts else 0.0

    # --- numbers and addresses

    @cached_property
    def dialled(self) -> float:
        """The share that is shaped like a phone number of whatever country."""
        return self.share(lambda text: _looks_dialled(_first_of(text)))

    @cached_property
    def _lines(self) -> list[tuple[str, str]]:
        """Spelling and kind of line of the cells that are numbers."""
        likely = (_first_of(text) for text in self.texts if _SIX_DIGITS.match(text))
        found = ((text, numbers.read(text, self.region)) for text in likely)
        return [(text, number.line_type) for text, number in found if number]

    @cached_property
    def existing(self) -> float:
        """The share that is a phone number that exists."""
        return len(self._lines) / len(self.texts) if self.texts else 0.0

    @cached_property
    def mobiles(self) -> float:
        """The share that is a mobile number."""
        mobiles = [text for text, kind in self._lines if kind == "mobile"]
        return len(mobiles) / len(self.texts) if self.texts else 0.0

    @cached_property
    def spelled_mobiles(self) -> float:
        """The share that is a mobile number and can be no count or code: +33…, 06…"""
        return self._spelled([text for text, kind in self._lines if kind == "mobile"])

    @cached_property
    def spelled_numbers(self) -> float:
        """The share that is a number and can hardly be a count: +33…, 01…, 33639981001."""
        return self._spelled([text for text, _kind in self._lines], _MSISDN_LENGTH)

    def _spelled(self, numbers: Sequence[str], length: int = 99) -> float:
        """The share of ``numbers`` that begin as one dials, or have ``length`` digits."""
        found = [text for text in numbers if text[0] in "+0(" or _digits(text) >= length]
        return len(found) / len(self.texts) if self.texts else 0.0

    @cached_property
    def has_national_numbers(self) -> bool:
        """Whether the country of a number must be known to read it."""
        return any(not text.startswith(("+", "00")) for text in self.texts)

    @cached_property
    def emails(self) -> float:
        """The share that is shaped like an e-mail address."""
        return self.share(lambda text: "@" in text and _EMAIL.fullmatch(_first_of(text)))

    # --- countries, dates, names

    @cached_property
    def countries(self) -> float:
        """The share that names a country, by name or code."""
        return self.share(read_country)

    @cached_property
    def calling_codes(self) -> float:
        """The share that is a calling code."""
        return self.share(is_calling_code)

    @cached_property
    def dates(self) -> float:
        """The share that is a date."""
        return self.share(is_date)

    @cached_property
    def figures(self) -> float:
        """The share that is an amount, a count or a code: without letters, of several digits."""
        return self.share(_FIGURES.fullmatch)

    # --- consent

    def is_understood_by(
        self, read: Callable[[str], str | None], *, is_certain: bool = False
    ) -> bool:
        """Whether ``read`` understands all cells, but for a stray one (or one in a hundred).

        ``is_certain``: the title leaves no doubt, so that one of two may be the stray one.
        """
        missed = sum(1 for text in self.texts if read(text) is None)
        understood = len(self.texts) - missed
        allowed = max(1, int(len(self.texts) * _STRAY))
        return missed == 0 or (missed <= allowed and missed < understood + is_certain)

    @cached_property
    def are_yes_or_no(self) -> bool:
        """Whether there are cells, and they say yes and no."""
        return bool(self.texts) and self.is_understood_by(read_consent)

    @cached_property
    def tells_consent(self) -> bool:
        """Whether a cell speaks of consent by itself: "désabonné"."""
        return any(is_telling(text) for text in self.texts)

    @cached_property
    def all_tell_consent(self) -> bool:
        """Whether there are cells, and each speaks of consent by itself."""
        return bool(self.texts) and all(is_telling(text) for text in self.texts)


def _first_of(text: str) -> str:
    """The first of several values in one cell: "06… ::: 07…"."""
    return next((part for part in _SEVERAL.split(text) if part), text)


def _looks_dialled(text: str) -> bool:
    return bool(_DIALLED.fullmatch(text)) and _digits(text) in _LENGTHS and not is_date(text)


def _digits(text: str) -> int:
    return sum(char.isdigit() for char in text)
