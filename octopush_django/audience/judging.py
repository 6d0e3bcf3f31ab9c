"""Who would receive a campaign: everybody is left out for one reason, or receives it.

Contacts of lists are judged in SQL; people given by a developer are streamed and judged in chunks.
Both judge the same person alike: ``tests/audience/test_judging.py`` holds them together.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from operator import and_, or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import (
    Cast,
    Coalesce,
    Concat,
    JSONObject,
    Length,
    NullIf,
    Ord,
    Replace,
    Right,
)
from django.db.models.lookups import GreaterThan, LessThan

from .. import numbers
from ..conf import conf
from ..models import (
    Campaign,
    Consent,
    Contact,
    Exclusion,
    Family,
    LineType,
    OptOut,
    Reply,
)
from ..models.contacts import has_address
from ..rules import addresses, placeholders
from ..rules.addresses import (
    CONSENTS,
    EMAIL_PATTERN,
    FIELDS,
    TEST_EMAIL_PATTERN,
    Address,
    as_written,
)
from ..rules.values import BLANKS, stripped
from . import routes
from .given import Person
from .sources import contacts_in, resolve_line_types

CHUNK = 1000


@dataclass(frozen=True)
class Rules:
    """What decides who is left out. ``fallbacks``: merge field -> its fallback, or None.

    ``rendered`` is the text where each person's is made here; None where the gateway does it.
    """

    marketing: bool
    fallbacks: Mapping[str, str | None] = field(default_factory=dict)
    excluded_lists: Sequence[int] = ()
    require_consent: bool = False
    test_numbers_allowed: bool = True
    landlines_allowed: bool = False
    family: str = Family.PHONE.value
    rendered: placeholders.Template | None = None

    @property
    def field(self) -> str:
        """The contact's field with the address."""
        return FIELDS[self.family]

    @property
    def consent(self) -> str:
        """The contact's field with the consent to advertising on this way."""
        return CONSENTS[self.family]

    @classmethod
    def of(cls, campaign: Campaign, excluded_lists: Sequence[int] | None = None) -> "Rules":
        """The rules of ``campaign`` under the present settings."""
        if excluded_lists is None:
            excluded_lists = list(campaign.exclude.values_list("pk", flat=True))
        template = routes.template_of(campaign)
        return cls(
            marketing=campaign.is_marketing,
            fallbacks=template.fallbacks,
            excluded_lists=excluded_lists,
            require_consent=conf.require_consent,
            test_numbers_allowed=not conf.reaches_people,
            landlines_allowed=campaign.traits.landlines,
            family=campaign.traits.family,
            rendered=template if routes.has_own_texts(campaign) else None,
        )


@dataclass(frozen=True)
class Judged:
    """A person with the reason for being left out: "" for those who receive it.

    ``payload``: see :func:`payload_in_sql`.
    """

    address: str | None
    values: Mapping[str, str]
    contact_id: int | None
    exclusion: str
    payload: str


def judge_contacts(contacts: "QuerySet[Contact]", rules: Rules) -> "QuerySet[Contact]":
    """Annotate ``exclusion`` (a code, or "") and the filled-in merge values ``value_<field>``."""
    if rules.family == Family.PHONE:
        resolve_line_types(contacts)
    values = {f"value_{name}": _filled(name, rules) for name in rules.fallbacks}
    reasons = list(_exclusions(rules))
    if rules.family == Family.EMAIL:
        earlier = contacts.filter(email=OuterRef("email"), pk__lt=OuterRef("pk")).exclude(email="")
        judged = earlier.annotate(**values).annotate(exclusion=_first_of(reasons))
        earlier = judged.filter(exclusion="")
        reasons.append(When(Exists(earlier), then=Value(Exclusion.DUPLICATE)))
    return contacts.annotate(**values).annotate(exclusion=_first_of(reasons))


def receiving(judged: "QuerySet[Contact]") -> "QuerySet[Contact]":
    """The judged contacts who receive the campaign."""
    return judged.filter(exclusion="")  # type: ignore[misc]


def payload_in_sql(rules: Rules) -> Combinable:
    """The JSON object that is sent for a judged contact, as text.

    Where texts are made here it is the person's own text, until frames are cut by it.
    """
    return Case(
        When(exclusion="", then=_text_in_sql(rules.rendered) if rules.rendered else _json(rules)),
        default=Value(""),
        output_field=TextField(),
    )


def _json(rules: Rules) -> Combinable:
    members: dict[str, Any] = {rules.field: F(rules.field)}
    members |= {
        name: F(f"value_{field}") for field, name in placeholders.sent_as(rules.fallbacks).items()
    }
    return Cast(JSONObject(**members), TextField())


def _text_in_sql(template: placeholders.Template) -> Combinable:
    pieces: list[Combinable] = [Value("")]
    for literal, name in template.parts:
        pieces.append(Value(literal))
        if name:
            value: Combinable = F(f"value_{name}")
            for char, entity in placeholders.HTML_ENTITIES if template.html else ():
                value = Replace(value, _text(char), _text(entity))
            pieces.append(value)
    return Concat(*pieces, output_field=TextField())


def judge_people(
    people: Iterable[Person], rules: Rules, taken: Callable[[Sequence[str]], set[str]]
) -> Iterator[list[Judged]]:
    """Judge a stream of people, chunk by chunk; memory stays flat.

    ``taken`` tells which of some addresses receive the campaign already.
    """
    stream = iter(people)
    while chunk := list(islice(stream, CHUNK)):
        yield _judge_chunk(chunk, rules, taken)


def _first_of(reasons: Sequence[When]) -> Combinable:
    return Case(*reasons, default=Value(""), output_field=CharField())


def _filled(name: str, rules: Rules) -> Combinable:
    """A merge value without blanks around it; blanks alone are no value."""
    value = _shown(name) if name in placeholders.NAMES else _detail(name)
    return Coalesce(NullIf(value, _text("")), _text(rules.fallbacks[name] or ""))


def _shown(name: str) -> Combinable:
    """A column without blanks around it."""
    ends = Ord(F(name)), Ord(Right(F(name), 1))
    shows = (Q(GreaterThan(code, 32)) & Q(LessThan(code, 127)) for code in ends)
    # Most values begin and end with a letter of ASCII: that is told faster than by all blanks.
    return Case(
        When(reduce(and_, shows), then=F(name)),
        default=_Stripped(F(name), Value(BLANKS)),
        output_field=TextField(),
    )


def _detail(name: str) -> Combinable:
    """A personal detail of the site's own without blanks around it; NULL where it is missing.

    Named once: the database takes it out of its document each time that it is named.
    """
    return _Stripped(KeyTextTransform(name, "values"), Value(BLANKS))


def _text(text: str) -> Value:
    return Value(text, output_field=TextField())


class _Stripped(Func):
    """A text without any of the given characters at its ends: as ``rules.values.stripped``."""

    function = "TRIM"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, function="BTRIM", **context)


def _exclusions(rules: Rules) -> Iterator[When]:
    """The reasons for being left out, in the documented order; the first that applies counts.

    Several contacts may share an e-mail address: what holds for one of them holds for all.
    """
    by_email = rules.family == Family.EMAIL
    yield from _email_reasons(rules) if by_email else _phone_reasons(rules)
    if rules.excluded_lists:
        same = {"contact__email": OuterRef("email")} if by_email else {"contact": OuterRef("pk")}
        membership = Contact.lists.through.objects.filter(
            contactlist_id__in=rules.excluded_lists, **same
        )
        yield When(Exists(membership), then=Value(Exclusion.EXCLUDED_LIST))
    if rules.marketing:
        opt_outs = OptOut.objects.filter(family=rules.family, address=OuterRef(rules.field))
        yield When(Exists(opt_outs), then=Value(Exclusion.OPTED_OUT))
        doubtful = Reply.objects.doubtful().filter(address=OuterRef(rules.field))
        yield When(Exists(doubtful), then=Value(Exclusion.HELD_BACK))
        shared = Contact.objects.filter(email=OuterRef("email")).exclude(email="")
        refused, given = (
            Q(**{rules.consent: answer}) for answer in (Consent.REFUSED, Consent.GIVEN)
        )
        if by_email:
            refused, given = Q(Exists(shared.filter(refused))), Q(Exists(shared.filter(given)))
        yield When(refused, then=Value(Exclusion.CONSENT_REFUSED))
        if rules.require_consent:
            yield When(~given, then=Value(Exclusion.CONSENT_UNKNOWN))
    for name, fallback in rules.fallbacks.items():
        if fallback is None:
            yield When(Q(**{f"value_{name}": ""}), then=Value(Exclusion.MISSING_VALUE))
    for name in rules.fallbacks:
        too_long = GreaterThan(Length(F(f"value_{name}")), Value(placeholders.LONGEST_VALUE))
        yield When(too_long, then=Value(Exclusion.VALUE_TOO_LONG))


def _phone_reasons(rules: Rules) -> Iterator[When]:
    yield When(phone_number__isnull=True, then=Value(Exclusion.NO_ADDRESS))
    yield When(line_type=LineType.INVALID, then=Value(Exclusion.INVALID))
    if not rules.test_numbers_allowed:
        prefixes = (Q(phone_number__startswith=prefix) for prefix in numbers.TEST_PREFIXES)
        yield When(reduce(or_, prefixes), then=Value(Exclusion.TEST_NUMBER))
    if not rules.landlines_allowed:
        yield When(~Q(line_type=LineType.MOBILE), then=Value(Exclusion.NOT_MOBILE))


def _email_reasons(rules: Rules) -> Iterator[When]:
    yield When(email="", then=Value(Exclusion.NO_ADDRESS))
    yield When(~Q(email__regex=EMAIL_PATTERN), then=Value(Exclusion.INVALID))
    if not rules.test_numbers_allowed:
        reserved = Q(email__regex=TEST_EMAIL_PATTERN)
        yield When(reserved, then=Value(Exclusion.TEST_NUMBER))


def _judge_chunk(
    chunk: Sequence[Person], rules: Rules, taken: Callable[[Sequence[str]], set[str]]
) -> list[Judged]:
    read = [person.found or addresses.read(person.address, rules.family) for person in chunk]
    known = _look_up([found.text for found in read if found], rules, taken)
    judged = []
    for person, found in zip(chunk, read, strict=True):
        values = {
            name: stripped(person.values.get(name, "")) or fallback or ""
            for name, fallback in rules.fallbacks.items()
        }
        exclusion = _exclusion(person, found, values, rules, known)
        payload = ""
        if not exclusion and found:
            known.taken.add(found.text)
            payload = _payload(found.text, values, rules)
        address = found.text if found else person.address[:254] or None
        judged.append(Judged(address, values, person.contact_id, exclusion, payload))
    return judged


def _payload(address: str, values: Mapping[str, str], rules: Rules) -> str:
    """The payload of one person: as ``payload_in_sql`` makes it."""
    if rules.rendered:
        return rules.rendered.render(values)
    sent = {name: values[field] for field, name in placeholders.sent_as(rules.fallbacks).items()}
    return json.dumps({rules.field: address, **sent}, ensure_ascii=False)


@dataclass(frozen=True)
class _Known:
    """What the database knows about the addresses of a chunk. ``taken`` grows with the chunk."""

    taken: set[str]
    excluded: set[str]
    opted_out: set[str]
    held_back: set[str]
    consent: Mapping[str, str]


def _look_up(found: list[str], rules: Rules, taken: Callable[[Sequence[str]], set[str]]) -> _Known:
    """Ask the database about some addresses: a few queries, whatever their number."""
    excluded: set[str] = set()
    opted_out: set[str] = set()
    held_back: set[str] = set()
    consent: dict[str, str] = {}
    if not (rules.excluded_lists or rules.marketing):
        return _Known(set(taken(found)), excluded, opted_out, held_back, consent)
    contacts = Contact.objects.filter(has_address(rules.field, found))
    if rules.excluded_lists:
        listed = contacts.filter(pk__in=contacts_in(rules.excluded_lists).values("pk"))
        excluded = {as_written(address) for address in listed.values_list(rules.field, flat=True)}
    if rules.marketing:
        opted_out = OptOut.objects.all().addresses(found, rules.family)
        doubtful = Reply.objects.doubtful().filter(address__in=found)
        held_back = set(doubtful.values_list("address", flat=True))
        # Of several contacts with one address a refusal wins, then a consent.
        rows = contacts.order_by(_weight(rules.consent)).values_list(rules.field, rules.consent)
        consent = {as_written(address): given for address, given in rows}
    return _Known(set(taken(found)), excluded, opted_out, held_back, consent)


def _weight(consent: str) -> Combinable:
    return Case(
        When(**{consent: Consent.REFUSED}, then=Value(2)),
        When(**{consent: Consent.GIVEN}, then=Value(1)),
        default=Value(0),
    )


def _exclusion(
    person: Person,
    found: Address | None,
    values: Mapping[str, str],
    rules: Rules,
    known: _Known,
) -> str:
    """Why one person is left out: the reasons of ``_exclusions``, in their order."""
    if not person.address.strip():
        return Exclusion.NO_ADDRESS
    if found is None:
        return Exclusion.INVALID
    address = found.text
    by_email = rules.family == Family.EMAIL
    if not rules.test_numbers_allowed and addresses.is_test(address, rules.family):
        return Exclusion.TEST_NUMBER
    any_line = by_email or rules.landlines_allowed
    if not any_line and found.line_type != "mobile":
        return Exclusion.NOT_MOBILE
    if address in known.excluded:
        return Exclusion.EXCLUDED_LIST
    if address in known.opted_out:
        return Exclusion.OPTED_OUT
    if address in known.held_back:
        return Exclusion.HELD_BACK
    consent = known.consent.get(address, Consent.UNKNOWN)
    if rules.marketing and consent == Consent.REFUSED:
        return Exclusion.CONSENT_REFUSED
    if rules.marketing and rules.require_consent and consent == Consent.UNKNOWN:
        return Exclusion.CONSENT_UNKNOWN
    if not all(values.values()):
        return Exclusion.MISSING_VALUE
    if any(len(value) > placeholders.LONGEST_VALUE for value in values.values()):
        return Exclusion.VALUE_TOO_LONG
    return Exclusion.DUPLICATE if address in known.taken else Exclusion.NONE
