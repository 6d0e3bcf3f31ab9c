"""Keys of rows in the addresses of pages: whatever somebody writes there, none brings one down."""

LONGEST = 18
"""Digits of a key: all that fit into 64 bits."""


def key_of(text: str) -> int | None:
    """The primary key that ``text`` spells, or None."""
    is_key = text.isascii() and text.isdigit() and len(text) <= LONGEST
    return int(text) if is_key else None
