"""Is work really being done? For a supervisor, and for a page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import queue
from .lifecycle import leave_sign
from .models import (
    Campaign,
    CampaignStatus,
    EventState,
    Frame,
    FrameStatus,
    Halt,
    Heartbeat,
    Preparation,
    Reason,
    SmsType,
    WebhookEvent,
)
from .reports import alerts, schema

OLDEST_BEAT = timedelta(minutes=3)
OVERDUE = timedelta(minutes=15)
MOST_NAMED = 20
"""Campaigns that are named one by one."""


@dataclass(frozen=True)
class Status:
    """``problems`` need a person; an empty list means that all is well."""

    beat_at: datetime | None
    queued: int | None
    events_waiting: int
    waiting: list[Campaign]
    problems: list[str]


def beat() -> None:
    """To be called by a task, so that the age of the beat tells whether tasks are run."""
    leave_sign(Heartbeat.WORKER)


def read_status(now: datetime | None = None) -> Status:
    """Look at everything that could stand still."""
    now = now or timezone.now()
    if problem := schema.problem():
        # Nothing can be read from tables of another version.
        return Status(None, None, 0, [], [problem])
    last = Heartbeat.objects.filter(name=Heartbeat.WORKER).first()
    queued = queue.depth()
    active = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
    return Status(
        beat_at=last.beat_at if last else None,
        queued=queued,
        events_waiting=WebhookEvent.objects.filter(state=EventState.RECEIVED).count(),
        waiting=list(Campaign.objects.exclude(reason_code="").filter(status__in=active)[:50]),
        problems=list(_problems(now, last, queued)),
    )


def worker_problem(now: datetime | None = None) -> str:
    """Why nothing is sent at all, where no worker runs; else ""."""
    last = Heartbeat.objects.filter(name=Heartbeat.WORKER).first()
    return _worker_problem(now or timezone.now(), last)


def _worker_problem(now: datetime, last: Heartbeat | None) -> str:
    if last is None:
        return _("No worker has ever run here: is a qcluster running?")
    return alerts.stopped_words(last) if now - last.beat_at > OLDEST_BEAT else ""


def _problems(now: datetime, last: Heartbeat | None, queued: int | None) -> Iterator[str]:
    if said := _worker_problem(now, last):
        yield said
    if since := alerts.outage_since(now):
        yield alerts.outage_words(since)
    if not queue.sweep_is_scheduled(now):
        yield _("The look of every minute is not planned: restart the qcluster, or run migrate.")
    if queued is None:
        yield _("The queue of tasks does not answer: is its broker running?")
    for campaign in Campaign.objects.waiting_for_a_person()[:MOST_NAMED]:
        yield _("“%(campaign)s” waits for you: %(reason)s") % {
            "campaign": campaign,
            "reason": campaign.reason,
        }
    for halt in Halt.objects.active():
        yield _("All sending is halted: %(reason)s") % {"reason": halt.reason}
    for rows, sentence in _figures(now):
        count = rows.count()
        if count:
            yield sentence(count) % {"count": count}


def _figures(now: datetime) -> Iterator[tuple[QuerySet[Any], Callable[[int], str]]]:
    """What must be none, and the sentence for when there are some."""
    yield (
        Frame.objects.claimable(now - OVERDUE),
        lambda count: ngettext(
            "%(count)d batch is overdue by more than 15 minutes.",
            "%(count)d batches are overdue by more than 15 minutes.",
            count,
        ),
    )
    yield (
        Frame.objects.expired(now - OVERDUE),
        lambda count: ngettext(
            "%(count)d batch hangs in the middle of a call.",
            "%(count)d batches hang in the middle of a call.",
            count,
        ),
    )
    yield (
        Preparation.objects.filter(
            campaign__reason_code=Reason.PREPARING, created_at__lt=now - OVERDUE
        ),
        lambda count: ngettext(
            "%(count)d campaign has been prepared for more than 15 minutes.",
            "%(count)d campaigns have been prepared for more than 15 minutes.",
            count,
        ),
    )
    yield (
        Frame.objects.filter(status=FrameStatus.UNDECIDED),
        lambda count: ngettext(
            "%(count)d batch needs a decision.", "%(count)d batches need a decision.", count
        ),
    )
    yield (
        # Accepted on a duplicate's word alone; low cost SMS are never reported on.
        Frame.objects.filter(
            status=FrameStatus.ACCEPTED,
            ticket="",
            first_posted_at__range=(now - timedelta(days=30), now - timedelta(days=1)),
            campaign__sms_type=SmsType.PREMIUM,
            campaign__simulation=False,
        ),
        lambda count: ngettext(
            "%(count)d batch lost its answer, counts as sent, and no report has come.",
            "%(count)d batches lost their answer, count as sent, and no report has come.",
            count,
        ),
    )
    yield (
        WebhookEvent.objects.filter(state=EventState.QUARANTINED),
        lambda count: ngettext(
            "%(count)d event was not understood.", "%(count)d events were not understood.", count
        ),
    )
    yield (
        WebhookEvent.objects.filter(state=EventState.RECEIVED, received_at__lt=now - OVERDUE),
        lambda count: ngettext(
            "%(count)d event has waited for more than 15 minutes.",
            "%(count)d events have waited for more than 15 minutes.",
            count,
        ),
    )
