"""The state of a campaign: hold it, say what it waits for, conclude it.

Every change is one conditional UPDATE: whoever changes the row owns the change.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from . import queue, signals
from .models import (
    Campaign,
    CampaignStatus,
    Frame,
    FrameStatus,
    Reason,
    Recipient,
    RecipientStatus,
)
from .models.sending import OPEN_FRAMES

logger = logging.getLogger("octopush_django.lifecycle")

WITHDRAWN_AT_ONCE = 40
"""Cancelled frames whose people are withdrawn in one transaction: 20,000 rows, a second or so."""


def hold(campaign: Campaign, code: str, sentence: str) -> None:
    """Pause a sending campaign, saying why."""
    Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.SENDING).update(
        status=CampaignStatus.PAUSED, reason_code=code, reason=sentence
    )
    logger.warning("Campaign %s paused: %s", campaign.pk, code)


def note(campaign: Campaign, code: str, sentence: str) -> None:
    """Say on a sending campaign what it waits for ("" for nothing)."""
    Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.SENDING).exclude(
        reason_code=code, reason=sentence
    ).update(reason_code=code, reason=sentence)


def release(campaign: Campaign, now: datetime) -> None:
    """Give the frames behind a pilot their turn."""
    campaign.frames.all().behind_pilot().update(waits_for_pilot=False, next_action_at=now)


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
        pk__in=chosen, status__in=(CampaignStatus.SENDING, CampaignStatus.PAUSED)
    ):
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
        note(campaign, Reason.UNDECIDED, _("A batch may or may not have gone out. Decide."))
    elif FrameStatus.UNCERTAIN in statuses:
        note(campaign, Reason.GATEWAY, _("A batch got no clear answer. It is being checked."))
    elif pending.filter(next_action_at__gt=now).exclude(error_message="").exists():
        note(
            campaign,
            Reason.GATEWAY,
            _("Octopush cannot be reached, or is busy. We keep trying; nothing is lost."),
        )
    elif campaign.reason_code in (Reason.GATEWAY, Reason.UNDECIDED):
        note(campaign, "", "")


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
        sentence = _("Everybody in it opted out before it could leave.")
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
