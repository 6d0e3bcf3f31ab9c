"""The first frame of a larger campaign: its bill is compared before the others leave."""

import json
from datetime import datetime
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from ..conf import conf
from ..lifecycle import hold, release
from ..models import Channel, Frame, Reason
from ..rules import placeholders


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
    return len(payloads), sum(count(template.render(json.loads(found))) for found in payloads)


def _price(frame: Frame) -> Decimal:
    """Euros a unit by the check page; 0 where it knew none, or where units are a guess."""
    campaign = frame.campaign
    is_counted = bool(campaign.traits.bill)
    if not (is_counted and campaign.expected_cost and campaign.expected_units):
        return Decimal(0)
    return campaign.expected_cost / campaign.expected_units


def _both_figures(frame: Frame, units: int, euros: Decimal) -> str:
    said = _(
        "A first batch went to %(people)d people. We expected %(expected)d SMS; Octopush billed "
        "%(billed)s SMS for %(accepted)s people."
    )
    if frame.campaign.channel != Channel.SMS:
        said = _("A first batch went to %(people)d people; Octopush took %(accepted)s.")
    if euros:
        said += " " + _("We expected a bill of %(price)s EUR; it is %(cost)s EUR.")
    said += " " + _("Check before you resume.")
    return said % {
        "people": frame.size,
        "expected": units,
        "billed": "?" if frame.segments_billed is None else frame.segments_billed,
        "accepted": "?" if frame.contacts_accepted is None else frame.contacts_accepted,
        "price": number_format(euros, decimal_pos=2),
        "cost": "?" if frame.cost is None else number_format(frame.cost, decimal_pos=2),
    }
