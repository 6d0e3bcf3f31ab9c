"""The sandbox's own count of SMS (3GPP TS 23.038): written apart from the app's, on purpose."""

import re

_ONE = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO = set("^{}\\[~]|€\f")
_FIELD = re.compile(r"\{(first_name|last_name|param[1-5])\}")


def filled(text: str, person: dict[str, object]) -> str:
    """The text with a person's values; an absent value becomes nothing."""
    return _FIELD.sub(lambda found: str(person.get(found[1]) or ""), text)


def fields_of(text: str) -> set[str]:
    """The merge fields in a text."""
    return set(_FIELD.findall(text))


def sms_of(text: str) -> int:
    """How many SMS a text is."""
    units = _septets(text)
    if units is None:
        pairs = text.encode("utf-16-be", "replace")
        units = [
            2 if "\ud800" <= chr(int.from_bytes(pairs[i : i + 2], "big")) <= "\udbff" else 1
            for i in range(0, len(pairs), 2)
        ]
        units = [u for i, u in enumerate(units) if not (i and units[i - 1] == 2)]
        return _parts(units, 70, 67)
    return _parts(units, 160, 153)


def _septets(text: str) -> list[int] | None:
    units = []
    for char in text:
        if char in _ONE:
            units.append(1)
        elif char in _TWO:
            units.append(2)
        else:
            return None
    return units


def _parts(units: list[int], single: int, multi: int) -> int:
    if sum(units) <= single:
        return 1
    parts = 1
    used = 0
    for unit in units:
        if used + unit > multi:
            parts += 1
            used = 0
        used += unit
    return parts
