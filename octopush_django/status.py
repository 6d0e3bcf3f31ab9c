"""Is work really being done? For a supervisor, and for a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

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
    figures = (
        (
            Frame.objects.claimable(now - OVERDUE),
            _("%(count)d batches are overdue by more than 15 minutes."),
        ),
        (
            Frame.objects.expired(now - OVERDUE),
            _("%(count)d batches hang in the middle of a call."),
        ),
        (
            Frame.objects.filter(status=FrameStatus.UNDECIDED),
            _("%(count)d batches need a decision."),
        ),
        (
            # Accepted on a duplicate's word alone; low cost SMS are never reported on.
            Frame.objects.filter(
                status=FrameStatus.ACCEPTED,
                ticket="",
                first_posted_at__range=(now - timedelta(days=30), now - timedelta(days=1)),
                campaign__sms_type=SmsType.PREMIUM,
                campaign__simulation=False,
            ),
            _("%(count)d batches lost their answer, count as sent, and no report has come."),
        ),
        (
            WebhookEvent.objects.filter(state=EventState.QUARANTINED),
            _("%(count)d events were not understood."),
        ),
        (
            WebhookEvent.objects.filter(state=EventState.RECEIVED, received_at__lt=now - OVERDUE),
            _("%(count)d events have waited for more than 15 minutes."),
        ),
    )
    for rows, sentence in figures:
        count = rows.count()
        if count:
            yield sentence % {"count": count}
