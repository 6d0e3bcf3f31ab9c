"""Everybody whom a draft is for, judged and counted: by exclusion, and by what they would read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from .. import numbers
from ..audience import judging, routes
from ..audience.groups import groups_of
from ..audience.judging import Rules
from ..audience.sources import Sources
from ..conf import conf
from ..models import Campaign, Channel, Contact, Exclusion
from ..models.contacts import has_address
from ..rules.addresses import as_written
from .text_lengths import TextLengths


@dataclass(frozen=True)
class AudienceCount:
    """How many receive a draft, how many are left out, and what the text lengths are.

    ``judged``: exclusion code -> people, "" for those who receive it. ``checksums``: the same
    codes -> a sum over who they are, which changes with any one of them. ``abroad``: those who
    receive it and could not reply, where they are asked to. ``overseas``: those who get it at
    hours of their own.
    """

    rules: Rules
    judged: Mapping[str, int]
    checksums: Mapping[str, int]
    lengths: TextLengths
    abroad: int
    overseas: int

    @property
    def people(self) -> int:
        """People who receive the draft."""
        return self.judged.get(Exclusion.NONE.value, 0)

    @property
    def exclusions(self) -> Mapping[str, int]:
        """Reason code -> people, in the documented order."""
        codes = (code for code in Exclusion.values if code and self.judged.get(code))
        return {code: self.judged[code] for code in codes}


def count_audience(campaign: Campaign, sources: Sources) -> AudienceCount:
    """Judge everybody of ``sources`` once: contacts in SQL, given people as they are streamed."""
    rules = Rules.of(campaign, [] if campaign.pk is None else None)
    lengths = TextLengths.of(campaign)
    judged: Counter[str] = Counter()
    checksums: Counter[str] = Counter()
    contacts, abroad, overseas = None, 0, 0
    if sources.contacts is not None:
        contacts = judging.judge_contacts(sources.contacts, rules)
        for group in groups_of(campaign, contacts):
            judged[group.exclusion] += group.people
            checksums[group.exclusion] += group.checksum
            if not group.exclusion:
                lengths.add(group.values, group.people)
        abroad = _abroad(campaign, contacts)
        overseas = _overseas(campaign, sources.contacts, contacts)
    abroad += _count_given(sources, rules, contacts, judged, lengths)
    return AudienceCount(rules, judged, checksums, lengths, abroad, overseas)


def asks_for_replies(campaign: Campaign) -> bool:
    """Two-way SMS needs a short number, which exists in some countries only."""
    return campaign.with_replies and campaign.channel == Channel.SMS


def can_reply(field: str) -> Q:
    """Numbers of the countries from which replies reach us."""
    prefixes = numbers.country_prefixes(conf.two_way_countries)
    return reduce(or_, (Q(**{f"{field}__startswith": prefix}) for prefix in prefixes), Q())


def _abroad(campaign: Campaign, judged: "QuerySet[Contact]") -> int:
    if not asks_for_replies(campaign):
        return 0
    return judging.receiving(judged).exclude(can_reply("phone_number")).count()


def _overseas(
    campaign: Campaign, contacts: "QuerySet[Contact]", judged: "QuerySet[Contact]"
) -> int:
    elsewhere = routes.overseas("phone_number")
    if not (routes.keeps_local_hours(campaign) and contacts.filter(elsewhere).exists()):
        return 0
    return judging.receiving(judged).filter(elsewhere).count()


def _count_given(
    sources: Sources,
    rules: Rules,
    contacts: "QuerySet[Contact] | None",
    judged: Counter[str],
    lengths: TextLengths,
) -> int:
    """Count streamed people into ``judged`` and ``lengths``; return how many could not reply.

    ``contacts``: those judged before, against whom a streamed person of the same address loses.
    """
    prefixes = tuple(numbers.country_prefixes(conf.two_way_countries))
    seen: set[str] = set()
    abroad = 0

    def taken(addresses: Sequence[str]) -> set[str]:
        return seen.intersection(addresses) | _receiving_among(contacts, rules, addresses)

    for chunk in judging.judge_people(sources.people(), rules, taken):
        for person in chunk:
            judged[str(person.exclusion)] += 1
            if not person.exclusion:
                seen.add(person.address or "")
                abroad += not (person.address or "").startswith(prefixes)
                lengths.add(person.values, 1)
    return abroad


def _receiving_among(
    contacts: "QuerySet[Contact] | None", rules: Rules, addresses: Sequence[str]
) -> set[str]:
    """The addresses whose contacts receive the draft already."""
    if contacts is None:
        return set()
    rows = judging.receiving(contacts).filter(has_address(rules.field, addresses))
    return {as_written(address) for address in rows.values_list(rules.field, flat=True)}
