"""What would happen if a campaign were sent now: counted, never stored."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from . import audience, compliance, numbers, reports, routes
from .compliance import Finding
from .conf import conf
from .drafts import Sources, closing_findings, findings_of, leaves_from
from .models import Campaign, Channel, Contact, Exclusion
from .readings import Reading, Saving

BLACKLIST_PRICE = Decimal("0.01")
"""Euros a request for leaving out whom the gateway knows as opted out (its page on SMS)."""


@dataclass(frozen=True)
class Preview:
    """What would happen if it were sent now. Nothing is stored or sent.

    ``count``: people who will receive it. ``exclusions``: reason code -> people.
    ``histogram``: SMS per person -> people, over their real values. ``cost``: euros by the last
    bill or entry, None where no price is known. ``surcharge``: euros for having the gateway
    leave out whom it knows as opted out. ``requests`` that it takes at the gateway. ``causes``:
    SMS per person -> the merge fields that make it so many. ``savings``: what characters outside
    the GSM alphabet cost. ``longest``: characters of the longest text. ``leaves_from``: when the
    first batch leaves. ``fingerprint`` changes with the text, who receives it, the price, and
    what is to be known before sending.
    """

    count: int
    exclusions: Mapping[str, int]
    histogram: Mapping[int, int]
    findings: list[Finding]
    price: reports.Price | None
    fingerprint: str = ""
    surcharge: Decimal = Decimal(0)
    requests: int = 0
    causes: Mapping[int, Sequence[str]] = field(default_factory=dict)
    savings: Sequence[Saving] = ()
    longest: int = 0
    leaves_from: datetime | None = None

    @property
    def total_segments(self) -> int:
        """SMS in all: what will be on the bill."""
        return sum(each * people for each, people in self.histogram.items())

    @property
    def cost(self) -> Decimal | None:
        """An estimate, in euros."""
        if self.price is None:
            return None
        return self.total_segments * self.price.euros + self.surcharge

    @property
    def chosen(self) -> int:
        """People before anybody is left out."""
        return self.count + sum(self.exclusions.values())


def preview_of(campaign: Campaign, sources: Sources) -> Preview:
    """Judge and count everybody of ``sources`` by the rules of ``campaign``."""
    excluded = [] if campaign.pk is None else None
    rules = audience.Rules.of(campaign, excluded)
    judged = None if sources.contacts is None else audience.judge_contacts(sources.contacts, rules)
    counted: Counter[str] = Counter()
    reading = Reading(campaign)
    who = [] if judged is None else _count_contacts(campaign, judged, counted, reading)
    abroad = _abroad(campaign, judged)
    abroad += _count_people(campaign, sources, rules, judged, counted, reading)
    count = counted.pop(Exclusion.NONE.value, 0)
    findings = findings_of(campaign)
    findings += compliance.check_overseas(_overseas(campaign, sources, judged))
    lists = len(sources.lists)
    findings += compliance.check_purpose(campaign.text, campaign.purpose, lists)
    known = {finding.code for finding in findings}
    findings += [found for found in reading.findings if found.code not in known]
    findings += _values_findings(rules, counted, reading)
    if not count:
        findings.append(Finding("nobody", "error", _("Nobody would receive it.")))
    if asks_for_replies(campaign):
        findings += replies_findings(abroad)
    requests = reading.requests
    findings += closing_findings(campaign, count, requests)
    findings.sort(key=lambda finding: finding.level != "error")
    exclusions = {code: counted[code] for code in Exclusion.values if counted[code]}
    price = reports.last_price(campaign)
    codes = sorted(finding.code for finding in findings)
    fingerprint = _fingerprint(campaign, who, exclusions, reading.histogram, price, codes)
    return Preview(
        count, exclusions, reading.histogram, findings, price, fingerprint,
        _surcharge(campaign, requests), requests,
        causes=reading.causes, savings=reading.savings, longest=reading.longest,
        leaves_from=leaves_from(campaign),
    )  # fmt: skip


def _count_contacts(
    campaign: Campaign,
    judged: "QuerySet[Contact]",
    counted: Counter[str],
    reading: Reading,
) -> list[tuple[str, int]]:
    """Count the contacts of lists; return a checksum of who got which verdict."""
    who: Counter[str] = Counter()
    for group in audience.groups_of(campaign, judged):
        counted[group.exclusion] += group.people
        who[group.exclusion] += group.checksum
        if not group.exclusion:
            reading.add(group.values, group.people)
    return sorted(who.items())


def _values_findings(
    rules: audience.Rules, counted: Mapping[str, int], reading: Reading
) -> list[Finding]:
    labels = {column.name: str(column.verbose_name) for column in Contact._meta.fields}
    required = [labels[name] for name, other in rules.fallbacks.items() if other is None]
    return compliance.check_values(
        missing=counted[Exclusion.MISSING_VALUE],
        too_long=counted[Exclusion.VALUE_TOO_LONG],
        braces=reading.with_braces,
        required=required,
    )


def _abroad(campaign: Campaign, judged: "QuerySet[Contact] | None") -> int:
    """People of the lists who could not reply, where they are asked to."""
    if judged is None or not asks_for_replies(campaign):
        return 0
    return audience.receiving(judged).exclude(_can_reply("phone_number")).count()


def _overseas(campaign: Campaign, sources: Sources, judged: "QuerySet[Contact] | None") -> int:
    """People of the lists who get it at hours of their own."""
    if judged is None or sources.contacts is None or not routes.keeps_local_hours(campaign):
        return 0
    elsewhere = routes.overseas("phone_number")
    if not sources.contacts.filter(elsewhere).exists():
        return 0
    return audience.receiving(judged).filter(elsewhere).count()


def _surcharge(campaign: Campaign, requests: int) -> Decimal:
    """The gateway's price for ``auto_remove_blacklisted_numbers``, which is by the request.

    For the multi-channel call it names none, and none is invented.
    """
    if not campaign.auto_remove_blacklisted or routes.goes_by_multi_channel(campaign):
        return Decimal(0)
    return BLACKLIST_PRICE * requests


def asks_for_replies(campaign: Campaign) -> bool:
    """Two-way SMS needs a short number, which exists in some countries only."""
    return campaign.with_replies and campaign.channel == Channel.SMS


def replies_findings(abroad: int) -> list[Finding]:
    """What to say of people who could not reply, if there are any."""
    return compliance.check_replies(abroad, conf.two_way_countries)


def abroad_of(campaign: Campaign) -> int:
    """How many of a frozen campaign could not reply."""
    return campaign.recipients.all().included().exclude(_can_reply("address")).count()


def _can_reply(field: str) -> Q:
    prefixes = numbers.country_prefixes(conf.two_way_countries)
    return reduce(or_, (Q(**{f"{field}__startswith": prefix}) for prefix in prefixes), Q())


LOOKED_AT = (
    "channel", "text", "purpose", "sms_type", "sender", "with_replies", "simulation",
    "auto_optimize_text", "auto_remove_blacklisted", "scheduler", "options",
)  # fmt: skip
"""Fields of a campaign by which a person decides."""


def _fingerprint(campaign: Campaign, *figures: Any) -> str:
    """Of everything that a person who presses Send has looked at."""
    looked_at = [getattr(campaign, name) for name in LOOKED_AT]
    return hashlib.sha256(repr((looked_at, figures)).encode()).hexdigest()


def _count_people(
    campaign: Campaign,
    sources: Sources,
    rules: audience.Rules,
    judged: "QuerySet[Contact] | None",
    counted: Counter[str],
    reading: Reading,
) -> int:
    """Count streamed people; return how many of them could not reply."""
    abroad, prefixes = 0, tuple(numbers.country_prefixes(conf.two_way_countries))
    seen: set[str] = set()

    def taken(addresses: Any) -> set[str]:
        known = seen.intersection(addresses)
        if judged is not None:
            rows = audience.receiving(judged).filter(**{f"{rules.field}__in": addresses})
            known |= {str(address) for address in rows.values_list(rules.field, flat=True)}
        return known

    for chunk in audience.judge_people(sources.stream(), rules, taken):
        for person in chunk:
            counted[str(person.exclusion)] += 1
            if not person.exclusion:
                seen.add(person.address or "")
                abroad += not (person.address or "").startswith(prefixes)
                reading.add(person.values, 1)
    return abroad


def preview_frozen(campaign: Campaign) -> Preview:
    """A launched campaign's people are its rows."""
    excluded = exclusions_of(campaign)
    reading = Reading(campaign)
    for text, people in _frozen_texts(campaign):
        reading.add_text(text, people)
    requests = campaign.frames.count()
    return Preview(
        sum(reading.histogram.values()), excluded, reading.histogram,
        findings_of(campaign), reports.last_price(campaign),
        surcharge=_surcharge(campaign, requests), requests=requests,
    )  # fmt: skip


def _frozen_texts(campaign: Campaign) -> Iterator[tuple[str, int]]:
    recipients = campaign.recipients.all().included().order_by()
    template = routes.template_of(campaign)
    if not template.fields:
        yield template.text, recipients.count()
    elif routes.has_own_texts(campaign):
        groups = recipients.values_list("frame__text").annotate(people=Count("pk"))
        yield from groups.iterator(chunk_size=2000)
    else:
        by_values = recipients.values_list("payload").annotate(people=Count("pk"))
        for payload, people in by_values.iterator(chunk_size=2000):
            yield template.render(json.loads(payload)), people


def exclusions_of(campaign: Campaign) -> dict[str, int]:
    """Who was left out of a frozen campaign: reason code -> people."""
    return dict(reports.totals(campaign).excluded)
