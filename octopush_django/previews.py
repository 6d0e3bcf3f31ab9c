"""What would happen if a campaign were sent now: counted, never stored."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from . import audience, placeholders, reports, segments
from .compliance import Finding
from .drafts import Sources, findings_of
from .models import Campaign, Contact, Exclusion


@dataclass(frozen=True)
class Preview:
    """What would happen if it were sent now. Nothing is stored or sent.

    ``count``: people who will receive it. ``exclusions``: reason code -> people.
    ``histogram``: SMS per person -> people, over their real values. ``cost``: euros by the price
    of the last bill, None where none is known. ``fingerprint`` changes with anything of this.
    """

    count: int
    exclusions: Mapping[str, int]
    histogram: Mapping[int, int]
    findings: list[Finding]
    price: reports.Price | None
    fingerprint: str = ""

    @property
    def total_segments(self) -> int:
        """SMS in all: what will be on the bill."""
        return sum(each * people for each, people in self.histogram.items())

    @property
    def cost(self) -> Decimal | None:
        """An estimate, in euros."""
        return None if self.price is None else self.total_segments * self.price.euros

    @property
    def chosen(self) -> int:
        """People before anybody is left out."""
        return self.count + sum(self.exclusions.values())


def preview_of(campaign: Campaign, sources: Sources) -> Preview:
    """Judge and count everybody of ``sources`` by the rules of ``campaign``."""
    excluded = [] if campaign.pk is None else None
    rules = audience.Rules.of(campaign, excluded)
    counted: Counter[str] = Counter()
    histogram: Counter[int] = Counter()
    judged = None
    if sources.contacts is not None:
        judged = audience.judge_contacts(sources.contacts, rules)
        by_code = judged.order_by().values("exclusion")  # type: ignore[misc]
        for row in by_code.annotate(people=Count("pk")):
            counted[row["exclusion"]] += row["people"]
        histogram += audience.count_segments(campaign.text, judged, rules)
    _count_people(campaign, sources, rules, judged, counted, histogram)
    count = counted.pop(Exclusion.NONE.value, 0)
    findings = findings_of(campaign)
    if not count:
        findings.append(Finding("nobody", "error", _("Nobody would receive it.")))
    exclusions = {code: counted[code] for code in Exclusion.values if counted[code]}
    sms_each = dict(sorted(histogram.items()))
    price = reports.last_price(campaign.sms_type)
    fingerprint = _fingerprint(campaign, exclusions, sms_each, price)
    return Preview(count, exclusions, sms_each, findings, price, fingerprint)


_LOOKED_AT = (
    "text", "purpose", "sms_type", "sender", "with_replies", "simulation", "auto_optimize_text",
    "auto_remove_blacklisted",
)  # fmt: skip


def _fingerprint(campaign: Campaign, *figures: Any) -> str:
    """Of everything that a person who presses Send has looked at."""
    looked_at = [getattr(campaign, name) for name in _LOOKED_AT]
    return hashlib.sha256(repr((looked_at, figures)).encode()).hexdigest()


def _count_people(
    campaign: Campaign,
    sources: Sources,
    rules: audience.Rules,
    judged: "QuerySet[Contact] | None",
    counted: Counter[str],
    histogram: Counter[int],
) -> None:
    seen: set[str] = set()
    template = placeholders.parse(campaign.text)

    def taken(addresses: Any) -> set[str]:
        known = seen.intersection(addresses)
        if judged is not None:
            rows = audience.receiving(judged).filter(phone_number__in=addresses)
            known |= {str(number) for number in rows.values_list("phone_number", flat=True)}
        return known

    for chunk in audience.judge_people(sources.stream(), rules, taken):
        for person in chunk:
            counted[str(person.exclusion)] += 1
            if not person.exclusion:
                seen.add(person.address or "")
                histogram[segments.count(template.render(person.values)).segments] += 1


def preview_frozen(campaign: Campaign) -> Preview:
    """A launched campaign's people are its rows."""
    excluded = exclusions_of(campaign)
    recipients = campaign.recipients.all().included()
    template = placeholders.parse(campaign.text)
    histogram: Counter[int] = Counter()
    payloads = recipients.order_by().values("payload").annotate(people=Count("pk"))
    if not template.fields:
        histogram[segments.count(template.text).segments] = recipients.count()
    else:
        for row in payloads.iterator(chunk_size=2000):
            text = template.render(json.loads(row["payload"]))
            histogram[segments.count(text).segments] += row["people"]
    return Preview(
        sum(histogram.values()), excluded, dict(sorted(histogram.items())),
        findings_of(campaign), reports.last_price(campaign.sms_type),
    )  # fmt: skip


def exclusions_of(campaign: Campaign) -> dict[str, int]:
    """Who was left out of a frozen campaign: reason code -> people."""
    return dict(reports.totals(campaign).excluded)
