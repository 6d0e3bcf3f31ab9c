"""Numbers and dates of a workbook as Excel shows them.

A workbook holds 46083.604 and the format ``dd/mm/yyyy hh:mm``; people see 02/03/2026 14:30. Format
codes: ECMA-376 part 1, section 18.8.30 and 18.8.31. Runs in the process that reads workbooks:
no Django here.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

Shown = Callable[[str], str]
"""From a number as the workbook holds it, to the text that is shown."""

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
    14: "dd/mm/yyyy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "dd/mm/yyyy hh:mm",
    37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00",
    45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss",
}  # fmt: skip
"""Formats without a code in the file. 14 and 22 are the system's own; here day, month, year."""

_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | [_*](?P<spacing>.) | \[(?P<bracket>[^\]]*)\]
    | (?P<general>General) | (?P<noon>AM/PM|A/P) | (?P<date>y+|m+|d+|h+|s+(?:[.,]0+)?)
    | (?P<digit>[0\#?]) | (?P<other>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_BY_PROGRAMS = re.compile(r"yyyy-mm-dd hh?:mm:ss", re.IGNORECASE)
_CONDITION = re.compile(r"([<>]=?|<>|=)(-?[\d.]+)")
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
_LAST_DAY = 2_958_466
"""10000-01-01 as a number."""

Token = tuple[str, str]


def plain(raw: str) -> str:
    """A number without format: no exponent, no decimals that are none."""
    if raw.isdecimal() and raw.isascii() and not raw.startswith("0"):
        return raw
    try:
        value = float(raw)
    except ValueError:
        return raw
    if not math.isfinite(value):
        return raw
    return str(int(value)) if value.is_integer() else format(_rounded(value), "f")


def _rounded(value: float) -> Decimal:
    """Excel keeps 15 digits: 0.1 + 0.2 is 0.3."""
    return Decimal(format(value, ".15g"))


def shown_by(code: str, since_1904: bool = False) -> Shown:
    """The function that shows numbers as the format ``code`` does.

    ``since_1904``: whether dates are counted from 1904-01-01, as old workbooks of Macs do.
    """
    sections = [_tokens(section) for section in _sections(code)]
    if not any(sections) or sections[0][:1] == [("general", "General")]:
        return plain
    if any(kind == "date" or _is_elapsed((kind, text)) for kind, text in sections[0]):
        return _date_format(code, sections[0], since_1904)
    if any(text in "@/eE" for kind, text in sections[0] if kind == "other"):
        return plain  # text, fractions, exponents
    return _number_format(code, sections)


def _sections(code: str) -> list[str]:
    return re.findall(r'(?:"[^"]*"?|\\.|\[[^\]]*\]|[^;])+|(?<=;)(?=;|$)', code, re.DOTALL)


def _tokens(section: str) -> list[Token]:
    kinds = ((str(match.lastgroup), match) for match in _TOKEN.finditer(section))
    return [(kind, match[kind]) for kind, match in kinds]


def _is_elapsed(token: Token) -> bool:
    return token[0] == "bracket" and token[1].lower() in ("h", "hh", "m", "mm", "s", "ss")


# --- dates ------------------------------------------------------------------------------------


def _date_format(code: str, tokens: Sequence[Token], since_1904: bool) -> Shown:
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)
    if any(text.upper() == "$-F400" for kind, text in tokens if kind == "bracket"):
        tokens = _tokens("hh:mm:ss")  # the system's own way to write the time
    pieces = _unambiguous(_minutes(tokens))
    by_program = _BY_PROGRAMS.fullmatch(code.strip())

    def show(raw: str) -> str:
        try:
            days = float(raw)
        except ValueError:
            return raw
        if not 0 <= days < _LAST_DAY - (1462 if since_1904 else 0):
            return plain(raw)
        has_leap_day = 1 <= days < 60 and not since_1904  # Excel knows a 29 February 1900
        moment = epoch + timedelta(days=has_leap_day, seconds=round(days * 86400))
        if by_program:
            # The format that libraries give where nobody chose one.
            return f"{moment:%d/%m/%Y}" + (f" {moment:%H:%M}" if moment.time() != NIGHT else "")
        return "".join(_date_piece(token, moment, days, pieces) for token in pieces).strip()

    return show


NIGHT = datetime(1900, 1, 1).time()


def _minutes(tokens: Sequence[Token]) -> list[Token]:
    """``m`` after hours or before seconds means minutes."""
    pieces = [(kind, text.lower() if kind == "date" else text) for kind, text in tokens]
    units = [
        place for place, token in enumerate(pieces) if token[0] == "date" or _is_elapsed(token)
    ]
    for order, place in enumerate(units):
        before = pieces[units[order - 1]][1].lower()[0] if order else ""
        after = pieces[units[order + 1]][1][0] if order + 1 < len(units) else ""
        if pieces[place][1] in ("m", "mm") and (before == "h" or after == "s"):
            pieces[place] = ("minutes", pieces[place][1])
    return pieces


def _unambiguous(pieces: list[Token]) -> list[Token]:
    """Names of months become numbers, and month before day becomes year, month, day."""
    units = [text for kind, text in pieces if kind == "date" and text[0] in "ymd"]
    order = [text[0] for text in units if not text.startswith("ddd")]
    is_named = any(text.startswith(("mmm", "ddd")) for text in units)
    month_first = "d" in order and "m" in order[: order.index("d")] and order[0] == "m"
    if not is_named and not month_first:
        return pieces
    wanted, separator = [unit for unit in ("dd", "mm", "yyyy") if unit[0] in order], "/"
    if month_first and not is_named and "y" in order:
        wanted, separator = ["yyyy", "mm", "dd"], "-"
    date = [token for unit in wanted for token in (("date", unit), ("quoted", separator))][:-1]
    time = [place for place, (kind, text) in enumerate(pieces)
            if kind in ("minutes", "noon") or (kind == "date" and text[0] in "hs")]  # fmt: skip
    return [*date, ("quoted", " "), *pieces[time[0] : time[-1] + 1]] if time else date


def _date_piece(token: Token, moment: datetime, days: float, pieces: Sequence[Token]) -> str:
    kind, text = token
    half_day = any(other == "noon" for other, _text in pieces)
    hour = (moment.hour % 12 or 12) if half_day else moment.hour
    if kind == "bracket":
        seconds = round(days * 86400)
        unit = {"h": 3600, "m": 60, "s": 1}.get(text[:1].lower(), 0) if _is_elapsed(token) else 0
        return str(seconds // unit).zfill(len(text)) if unit else ""
    if kind == "noon":
        return "AM" if moment.hour < 12 else "PM"
    if kind == "date":
        if text[0] == "y":
            return f"{moment:%Y}" if len(text) > 2 else f"{moment:%y}"
        text = text.partition(".")[0].partition(",")[0]
        value = {"m": moment.month, "d": moment.day, "h": hour, "s": moment.second}[text[0]]
        return str(value).zfill(min(len(text), 2))
    if kind == "minutes":
        return str(moment.minute).zfill(len(text))
    return text.replace("\xa0", " ") if kind in ("quoted", "escaped", "other") else ""


# --- numbers ----------------------------------------------------------------------------------


def _number_format(code: str, sections: Sequence[list[Token]]) -> Shown:
    decimal_mark, group_mark = _marks(code)

    def show(raw: str) -> str:
        try:
            value = float(raw)
        except ValueError:
            return raw
        if not math.isfinite(value):
            return raw
        section, unsigned = _section_for(value, sections)
        if not section or any(kind == "general" for kind, _text in section):
            return plain(raw)
        number = abs(_rounded(value))
        if any(token == ("other", "%") for token in section):
            number *= 100
        text = _filled(section, number, decimal_mark, group_mark)
        return f"-{text}" if value < 0 and not unsigned else text

    return show


def _marks(code: str) -> tuple[str, str]:
    """Decimal mark and mark between thousands: a comma and a blank where the format is European.

    A blank also where the code does not tell: nobody takes 1 234 for 1.234.
    """
    locale = re.search(r"\[\$[^\]-]*-([0-9A-Fa-f]+)\]", code)
    language = int(locale[1], 16) & 0x3FF if locale else 0
    is_english = language == 9
    if is_english or (not locale and re.search(r"[$£](?!-)", code.replace("[$", "["))):
        return ".", ","
    return ("," if "€" in code or language > 2 else "."), " "


def _section_for(value: float, sections: Sequence[list[Token]]) -> tuple[list[Token], bool]:
    """The section that applies, and whether it writes its sign itself."""
    for section in sections:
        texts = [text for kind, text in section if kind == "bracket"]
        if condition := next(filter(None, map(_CONDITION.fullmatch, texts)), None):
            limit = float(condition[2])
            holds = {"<": value < limit, "<=": value <= limit, ">": value > limit,
                     ">=": value >= limit, "=": value == limit, "<>": value != limit}  # fmt: skip
            if holds[condition[1]]:
                return section, False
            continue
        if section is not sections[0] and any(_has_condition(other) for other in sections):
            return section, False
    if value < 0 and len(sections) > 1:
        return sections[1], True
    if value == 0 and len(sections) > 2:
        return sections[2], True
    return sections[0], False


def _has_condition(section: list[Token]) -> bool:
    return any(kind == "bracket" and _CONDITION.fullmatch(text) for kind, text in section)


def _filled(section: list[Token], number: Decimal, decimal_mark: str, group_mark: str) -> str:
    """The section with the digits of ``number`` in place of its 0, # and ?."""
    point = section.index(("other", ".")) if ("other", ".") in section else len(section)
    whole, fraction = section[:point], section[point + 1 :]
    places = [text for kind, text in fraction if kind == "digit"]
    exact = number.quantize(Decimal(1).scaleb(-len(places)), context=_EXACT)
    digits, _mark, decimals = format(exact, "f").partition(".")
    needed = "".join(places).rfind("0") + 1
    decimals = decimals[:needed] + decimals[needed:].rstrip("0")
    if not any(kind == "digit" for kind, _text in section):
        return _literal(section).strip()
    text = _whole_part(whole, digits.lstrip("0"), group_mark)
    if decimals:
        text += decimal_mark + decimals
    return (text + _literal(fraction)).strip()


def _whole_part(tokens: list[Token], digits: str, group_mark: str) -> str:
    places = [place for place, (kind, _text) in enumerate(tokens) if kind == "digit"]
    if not places:
        return _literal(tokens) + digits
    kinds = "".join(tokens[place][1] for place in places)
    digits = digits.zfill(len(kinds) - kinds.index("0")) if "0" in kinds else digits
    if any(token == ("other", ",") for token in tokens[places[0] : places[-1]]):
        grouped = f"{int(digits or 0):,}".replace(",", group_mark) if digits else ""
        return _literal(tokens[: places[0]]) + grouped + _literal(tokens[places[-1] + 1 :])
    pieces = []
    for place in range(len(tokens) - 1, -1, -1):
        if place == places[0]:
            pieces.append(digits)
        elif place in places:
            digits, last = digits[:-1], digits[-1:]
            pieces.append(last)
        else:
            pieces.append(_literal(tokens[place : place + 1]))
    return "".join(reversed(pieces))


def _literal(tokens: Sequence[Token]) -> str:
    """What stands around the digits: text, and the sign of the currency."""
    shown = ""
    for kind, text in tokens:
        if kind in ("quoted", "escaped") or (kind == "other" and text != ","):
            shown += text
        elif kind == "bracket" and text.startswith("$"):
            shown += text[1:].partition("-")[0]
    return shown.replace("\xa0", " ").replace("\u202f", " ")
