"""What a person has said about columns: ``--column "HEADER=field"``."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from ...rules.words import words
from .drafts import Draft
from .fields import FIELDS, KEY_PATTERN, RESERVED, key_of_position


class UnknownColumn(ValueError):
    """What a person said names a column that the file does not have."""


class UnknownField(ValueError):
    """What a person said names no field, nor can it be the name of one."""


def apply_decisions(
    drafts: Sequence[Draft], said: Mapping[str | int, str], known: Mapping[str, str]
) -> None:
    """Settle the columns that ``said`` names. See :func:`~.guessing.understand`."""
    for name, field in said.items():
        for draft in _named(drafts, name):
            draft.settle(_field(field, known), "said", (draft.title.number_rank,))


def _named(drafts: Sequence[Draft], name: str | int) -> list[Draft]:
    """The columns of that title, in any spelling if need be, or in that place.

    A whole number is a place, from 0, and nothing else.
    """
    if isinstance(name, int):
        return [draft for draft in drafts if draft.index == name]
    tests = (
        lambda draft: draft.title.text.strip() == name.strip(),
        lambda draft: bool(words(name)) and words(draft.title.text) == words(name),
        lambda draft: name.strip() in {str(draft.index), key_of_position(draft.index)},
    )
    for test in tests:
        if found := [draft for draft in drafts if test(draft)]:
            return found
    titles = ", ".join(f"“{draft.title.text}”" for draft in drafts if draft.title.text)
    raise UnknownColumn(
        _("There is no column “%(name)s”. The columns are: %(titles)s.")
        % {"name": name, "titles": titles}
    )


def _field(name: str, known: Mapping[str, str]) -> str:
    """The field called ``name``: one of ours, a key of the site's, or a label of the site's."""
    by_label = {words(label): key for key, label in known.items() if words(label)}
    field = name.strip()
    if field in FIELDS or field in known:
        return field
    if words(field) in by_label:
        return by_label[words(field)]
    if field in RESERVED or not re.fullmatch(KEY_PATTERN, field):
        raise UnknownField(
            _(
                "“%(name)s” is no field. Choose one of %(fields)s, or a name of your own in small "
                "letters, digits and underscores."
            )
            % {"name": name, "fields": ", ".join(FIELDS)}
        )
    return field
