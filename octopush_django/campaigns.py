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

from . import queue, signals
from .audience import snapshot
from .audience.sources import Sources
from .compose import drafts, previews
from .compose.arguments import SIGNATURE, CampaignArguments, complete
from .compose.audience_count import asks_for_replies
from .compose.fingerprint import LOOKED_AT
from .compose.previews import Preview
from .conf import conf
from .exceptions import (
    EmptyAudience,
    InvalidCampaign,
    InvalidRequest,
    KeyConflict,
    NotAllowedNow,
)
from .lifecycle import conclude, lock_open_frames, withdraw_cancelled
from .models import (
    Campaign,
    CampaignStatus,
    Channel,
    Frame,
    FrameStatus,
    Halt,
    Reason,
    Recipient,
    Scheduler,
)
from .models.campaigns import account_of
from .models.sending import WAITING_FRAMES
from .sending import gateway_schedule, settlement
from .sending.requests import message_of

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

    Raises :class:`InvalidCampaign`, :class:`ComplianceError`, :class:`EmptyAudience`, or
    :class:`KeyConflict` for another text, purpose or channel under a used key; then nothing is
    stored and nothing is sent. A rolled-back transaction sends nothing.
    """
    given = complete(arguments)
    key = drafts.check_key(given)
    existing = _made_before(key, given)
    if existing is not None:
        return existing
    campaign, sources = drafts.draft(given), Sources.read(given)
    drafts.refuse_errors(drafts.findings_of(campaign))
    sources.resolve_line_types()
    try:
        with transaction.atomic():
            campaign.save(force_insert=True)
            campaign.include.set(sources.lists)
            _approve(campaign, sources, by=campaign.created_by)
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
        return previews.preview_of(drafts.draft(given), Sources.read(given))
    if campaign.status != CampaignStatus.DRAFT:
        return previews.preview_frozen(campaign)
    return previews.preview_of(campaign, Sources.of(campaign))


def launch_campaign(
    campaign: Campaign, *, by: Any = None, seen: Preview | None = None
) -> Campaign:
    """Send a draft now.

    ``seen``: the preview by which somebody decided. Its count must still be right, its findings
    that ask for it must be acknowledged (:meth:`Preview.acknowledge`), and its price is what the
    bill of the first batch is compared with. Without it nothing of that is asked.

    Raises :class:`NotAllowedNow` if somebody else was faster, or changed what was looked at.
    """
    drafts.refuse_errors(drafts.findings_of(campaign))
    Sources.of(campaign).resolve_line_types()
    with transaction.atomic():
        campaign.send_at = None
        _refuse_changed(campaign)
        _approve(campaign, Sources.of(campaign), by=by, seen=seen)
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
        _change(campaign, (CampaignStatus.SCHEDULED,), send_at=send_at)
        return campaign
    campaign.send_at = send_at
    drafts.refuse_errors(drafts.findings_of(campaign))
    Sources.of(campaign).resolve_line_types()
    with transaction.atomic():
        _refuse_changed(campaign)
        _approve(campaign, Sources.of(campaign), by=by, seen=seen)
    return campaign


def pause_campaign(campaign: Campaign, *, by: Any = None) -> Campaign:
    """Stop before the next frame. Those being sent at this moment still go out."""
    _change(
        campaign,
        (CampaignStatus.SENDING,),
        status=CampaignStatus.PAUSED,
        reason_code=Reason.PERSON,
        reason=_("%(who)s paused it.") % {"who": by or _("Somebody")},
    )
    return campaign


def resume_campaign(campaign: Campaign, *, by: Any = None) -> Campaign:
    """Go on with a paused campaign."""
    with transaction.atomic():
        lock_open_frames(campaign)
        _change(
            campaign,
            (CampaignStatus.PAUSED,),
            status=CampaignStatus.SENDING,
            reason_code="",
            reason="",
            instance=conf.instance or campaign.instance,
        )
        campaign.frames.filter(status__in=WAITING_FRAMES).update(next_action_at=timezone.now())
        conclude([campaign.pk])
        queue.enqueue_worker_loops()
    campaign.refresh_from_db()
    return campaign


def cancel_campaign(campaign: Campaign, *, by: Any = None) -> Campaign:
    """Never send what has not left. What has left, has left; the reason says how many.

    What waits at the gateway for its time is cancelled there, where the gateway allows that:
    the one verb that calls it. Raises :class:`NotAllowedNow` otherwise.
    """
    campaign.refresh_from_db()
    if gateway_schedule.waits_at_gateway(campaign):
        gateway_schedule.cancel_at_gateway(campaign, str(by or _("Somebody")))
        campaign.refresh_from_db()
        return campaign
    with transaction.atomic():
        # A frame that is being claimed holds its lock: this waits and sees what became of it.
        lock_open_frames(campaign)
        _change(
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
        left = (
            Recipient.objects.included()
            .filter(campaign=campaign, frame__isnull=False)
            .exclude(frame__status=FrameStatus.CANCELLED)
            .count()
        )
        reason = _("%(who)s cancelled it. It had left for %(people)d people.") % {
            "who": by or _("Somebody"),
            "people": left,
        }
        Campaign.objects.filter(pk=campaign.pk).update(reason_code=Reason.PERSON, reason=reason)
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
        found.error_message = (_("%(who)s: it was sent.") if was_sent else _(
            "%(who)s: send it again."
        )) % {"who": by or _("Somebody")}  # fmt: skip
        found.save()
        withdraw_cancelled()
        conclude([found.campaign_id])
        queue.enqueue_worker_loops()
    logger.warning("Frame %s decided: %s", found.pk, "sent" if was_sent else "send again")
    return found


def halt(reason: str, *, by: Any = None) -> Halt:
    """Stop all sending, at the next frame. ``reason`` is shown on every campaign that waits."""
    record = Halt.objects.create(reason=reason, created_by=by)
    Campaign.objects.filter(status=CampaignStatus.SENDING).update(
        reason_code=Reason.HALTED, reason=reason
    )
    return record


def lift_halts() -> None:
    """Let sending go on."""
    with transaction.atomic():
        Halt.objects.active().update(lifted_at=timezone.now())
        Campaign.objects.filter(status=CampaignStatus.SENDING, reason_code=Reason.HALTED).update(
            reason_code="", reason=""
        )
        queue.enqueue_worker_loops()


def start_due(now: datetime | None = None) -> int:
    """Start the scheduled campaigns whose time has come; return how many.

    One that is later than ``OCTOPUSH_LATE_LIMIT`` waits for a person instead.
    """
    now = now or timezone.now()
    due = Campaign.objects.filter(status=CampaignStatus.SCHEDULED, send_at__lte=now)
    too_late = due.filter(send_at__lt=now - timedelta(seconds=conf.late_limit))
    too_late.update(
        status=CampaignStatus.PAUSED,
        reason_code=Reason.LATE,
        reason=_("Its time passed while nothing was working. Resume it, or cancel it."),
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
    if started:
        queue.enqueue_worker_loops()
    return started


def _made_before(key: str | None, given: Mapping[str, Any]) -> Campaign | None:
    """The campaign that a call with this key made. Raises KeyConflict for another message."""
    campaign = Campaign.objects.filter(key=key).first() if key is not None else None
    if campaign is not None:
        for field in ("text", "purpose", "channel"):
            if str(given[field]) != getattr(campaign, field):
                raise KeyConflict(campaign, field)
    return campaign


def _refuse_changed(campaign: Campaign) -> None:
    """What is sent is what the row says: it must not have changed since ``campaign`` was read.

    The lock keeps it so until the launch is committed.
    """
    names = LOOKED_AT
    row = Campaign.objects.select_for_update().filter(pk=campaign.pk).values(*names).first()
    if row is not None and row != {name: getattr(campaign, name) for name in names}:
        raise NotAllowedNow(_("It was changed meanwhile. Please look again; nothing was sent."))


def _approve(
    campaign: Campaign, sources: Sources, *, by: Any, seen: Preview | None = None
) -> None:
    """One conditional UPDATE decides who owns the launch; then freeze, in the same transaction."""
    if seen is not None:
        _expect(campaign, seen)
    now = timezone.now()
    hand_over = campaign.scheduler == Scheduler.GATEWAY
    waits = campaign.send_at is not None and campaign.send_at > now and not hand_over
    simulation = campaign.simulation or conf.simulation
    _change(
        campaign,
        (CampaignStatus.DRAFT,),
        status=CampaignStatus.SCHEDULED if waits else CampaignStatus.SENDING,
        send_at=campaign.send_at,
        simulation=simulation,
        from_lists_alone=sources.from_lists_alone,
        by_multi_channel=campaign.channel == Channel.SMS and conf.sms_by_multi_channel,
        expected_units=campaign.expected_units,
        expected_cost=campaign.expected_cost,
        sender=campaign.sender,
        instance=conf.instance or "",
        launched_by=account_of(by),
        launched_at=None if waits else now,
        reason_code="",
        reason="",
    )
    try:
        message_of(campaign)
    except InvalidRequest as error:
        raise InvalidCampaign(error.field, error.problem) from error
    frozen = snapshot.freeze(campaign, sources.contacts, sources.people())
    if not frozen:
        raise EmptyAudience(previews.exclusions_of(campaign))
    if seen is not None and seen.count != frozen:
        said = _("Who receives it changed meanwhile. Please look again; nothing was sent.")
        raise NotAllowedNow(said)
    if asks_for_replies(campaign):
        drafts.refuse_errors(previews.replies_findings(previews.abroad_of(campaign)))
    if not waits:
        signals.send_after_commit(signals.campaign_launched, Campaign, campaign=campaign)
        queue.enqueue_worker_loops()


def _expect(campaign: Campaign, seen: Preview) -> None:
    """Note what the bill is expected to be. Raises NotAllowedNow for findings that nobody read."""
    if seen.unread:
        said = _("Read and acknowledge this first: %(notes)s")
        notes = " ".join(str(finding.message) for finding in seen.unread)
        raise NotAllowedNow(said % {"notes": notes})
    campaign.expected_units = seen.total_segments
    campaign.expected_cost = seen.cost


def _change(campaign: Campaign, allowed: tuple[str, ...], **values: Any) -> None:
    """Change the row if its status allows it, and the object with it. Raises NotAllowedNow."""
    if not Campaign.objects.filter(pk=campaign.pk, status__in=allowed).update(**values):
        current = Campaign.objects.filter(pk=campaign.pk).values_list("status", flat=True).first()
        label = CampaignStatus(current).label if current else _("deleted")
        raise NotAllowedNow(_("This campaign is: %(status)s.") % {"status": label})
    for name, value in values.items():
        setattr(campaign, name, value)
