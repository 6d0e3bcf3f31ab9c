"""E-mails to ``MANAGERS`` about what waits for a person: each matter once, and nothing else."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import mail_managers
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from ..conf import conf
from ..lifecycle import TRIED_SOON
from ..models import Alarm, Campaign, Frame, FrameStatus, Heartbeat, Reason
from ..rules.hours import in_words

logger = logging.getLogger("octopush_django.reports")

OUTAGE = timedelta(minutes=5)
"""An outage that lasts for longer is told."""
MOST_TOLD = 50
"""Matters in one e-mail; the others come with the next tick."""
WAITS, DECIDE, UNANSWERED = "waits ", "decide ", "unanswered"
NOT_ANSWERING, NOT_WORKING = "not answering", "not working"


@dataclass(frozen=True)
class Matter:
    """``name`` is that of its alarm; ``words`` and ``path`` are what the e-mail says."""

    name: str
    words: str
    path: str = ""


def watch(now: datetime | None = None) -> int:
    """Tell what waits for a person since the last look; return how many matters were told."""
    now = now or timezone.now()
    with override(settings.LANGUAGE_CODE):
        matters = list(_matters(now))
        told = _told_before(matters)
        untold = [matter for matter in matters if matter.name not in told][:MOST_TOLD]
        new = [matter for matter in untold if Alarm.objects.begin(matter.name)]
        if new and not _tell(new):
            for matter in new:
                Alarm.objects.end(matter.name)
            return 0
    return len(new)


def outage_since(now: datetime) -> datetime | None:
    """Since when the gateway has not taken what it was asked, if that is over five minutes."""
    told = Alarm.objects.filter(name=UNANSWERED, began_at__lte=now - OUTAGE)
    return told.values_list("began_at", flat=True).first()


def outage_words(since: datetime) -> str:
    """The sentence for it."""
    words = _(
        "Octopush cannot be reached, or takes nothing, since %(when)s (%(zone)s). We keep trying."
    )
    return words % {"when": in_words(since), "zone": conf.time_zone}


def stopped_words(last: Heartbeat) -> str:
    """The sentence for workers that have given no sign since ``last``."""
    words = _("No worker has run since %(when)s (%(zone)s): is a qcluster running?")
    return words % {"when": in_words(last.beat_at), "zone": conf.time_zone}


def forget(campaign: Campaign) -> None:
    """Somebody lets a campaign go on: if it stops again, that is told again."""
    Alarm.objects.filter(name=f"{WAITS}{campaign.pk}").delete()


def mail(subject: str, text: str) -> bool:
    """Send an e-mail to ``MANAGERS``; False if that failed."""
    try:
        mail_managers(subject, text)
    except Exception:
        logger.exception("An e-mail to MANAGERS could not be sent")
        return False
    return True


def _matters(now: datetime) -> Iterator[Matter]:
    for campaign in Campaign.objects.waiting_for_a_person().exclude(reason_code=Reason.PERSON):
        words = _("“%(campaign)s” waits for you: %(reason)s")
        values = {"campaign": campaign, "reason": campaign.reason}
        yield Matter(f"{WAITS}{campaign.pk}", words % values, _page("campaign", campaign.pk))
    undecided = Frame.objects.filter(status=FrameStatus.UNDECIDED).select_related("campaign")
    for frame in undecided.order_by("pk"):
        words = ngettext(
            "A batch of %(people)d person of “%(campaign)s” may or may not have gone out: decide.",
            "A batch of %(people)d people of “%(campaign)s” may or may not have gone out: decide.",
            frame.size,
        )
        values = {"people": frame.size, "campaign": frame.campaign}
        yield Matter(f"{DECIDE}{frame.pk}", words % values, _page("campaign", frame.campaign_id))
    yield from _outages(now)


def _outages(now: datetime) -> Iterator[Matter]:
    if Frame.objects.all().in_trouble(now + TRIED_SOON).exists():
        Alarm.objects.begin(UNANSWERED)
        since = outage_since(now)
        if since:
            yield Matter(NOT_ANSWERING, outage_words(since))
    else:
        Alarm.objects.end(UNANSWERED)
    beat = Heartbeat.objects.filter(name=Heartbeat.WORKER, beat_at__lte=now - OUTAGE).first()
    if beat:
        yield Matter(NOT_WORKING, stopped_words(beat))


def _told_before(matters: list[Matter]) -> set[str]:
    """Names of what was told. What is over is forgotten: when it comes again it is told again."""
    begun = set(Alarm.objects.exclude(began_at=None).values_list("name", flat=True))
    ours = {
        name
        for name in begun
        if name in (NOT_ANSWERING, NOT_WORKING) or name.startswith((WAITS, DECIDE))
    }
    over = ours - {matter.name for matter in matters}
    Alarm.objects.filter(name__in=over).delete()
    return ours - over


def _tell(matters: list[Matter]) -> bool:
    subject = ngettext(
        "SMS: %(count)d matter waits for you", "SMS: %(count)d matters wait for you", len(matters)
    )
    lines = [f"{matter.words}\n{matter.path}".rstrip() for matter in matters]
    return mail(subject % {"count": len(matters)}, "\n\n".join(lines))


def _page(model: str, key: int) -> str:
    """The path of a page of the admin; "" where the project has none."""
    try:
        return reverse(f"admin:octopush_django_{model}_change", args=[key])
    except NoReverseMatch:
        return ""
