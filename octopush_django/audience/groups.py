"""Judged contacts counted together: by why they are left out, and by what they would read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Case, Count, F, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Length, Repeat

from .. import segments
from ..models import Campaign, Channel, Contact
from ..rules.values import LOOKS_EMPTY
from . import routes

CHECKSUM = (1_000_003, 8191)
"""Moduli of the checksum of a group: one person in another's place changes it.

Two, so that a sum over millions fits into 64 bits whatever the keys are.
"""


@dataclass(frozen=True)
class ContactGroup:
    """Contacts with the same exclusion and values: how many, and a checksum of who they are."""

    exclusion: str
    values: Mapping[str, str]
    people: int
    checksum: int


def groups_of(campaign: Campaign, judged: "QuerySet[Contact]") -> Iterator[ContactGroup]:
    """Judged contacts by exclusion, and by the values that they have for the text of ``campaign``.

    Where only SMS are counted, values of letters that take the same room are one: a million
    names become some thirty lengths. Everybody is judged once.
    """
    fields = routes.template_of(campaign).fields
    people, names = judged.order_by(), [f"value_{name}" for name in fields]
    if campaign.channel == Channel.SMS and not routes.has_own_texts(campaign):
        people = people.annotate(**{f"room_{name}": _room(name) for name in fields})
        names = [f"room_{name}" for name in fields]
    checksum = Sum((F("pk") % CHECKSUM[0]) * (F("pk") % CHECKSUM[1] + 1))
    groups = people.values_list("exclusion", *names).annotate(people=Count("pk"), sum=checksum)
    for exclusion, *values, number, total in groups.iterator(chunk_size=2000):
        yield ContactGroup(exclusion, dict(zip(fields, values, strict=True)), number, int(total))


def _room(name: str) -> Combinable:
    """The value, or as many ``x`` where each of its letters is one unit of an SMS."""
    plain = Q(**{f"value_{name}__regex": segments.PLAIN_PATTERN})
    odd = Q(**{f"value_{name}__in": LOOKS_EMPTY})
    return Case(
        When(odd, then=F(f"value_{name}")),
        When(plain, then=Repeat(Value("x"), Length(F(f"value_{name}")))),
        default=F(f"value_{name}"),
        output_field=TextField(),
    )
