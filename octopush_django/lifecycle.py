"""The state of a campaign: hold it, say what it waits for, conclude it.

Every change is one conditional UPDATE: whoever changes the row owns the change.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from . import queue, signals
from .conf import conf
from .exceptions import NotAllowedNow
from .models import (
    Campaign,
    CampaignStatus,
    Frame,
    FrameStatus,
    Halt,
    Heartbeat,
    Reason,
    Recipient,
    RecipientStatus,
)
from .models.sending import OPEN_FRAMES, WAITING_FRAMES
from .rules.sentences import Sentence

logger = logging.getLogger("octopush_django.lifecycle")

SHORTEST_SILENCE = timedelta(minutes=15)
"""Signs come every minute; a restart, or a task that takes long, is no silence."""
LONGEST_DELAY = timedelta(days=7)
"""No allowed hours begin later than that, and no repeat waits so long."""
TRIED_SOON = timedelta(minutes=65)
"""Repeats wait an hour at most; what is due later waits for its hours, not for the gateway."""
MOST_UNCERTAIN = 2
"""Uncertain frames at which nothing new is started: the gateway is in trouble."""
DECIDE = gettext_noop("A batch may or may not have gone out. Decide.")
BEING_CHECKED = gettext_noop("A batch got no clear answer. It is being checked.")
NOT_REACHED = gettext_noop(
    "Octopush cannot be reached, or is busy. We keep trying; nothing is lost."
)
NOTHING_NEW = gettext_noop(
    "Octopush gives no clear answers at the moment. We begin nothing new meanwhile."
)
NOBODY_LEFT = gettext_noop("Everybody in it was left out before it could leave.")
TOO_LATE = gettext_noop("Its time passed while nothing was working. Resume it, or cancel it.")
SILENCE = gettext_noop(
    "Nothing worked here from %(last)s to %(now)s (%(zone)s). If this site was restored from a "
    "backup, its batches may have left already: look at Octopush before you resume."
)
WITHDRAWN_AT_ONCE = 40
"""Cancelled frames whose people are withdrawn in one transaction: 20,000 rows, a second or so."""


def change(campaign: Campaign, allowed: tuple[str, ...], **values: Any) -> None:
    """Change the row if its status allows it, and the object with it. Raises NotAllowedNow."""
    if not Campaign.objects.filter(pk=campaign.pk, status__in=allowed).update(**values):
        current = Campaign.objects.filter(pk=campaign.pk).values_list("status", flat=True).first()
        label = CampaignStatus(current).label if current else _("deleted")
        raise NotAllowedNow(_("This campaign is: %(status)s.") % {"status": label})
    for name, value in values.items():
        setattr(campaign, name, value)


def hold(campaign: Campaign, code: str, sentence: Sentence) -> None:
    """Pause a sending campaign, saying why."""
    Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.SENDING).update(
        status=CampaignStatus.PAUSED, reason_code=code, reason=sentence
    )
    logger.warning("Campaign %s paused: %s", campaign.pk, code)


def note(campaign: Campaign, code: str, sentence: str = "") -> None:
    """Say on a sending campaign what it waits for ("" for nothing)."""
    Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.SENDING).exclude(
        reason_code=code, reason=sentence
    ).update(reason_code=code, reason=sentence)


def say_if_halted(campaign_ids: Iterable[int]) -> None:
    """Campaigns that begin, or go on, while all sending is halted say so."""
    active = Halt.objects.active().first()
    if active is not None:
        waiting = Campaign.objects.filter(status=CampaignStatus.SENDING, reason_code="")
        waiting.filter(pk__in=list(campaign_ids), preparation=None).update(
            reason_code=Reason.HALTED, reason=active.reason
        )


def unclear_frames() -> QuerySet[Frame]:
    """Exists where the gateway is in trouble: so many calls of any campaign have no clear answer.

    Nothing new is begun then. Calls that wait for the allowed hours to be repeated do not count.
    """
    unclear = Frame.objects.filter(
        status=FrameStatus.UNCERTAIN,
        campaign__status=CampaignStatus.SENDING,
        next_action_at__lte=timezone.now() + TRIED_SOON,
    )
    return unclear.order_by()[MOST_UNCERTAIN - 1 : MOST_UNCERTAIN]


def leave_sign(name: str, now: datetime | None = None) -> None:
    """Note that a part of the machinery works; first hold what a silence before it left over."""
    now = now or timezone.now()
    hold_after_silence(now)
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


def hold_after_silence(now: datetime) -> None:
    """Hold campaigns that have been due for long, prepared or not, and nothing gave a sign since.

    A restored backup does not know what has left since it was made. Where nothing has ever given
    a sign there was no silence.
    """
    since = now - max(timedelta(seconds=conf.late_limit), SHORTEST_SILENCE)
    last = Heartbeat.objects.aggregate(last=Max("beat_at"))["last"]
    if last is None or last >= since:
        return
    due = Exists(Frame.objects.claimable(since).filter(campaign=OuterRef("pk")))
    unprepared = Q(preparation__created_at__lte=since)
    said = Sentence(SILENCE, last=last, now=now, zone=conf.time_zone)
    for campaign in Campaign.objects.filter(due | unprepared, status=CampaignStatus.SENDING):
        hold(campaign, Reason.SILENCE, said)


def wake_from_the_future(now: datetime) -> None:
    """Let batches be due that a clock which jumped put off for weeks."""
    Frame.objects.filter(status__in=WAITING_FRAMES, next_action_at__gt=now + LONGEST_DELAY).update(
        next_action_at=now
    )


def release(campaign: Campaign, now: datetime) -> None:
    """Give the frames behind a pilot their turn."""
    campaign.frames.all().behind_pilot().update(waits_for_pilot=False, next_action_at=now)


def take_turns(campaign: Campaign) -> None:
    """Let a campaign that begins, or goes on, take turns with those that are under way.

    Its next frame comes when theirs do: they neither wait for all of it, nor it for all of them.
    """
    waiting = campaign.frames.filter(status__in=WAITING_FRAMES)
    first = waiting.order_by("number").first()
    if first is None:
        return
    moving = {"campaign__status": CampaignStatus.SENDING, "waits_for_pilot": False}
    others = Frame.objects.exclude(campaign=campaign).filter(priority=first.priority, **moving)
    due = others.claimable(timezone.now()).by_turns().first()
    beside = due or others.filter(status=FrameStatus.PENDING).by_turns().first()
    if beside is not None and beside.turn != first.turn:
        waiting.update(turn=F("number") + (beside.turn - first.number))


def lock_open_frames(campaign: Campaign) -> None:
    """Lock open frames in pk order before locking the campaign, as settle() does: no deadlock."""
    frames = campaign.frames.select_for_update().filter(status__in=OPEN_FRAMES).order_by("pk")
    list(frames.values_list("pk", flat=True))


def withdraw_cancelled() -> None:
    """Withdraw every frame of a cancelled campaign that has not left, and the people in it.

    The frames at once: nothing of them leaves any more, and pages tell their people by them. The
    rows of the people by groups of frames, of which a worker takes those behind the first: a
    million rows take longer than a click may.
    """
    waiting = Frame.objects.filter(
        status=FrameStatus.PENDING, campaign__status=CampaignStatus.CANCELLED
    )
    with transaction.atomic():
        locked = waiting.select_for_update(of=("self",)).order_by("pk")
        ids = list(locked.values_list("pk", flat=True))
        Frame.objects.filter(pk__in=ids, status=FrameStatus.PENDING).update(
            status=FrameStatus.CANCELLED, next_action_at=None, withdraws_people=True
        )
    if withdraw_people() and Frame.objects.all().with_people_to_withdraw().exists():
        queue.enqueue("withdraw_people")


def withdraw_people() -> bool:
    """Withdraw the people of some cancelled frames; False if there were none."""
    with transaction.atomic():
        cancelled = Frame.objects.all().with_people_to_withdraw()
        locked = cancelled.select_for_update(skip_locked=True).order_by("pk")
        ids = list(locked.values_list("pk", flat=True)[:WITHDRAWN_AT_ONCE])
        Recipient.objects.included().filter(frame__in=ids).update(
            status=RecipientStatus.CANCELLED, status_at=timezone.now()
        )
        Frame.objects.filter(pk__in=ids).update(withdraws_people=False)
    return bool(ids)


def conclude(campaign_ids: Iterable[int]) -> None:
    """Finish campaigns of which no frame can change any more; say what the others wait for."""
    chosen = list(campaign_ids)
    if not chosen:
        return
    for campaign in Campaign.objects.filter(
        pk__in=chosen,
        status__in=(CampaignStatus.SENDING, CampaignStatus.PAUSED),
        preparation=None,
    ).order_by("pk"):
        statuses = set(campaign.frames.values_list("status", flat=True).distinct())
        if not statuses & set(OPEN_FRAMES):
            _finish(campaign, statuses)
        elif campaign.status == CampaignStatus.SENDING:
            _end_pilot(campaign)
            _say_what_it_waits_for(campaign, statuses)


def _end_pilot(campaign: Campaign) -> None:
    """Let the other frames go once the pilot is over, however it ended: report, person, claim."""
    if not campaign.frames.filter(is_pilot=True, status__in=OPEN_FRAMES).exists():
        release(campaign, timezone.now())


def _say_what_it_waits_for(campaign: Campaign, statuses: set[str]) -> None:
    now = timezone.now()
    pending = campaign.frames.filter(status=FrameStatus.PENDING)
    moving = statuses & {FrameStatus.SENDING, FrameStatus.UNCERTAIN}
    if FrameStatus.UNDECIDED in statuses and not moving and not (
        pending.filter(waits_for_pilot=False).exists()
    ):  # fmt: skip
        note(campaign, Reason.UNDECIDED, Sentence(DECIDE))
    elif said := _trouble(campaign, now):
        if not Halt.objects.active().exists():
            note(campaign, Reason.GATEWAY, Sentence(said))
    elif campaign.reason_code in (Reason.GATEWAY, Reason.UNDECIDED):
        note(campaign, "")
    say_if_halted([campaign.pk])


def _trouble(campaign: Campaign, now: datetime) -> str:
    """What is wrong between us and the gateway, as far as the campaign feels it; or ""."""
    in_trouble = campaign.frames.all().in_trouble(now + TRIED_SOON)
    if in_trouble.filter(status=FrameStatus.UNCERTAIN).exists():
        return BEING_CHECKED
    if in_trouble.exists():
        return NOT_REACHED
    due = campaign.frames.filter(status=FrameStatus.PENDING, next_action_at__lte=now)
    if due.exists() and unclear_frames().exists():
        return NOTHING_NEW
    return ""


def conclude_finished(campaign_ids: Iterable[int]) -> None:
    """Conclude campaigns without open frames: one look, where nothing else can have changed."""
    still_open = Frame.objects.filter(campaign=OuterRef("pk"), status__in=OPEN_FRAMES)
    finished = Campaign.objects.filter(~Exists(still_open), pk__in=list(campaign_ids))
    conclude(finished.values_list("pk", flat=True))


def _finish(campaign: Campaign, statuses: set[str]) -> None:
    accepted = FrameStatus.ACCEPTED in statuses
    refused = FrameStatus.REFUSED in statuses
    code, sentence = campaign.reason_code, campaign.reason
    if accepted and not refused:
        code, sentence = "", ""
    elif not accepted and not refused:
        code = Reason.NOBODY_LEFT
        sentence = Sentence(NOBODY_LEFT)
    changed = Campaign.objects.filter(
        pk=campaign.pk, status__in=(CampaignStatus.SENDING, CampaignStatus.PAUSED)
    ).update(
        status=CampaignStatus.SENT if accepted else CampaignStatus.FAILED,
        reason_code=code,
        reason=sentence,
        finished_at=timezone.now(),
    )
    if changed:
        campaign.refresh_from_db()
        signals.send_after_commit(signals.campaign_finished, Campaign, campaign=campaign)
