"""Which columns hold phone numbers and e-mail addresses."""

from collections.abc import Sequence

from .cells import Cells
from .drafts import Draft, of_field
from .titles import Title

NUMBER_CHOICES = ("phone_number", "ignore")

_NEARLY_ALL = 0.9
_MOST = 0.8
_HALF = 0.5
_BY_CELLS = 4


def find_reach(drafts: Sequence[Draft]) -> None:
    """Settle the columns with numbers or addresses; ask if some likely ones are all there are."""
    for draft in drafts:
        if draft.is_open and not _is_of_consent(draft):
            _try_number(draft)
        if draft.is_open and not _is_of_consent(draft):
            _try_email(draft)
    if not of_field(drafts, "phone_number"):
        _ask_for_numbers(drafts, is_desperate=not of_field(drafts, "email"))


def _try_number(draft: Draft) -> None:
    title, cells = draft.title, draft.cells
    by_title = title.names_number and _bears_title(draft, max(cells.dialled, cells.existing))
    # Numbers that are wrong are told row by row, and not kept as if they were something else.
    by_title = by_title or (title.names_number and _is_plain(title) and not _says_other(cells))
    by_both = title.may_name_number and cells.spelled_numbers >= _MOST
    by_cells = not _is_of_something_else(draft) and cells.spelled_mobiles >= _NEARLY_ALL
    if by_title or by_both or by_cells:
        rank = title.number_rank if title.names_number else 1
        reason = "title" if by_title or by_both else "numbers"
        draft.settle("phone_number", reason, (rank, -round(cells.mobiles, 2)))


def _try_email(draft: Draft) -> None:
    title, cells = draft.title, draft.cells
    is_about_an_address = title.has("email") and not title.names_email
    may_be_by_cells = not title.has("somebody") and not is_about_an_address
    if title.names_email and _bears_title(draft, cells.emails):
        draft.settle("email", "title", (0,))
    elif may_be_by_cells and cells.emails >= _NEARLY_ALL:
        draft.settle("email", "emails", (_BY_CELLS,))


def _bears_title(draft: Draft, share: float) -> bool:
    """Whether enough cells, ``share`` of them, are what the title says; empty ones may be.

    Any will do; where the title says more ("Phone 1 - Type"), it takes half of them.
    """
    return share > 0 or not draft.cells if _is_plain(draft.title) else share >= _HALF


def _is_plain(title: Title) -> bool:
    """Whether the title says no more than what it names: "Phone", not "Phone 1 - Type"."""
    says_more = title.has("type", "detail", "date", "source", "id", "service", "somebody")
    return not title.tone and not says_more


def _says_other(cells: Cells) -> bool:
    return cells.are_yes_or_no or max(cells.emails, cells.dates) >= _HALF


def _is_of_something_else(draft: Draft) -> bool:
    """Whether the title speaks of other people, or of codes that may look like numbers."""
    return draft.title.has("somebody", "fax", "id", "code", "calling", "prefix")


def _is_of_consent(draft: Draft) -> bool:
    """Whether the title is about consent; "Abonné" may stand above the subscribers' addresses."""
    title = draft.title
    is_loose = title.tone == "for" and not title.has("consent")
    may_be_the_address = title.names_number or title.names_email or title.has("either")
    return bool(title.tone) and not (is_loose and may_be_the_address)


def _ask_for_numbers(drafts: Sequence[Draft], *, is_desperate: bool) -> None:
    """Ask about columns that are likely to hold the numbers, where none surely does.

    ``is_desperate``: there are no e-mail addresses either, so that the company's number may serve.
    """
    for draft in drafts:
        title = draft.title
        is_likely = draft.cells.mobiles >= _NEARLY_ALL and not title.has("fax")
        is_somebody = title.has("somebody") and draft.cells.existing >= _HALF
        if draft.is_open and not title.tone and (is_likely or (is_desperate and is_somebody)):
            draft.ask("number", NUMBER_CHOICES)
