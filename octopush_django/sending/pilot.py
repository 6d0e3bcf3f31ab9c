"""The first frame of a larger campaign: its bill is compared before the others leave."""

import json
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_noop

from ..conf import conf
from ..lifecycle import hold, release
from ..models import Channel, Frame, Reason
from ..rules import placeholders
from ..rules.sentences import Sentence, Value

TAKEN = gettext_noop("The first batch: people %(people)s, taken by Octopush %(accepted)s.")
TAKEN_AND_BILLED = gettext_noop(
    "The first batch: people %(people)s, taken by Octopush %(accepted)s; SMS expected "
    "%(expected)s, billed %(billed)s."
)
COSTS = gettext_noop("We expected a bill of %(price)s EUR; it is %(cost)s EUR.")
CHECK = gettext_noop("Check before you resume.")


def judge(frame: Frame, now: datetime) -> None:
    """Let the others leave if the bill of an accepted pilot frame is as expected; else pause.

    Any other frame is passed over. Compared are people, SMS and, where the check page knew a
    price, euros: too much of any, or too little. Where the gateway may shorten texts or leave
    people out, less than expected is as expected.
    """
    if not frame.is_pilot or not frame.campaign.frames.all().behind_pilot().exists():
        return
    people, units = _expected(frame)
    euros = _price(frame) * units
    campaign = frame.campaign
    fewer = campaign.auto_remove_blacklisted
    less = fewer or campaign.auto_optimize_text
    if (
        _is_off(frame.contacts_accepted, people, fewer)
        or _is_off(frame.segments_billed, units, less)
        or (euros and not frame.cost_is_estimate and _is_off(frame.cost, euros, less))
    ):
        hold(campaign, Reason.PILOT, _both_figures(frame, units, euros))
    else:
        release(campaign, now)


def _is_off(billed: int | Decimal | None, expected: int | Decimal, less_is_fine: bool) -> bool:
    if billed is None:
        return False
    tolerance = Decimal(str(conf.pilot_tolerance))
    return billed > expected * (1 + tolerance) or (
        not less_is_fine and billed * (1 + tolerance) < expected
    )


def _expected(frame: Frame) -> tuple[int, int]:
    """People in a frame, and the units (SMS) that their texts count as."""
    count = frame.campaign.traits.units
    payloads = list(frame.recipients.all().included().values_list("payload", flat=True))
    if frame.text:
        return len(payloads), len(payloads) * count(frame.text)
    template = placeholders.parse(frame.campaign.text)
    return len(payloads), sum(count(template.render_sent(json.loads(found))) for found in payloads)


def _price(frame: Frame) -> Decimal:
    """Euros a unit by the check page; 0 where it knew none, or where units are a guess."""
    campaign = frame.campaign
    is_counted = bool(campaign.traits.bill)
    if not (is_counted and campaign.expected_cost and campaign.expected_units):
        return Decimal(0)
    return campaign.expected_cost / campaign.expected_units


def _both_figures(frame: Frame, units: int, euros: Decimal) -> Sentence:
    said = TAKEN_AND_BILLED if frame.campaign.channel == Channel.SMS else TAKEN
    figures = {
        "people": frame.size,
        "accepted": _or_unknown(frame.contacts_accepted),
        "expected": units,
        "billed": _or_unknown(frame.segments_billed),
    }
    costs = [Sentence(COSTS, price=euros, cost=_or_unknown(frame.cost))] if euros else []
    return Sentence.of(Sentence(said, **figures), *costs, Sentence(CHECK))


def _or_unknown(figure: Value | None) -> Value:
    return "?" if figure is None else figure
