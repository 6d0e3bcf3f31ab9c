"""Keys of rows in the addresses of pages: whatever somebody writes there, none brings one down."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest

LONGEST = 18
"""Digits of a key: all that fit into 64 bits."""


def key_of(text: str) -> int | None:
    """The primary key that ``text`` spells, or None."""
    is_key = text.isascii() and text.isdigit() and len(text) <= LONGEST
    return int(text) if is_key else None


class NoNul:
    """A page whose address may hold anything but NUL, which no database stores: that is a 400."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        for name, values in request.GET.lists():
            if any("\x00" in text for text in (name, *values)):
                raise BadRequest("The address of this page holds NUL.")
        return super().changelist_view(request, extra_context)  # type: ignore[misc]
