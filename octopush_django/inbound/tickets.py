"""Learn the ticket of a batch whose answer was lost, by what reports prove.

A report alone proves little: whoever else uses the account sends to the same people. A ticket is
that of a frame where all of its reports tell of people in this frame and of no other without a
ticket, none is dated before its first call, and they are of two people at least. Of a frame of one
person a report proves nothing while it is open whether it left: that is for the gateway to say,
which is asked again, or for a person, to whom the report is shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from .. import signals
from ..conf import conf
from ..lifecycle import conclude
from ..models import EventKind, EventState, Frame, FrameStatus, WebhookEvent
from .understand import Notice, Report, understand

CLOCKS_DIFFER = timedelta(minutes=1)
"""What the gateway's clock may be behind ours, with its dates in whole seconds."""
ENOUGH = 2
"""People who were reported on under one ticket."""
MOST_EVENTS = 50
"""Waiting events of a ticket that are looked at."""


def ticketless() -> "QuerySet[Frame]":
    """Frames that went out, or may have, and of which no ticket is known."""
    return Frame.objects.filter(
        status__in=(FrameStatus.ACCEPTED, FrameStatus.UNCERTAIN, FrameStatus.UNDECIDED),
        ticket="",
        first_posted_at__isnull=False,
        campaign__simulation=False,
    )


def learn(notices: Sequence[Notice], unknown: set[str]) -> dict[str, int]:
    """Accept the frames that reports of ``unknown`` tickets prove; return ticket -> campaign."""
    reports: dict[str, list[Report]] = defaultdict(list)
    for notice in notices:
        if isinstance(notice, Report) and notice.ticket in unknown:
            reports[notice.ticket].append(notice)
    learned = {}
    for ticket, told in reports.items():
        frame = _proven([*told, *reports_waiting(ticket)])
        if frame is not None:
            _accept(frame, ticket)
            learned[ticket] = frame.campaign_id
    return learned


def reports_waiting(ticket: str) -> list[Report]:
    """What waiting events tell under a ticket that is not known."""
    waiting = WebhookEvent.objects.filter(
        ticket=ticket, state=EventState.UNMATCHED, kind=EventKind.REPORT
    )
    bodies = waiting.order_by("pk").values_list("body", flat=True)[:MOST_EVENTS]
    return [report for body in bodies for report in _reports_in(bytes(body))]


def speaks_for(frame: Frame, reports: Iterable[Report]) -> set[str]:
    """The people of ``frame`` whom ``reports`` of one ticket tell of, if they may be of it at all.

    They may not where one of them is dated before its first call, or tells of anybody else.
    """
    reports = list(reports)
    people = {report.address for report in reports}
    first = frame.first_posted_at
    is_later = first is not None and all(
        report.at is not None and report.at >= first - CLOCKS_DIFFER for report in reports
    )
    inside = frame.recipients.filter(address__in=people).count()
    return people if is_later and inside == len(people) else set()


def _proven(reports: Sequence[Report]) -> Frame | None:
    people = {report.address for report in reports}
    if _are_being_called(people):
        return None
    candidates = ticketless().filter(recipients__address__in=people).order_by()
    keys = list(candidates.distinct().values_list("pk", flat=True)[:2])
    frame = ticketless().select_for_update(of=("self",)).filter(pk__in=keys).first()
    if frame is None or len(keys) != 1:
        return None
    told_of = speaks_for(frame, reports)
    return frame if told_of and len(told_of) >= _enough(frame) else None


def _enough(frame: Frame) -> int:
    """How many people must have been told of: one where no call ever held another.

    And the gateway has said that it took the frame. Where people were left out of a repeat it is
    open which call that was: with one report, nobody could tell it from somebody else's.
    """
    if frame.status != FrameStatus.ACCEPTED:
        return ENOUGH
    return min(ENOUGH, _most_in_a_call(frame))


def _most_in_a_call(frame: Frame) -> int:
    """People in the first call; later ones held no others."""
    first = frame.attempts.order_by("fence").first()
    left_out = first.left_out if first else []
    return frame.recipients.exclude(address__in=left_out).count()


def _are_being_called(people: set[str]) -> bool:
    """Whether a call for one of them is being made: the ticket may well be of that call."""
    return Frame.objects.filter(
        status=FrameStatus.SENDING, recipients__address__in=people
    ).exists()


def _reports_in(body: bytes) -> list[Report]:
    _kind, notices = understand(body, region=conf.region, zone=conf.zone)
    return [notice for notice in notices if isinstance(notice, Report)]


def _accept(frame: Frame, ticket: str) -> None:
    frame.ticket = ticket
    frame.status = FrameStatus.ACCEPTED
    frame.next_action_at = None
    if frame.cost is None:
        frame.cost, frame.cost_is_estimate = frame.estimated_cost(), True
    frame.save(update_fields=["ticket", "status", "next_action_at", "cost", "cost_is_estimate"])
    campaign_id = frame.campaign_id
    transaction.on_commit(lambda: conclude([campaign_id]))
    signals.send_after_commit(
        signals.frame_accepted,
        Frame,
        campaign_id=campaign_id,
        frame_id=frame.pk,
        ticket=ticket,
    )
