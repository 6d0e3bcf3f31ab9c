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
from .models import (
    Campaign,
    CampaignStatus,
    EventState,
    Frame,
    FrameStatus,
    Halt,
    Heartbeat,
    SmsType,
    WebhookEvent,
)

HEARTBEAT = "worker"
OLDEST_BEAT = timedelta(minutes=3)
OVERDUE = timedelta(minutes=15)


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
    Heartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"beat_at": timezone.now()})


def read_status(now: datetime | None = None) -> Status:
    """Look at everything that could stand still."""
    now = now or timezone.now()
    last = Heartbeat.objects.filter(name=HEARTBEAT).first()
    active = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
    return Status(
        beat_at=last.beat_at if last else None,
        queued=queue.depth(),
        events_waiting=WebhookEvent.objects.filter(state=EventState.RECEIVED).count(),
        waiting=list(Campaign.objects.exclude(reason_code="").filter(status__in=active)[:50]),
        problems=list(_problems(now, last)),
    )


def _problems(now: datetime, last: Heartbeat | None) -> Iterator[str]:
    if last is None:
        yield _("No worker has ever run here: is a qcluster running?")
    elif now - last.beat_at > OLDEST_BEAT:
        yield _("No worker has run since %(when)s: is a qcluster running?") % {
            "when": f"{last.beat_at:%Y-%m-%d %H:%M:%S %Z}"
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
