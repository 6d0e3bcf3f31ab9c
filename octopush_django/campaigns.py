"""The public verbs: preview, send, launch, schedule, pause, resume, cancel.

Nothing here calls the gateway: a verb writes rows and enqueues the work after commit.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Unpack, overload

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from . import approval, queue, signals
from .audience.sources import Sources
from .compose import drafts, previews
from .compose.arguments import SIGNATURE, CampaignArguments, complete
from .compose.previews import Preview
from .conf import conf
from .exceptions import InvalidCampaign, KeyConflict, NotAllowedNow
from .lifecycle import (
    TOO_LATE,
    change,
    conclude,
    lock_open_frames,
    say_if_halted,
    take_turns,
    withdraw_cancelled,
)
from .models import (
    Campaign,
    CampaignStatus,
    Frame,
    FrameStatus,
    Halt,
    Preparation,
    Reason,
    Scheduler,
)
from .models.campaigns import account_of
from .models.sending import WAITING_FRAMES
from .reports import alerts
from .rules.sentences import Sentence
from .sending import gateway_schedule, settlement

logger = logging.getLogger("octopush_django.campaigns")

__all__ = [
    "Preview",
    "asend_campaign",
    "cancel_campaign",
    "decide_frame",
    "halt",
    "launch_campaign",
    "lift_halts",
    "pause_campaign",
    "preview_campaign",
    "resume_campaign",
    "schedule_campaign",
    "send_campaign",
    "start_due",
]


def send_campaign(**arguments: Unpack[CampaignArguments]) -> Campaign:
    """Send a message to people, once each. Returns at once; a worker sends after commit.

    ``text``: may hold merge fields, ``{first_name|dear customer}``. ``purpose``: ``"alert"``
    (transactional) or ``"wholesale"`` (marketing: needs a STOP mention; leaves out who opted out
    or refused). ``recipients``: numbers in any spelling, mappings (``phone_number``,
    ``first_name``, ``param1`` …), contacts, or a queryset of any model with ``phone_field`` and
    ``fields`` (merge field -> field of yours). ``contact_lists``: lists or their names.
    ``audience``: a queryset of ``Contact``. ``key``: a second call with the same key returns the
    first campaign; ``created_now`` of what is returned tells whether this call made it.
    ``channel``: ``"sms"``, ``"voice_sms"``, ``"rcs"`` or ``"email"``.
    ``sms_type``: ``"sms_premium"`` or ``"sms_low_cost"``. ``sender``: 3 to 11 letters and digits,
    ``OCTOPUSH_SENDER`` if None. ``send_at``: aware; later than now schedules. ``scheduler``:
    ``"app"`` keeps the schedule here, where it can be cancelled; ``"gateway"`` hands it over at
    once. ``with_replies``: people can answer. ``simulation``: the gateway checks and pretends.
    ``options``: fields of the channel under the gateway's own names. ``created_by``: a user.

    Who receives it is frozen before this returns. Only where ``contact_lists`` alone have more
    than 50,000 members does a worker do that: the campaign is ``preparing`` then, without
    recipients, and becomes a draft with a reason if nobody would receive it.

    Raises :class:`InvalidCampaign`, :class:`ComplianceError`, :class:`EmptyAudience`, or
    :class:`KeyConflict` for another text, purpose or channel under a used key; then nothing is
    stored and nothing is sent. A rolled-back transaction sends nothing.
    """
    given = complete(arguments)
    key = drafts.check_key(given)
    existing = _made_before(key, given)
    if existing is not None:
        return existing
    campaign, sources = _read(given)
    drafts.refuse_errors(drafts.findings_of(campaign, sources.fields))
    approval.resolve_line_types(sources)
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
            campaign.include.set(sources.lists)
            approval.approve(campaign, sources, by=campaign.created_by)
    except IntegrityError:
        # Another call with the same key was faster: its campaign is the one.
        winner = _made_before(key, given)
        if winner is None:
            raise
        return winner
    campaign.created_now = True
    return campaign


send_campaign.__signature__ = SIGNATURE  # type: ignore[attr-defined]

asend_campaign = sync_to_async(send_campaign, thread_sensitive=True)
"""``send_campaign`` for async views."""


@overload
def preview_campaign(campaign: Campaign) -> Preview: ...
@overload
def preview_campaign(**arguments: Unpack[CampaignArguments]) -> Preview: ...
def preview_campaign(campaign: Campaign | None = None, **arguments: Any) -> Preview:
    """What :func:`send_campaign` would do with these arguments, or with a draft ``campaign``.

    Stores and sends nothing. Raises :class:`InvalidCampaign` for arguments that make no sense;
    what forbids sending stands in ``findings``.
    """
    if campaign is None:
        given = complete(arguments)
        return previews.preview_of(*_read(given))
    _refuse_unsaved(campaign)
    is_preparing = Preparation.objects.filter(campaign=campaign).exists()
    if campaign.status != CampaignStatus.DRAFT and not is_preparing:
        return previews.preview_frozen(campaign)
    return previews.preview_of(campaign, Sources.of(campaign))


def launch_campaign(
    campaign: Campaign, *, by: Any = None, seen: Preview | None = None
) -> Campaign:
    """Send a draft now.

    ``seen``: the preview by which somebody decided. Its count must still be right, its findings
    that ask for it must be acknowledged (:meth:`Preview.acknowledge`), and its price is what the
    bill of the first batch is compared with. Without it nothing of that is asked. Lists of more
    than 50,000 members are frozen by a worker: more people or a higher cost than was ``seen``
    puts the campaign back to draft then, with the reason.

    Raises :class:`NotAllowedNow` if somebody else was faster, or changed what was looked at.
    """
    _refuse_unsaved(campaign)
    drafts.refuse_errors(drafts.findings_of(campaign))
    approval.resolve_line_types(Sources.of(campaign))
    with approval.all_or_nothing(campaign):
        campaign.send_at = None
        approval.refuse_changed(campaign)
        approval.approve(campaign, Sources.of(campaign), by=by, seen=seen)
    return campaign


def schedule_campaign(
    campaign: Campaign, send_at: datetime, *, by: Any = None, seen: Preview | None = None
) -> Campaign:
    """Send a draft at ``send_at`` (aware), or move a scheduled campaign there.

    Who receives it is frozen now; who opts out until then is left out then. ``seen`` and what is
    raised: as for :func:`launch_campaign`.
    """
    drafts.check_send_at(send_at)
    if campaign.status == CampaignStatus.SCHEDULED:
        change(campaign, (CampaignStatus.SCHEDULED,), send_at=send_at)
        return campaign
    _refuse_unsaved(campaign)
    approval.resolve_line_types(Sources.of(campaign))
    with approval.all_or_nothing(campaign):
        campaign.send_at = send_at
        drafts.refuse_errors(drafts.findings_of(campaign))
        approval.refuse_changed(campaign)
        approval.approve(campaign, Sources.of(campaign), by=by, seen=seen)
    return campaign


def pause_campaign(campaign: Campaign, *, by: Any = None) -> Campaign:
    """Stop before the next frame. Those being sent at this moment still go out."""
    change(
        campaign,
        (CampaignStatus.SENDING,),
        status=CampaignStatus.PAUSED,
        reason_code=Reason.PERSON,
        reason=Sentence(gettext_noop("%(who)s paused it."), who=_name(by)),
    )
    return campaign


def resume_campaign(campaign: Campaign, *, by: Any = None) -> Campaign:
    """Go on with a paused campaign; one that the gateway should have sent by now goes at once."""
    with transaction.atomic():
        lock_open_frames(campaign)
        unfrozen = Preparation.objects.filter(campaign=campaign).exists()
        begins = campaign.launched_at is None
        change(
            campaign,
            (CampaignStatus.PAUSED,),
            status=CampaignStatus.SENDING,
            **approval.preparing(unfrozen),
            instance=conf.instance or campaign.instance,
            launched_at=campaign.launched_at or timezone.now(),
        )
        if begins and not unfrozen:
            signals.send_after_commit(signals.campaign_launched, Campaign, campaign=campaign)
        alerts.forget(campaign)
        _send_late_at_once(campaign)
        if unfrozen:
            queue.enqueue("prepare")
        campaign.frames.filter(status__in=WAITING_FRAMES).update(next_action_at=timezone.now())
        take_turns(campaign)
        conclude([campaign.pk])
        say_if_halted([campaign.pk])
        queue.enqueue("send_frames")
    campaign.refresh_from_db()
    return campaign


def _send_late_at_once(campaign: Campaign) -> None:
    """Of a campaign that the gateway keeps until its time, and of which nothing was posted."""
    posted = campaign.frames.filter(first_posted_at__isnull=False)
    late = Campaign.objects.filter(
        pk=campaign.pk, scheduler=Scheduler.GATEWAY, send_at__lt=timezone.now()
    )
    if not posted.exists():
        late.update(send_at=None)


def cancel_campaign(campaign: Campaign, *, by: Any = None) -> Campaign:
    """Never send what has not left. What has left, has left.

    A worker gives back within a second what it has claimed and not begun to send.

    What waits at the gateway for its time is cancelled there, where the gateway allows that:
    the one verb that calls it. Raises :class:`NotAllowedNow` otherwise.
    """
    campaign.refresh_from_db()
    if gateway_schedule.waits_at_gateway(campaign):
        gateway_schedule.cancel_at_gateway(campaign, _name(by))
        campaign.refresh_from_db()
        return campaign
    with transaction.atomic():
        # A frame that is being claimed holds its lock: this waits and sees what became of it.
        lock_open_frames(campaign)
        change(
            campaign,
            (
                CampaignStatus.DRAFT,
                CampaignStatus.SCHEDULED,
                CampaignStatus.SENDING,
                CampaignStatus.PAUSED,
            ),
            status=CampaignStatus.CANCELLED,
            finished_at=timezone.now(),
        )
        withdraw_cancelled()
        # How many have it is for the figures to tell: calls may be under way at this moment.
        said = gettext_noop("%(who)s cancelled it.")
        if not campaign.frames.filter(fence__gt=0).exists():
            said = gettext_noop("%(who)s cancelled it. Nobody got it.")
        if campaign.launched_at is None:
            said = gettext_noop("%(who)s cancelled it before its time. Nobody got it.")
        Campaign.objects.filter(pk=campaign.pk).update(
            reason_code=Reason.PERSON, reason=Sentence(said, who=_name(by))
        )
    campaign.refresh_from_db()
    return campaign


def decide_frame(frame: Frame, *, was_sent: bool, by: Any = None) -> Frame:
    """Say what became of a frame that no machine may decide.

    ``was_sent``: it counts as accepted, at an estimated cost. Otherwise it is sent again under a
    new ``request_id``: if it had gone out after all, its people get it twice. Raises
    :class:`NotAllowedNow` unless the frame is undecided.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = Frame.objects.select_for_update(of=("self",)).select_related("campaign")
        found = locked.filter(pk=frame.pk, status=FrameStatus.UNDECIDED).first()
        if found is None:
            raise NotAllowedNow(_("Somebody has decided on this batch already."))
        if was_sent:
            settlement.take_as_sent(found)
        else:
            settlement.send_anew(found, now)
        sent, anew = gettext_noop("%(who)s: it was sent."), gettext_noop("%(who)s: send it again.")
        found.error_message = Sentence(sent if was_sent else anew, who=_name(by))
        found.save()
        withdraw_cancelled()
        conclude([found.campaign_id])
        queue.enqueue("send_frames")
    logger.warning("Frame %s decided: %s", found.pk, "sent" if was_sent else "send again")
    return found


def halt(reason: str, *, by: Any = None) -> Halt:
    """Stop all sending, at the next frame.

    ``reason`` is shown on the page of each campaign, and in ``reason`` of those that wait for
    nothing else.
    """
    if not isinstance(reason, str) or not reason.strip():
        raise InvalidCampaign("reason", "say why, in words: campaigns that wait show it.")
    record = Halt.objects.create(reason=reason, created_by=account_of(by))
    sending = Campaign.objects.filter(status=CampaignStatus.SENDING)
    say_if_halted(sending.values_list("pk", flat=True))
    return record


def lift_halts() -> None:
    """Let sending go on."""
    with transaction.atomic():
        Halt.objects.active().update(lifted_at=timezone.now())
        Campaign.objects.filter(status=CampaignStatus.SENDING, reason_code=Reason.HALTED).update(
            reason_code="", reason=""
        )
        queue.enqueue("send_frames")


def start_due(now: datetime | None = None) -> int:
    """Start the scheduled campaigns whose time has come; return how many.

    One that is later than ``OCTOPUSH_LATE_LIMIT`` waits for a person instead.
    """
    now = now or timezone.now()
    scheduled = Campaign.objects.filter(status=CampaignStatus.SCHEDULED, preparation=None)
    due = scheduled.filter(send_at__lte=now)
    too_late = due.filter(send_at__lt=now - timedelta(seconds=conf.late_limit))
    too_late.update(
        status=CampaignStatus.PAUSED,
        reason_code=Reason.LATE,
        reason=Sentence(TOO_LATE),
    )
    started = 0
    for campaign in due:
        changed = Campaign.objects.filter(
            pk=campaign.pk, status=CampaignStatus.SCHEDULED, send_at__lte=now
        ).update(status=CampaignStatus.SENDING, launched_at=now)
        started += changed
        if changed:
            campaign.refresh_from_db()
            signals.send_after_commit(signals.campaign_launched, Campaign, campaign=campaign)
            take_turns(campaign)
            say_if_halted([campaign.pk])
    if started:
        queue.enqueue("send_frames")
    return started


def _read(given: Mapping[str, Any]) -> tuple[Campaign, Sources]:
    """The unsaved campaign of some arguments, and its people. Raises :class:`InvalidCampaign`."""
    campaign, sources = drafts.draft(given), Sources.read(given)
    drafts.refuse_unknown_fields(campaign, sources.fields, contacts=sources.holds_contacts)
    return campaign, sources


def _name(by: Any) -> str:
    return str(by) if by else Sentence(gettext_noop("Somebody"))


def _refuse_unsaved(campaign: Campaign) -> None:
    if not isinstance(campaign, Campaign) or campaign.pk is None:
        raise InvalidCampaign("campaign", "must be a campaign that was saved.")


def _made_before(key: str | None, given: Mapping[str, Any]) -> Campaign | None:
    """The campaign that a call with this key made. Raises KeyConflict for another message."""
    campaign = Campaign.objects.filter(key=key).first() if key is not None else None
    if campaign is not None:
        for field in ("text", "purpose", "channel"):
            if str(given[field]) != getattr(campaign, field):
                raise KeyConflict(campaign, field)
    return campaign
