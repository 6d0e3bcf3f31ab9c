"""Whom an event speaks of: by its ticket, or by the one frame that it can only mean.

An event may come before its ticket is known: then it waits, and is replayed once it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from .. import queue, signals
from ..lifecycle import conclude
from ..models import EventKind, EventState, Frame, FrameStatus, Recipient, WebhookEvent
from .understand import Notice, Report

REPORTS_COME_WITHIN = timedelta(hours=72)


@dataclass(frozen=True)
class Matches:
    """What the notices of a batch speak of.

    ``campaigns``: ticket -> campaign, for the tickets that are known. ``unknown``: the others.
    """

    campaigns: Mapping[str, int]
    unknown: frozenset[str]
    recipients: Mapping[tuple[int, str | None], Recipient]

    def recipient(self, notice: Notice) -> Recipient | None:
        """The recipient that ``notice`` speaks of, locked; None if its ticket is not known."""
        campaign_id = self.campaigns.get(notice.ticket)
        return self.recipients.get((campaign_id or 0, notice.address))


def match(notices: Sequence[Notice]) -> Matches:
    """Find what notices speak of, and lock the recipients: a few queries for a whole batch."""
    tickets = {notice.ticket for notice in notices if notice.ticket}
    campaigns = campaigns_of(tickets)
    campaigns |= _learn(notices, tickets - set(campaigns))
    recipients = (
        Recipient.objects.select_for_update()
        .filter(campaign__in=set(campaigns.values()))
        .filter(address__in={notice.address for notice in notices}, frame__isnull=False)
        .order_by("pk")
    )
    return Matches(
        campaigns,
        frozenset(tickets - set(campaigns)),
        {(recipient.campaign_id, recipient.address): recipient for recipient in recipients},
    )


def campaigns_of(tickets: set[str] | frozenset[str]) -> dict[str, int]:
    """The campaign of each ticket that is known."""
    if not tickets:
        return {}
    frames = Frame.objects.filter(ticket__in=tickets, campaign__simulation=False)
    return dict(frames.values_list("ticket", "campaign_id"))


def replay(tickets: Sequence[str]) -> None:
    """Apply the events again that came before their ticket was known."""
    if not tickets:
        return
    waiting = WebhookEvent.objects.filter(state=EventState.UNMATCHED, ticket__in=tickets)
    if waiting.update(state=EventState.RECEIVED, tries=0):
        queue.enqueue("apply_events")


def replay_known(now: datetime | None = None) -> None:
    """Apply the waiting events again whose ticket is known by now, or may be learned from them.

    A report that comes while its frame is being called teaches nothing at that moment. If the
    answer to that call is then lost, it is the only one to know the ticket.
    """
    now = now or timezone.now()
    known = Frame.objects.filter(ticket=OuterRef("ticket"))
    waiting = WebhookEvent.objects.filter(Exists(known), state=EventState.UNMATCHED)
    waiting.exclude(ticket="").update(state=EventState.RECEIVED, tries=0)
    since = _ticketless().filter(first_posted_at__gt=now - REPORTS_COME_WITHIN)
    first = since.aggregate(first=Min("first_posted_at"))["first"]
    if first:
        WebhookEvent.objects.filter(
            state=EventState.UNMATCHED, kind=EventKind.REPORT, received_at__gte=first
        ).update(state=EventState.RECEIVED, tries=0)


def _learn(notices: Sequence[Notice], unknown: set[str]) -> dict[str, int]:
    """Learn the tickets of frames whose answers were lost, from the first report about each."""
    learned: dict[str, int] = {}
    for notice in notices:
        if notice.ticket not in unknown - set(learned) or not isinstance(notice, Report):
            continue
        if _is_on_its_way(notice.address):
            continue
        candidates = _ticketless().filter(recipients__address=notice.address)
        frames = list(candidates.select_for_update(of=("self",))[:2])
        if len(frames) == 1:
            _accept(frames[0], notice.ticket)
            learned[notice.ticket] = frames[0].campaign_id
    return learned


def _accept(frame: Frame, ticket: str) -> None:
    frame.ticket = ticket
    frame.status = FrameStatus.ACCEPTED
    frame.next_action_at = None
    frame.cost_is_estimate = frame.cost is None or frame.cost_is_estimate
    frame.save(update_fields=["ticket", "status", "next_action_at", "cost_is_estimate"])
    campaign_id = frame.campaign_id
    transaction.on_commit(lambda: replay([ticket]))
    transaction.on_commit(lambda: conclude([campaign_id]))
    signals.send_after_commit(
        signals.frame_accepted,
        Frame,
        campaign_id=campaign_id,
        frame_id=frame.pk,
        ticket=ticket,
    )


def _ticketless() -> "QuerySet[Frame]":
    """Frames that went out, or may have, and of which no ticket is known."""
    return Frame.objects.filter(
        status__in=(FrameStatus.ACCEPTED, FrameStatus.UNCERTAIN, FrameStatus.UNDECIDED),
        ticket="",
        first_posted_at__isnull=False,
        campaign__simulation=False,
    )


def _is_on_its_way(address: str) -> bool:
    """Whether a call for this address is being made: the ticket may well be of that call."""
    return Frame.objects.filter(status=FrameStatus.SENDING, recipients__address=address).exists()
