"""Merge fields in a text: ``{first_name}``, and ``{first_name|dear customer}`` with a fallback.

The gateway fills ``{first_name}``, ``{last_name}``, ``{param1}`` … ``{param5}`` (its page on
personalised sendings); fallbacks are ours, filled in when recipients are frozen.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

FIELDS = ("first_name", "last_name", "param1", "param2", "param3", "param4", "param5")
LONGEST_VALUE = 50
"""Characters that the gateway takes for one value."""

HTML_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))
"""Characters that HTML reads otherwise, in the order in which they must be replaced."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(FIELDS) + r")(?:\|([^{}|]*))?\}")


@dataclass(frozen=True)
class Template:
    """A text taken apart.

    ``text`` is what the gateway gets (fallbacks taken out); ``fallbacks`` maps each field used to
    its fallback, or to None where a person without a value must be left out; ``problems`` are
    sentences about what could never be filled. ``html``: the text is HTML, the values are not.
    """

    text: str
    fallbacks: Mapping[str, str | None]
    problems: tuple[str, ...]
    html: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The merge fields used, in the gateway's order."""
        return tuple(field for field in FIELDS if field in self.fallbacks)

    def render(self, values: Mapping[str, str | None]) -> str:
        """The text as a person with these values reads it."""

        def value(found: re.Match[str]) -> str:
            text = values.get(found[1]) or self.fallbacks[found[1]] or ""
            return escape(text) if self.html else text

        return _PLACEHOLDER.sub(value, self.text)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The text in order: pairs of a literal and the field behind it ("" at the end)."""
        pieces = [*_PLACEHOLDER.split(self.text), "", ""]
        # Each placeholder leaves two groups: its field, and its fallback (taken out by now).
        return [
            (literal, field or "")
            for literal, field in zip(pieces[::3], pieces[1::3], strict=True)
        ]


def parse(text: str, *, html: bool = False) -> Template:
    """Take ``text`` apart. Never raises: what is wrong stands in ``problems``."""
    fallbacks: dict[str, str | None] = {}
    problems = []
    for field, fallback in ((found[1], found[2]) for found in _PLACEHOLDER.finditer(text)):
        fallback = fallback or None
        if fallbacks.get(field, fallback) != fallback:
            problems.append(
                _("%(field)s stands there with two different fallbacks.")
                % {"field": f"{{{field}}}"}
            )
        if fallback and len(fallback) > LONGEST_VALUE:
            problems.append(
                _("The fallback of %(field)s is over %(longest)d characters.")
                % {"field": f"{{{field}}}", "longest": LONGEST_VALUE}
            )
        fallbacks.setdefault(field, fallback)
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        problems.append(
            _("There are braces that are no personalisation; write one of %(fields)s.")
            % {"fields": ", ".join(f"{{{field}}}" for field in FIELDS)}
        )
    plain = _PLACEHOLDER.sub(lambda found: f"{{{found[1]}}}", text)
    return Template(plain, fallbacks, tuple(problems), html)


def escape(value: str) -> str:
    """``value`` as HTML shows it."""
    for char, entity in HTML_ENTITIES:
        value = value.replace(char, entity)
    return value
