"""Numbers for pages and commands. Sums come from the rows, never from a counter on faith."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from ..conf import conf
from ..inbound.understand import understand
from ..models import (
    Campaign,
    CampaignStatus,
    Channel,
    EventKind,
    EventState,
    Exclusion,
    Frame,
    FrameStatus,
    Halt,
    OptOut,
    Outcome,
    RecipientStatus,
    SendAttempt,
    Tally,
    Tariff,
    WebhookEvent,
)
from ..models.sending import OPEN_FRAMES
from ..rules.channels import TRAITS
from . import wallet

MOST_REPORTS = 2000
"""Waiting reports that are looked through for evidence."""
LAST_CALLS, FEWEST_CALLS = 200, 10
"""Calls by which the pace is judged: at most, and at least."""
IDLE = 5.0
"""Seconds without an answer, after which nothing was being sent."""
CAUTIOUS_CALL = 2.0
"""Seconds that a call is taken to last before any was measured."""


@dataclass(frozen=True)
class Price:
    """What one SMS or message costs: by a bill, or as somebody entered it; never invented.

    ``seen_at`` is when.
    """

    euros: Decimal
    seen_at: datetime
    by_bill: bool = True


@dataclass(frozen=True)
class Totals:
    """How far a campaign has come. Every figure is a sum of rows."""

    people: int
    excluded: Mapping[str, int]
    states: Mapping[str, int]
    frames: Mapping[str, int]
    attempts: int
    segments: int
    cost: Decimal
    cost_is_estimate: bool
    replies: int
    opt_outs: int

    @property
    def left_out(self) -> int:
        return sum(self.excluded.values())

    @property
    def delivered(self) -> int:
        return self.states.get(RecipientStatus.DELIVERED, 0)

    @property
    def reported(self) -> int:
        """People whose operator has given a final verdict."""
        final = (
            RecipientStatus.DELIVERED,
            RecipientStatus.UNDELIVERED,
            RecipientStatus.UNKNOWN,
        )
        return sum(self.states.get(status, 0) for status in final)


def totals(campaign: Campaign) -> Totals:
    """Count everything about a launched campaign: by frame, not by person."""
    frames = _frames(campaign)
    states = _states(campaign, {row["status"]: row["people"] for row in frames})
    excluded = campaign.recipients.filter(exclusion__gt="").order_by()
    left_out = dict(excluded.values_list("exclusion").annotate(people=Count("pk")))
    return Totals(
        people=sum(states.values()),
        excluded={code: left_out[code] for code in Exclusion.values if code in left_out},
        states=states,
        frames={row["status"]: row["frames"] for row in frames},
        attempts=sum(row["calls"] for row in frames),
        segments=sum(row["segments"] or 0 for row in frames),
        cost=sum((row["cost"] or Decimal(0) for row in frames), Decimal(0)),
        cost_is_estimate=any(row["estimated"] for row in frames),
        replies=campaign.replies.count(),
        opt_outs=OptOut.objects.filter(campaign=campaign).count(),
    )


def _frames(campaign: Campaign) -> Sequence[Mapping[str, Any]]:
    """What the frames tell, by their status: each of them is read once."""
    by_status = campaign.frames.order_by().values("status")
    return list(
        by_status.annotate(
            frames=Count("pk"), people=Sum("contacts"), calls=Sum("fence"),
            segments=Sum("segments_billed"), cost=Sum("cost"),
            estimated=Count("pk", filter=Q(cost_is_estimate=True)),
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Pace:
    """How fast a campaign leaves: people a minute, and minutes until the last of them left."""

    per_minute: int
    minutes_left: int


def pace(campaign: Campaign, now: datetime | None = None) -> Pace | None:
    """By what left within the last minute; None if nothing moves, or nothing is left."""
    if campaign.status != CampaignStatus.SENDING:
        return None
    since = (now or timezone.now()) - timedelta(minutes=1)
    went = campaign.frames.filter(
        attempts__outcome=Outcome.ACCEPTED, attempts__ended_at__gt=since
    ).aggregate(people=Sum("contacts"), first=Min("attempts__started_at"))
    waiting = campaign.frames.filter(status__in=(FrameStatus.PENDING, FrameStatus.SENDING))
    left = waiting.aggregate(people=Sum("contacts"))["people"]
    if not went["people"] or not left:
        return None
    seconds = max(((now or timezone.now()) - went["first"]).total_seconds(), 1.0)
    per_minute = max(round(went["people"] * 60 / seconds), 1)
    return Pace(per_minute, math.ceil(left / per_minute))


def requests_per_second() -> float:
    """How fast batches leave: by the last ones; a cautious guess where few have left yet."""
    accepted = SendAttempt.objects.filter(outcome=Outcome.ACCEPTED).order_by("-pk")
    ends = sorted(end for end in accepted.values_list("ended_at", flat=True)[:LAST_CALLS] if end)
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(ends)]
    moving = [step for step in steps if step < IDLE]
    if len(moving) < FEWEST_CALLS:
        return conf.concurrency / CAUTIOUS_CALL
    return len(moving) / max(sum(moving), 0.001)


def failures(campaign: Campaign) -> dict[str, int]:
    """The gateway's words for who did not get it -> people, most first."""
    failed = Tally.objects.filter(frame__campaign=campaign, status=RecipientStatus.UNDELIVERED)
    counted = failed.order_by().values_list("word").annotate(people=Sum("people"))
    return {word: people for word, people in sorted(counted, key=lambda row: -row[1]) if people}


def version(campaign: Campaign) -> str:
    """Changes whenever a figure of the campaign may have; looks at no recipient."""
    frames = campaign.frames.aggregate(
        fences=Sum("fence"), open=Count("pk", filter=Q(status__in=OPEN_FRAMES)),
        cost=Sum("cost"), claimed=Max("lease_until"),
    )  # fmt: skip
    events = WebhookEvent.objects.order_by("-pk").values_list("pk", flat=True)
    waiting = [
        WebhookEvent.objects.filter(state=state).count()
        for state in (EventState.RECEIVED, EventState.UNMATCHED)
    ]
    opt_outs = OptOut.objects.filter(campaign=campaign).count()
    halted = Halt.objects.active().exists()
    state = (campaign.status, campaign.reason, halted, opt_outs)
    seen = (state, frames, events.first(), waiting)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


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
    counted_by = TRAITS[campaign.channel].bill
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


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against an undecided frame having gone out. Amounts are euros.

    ``reported``: people in it for whom a report came that belongs to no known ticket.
    ``unexplained``: the fall of the credit, since before its first call, that no bill explains.
    """

    reported: int
    credit_before: Decimal | None
    credit_now: Decimal | None
    billed_since: Decimal

    @property
    def unexplained(self) -> Decimal | None:
        if self.credit_before is None or self.credit_now is None:
            return None
        return self.credit_before - self.credit_now - self.billed_since


def evidence(frame: Frame) -> Evidence:
    """Gather it; asks the gateway for the credit."""
    since = frame.first_posted_at
    attempts = SendAttempt.objects.filter(outcome=Outcome.ACCEPTED)
    before = attempts.filter(ended_at__lt=since, frame__residual_credit__isnull=False)
    last = before.order_by("-ended_at").select_related("frame").first()
    after = Frame.objects.filter(
        attempts__outcome=Outcome.ACCEPTED, attempts__ended_at__gt=last.ended_at if last else since
    )
    billed = after.filter(cost_is_estimate=False).distinct().values_list("cost", flat=True)
    return Evidence(
        reported=_reported(frame),
        credit_before=last.frame.residual_credit if last else None,
        credit_now=wallet.look().euros,
        billed_since=sum((cost for cost in billed if cost is not None), Decimal(0)),
    )


def _reported(frame: Frame) -> int:
    """People of the frame in reports that wait for a ticket."""
    waiting = WebhookEvent.objects.filter(
        state=EventState.UNMATCHED, kind=EventKind.REPORT, received_at__gte=frame.first_posted_at
    )
    addresses = set()
    for body in waiting.order_by("pk").values_list("body", flat=True)[:MOST_REPORTS]:
        notices = understand(bytes(body), region=conf.region, zone=conf.zone)[1]
        addresses |= {notice.address for notice in notices}
    return frame.recipients.filter(address__in=addresses).count()


STATE_OF_THE_REST = {
    FrameStatus.ACCEPTED: RecipientStatus.ACCEPTED,
    FrameStatus.REFUSED: RecipientStatus.CANCELLED,
    FrameStatus.CANCELLED: RecipientStatus.CANCELLED,
    FrameStatus.EMPTY: RecipientStatus.CANCELLED,
}
"""State of those of whom no report came, by the status of their frame; others are waiting."""


def _states(campaign: Campaign, people: Mapping[str, int]) -> dict[str, int]:
    """The same as counting every recipient ``with_state``, from frames and their tallies.

    ``people`` by the status of their frame.
    """
    rest = Counter(people)
    dropped = campaign.recipients.filter(exclusion__gt="", frame__isnull=False).order_by()
    rest.subtract(dict(dropped.values_list("frame__status").annotate(people=Count("pk"))))
    states: Counter[str] = Counter()
    tallies = Tally.objects.filter(frame__campaign=campaign).order_by()
    told = tallies.values_list("frame__status", "status").annotate(people=Sum("people"))
    for frame_status, status, number in told:
        states[status] += number
        rest[frame_status] -= number
    for frame_status, number in rest.items():
        status = STATE_OF_THE_REST.get(FrameStatus(frame_status), RecipientStatus.PENDING)
        states[status.value] += number
    return dict(+states)
