"""A draft as its page showed it when opened: a save must not undo what was changed meanwhile."""

import hashlib
from typing import Any

from ..compose.fingerprint import LOOKED_AT
from ..models import Campaign

WRITTEN = ("name", *(name for name in LOOKED_AT if name != "channel"))
LISTS = ("include", "exclude")


def opened_as(draft: Campaign) -> str:
    """A word for what is stored of a draft, with a part for each field of its form."""
    written = [getattr(draft, name) for name in WRITTEN]
    lists = [sorted(getattr(draft, name).values_list("pk", flat=True)) for name in LISTS]
    return "_".join(_digest(value) for value in [*written, *lists])


def changed_since(opened: str, draft: Campaign) -> list[str]:
    """The names of the fields that differ from what was ``opened``."""
    fields: Any = [Campaign._meta.get_field(name) for name in (*WRITTEN, *LISTS)]
    names = [str(field.verbose_name) for field in fields]
    before, now = opened.split("_"), opened_as(draft).split("_")
    return [name for place, name in enumerate(names) if before[place : place + 1] != [now[place]]]


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12]
