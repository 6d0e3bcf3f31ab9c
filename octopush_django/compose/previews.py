"""What would happen if a campaign were sent now: counted, never stored."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from ..audience import routes
from ..conf import conf
from ..models import Campaign, Contact, Exclusion
from ..reports.figures import Price, last_price, totals
from ..rules import compliance
from ..rules.compliance import Finding
from .audience_count import Headcount, asks_for_replies, can_reply
from .drafts import Sources, findings_of
from .hours import closing_findings
from .text_lengths import Reading, Saving

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
    the GSM alphabet cost. ``longest``: characters of the longest text. ``fingerprint`` changes
    with the text, who receives it, the price, and what is to be known before sending.
    """

    count: int
    exclusions: Mapping[str, int]
    histogram: Mapping[int, int]
    findings: list[Finding]
    price: Price | None
    fingerprint: str = ""
    surcharge: Decimal = Decimal(0)
    requests: int = 0
    causes: Mapping[int, Sequence[str]] = field(default_factory=dict)
    savings: Sequence[Saving] = ()
    longest: int = 0

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
    heads = Headcount(campaign, sources)
    reading, price = heads.reading, last_price(campaign)
    findings = _findings(heads)
    codes = sorted(finding.code for finding in findings)
    # Not its date: each batch of another campaign that is being billed would change that.
    euros = price.euros if price else None
    fingerprint = _fingerprint(
        campaign, heads.who, heads.exclusions, reading.histogram, euros, codes
    )
    return Preview(
        heads.people, heads.exclusions, reading.histogram, findings, price, fingerprint,
        _surcharge(campaign, reading.requests), reading.requests,
        causes=reading.causes, savings=reading.savings, longest=reading.longest,
    )  # fmt: skip


def _findings(heads: Headcount) -> list[Finding]:
    """Everything to know before sending; what forbids it first."""
    campaign, reading = heads.campaign, heads.reading
    findings = findings_of(campaign)
    findings += compliance.check_overseas(heads.overseas)
    findings += compliance.check_purpose(campaign.text, campaign.purpose, len(heads.sources.lists))
    known = {finding.code for finding in findings}
    findings += [found for found in reading.findings if found.code not in known]
    findings += _values_findings(heads)
    if not heads.people:
        findings.append(Finding("nobody", "error", _("Nobody would receive it.")))
    if asks_for_replies(campaign):
        findings += replies_findings(heads.abroad)
    findings += closing_findings(campaign, heads.people, reading.requests)
    return sorted(findings, key=lambda finding: finding.level != "error")


def _values_findings(heads: Headcount) -> list[Finding]:
    labels = {column.name: str(column.verbose_name) for column in Contact._meta.fields}
    fallbacks = heads.rules.fallbacks
    return compliance.check_values(
        missing=heads.verdicts[Exclusion.MISSING_VALUE],
        too_long=heads.verdicts[Exclusion.VALUE_TOO_LONG],
        braces=heads.reading.with_braces,
        required=[labels[name] for name, other in fallbacks.items() if other is None],
    )


def _surcharge(campaign: Campaign, requests: int) -> Decimal:
    """The gateway's price for ``auto_remove_blacklisted_numbers``, which is by the request.

    For the multi-channel call it names none, and none is invented.
    """
    if not campaign.auto_remove_blacklisted or routes.goes_by_multi_channel(campaign):
        return Decimal(0)
    return BLACKLIST_PRICE * requests


def replies_findings(abroad: int) -> list[Finding]:
    """What to say of people who could not reply, if there are any."""
    return compliance.check_replies(abroad, conf.two_way_countries)


def abroad_of(campaign: Campaign) -> int:
    """How many of a frozen campaign could not reply."""
    return campaign.recipients.all().included().exclude(can_reply("address")).count()


LOOKED_AT = (
    "channel", "text", "purpose", "sms_type", "sender", "with_replies", "simulation",
    "auto_optimize_text", "auto_remove_blacklisted", "scheduler", "options",
)  # fmt: skip
"""Fields of a campaign by which a person decides."""


def _fingerprint(campaign: Campaign, *figures: Any) -> str:
    """Of everything that a person who presses Send has looked at."""
    looked_at = [getattr(campaign, name) for name in LOOKED_AT]
    return hashlib.sha256(repr((looked_at, figures)).encode()).hexdigest()


def preview_frozen(campaign: Campaign) -> Preview:
    """A launched campaign's people are its rows."""
    excluded = exclusions_of(campaign)
    reading = Reading(campaign)
    for text, people in _frozen_texts(campaign):
        reading.add_text(text, people)
    requests = campaign.frames.count()
    return Preview(
        sum(reading.histogram.values()), excluded, reading.histogram,
        findings_of(campaign), last_price(campaign),
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
    return dict(totals(campaign).excluded)
