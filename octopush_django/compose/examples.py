"""Somebody's own text, of those who would receive a draft; and who would be left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Length

from .. import segments
from ..audience import judging, routes
from ..audience.sources import Sources
from ..client.text import storable
from ..models import Campaign, Contact, Family
from ..rules import addresses

CANDIDATES = 50
MOST_WORDS = 5
"""Words of a search; each is a condition."""


@dataclass(frozen=True)
class Example:
    """One person, the text as they read it, their values, and the units that it counts as."""

    contact: Contact
    values: dict[str, str]
    text: str
    units: int


def judged(campaign: Campaign) -> "QuerySet[Contact]":
    """Everybody of the lists of a draft, annotated with why each is left out: ``exclusion``."""
    contacts = Sources.of(campaign).contacts
    if contacts is None:
        contacts = Contact.objects.none()
    return judging.judge_contacts(contacts, judging.Rules.of(campaign))


def left_out(campaign: Campaign, reason: str = "", search: str = "") -> "QuerySet[Contact]":
    """Who would be left out: for ``reason`` only, with ``search`` in what is known of them."""
    people = judged(campaign).exclude(exclusion="")  # type: ignore[misc]
    if reason:
        people = people.filter(exclusion=reason)  # type: ignore[misc]
    return _found(campaign, people, search).order_by("pk")


def _found(campaign: Campaign, people: "QuerySet[Contact]", search: str) -> "QuerySet[Contact]":
    """Those with each word of ``search`` in a name, the number, the address, or in a value that
    the text uses.
    """
    places = {"first_name", "last_name", "email"}
    places.update(f"value_{name}" for name in routes.template_of(campaign).fields)
    for word in _words(storable(search)):
        digits = word.lstrip("0") if word.isdigit() else word
        there = (Q(**{f"{place}__icontains": word}) for place in sorted(places))
        people = people.filter(reduce(or_, there, Q(phone_number__contains=digits)))
    return people


def _words(search: str) -> list[str]:
    """The words of a search; a number, or a part of one, is one word however it is spaced."""
    number = addresses.canonical(search, Family.PHONE)
    if number:
        return [number]
    digits = "".join(character for character in search if character.isdigit())
    if digits and not any(character.isalpha() for character in search):
        return [digits]
    return search.split()[:MOST_WORDS]


def example(
    campaign: Campaign,
    person: int | None = None,
    after: int | None = None,
    search: str = "",
) -> Example | None:
    """The contact ``person``, the next ``after`` one, or the first who would receive it.

    With ``search`` in what is known of them: only of those, and None where nobody is found.
    """
    people = _found(campaign, judging.receiving(judged(campaign)), search).order_by("pk")
    found = None
    if person is not None:
        found = people.filter(pk=person).first()
    elif after is not None:
        found = people.filter(pk__gt=after).first()
    found = found or people.first()
    return _read(campaign, found) if found else None


def longest_text(campaign: Campaign) -> Example | None:
    """Whose text counts as most, of those with the longest or oddest values."""
    examples = [_read(campaign, contact) for contact in _candidates(campaign)]
    return max(examples, key=lambda one: (one.units, len(one.text)), default=None)


def _candidates(campaign: Campaign) -> Iterator[Contact]:
    people = judging.receiving(judged(campaign))
    names = [f"value_{name}" for name in routes.template_of(campaign).fields]
    if not names:
        return
    lengths: Any = sum((Length(F(name)) for name in names[1:]), Length(F(names[0])))
    odd = Q()
    for name in names:
        odd |= ~Q(**{f"{name}__regex": segments.PLAIN_PATTERN})
    for chosen in (people, people.filter(odd)):
        yield from chosen.order_by(lengths.desc(), "pk")[:CANDIDATES]


def _read(campaign: Campaign, contact: Contact) -> Example:
    template = routes.template_of(campaign)
    values = {name: getattr(contact, f"value_{name}") for name in template.fields}
    text = template.render(values)
    return Example(contact, values, text, campaign.traits.units(text))
