"""Who would receive a campaign: one verdict per person, in a fixed order of reasons.

Contacts of lists are judged in SQL; people given by a developer are streamed and judged in chunks.
Both give the same verdict for the same person: ``tests/test_audience.py`` holds them together.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, JSONObject, Length, NullIf
from django.db.models.lookups import GreaterThan

from . import numbers, placeholders, segments
from .conf import conf
from .exceptions import InvalidCampaign
from .models import (
    Campaign,
    Channel,
    Consent,
    Contact,
    ContactList,
    Exclusion,
    Family,
    LineType,
    OptOut,
)

CHUNK = 1000
PERSON_KEYS = ("phone_number", *placeholders.FIELDS)


@dataclass(frozen=True)
class Rules:
    """What decides who is left out. ``fallbacks``: merge field -> its fallback, or None."""

    marketing: bool
    fallbacks: Mapping[str, str | None] = field(default_factory=dict)
    excluded_lists: Sequence[int] = ()
    require_consent: bool = False
    test_numbers_allowed: bool = True
    landlines_allowed: bool = False

    @classmethod
    def of(cls, campaign: Campaign, excluded_lists: Sequence[int] | None = None) -> "Rules":
        """The rules of ``campaign`` under the present settings."""
        if excluded_lists is None:
            excluded_lists = list(campaign.exclude.values_list("pk", flat=True))
        return cls(
            marketing=campaign.is_marketing,
            fallbacks=placeholders.parse(campaign.text).fallbacks,
            excluded_lists=excluded_lists,
            require_consent=conf.require_consent,
            test_numbers_allowed=not conf.reaches_people,
            landlines_allowed=campaign.channel == Channel.VOICE,
        )


@dataclass(frozen=True)
class Person:
    """Somebody given by a developer: an address as written, values, perhaps a contact."""

    address: str
    values: Mapping[str, str]
    contact_id: int | None = None


@dataclass(frozen=True)
class Judged:
    """A person with the verdict: ``exclusion`` is empty for those who receive it."""

    address: str | None
    values: Mapping[str, str]
    contact_id: int | None
    exclusion: str

    @property
    def payload(self) -> str:
        """The JSON object that is sent for this person."""
        if self.exclusion:
            return ""
        return json.dumps({"phone_number": self.address, **self.values}, ensure_ascii=False)


def contacts_in(lists: Iterable[int]) -> "QuerySet[Contact]":
    """The contacts of any of these lists, each once."""
    membership = Contact.lists.through.objects.filter(contactlist_id__in=list(lists))
    return Contact.objects.filter(pk__in=membership.values("contact_id"))


def judge_contacts(contacts: "QuerySet[Contact]", rules: Rules) -> "QuerySet[Contact]":
    """Annotate ``exclusion`` (a code, or "") and the filled-in merge values ``value_<field>``."""
    Contact.objects.all().resolve_line_types()
    values = {f"value_{name}": _filled(name, rules) for name in rules.fallbacks}
    return contacts.annotate(**values).annotate(
        exclusion=Case(*_exclusions(rules), default=Value(""), output_field=CharField())
    )


def receiving(judged: "QuerySet[Contact]") -> "QuerySet[Contact]":
    """Those of the judged contacts who receive it."""
    return judged.filter(exclusion="")  # type: ignore[misc]


def payload_in_sql(rules: Rules) -> Combinable:
    """The JSON object that is sent for a judged contact, as text."""
    members: dict[str, Any] = {"phone_number": F("phone_number")}
    members |= {name: F(f"value_{name}") for name in rules.fallbacks}
    return Case(
        When(exclusion="", then=Cast(JSONObject(**members), TextField())),
        default=Value(""),
        output_field=TextField(),
    )


def judge_people(
    people: Iterable[Person], rules: Rules, taken: Callable[[Sequence[str]], set[str]]
) -> Iterator[list[Judged]]:
    """Judge a stream of people, chunk by chunk; memory stays flat.

    ``taken`` tells which of some addresses receive the campaign already.
    """
    stream = iter(people)
    while chunk := list(islice(stream, CHUNK)):
        yield _judge_chunk(chunk, rules, taken)


def people_of(recipients: Any, phone_field: str | None, fields: Any) -> Iterator[Person]:
    """Read ``send_campaign(recipients=…)``: numbers, mappings, contacts, or any queryset.

    Raises :class:`InvalidCampaign` for a literal that is no number or has unknown keys; rows of a
    queryset are judged later instead.
    """
    if isinstance(recipients, QuerySet):
        yield from _rows_of(recipients, phone_field, fields or {})
        return
    if isinstance(recipients, str | Mapping | Contact):
        recipients = [recipients]
    for position, item in enumerate(recipients, 1):
        yield _literal(item, position)


def count_segments(
    text: str,
    contacts: "QuerySet[Contact]",
    units: Callable[[str], int] = lambda text: segments.count(text).segments,
) -> Counter[int]:
    """How many SMS each judged contact gets, over their real values: ``{1: 9812, 2: 188}``.

    ``units`` counts one text otherwise, for another channel.
    """
    template = placeholders.parse(text)
    people = receiving(contacts).order_by()
    names = [f"value_{name}" for name in template.fields]
    histogram: Counter[int] = Counter()
    if not names:
        histogram[units(template.text)] = people.count()
        return +histogram
    groups = people.values(*names).annotate(people=Count("pk"))
    for group in groups.iterator(chunk_size=2000):
        values = {name.removeprefix("value_"): group[name] for name in names}
        histogram[units(template.render(values))] += group["people"]
    return histogram


def _filled(name: str, rules: Rules) -> Combinable:
    return Coalesce(NullIf(F(name), Value("")), Value(rules.fallbacks[name] or ""))


def _exclusions(rules: Rules) -> Iterator[When]:
    """The reasons in their documented order; the first that applies counts."""
    yield When(phone_number__isnull=True, then=Value(Exclusion.NO_ADDRESS))
    yield When(line_type=LineType.INVALID, then=Value(Exclusion.INVALID))
    if not rules.test_numbers_allowed:
        prefixes = (Q(phone_number__startswith=prefix) for prefix in numbers.TEST_PREFIXES)
        yield When(reduce(or_, prefixes), then=Value(Exclusion.TEST_NUMBER))
    if not rules.landlines_allowed:
        yield When(~Q(line_type=LineType.MOBILE), then=Value(Exclusion.NOT_MOBILE))
    if rules.excluded_lists:
        membership = Contact.lists.through.objects.filter(
            contact_id=OuterRef("pk"), contactlist_id__in=rules.excluded_lists
        )
        yield When(Exists(membership), then=Value(Exclusion.EXCLUDED_LIST))
    if rules.marketing:
        opt_outs = OptOut.objects.filter(family=Family.PHONE, address=OuterRef("phone_number"))
        yield When(Exists(opt_outs), then=Value(Exclusion.OPTED_OUT))
        yield When(consent=Consent.REFUSED, then=Value(Exclusion.CONSENT_REFUSED))
        if rules.require_consent:
            yield When(consent=Consent.UNKNOWN, then=Value(Exclusion.CONSENT_UNKNOWN))
    for name, fallback in rules.fallbacks.items():
        if fallback is None:
            yield When(Q(**{name: ""}), then=Value(Exclusion.MISSING_VALUE))
    for name in rules.fallbacks:
        too_long = GreaterThan(Length(F(name)), Value(placeholders.LONGEST_VALUE))
        yield When(too_long, then=Value(Exclusion.VALUE_TOO_LONG))


def _judge_chunk(
    chunk: Sequence[Person], rules: Rules, taken: Callable[[Sequence[str]], set[str]]
) -> list[Judged]:
    canonical = [numbers.canonical(person.address, conf.region) for person in chunk]
    known = _KnownNumbers([number for number in canonical if number], rules, taken)
    judged = []
    for person, number in zip(chunk, canonical, strict=True):
        values = {
            name: person.values.get(name) or fallback or ""
            for name, fallback in rules.fallbacks.items()
        }
        exclusion = _exclusion(person, number, values, rules, known)
        if not exclusion and number:
            known.taken.add(number)
        address = number or person.address[:254] or None
        judged.append(Judged(address, values, person.contact_id, exclusion))
    return judged


class _KnownNumbers:
    """What the database knows about the numbers of a chunk: a few queries, whatever its size."""

    def __init__(
        self, found: list[str], rules: Rules, taken: Callable[[Sequence[str]], set[str]]
    ) -> None:
        self.taken = set(taken(found))
        self.excluded: set[str] = set()
        self.opted_out: set[str] = set()
        self.consent: dict[str, str] = {}
        contacts = Contact.objects.filter(phone_number__in=found)
        if rules.excluded_lists:
            listed = contacts.filter(pk__in=contacts_in(rules.excluded_lists).values("pk"))
            self.excluded = {str(n) for n in listed.values_list("phone_number", flat=True)}
        if rules.marketing:
            self.opted_out = OptOut.objects.all().addresses(found)
            rows = contacts.values_list("phone_number", "consent")
            self.consent = {str(number): consent for number, consent in rows}


def _exclusion(
    person: Person,
    number: str | None,
    values: Mapping[str, str],
    rules: Rules,
    known: _KnownNumbers,
) -> str:
    """The same reasons in the same order as in SQL."""
    if not person.address.strip():
        return Exclusion.NO_ADDRESS
    if number is None:
        return Exclusion.INVALID
    if numbers.is_test(number) and not rules.test_numbers_allowed:
        return Exclusion.TEST_NUMBER
    if not rules.landlines_allowed and numbers.line_type(number) != "mobile":
        return Exclusion.NOT_MOBILE
    if number in known.excluded:
        return Exclusion.EXCLUDED_LIST
    if number in known.opted_out:
        return Exclusion.OPTED_OUT
    consent = known.consent.get(number, Consent.UNKNOWN)
    if rules.marketing and consent == Consent.REFUSED:
        return Exclusion.CONSENT_REFUSED
    if rules.marketing and rules.require_consent and consent == Consent.UNKNOWN:
        return Exclusion.CONSENT_UNKNOWN
    if not all(values.values()):
        return Exclusion.MISSING_VALUE
    if any(len(value) > placeholders.LONGEST_VALUE for value in values.values()):
        return Exclusion.VALUE_TOO_LONG
    return Exclusion.DUPLICATE if number in known.taken else Exclusion.NONE


def _rows_of(
    queryset: "QuerySet[Any]", phone_field: str | None, fields: Mapping[str, str]
) -> Iterator[Person]:
    if not phone_field:
        raise InvalidCampaign("phone_field", "name the field of the queryset with the number.")
    unknown = set(fields) - set(placeholders.FIELDS)
    if unknown:
        raise InvalidCampaign(
            "fields",
            f"unknown: {', '.join(sorted(unknown))}; "
            f"map one of {', '.join(placeholders.FIELDS)} to a field of yours.",
        )
    names = list(fields)
    rows = queryset.values_list(phone_field, *(fields[name] for name in names))
    for number, *values in rows.iterator(chunk_size=2000):
        yield Person(
            str(number or ""),
            {name: str(value or "") for name, value in zip(names, values, strict=True)},
        )


def _literal(item: Any, position: int) -> Person:
    if isinstance(item, Contact):
        values = {name: getattr(item, name) for name in placeholders.FIELDS}
        return Person(str(item.phone_number or ""), values, item.pk)
    if isinstance(item, Mapping):
        unknown = set(map(str, item)) - set(PERSON_KEYS)
        if unknown:
            raise InvalidCampaign(
                "recipients",
                f"number {position} has unknown keys: {', '.join(sorted(unknown))}; "
                f"known are {', '.join(PERSON_KEYS)}.",
            )
        number = item.get("phone_number")
        values = {
            name: str(item[name]) for name in placeholders.FIELDS if item.get(name) is not None
        }
    else:
        number, values = item, {}
    if numbers.canonical(str(number or ""), conf.region) is None:
        raise InvalidCampaign(
            "recipients",
            f"number {position}, {str(number)[:40]!r}, is no phone number; "
            "write it like +33612345678, or leave this person out.",
        )
    return Person(str(number), values)


def list_ids(contact_lists: Iterable[Any]) -> list[int]:
    """Keys of lists given as objects or names; raises :class:`InvalidCampaign` for others."""
    if isinstance(contact_lists, str | ContactList):
        contact_lists = [contact_lists]
    given = list(contact_lists)
    names = {item for item in given if isinstance(item, str)}
    by_name = dict(ContactList.objects.filter(name__in=names).values_list("name", "pk"))
    missing = names - set(by_name)
    if missing:
        raise InvalidCampaign(
            "contact_lists", f"there is no list named {', '.join(sorted(missing))}."
        )
    return [by_name[item] if isinstance(item, str) else item.pk for item in given]
