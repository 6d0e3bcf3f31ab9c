"""What would happen if a campaign were sent now: counted, never stored."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import Count
from django.utils.translation import gettext as _

from ..audience import routes
from ..audience.sources import Sources
from ..conf import conf
from ..models import Campaign, Contact, Exclusion
from ..reports.figures import totals
from ..reports.prices import Price, last_price
from ..rules import compliance
from ..rules.compliance import Finding
from . import fingerprint as fingerprints
from .audience_count import AudienceCount, asks_for_replies, can_reply, count_audience
from .drafts import findings_of
from .hours import closing_findings, hours_findings
from .text_lengths import Saving, TextLengths

BLACKLIST_PRICE = Decimal("0.01")
"""Euros a request for leaving out whom the gateway knows as opted out (its page on SMS)."""


@dataclass(frozen=True)
class Preview:
    """What would happen if a campaign were sent now. Nothing is stored or sent.

    ``count``: people who will receive it. ``exclusions``: reason code -> people.
    ``histogram``: SMS per person -> people, over their real values. ``cost``: euros by the last
    bill or entry, None where no price is known. ``surcharge``: euros for having the gateway
    leave out whom it knows as opted out. ``requests`` that it takes at the gateway. ``causes``:
    SMS per person -> the merge fields that make it so many. ``savings``: what characters outside
    the GSM alphabet cost. ``longest``: characters of the longest text. ``fingerprint`` changes
    with the text, who receives it, the price, and what is to be known before sending.
    ``acknowledged``: a person has read the findings that ask for it.
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
    acknowledged: bool = False

    def acknowledge(self) -> "Preview":
        """The same preview, read by a person: for ``launch_campaign(campaign, seen=…)``."""
        return replace(self, acknowledged=True)

    @property
    def unread(self) -> list[Finding]:
        """Findings that a person must acknowledge, and has not."""
        return [one for one in self.findings if one.acknowledge and not self.acknowledged]

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
    counted = count_audience(campaign, sources)
    lengths, price = counted.lengths, last_price(campaign)
    findings = _findings(campaign, counted, len(sources.lists), sources.fields)
    people = sorted(counted.checksums.items()), counted.exclusions, lengths.histogram
    fingerprint = fingerprints.fingerprint_of(
        campaign, people, price.euros if price else None, findings
    )
    return Preview(
        counted.people, counted.exclusions, lengths.histogram, findings, price, fingerprint,
        _surcharge(campaign, lengths.requests), lengths.requests,
        causes=lengths.causes, savings=lengths.savings, longest=lengths.longest,
    )  # fmt: skip


def renewed(campaign: Campaign, preview: Preview) -> Preview:
    """The ``preview`` of a draft as of now, and for its time, without counting people again."""
    price = last_price(campaign)
    of_people = [finding for finding in preview.findings if finding.field != "send_at"]
    findings = of_people + hours_findings(campaign)
    findings += closing_findings(campaign, preview.count, preview.requests)
    fingerprint = fingerprints.renewed(
        preview.fingerprint, campaign, price.euros if price else None, findings
    )
    surcharge = _surcharge(campaign, preview.requests)
    return replace(
        preview, price=price, findings=findings, fingerprint=fingerprint, surcharge=surcharge
    )


def _findings(
    campaign: Campaign, counted: AudienceCount, lists: int, given: Collection[str]
) -> list[Finding]:
    """Everything to know before sending to so many ``lists``; what forbids it first.

    ``given``: merge fields that come with given people.
    """
    findings = findings_of(campaign, given)
    findings += compliance.check_overseas(counted.overseas)
    findings += compliance.check_purpose(campaign.text, campaign.purpose, lists)
    known = {finding.code for finding in findings}
    findings += [found for found in counted.lengths.findings if found.code not in known]
    findings += _values_findings(counted)
    if not counted.people:
        findings.append(Finding("nobody", "error", _("Nobody would receive it.")))
    if asks_for_replies(campaign):
        findings += replies_findings(counted.abroad)
    findings += closing_findings(campaign, counted.people, counted.lengths.requests)
    return sorted(findings, key=lambda finding: finding.level != "error")


def _values_findings(counted: AudienceCount) -> list[Finding]:
    fallbacks = counted.rules.fallbacks
    labels = Contact.merge_fields() if fallbacks else {}
    return compliance.check_values(
        missing=counted.judged.get(Exclusion.MISSING_VALUE, 0),
        too_long=counted.judged.get(Exclusion.VALUE_TOO_LONG, 0),
        braces=counted.lengths.with_braces,
        looks_empty=counted.lengths.looking_empty,
        required=[
            str(labels.get(name, name)) for name, other in fallbacks.items() if other is None
        ],
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


def preview_frozen(campaign: Campaign) -> Preview:
    """The preview of a launched campaign, whose people are its rows."""
    excluded = exclusions_of(campaign)
    lengths = TextLengths.of(campaign)
    for text, people in _frozen_texts(campaign):
        lengths.add_text(text, people)
    requests = campaign.frames.count()
    return Preview(
        sum(lengths.histogram.values()), excluded, lengths.histogram,
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
            yield template.render_sent(json.loads(payload)), people


def exclusions_of(campaign: Campaign) -> dict[str, int]:
    """Who was left out of a frozen campaign: reason code -> people."""
    return dict(totals(campaign).excluded)
