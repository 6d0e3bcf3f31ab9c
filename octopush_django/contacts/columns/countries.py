"""Which country a cell names: by ISO code, by name in five languages, or by calling code."""

import re
from functools import lru_cache
from importlib.resources import files

import phonenumbers

from ...rules.words import words

_CALLING_CODE = re.compile(r"(?:\+|00)? ?([1-9]\d{0,2})(?:[.,]0+)?")
_PIECES = re.compile(r"[()\[\]/|:;,]+|\s[-–]\s|\s(?=\+)|(?<=\d)\s+(?=[^\W\d])")
_LONGEST = 100


@lru_cache(maxsize=4096)
def read_country(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of the country in ``text``; None if that is not clear.

    "CH", "CHE", "Suisse", "Schweiz", "+41", "0041", "41" and "Suisse (+41)" are all "CH". A
    calling code that several countries share is the main one's, as the phone library has it,
    unless another country of that code stands beside it: "Canada (+1)" is "CA".
    """
    if len(text) > _LONGEST:
        return None
    return _read(text) or _agreed([piece for piece in _PIECES.split(text) if piece.strip()])


def is_calling_code(text: str) -> bool:
    """Whether ``text`` is a calling code in use: "41", "+41" or "0041"."""
    found = _CALLING_CODE.fullmatch(text.strip(" '="))
    return bool(found and _regions(found[1]))


def _read(text: str) -> str | None:
    found = _CALLING_CODE.fullmatch(text.strip(" '="))
    if found:
        return next(iter(_regions(found[1])), None)
    name = " ".join(words(text))
    if len(name) == 2 and name.upper() in phonenumbers.SUPPORTED_REGIONS:
        return name.upper()
    return _names().get(name)


def _agreed(pieces: list[str]) -> str | None:
    """The one country that all the pieces name, or may mean if they are calling codes."""
    readings = [_read(piece) for piece in pieces]
    if len(pieces) < 2 or None in readings:
        return None
    codes = [_CALLING_CODE.fullmatch(piece.strip(" '=")) for piece in pieces]
    named = {region for region, code in zip(readings, codes, strict=True) if not code}
    region = named.pop() if len(named) == 1 else None
    fits = all(region in _regions(code[1]) for code in codes if code)
    return region if region and fits and not named else None


def _regions(code: str) -> tuple[str, ...]:
    """The countries of a calling code, the main one first; "001" is no country's."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
    return tuple(region for region in regions if region != "001")


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Name -> region, of the table beside this module."""
    table = files(__package__).joinpath("countries.txt").read_text(encoding="ascii")
    rows = [line.split(": ") for line in table.splitlines() if not line.startswith("#")]
    return {name: region for region, names in rows for name in names.split(", ")}
