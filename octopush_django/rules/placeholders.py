"""Merge fields in a text: ``{first_name}``, and ``{ville|votre ville}`` with a fallback.

The gateway fills ``{first_name}``, ``{last_name}``, ``{param1}`` … ``{param5}`` (its page on
personalised sendings). A field of any other name leaves as one of the five; fallbacks are ours,
filled in when recipients are frozen.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

NAMES = ("first_name", "last_name")
PARAMETERS = ("param1", "param2", "param3", "param4", "param5")
RESERVED = frozenset(
    ["phone_number", "email", *NAMES, *PARAMETERS, "reference", "unsubscribe"],
)
"""Names that no field of a site's own may have."""

NEVER_MERGED = RESERVED.difference(NAMES, PARAMETERS)
"""Names that stand for something else than a merge field."""

KEY_PATTERN = r"^[a-z][a-z0-9_]{0,49}$"
"""The name of a merge field: small letters, digits, ``_``; 50 characters at most."""

LONGEST_VALUE = 50
"""Characters that the gateway takes for one value."""

HTML_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))
"""Characters that HTML reads otherwise, in the order in which they must be replaced."""

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,49})(?:\|([^{}|]*))?\}")


@dataclass(frozen=True)
class Template:
    """A text taken apart.

    ``text`` is the text without fallbacks; ``fallbacks`` maps each field used, in order of
    appearance, to its fallback, or to None where a person without a value must be left out;
    ``problems`` are sentences about what could never be filled. ``html``: the text is HTML, the
    values are not.
    """

    text: str
    fallbacks: Mapping[str, str | None]
    problems: tuple[str, ...]
    html: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The merge fields used, in order of appearance."""
        return tuple(self.fallbacks)

    @property
    def sent_as(self) -> dict[str, str]:
        """Each field -> the gateway's name for it; without those beyond its five."""
        return sent_as(self.fallbacks)

    @property
    def sent_text(self) -> str:
        """The text as the gateway gets it, every field under the gateway's name."""
        names = self.sent_as
        return _PLACEHOLDER.sub(lambda found: f"{{{names.get(found[1], found[1])}}}", self.text)

    def render_sent(self, sent: Mapping[str, str]) -> str:
        """The text as a person reads it to whom these values, by the gateway's names, are sent."""
        return self.render({field: sent.get(name) for field, name in self.sent_as.items()})

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


def sent_as(fields: Collection[str]) -> dict[str, str]:
    """Each of some fields, in order of appearance -> the gateway's name for it.

    Without those for which none of the gateway's five parameters is free.
    """
    free = iter([name for name in PARAMETERS if name not in fields])
    names = {
        field: field if field in (*NAMES, *PARAMETERS) else next(free, "") for field in fields
    }
    return {field: name for field, name in names.items() if name}


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
            _("There are braces that are no personalisation: write it like {first_name}, in small "
              "letters, without blanks or accents.")
        )  # fmt: skip
    plain = _PLACEHOLDER.sub(lambda found: f"{{{found[1]}}}", text)
    return Template(plain, fallbacks, tuple(problems), html)


def escape(value: str) -> str:
    """``value`` as HTML shows it."""
    for char, entity in HTML_ENTITIES:
        value = value.replace(char, entity)
    return value
