"""Whom an event speaks of: by its ticket, or by the one frame that it can only mean.

An event may come before its ticket is known: then it waits, and is replayed once it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone

from .. import queue
from ..models import EventKind, EventState, Frame, Recipient, WebhookEvent
from .tickets import learn, ticketless
from .understand import Notice

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
    learned = learn(notices, tickets - set(campaigns))
    campaigns |= learned
    transaction.on_commit(lambda: replay(list(learned)))
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
    since = ticketless().filter(first_posted_at__gt=now - REPORTS_COME_WITHIN)
    first = since.aggregate(first=Min("first_posted_at"))["first"]
    if first:
        WebhookEvent.objects.filter(
            state=EventState.UNMATCHED, kind=EventKind.REPORT, received_at__gte=first
        ).update(state=EventState.RECEIVED, tries=0)
