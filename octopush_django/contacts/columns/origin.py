"""Which columns say of what country a row's numbers are."""

from collections.abc import Sequence

from .countries import read_country
from .drafts import Draft, of_field

COUNTRY_CHOICES = ("country", "calling_code", "ignore")

_NEARLY_ALL = 0.9
_MOST = 0.8


def find_origin(drafts: Sequence[Draft]) -> None:
    """Settle the columns with countries and calling codes; ask where numbers depend on them."""
    numbers = of_field(drafts, "phone_number")
    is_needed = any(draft.cells.has_national_numbers for draft in numbers)
    for draft in drafts:
        title = draft.title
        is_of_a_number = not title.has("birth", "somebody", "fax") and not title.tone
        if draft.is_open and is_of_a_number and title.has("country", "calling", "prefix"):
            _settle(draft, is_needed=is_needed)
    if is_needed:
        _prefer(of_field(drafts, "country"), numbers[0])


def _settle(draft: Draft, *, is_needed: bool) -> None:
    title, cells = draft.title, draft.cells
    if not title.has("country", "calling"):
        _settle_prefix(draft, is_needed=is_needed)
    elif not cells:
        draft.settle("country" if title.has("country") else "calling_code", "title")
    elif cells.calling_codes >= _NEARLY_ALL and not title.has("id"):
        draft.settle("calling_code", "title")
    elif cells.countries >= _MOST and cells.calling_codes < _NEARLY_ALL:
        draft.settle("country", "title")
    elif is_needed and (title.is_known or title.has("calling")):
        draft.ask("country", COUNTRY_CHOICES)


def _settle_prefix(draft: Draft, *, is_needed: bool) -> None:
    """A word such as "Vorwahl" or "prefix": a calling code, an area code, or "Mr"."""
    if draft.cells.calling_codes >= _NEARLY_ALL:
        draft.settle("calling_code", "title")
    elif is_needed and draft.cells.figures >= _MOST:
        draft.ask("area", ("calling_code", "ignore"))


def _prefer(countries: Sequence[Draft], number: Draft) -> None:
    """Of several countries, that of the number's address goes first; the rest may be asked."""
    if len(countries) < 2:
        return
    fitting = [draft for draft in countries if draft.title.place == number.title.place]
    for draft in countries:
        draft.rank = (draft not in fitting,)
    first, *others = fitting or countries
    for other in others:
        if _differ(first, other):
            other.ask("countries", COUNTRY_CHOICES, other=first.title.text)


def _differ(one: Draft, other: Draft) -> bool:
    """Whether the two columns name different countries in one row."""
    pairs = zip(map(read_country, one.rows), map(read_country, other.rows), strict=True)
    return any(here and there and here != there for here, there in pairs)
