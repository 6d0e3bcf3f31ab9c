"""How fast batches leave, and how long the rest takes."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Min, Sum
from django.utils import timezone

from ..conf import conf
from ..models import AttemptOutcome, Campaign, CampaignStatus, FrameStatus, SendAttempt

LAST_CALLS, FEWEST_CALLS = 200, 10
"""Calls by which the pace is judged: at most, and at least."""
IDLE = 5.0
"""Seconds without an answer, after which nothing was being sent."""
CAUTIOUS_CALL = 2.0
"""Seconds that a call is taken to last before any was measured."""


@dataclass(frozen=True)
class Pace:
    """How fast a campaign leaves: people a minute, and minutes until the last of them left."""

    per_minute: int
    minutes_left: int


def pace(campaign: Campaign, now: datetime | None = None) -> Pace | None:
    """By what left within the last minute; None if nothing moves, or nothing is left.

    Without the pilot, behind which everybody waits for its bill.
    """
    if campaign.status != CampaignStatus.SENDING:
        return None
    since = (now or timezone.now()) - timedelta(minutes=1)
    went = campaign.frames.filter(
        is_pilot=False, attempts__outcome=AttemptOutcome.ACCEPTED, attempts__ended_at__gt=since
    ).aggregate(people=Sum("size"), first=Min("attempts__started_at"))
    waiting = campaign.frames.filter(status__in=(FrameStatus.PENDING, FrameStatus.SENDING))
    left = waiting.aggregate(people=Sum("size"))["people"]
    if not went["people"] or not left:
        return None
    seconds = max(((now or timezone.now()) - went["first"]).total_seconds(), 1.0)
    per_minute = max(round(went["people"] * 60 / seconds), 1)
    return Pace(per_minute, math.ceil(left / per_minute))


def requests_per_second() -> float:
    """How fast batches leave: by the last ones; a cautious guess where few have left yet."""
    accepted = SendAttempt.objects.filter(outcome=AttemptOutcome.ACCEPTED).order_by("-pk")
    ends = sorted(end for end in accepted.values_list("ended_at", flat=True)[:LAST_CALLS] if end)
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(ends)]
    moving = [step for step in steps if step < IDLE]
    if len(moving) < FEWEST_CALLS:
        return conf.concurrency / CAUTIOUS_CALL
    return len(moving) / max(sum(moving), 0.001)
