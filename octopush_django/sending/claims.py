"""Claim frames: the last look before something leaves.

The order is what keeps people from being messaged twice: the intent to call (a ``SendAttempt``) is
committed before any byte leaves, and every change of a frame repeats its condition and raises its
fence. Whatever may have left keeps its ``request_id``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from ..conf import conf
from ..lifecycle import TOO_LATE, conclude, hold, note, release, unclear_frames
from ..models import (
    AttemptOutcome,
    Campaign,
    CampaignStatus,
    Frame,
    FrameStatus,
    Halt,
    Priority,
    Reason,
    Recipient,
    Scheduler,
    SendAttempt,
)
from ..models.sending import WAITING_FRAMES, FrameQuerySet
from ..rules.sentences import Sentence
from .drops import drop_people
from .requests import message_of, path_of

CLAIM_LIMIT = 64
LEASE = timedelta(seconds=50)
"""For a wait of 10 seconds and a call of 35, to connect included; longer calls lengthen it.

With a sweep each minute, the batches of a host that died go on within two minutes.
"""
LONGEST_AMBIGUITY = timedelta(hours=20)
"""The gateway forgets a request_id after 24 h; no repeat near that."""
MOST_CLAIMS = 5
"""Claims without any settled answer, after which a frame is taken for poison."""

STOPPED, BUSY = "Not posted: stopped.", "Not posted: all senders were busy."
"""Why a claim was given back that no sender had begun with: nothing is wrong with the frame."""
ELSEWHERE = gettext_noop(
    "It was launched on another copy of this site, “%(instance)s”, and leaves there."
)
GOES_ON = gettext_noop("Marketing may not leave now. It goes on %(when)s (%(zone)s).")
NO_ANSWER = gettext_noop("No clear answer came while it could be repeated.")
POISON = gettext_noop("The worker stopped each time it tried.")
NOBODY_LEFT = gettext_noop("Nobody in it may get it any more, after a first try.")


class _Joined(Subquery):
    """One column as one text, in the order of the subquery. For PostgreSQL.

    Reading its rows one by one took Python longer than all else in a claim.
    """

    template = "ARRAY_TO_STRING(ARRAY(%(subquery)s), ', ')"
    output_field = TextField()


@dataclass(frozen=True)
class Claim:
    """The right to make one call for a frame, and what to send."""

    frame_id: int
    campaign_id: int
    fence: int
    attempt_id: int
    body: bytes
    path: str
    priority: int = Priority.MARKETING


def claim_frames(
    limit: int = CLAIM_LIMIT,
    now: datetime | None = None,
    *,
    campaign: Campaign | None = None,
    messages_alone: bool = False,
) -> list[Claim]:
    """Take frames whose turn it is, of any campaign or of ``campaign`` alone.

    Transactional messages come first, campaigns by turns. ``messages_alone``: none but the former.

    When this returns outside a transaction, the intent of each call is on disk.
    """
    now = now or timezone.now()
    with transaction.atomic():
        due = claimable(now).prefetch_related("campaign").by_turns()
        if campaign is not None:
            due = due.filter(campaign=campaign)
        if messages_alone:
            due = due.filter(priority=Priority.MESSAGE)
        locked = due.select_for_update(of=("self",), skip_locked=True)
        # By campaign: what two workers write on campaigns they write in one order.
        chosen = sorted(locked[:limit], key=lambda frame: frame.campaign_id)
        frames = [frame for frame in chosen if _may_leave(frame, now)]
        dropped = drop_people(frames, now)
        payloads = _payloads(frames)
        frames = [frame for frame in frames if _has_people(frame, payloads)]
        if not frames:
            return []
        return _commit_intent(frames, payloads, dropped, now)


def claimable(now: datetime) -> FrameQuerySet:
    """Frames to take now: none while halted, no new ones while the gateway is unclear."""
    return Frame.objects.claimable(now).filter(
        Q(status=FrameStatus.UNCERTAIN) | ~Exists(unclear_frames()),
        ~Exists(Halt.objects.active()),
    )


def stopped(campaign_ids: set[int]) -> set[int]:
    """The campaigns of which nothing more may leave: halted, paused or cancelled."""
    if not campaign_ids:
        return set()
    going_on = Campaign.objects.filter(
        ~Exists(Halt.objects.active()), pk__in=campaign_ids, status=CampaignStatus.SENDING
    )
    return campaign_ids - set(going_on.values_list("pk", flat=True))


def expire_leases(now: datetime | None = None) -> int:
    """Frames whose worker is gone may have been posted: repeat them under the same request_id."""
    now = now or timezone.now()
    with transaction.atomic():
        expired = Frame.objects.select_for_update().expired(now)
        ids = list(expired.values_list("pk", flat=True))
        SendAttempt.objects.filter(frame__in=ids, outcome=AttemptOutcome.OPEN).update(
            outcome=AttemptOutcome.UNCERTAIN, ended_at=now, message="The worker did not come back."
        )
        return (
            Frame.objects.expired(now)
            .filter(pk__in=ids)
            .update(
                status=FrameStatus.UNCERTAIN, ambiguous=True, lease_until=None, next_action_at=now
            )
        )


def _lease() -> timedelta:
    """A lease must outlive the wait for a sender and the call itself."""
    return LEASE + timedelta(seconds=max(0.0, sum(conf.timeout) - 35))


def _may_leave(frame: Frame, now: datetime) -> bool:
    """The last look before a frame leaves. What must not is moved aside, with its reason."""
    campaign = frame.campaign
    if campaign.instance and campaign.instance != conf.instance:
        hold(campaign, Reason.INSTANCE, Sentence(ELSEWHERE, instance=campaign.instance))
        return False
    if _is_late(frame, now):
        hold(campaign, Reason.LATE, Sentence(TOO_LATE))
        return False
    if frame.status == FrameStatus.UNCERTAIN and not _may_repeat(frame, now):
        return _leave_to_person(frame, NO_ANSWER)
    if frame.claims >= MOST_CLAIMS:
        return _leave_to_person(frame, POISON)
    return _within_hours(frame, now)


def _is_late(frame: Frame, now: datetime) -> bool:
    """Whether the gateway should have had a campaign, of which nothing was posted, long ago.

    It would send a time that is past at once. Who resumes such a campaign wants that.
    """
    campaign = frame.campaign
    if campaign.scheduler != Scheduler.GATEWAY or campaign.send_at is None:
        return False
    is_past = campaign.send_at < now - timedelta(seconds=conf.late_limit)
    return is_past and not campaign.frames.filter(first_posted_at__isnull=False).exists()


def _may_repeat(frame: Frame, now: datetime) -> bool:
    age = now - (frame.first_posted_at or now)
    return conf.repost_uncertain and timedelta(0) <= age < LONGEST_AMBIGUITY


def _leave_to_person(frame: Frame, why: str) -> bool:
    Frame.objects.filter(pk=frame.pk, status=frame.status, fence=frame.fence).update(
        status=FrameStatus.UNDECIDED, error_message=Sentence(why), next_action_at=None
    )
    transaction.on_commit(lambda: conclude([frame.campaign_id]))
    return False


def _within_hours(frame: Frame, now: datetime) -> bool:
    campaign = frame.campaign
    hours = campaign.allowed_hours(frame.time_zone)
    leaves_at = campaign.send_at if campaign.scheduler == Scheduler.GATEWAY else now
    if hours and not hours.allows(max(leaves_at or now, now)):
        opens = hours.next_opening(now)
        waiting = campaign.frames.filter(
            status__in=WAITING_FRAMES, next_action_at__lte=opens, time_zone=frame.time_zone
        )
        # What another worker has under lock it puts off itself.
        free = waiting.select_for_update(of=("self",), skip_locked=True).order_by("pk")
        put_off = Frame.objects.filter(pk__in=list(free.values_list("pk", flat=True)))
        put_off.filter(status=FrameStatus.PENDING).update(error_message="")
        put_off.update(next_action_at=opens)
        said = Sentence(GOES_ON, when=opens, zone=conf.time_zone)
        note(campaign, Reason.QUIET_HOURS, said)
        return False
    if campaign.reason_code == Reason.QUIET_HOURS and not _waits_elsewhere(frame, now):
        note(campaign, "")
        campaign.reason_code = ""
    return True


def _waits_elsewhere(frame: Frame, now: datetime) -> bool:
    """Whether others of the campaign still wait for the hours of their own zone."""
    others = frame.campaign.frames.exclude(time_zone=frame.time_zone)
    return others.filter(status=FrameStatus.PENDING, next_action_at__gt=now).exists()


def _payloads(frames: Sequence[Frame]) -> Mapping[int, str]:
    """What is sent for the people of each frame, in the order in which they were frozen."""
    chosen = [frame.pk for frame in frames]
    rows = Recipient.objects.included()
    if connections[rows.db].vendor == "postgresql":
        people = rows.filter(frame=OuterRef("pk")).order_by("pk").values("payload")
        joined = Frame.objects.filter(pk__in=chosen).values_list("pk", _Joined(people))
        return {frame_id: payloads for frame_id, payloads in joined if payloads}
    by_frame: dict[int, list[str]] = defaultdict(list)
    found = rows.filter(frame__in=chosen).order_by("pk").values_list("frame_id", "payload")
    for frame_id, payload in found:
        by_frame[frame_id or 0].append(payload)
    return {frame_id: ", ".join(payloads) for frame_id, payloads in by_frame.items()}


def _has_people(frame: Frame, payloads: Mapping[int, str]) -> bool:
    if frame.pk in payloads:
        return True
    if frame.ambiguous:
        return _leave_to_person(frame, NOBODY_LEFT)
    Frame.objects.filter(pk=frame.pk).update(status=FrameStatus.EMPTY, next_action_at=None)
    transaction.on_commit(lambda: conclude([frame.campaign_id]))
    if frame.is_pilot:
        release(frame.campaign, timezone.now())
    return False


def _commit_intent(
    frames: Sequence[Frame],
    payloads: Mapping[int, str],
    dropped: Mapping[int, list[str]],
    now: datetime,
) -> list[Claim]:
    attempts = {
        frame.pk: SendAttempt(
            frame=frame,
            fence=frame.fence + 1,
            request_id=frame.request_id,
            started_at=now,
            left_out=dropped.get(frame.pk, []),
        )
        for frame in frames
    }
    campaigns = {(frame.campaign_id, frame.text): frame.campaign for frame in frames}
    messages = {key: message_of(campaign, key[1]) for key, campaign in campaigns.items()}
    changed = (
        Frame.objects.claimable(now)
        .filter(pk__in=[frame.pk for frame in frames])
        .update(
            status=FrameStatus.SENDING,
            fence=F("fence") + 1,
            claims=F("claims") + 1,
            lease_until=timezone.now() + _lease(),
            first_posted_at=Coalesce("first_posted_at", now),
        )
    )
    if changed != len(frames):
        # Without row locks (SQLite outside IMMEDIATE) another worker was faster: take nothing.
        transaction.set_rollback(True)
        return []
    SendAttempt.objects.bulk_create(attempts.values())
    return [
        Claim(
            frame.pk,
            frame.campaign_id,
            frame.fence + 1,
            attempts[frame.pk].pk,
            messages[frame.campaign_id, frame.text].to_body(payloads[frame.pk], frame.request_id),
            path_of(frame.campaign),
            frame.priority,
        )
        for frame in frames
    ]
