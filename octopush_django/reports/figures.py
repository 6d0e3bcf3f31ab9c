"""Numbers for pages and commands. Sums come from the rows, never from a counter on faith."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from ..models import (
    Campaign,
    EventState,
    Exclusion,
    Frame,
    FrameStatus,
    Halt,
    OptOut,
    RecipientStatus,
    Tally,
    WebhookEvent,
)
from ..models.recipients import STATE_BY_FRAME
from ..models.sending import OPEN_FRAMES


@dataclass(frozen=True)
class Departure:
    """Of a campaign that is under way or was stopped: to how many people it has left.

    ``leaving``: so many at most may be leaving at this moment, or left without a clear answer.
    ``waiting``: those to whom it has not left.
    """

    left: int
    leaving: int
    waiting: int


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
    departure: Departure

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
    people = _people_by_frame(campaign, {row["status"]: row["people"] for row in frames})
    states = _states(campaign, people)
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
        departure=_departure(people),
    )


def _frames(campaign: Campaign) -> Sequence[Mapping[str, Any]]:
    """What the frames tell, by their status: each of them is read once."""
    by_status = campaign.frames.order_by().values("status")
    return list(
        by_status.annotate(
            frames=Count("pk"), people=Sum("size"), calls=Sum("fence"),
            segments=Sum("segments_billed"), cost=Sum("cost"),
            estimated=Count("pk", filter=Q(cost_is_estimate=True)),
        )
    )  # fmt: skip


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


def _people_by_frame(campaign: Campaign, sizes: Mapping[str, int]) -> Counter[str]:
    """People by the status of their frame, of which ``sizes`` are the people ever in it."""
    people = Counter(sizes)
    dropped = campaign.recipients.filter(exclusion__gt="", frame__isnull=False).order_by()
    people.subtract(dict(dropped.values_list("frame__status").annotate(people=Count("pk"))))
    return people


def _departure(people: Mapping[str, int]) -> Departure:
    unclear = (FrameStatus.SENDING, FrameStatus.UNCERTAIN, FrameStatus.UNDECIDED)
    left = people.get(FrameStatus.ACCEPTED, 0)
    leaving = sum(people.get(status, 0) for status in unclear)
    return Departure(left, leaving, sum(people.values()) - left - leaving)


def _states(campaign: Campaign, people: Mapping[str, int]) -> dict[str, int]:
    """Recipients by state, as ``with_state`` counts them, from frames and their tallies.

    ``people`` by the status of their frame.
    """
    rest = Counter(people)
    states: Counter[str] = Counter()
    tallies = Tally.objects.filter(frame__campaign=campaign).order_by()
    told = tallies.values_list("frame__status", "status").annotate(people=Sum("people"))
    for frame_status, status, number in told:
        states[status] += number
        rest[frame_status] -= number
    for frame_status, number in rest.items():
        status = STATE_BY_FRAME.get(FrameStatus(frame_status), RecipientStatus.PENDING)
        states[status.value] += number
    return dict(+states)


def waits_behind(campaign: Campaign) -> bool:
    """Whether batches of it are due, and others that go before them are due too."""
    due = Frame.objects.claimable(timezone.now())
    first = due.filter(campaign=campaign).by_turns().first()
    return first is not None and due.filter(priority__lt=first.priority).exists()
