"""The columns of a file while it is found out what they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .cells import Cells
from .titles import Title


@dataclass
class Draft:
    """One column: its title, its cells in the order of the rows, and what is known of it so far.

    Undecided while ``field``, ``asks`` and ``is_kept`` are all empty. ``reason``: why it is what
    it is, ``asks``: what is unclear (both are codes of :mod:`.sentences`). ``rank``: the order
    among several columns of one field, the least first.
    """

    index: int
    title: Title
    rows: Sequence[str]
    cells: Cells
    field: str = ""
    is_kept: bool = False
    reason: str = ""
    asks: str = ""
    choices: tuple[str, ...] = ()
    other: str = ""
    rank: tuple[float, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing is decided yet."""
        return not (self.field or self.asks or self.is_kept)

    def settle(self, field: str, reason: str, rank: tuple[float, ...] = ()) -> None:
        """The column is ``field``."""
        self.field, self.reason, self.rank, self.asks, self.is_kept = (
            field,
            reason,
            rank,
            "",
            False,
        )

    def keep(self, reason: str) -> None:
        """The column is kept as a field of the site's own."""
        self.field, self.reason, self.is_kept = "", reason, True

    def ask(self, code: str, choices: tuple[str, ...], other: str = "") -> None:
        """A person must say what the column is; ``choices`` are the fields that would answer."""
        self.field, self.reason, self.asks, self.choices = "", "asked", code, choices
        self.other = other


def of_field(drafts: Iterable[Draft], *fields: str) -> list[Draft]:
    """The columns of some fields, in order of preference."""
    found = [draft for draft in drafts if draft.field in fields]
    return sorted(found, key=lambda draft: (draft.rank, draft.index))
