"""Everybody whom a draft is for, judged and counted: by verdict, and by what they would read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from .. import numbers
from ..audience import judging, routes
from ..conf import conf
from ..models import Campaign, Channel, Exclusion
from .drafts import Sources
from .text_lengths import Reading


class Headcount:
    """Contacts of lists are counted in SQL, people given by a developer as they are streamed.

    ``verdicts``: exclusion code -> people, "" for those who receive it. ``reading``: their texts.
    ``abroad``: those of them who could not reply, where they are asked to.
    """

    def __init__(self, campaign: Campaign, sources: Sources) -> None:
        self.campaign, self.sources = campaign, sources
        self.rules = judging.Rules.of(campaign, [] if campaign.pk is None else None)
        self.reading = Reading(campaign)
        self.verdicts: Counter[str] = Counter()
        self.abroad = 0
        self._checksums: Counter[str] = Counter()
        self._contacts = None
        if sources.contacts is not None:
            self._contacts = judging.judge_contacts(sources.contacts, self.rules)
            self._count_contacts()
        self._count_people()

    @property
    def people(self) -> int:
        """Those who receive it."""
        return self.verdicts[Exclusion.NONE.value]

    @property
    def exclusions(self) -> Mapping[str, int]:
        """Reason code -> people, in the documented order."""
        codes = (code for code in Exclusion.values if code and self.verdicts[code])
        return {code: self.verdicts[code] for code in codes}

    @property
    def who(self) -> list[tuple[str, int]]:
        """A checksum of the contacts with each verdict: changes with any one of them."""
        return sorted(self._checksums.items())

    @property
    def overseas(self) -> int:
        """Contacts who get it at hours of their own."""
        contacts, elsewhere = self.sources.contacts, routes.overseas("phone_number")
        if self._contacts is None or contacts is None:
            return 0
        if not (routes.keeps_local_hours(self.campaign) and contacts.filter(elsewhere).exists()):
            return 0
        return judging.receiving(self._contacts).filter(elsewhere).count()

    def _count_contacts(self) -> None:
        assert self._contacts is not None
        for group in judging.groups_of(self.campaign, self._contacts):
            self.verdicts[group.exclusion] += group.people
            self._checksums[group.exclusion] += group.checksum
            if not group.exclusion:
                self.reading.add(group.values, group.people)
        if asks_for_replies(self.campaign):
            receiving = judging.receiving(self._contacts)
            self.abroad += receiving.exclude(can_reply("phone_number")).count()

    def _count_people(self) -> None:
        prefixes = tuple(numbers.country_prefixes(conf.two_way_countries))
        seen: set[str] = set()

        def taken(addresses: Sequence[str]) -> set[str]:
            return seen.intersection(addresses) | self._contacts_among(addresses)

        for chunk in judging.judge_people(self.sources.stream(), self.rules, taken):
            for person in chunk:
                self.verdicts[str(person.exclusion)] += 1
                if not person.exclusion:
                    seen.add(person.address or "")
                    self.abroad += not (person.address or "").startswith(prefixes)
                    self.reading.add(person.values, 1)

    def _contacts_among(self, addresses: Sequence[str]) -> set[str]:
        """Those of some addresses whose contacts receive it already."""
        if self._contacts is None:
            return set()
        field = self.rules.field
        rows = judging.receiving(self._contacts).filter(**{f"{field}__in": addresses})
        return {str(address) for address in rows.values_list(field, flat=True)}


def asks_for_replies(campaign: Campaign) -> bool:
    """Two-way SMS needs a short number, which exists in some countries only."""
    return campaign.with_replies and campaign.channel == Channel.SMS


def can_reply(field: str) -> Q:
    """Numbers of the countries from which replies reach us."""
    prefixes = numbers.country_prefixes(conf.two_way_countries)
    return reduce(or_, (Q(**{f"{field}__startswith": prefix}) for prefix in prefixes), Q())
