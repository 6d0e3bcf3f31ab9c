"""What one SMS or message costs: by the newest of bill and entry, never invented."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ..models import Campaign, Channel, Frame, FrameStatus, Tariff


@dataclass(frozen=True)
class Price:
    """What one SMS or message costs: by a bill, or as somebody entered it; never invented.

    ``seen_at`` is when.
    """

    euros: Decimal
    seen_at: datetime
    by_bill: bool = True


def last_price(campaign: Campaign) -> Price | None:
    """The price of one unit for this channel and type: by the newest of bill and entry."""
    known = [price for price in (_billed(campaign), _entered(campaign)) if price]
    return max(known, key=lambda price: price.seen_at, default=None)


def _entered(campaign: Campaign) -> Price | None:
    tariffs = Tariff.objects.filter(channel=campaign.channel)
    if campaign.channel == Channel.SMS:
        tariffs = tariffs.filter(sms_type=campaign.sms_type)
    tariff = tariffs.order_by("-created_at", "-pk").first()
    return Price(tariff.euros, tariff.created_at, by_bill=False) if tariff else None


def _billed(campaign: Campaign) -> Price | None:
    counted_by = campaign.traits.bill
    if not counted_by:
        return None
    frame = (
        Frame.objects.filter(
            **{f"{counted_by}__gt": 0},
            status=FrameStatus.ACCEPTED,
            cost__gt=0,
            cost_is_estimate=False,
            campaign__channel=campaign.channel,
            campaign__sms_type=campaign.sms_type,
            campaign__simulation=False,
            first_posted_at__isnull=False,
        )
        .order_by("-pk")
        .first()
    )
    if frame is None or frame.cost is None or frame.first_posted_at is None:
        return None
    euros = (frame.cost / getattr(frame, counted_by)).quantize(Decimal("0.0001"))
    return Price(euros, frame.first_posted_at)
