"""From a draft to what is sent: one conditional UPDATE decides who owns it, then it is frozen.

Where its lists are large a worker freezes, in a second transaction, so that a click returns at
once. Until then the campaign is *preparing*: nothing of it leaves, and it can be paused or
cancelled.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from . import lifecycle, queue, signals
from .audience import snapshot
from .audience.sources import Sources
from .compose import drafts, fingerprint, previews
from .compose.audience_count import asks_for_replies
from .compose.fingerprint import LOOKED_AT
from .compose.previews import Preview
from .conf import conf
from .exceptions import (
    CampaignError,
    EmptyAudience,
    InvalidCampaign,
    InvalidRequest,
    NotAllowedNow,
)
from .models import Campaign, CampaignStatus, Channel, Preparation, Reason, Scheduler
from .models.campaigns import account_of
from .rules.compliance import Finding
from .rules.sentences import Sentence
from .sending.places import one_at_a_time
from .sending.requests import message_of

logger = logging.getLogger("octopush_django.approval")

APPROVED = (CampaignStatus.SENDING, CampaignStatus.SCHEDULED)
UNDONE: dict[str, Any] = {
    "status": CampaignStatus.DRAFT,
    "launched_by": None,
    "launched_at": None,
    "expected_units": None,
    "expected_cost": None,
    "from_lists_alone": False,
    "by_multi_channel": False,
}
"""What an approval wrote, as it was before."""

BEING_PREPARED = gettext_noop(
    "Its lists are long: who receives it is being written down. It goes on by itself."
)
MORE_PEOPLE = gettext_noop(
    "%(now)s people would receive it, and not %(seen)s as when it was approved. Nothing was sent: "
    "please look again."
)
COSTS_MORE = gettext_noop(
    "It would cost %(now)s EUR, and not %(seen)s EUR as when it was approved. Nothing was sent: "
    "please look again."
)
COUNTS_AS_MORE = gettext_noop(
    "The bill would count %(now)s SMS or messages, and not %(seen)s as when it was approved. "
    "Nothing was sent: please look again."
)
NOBODY = gettext_noop("Nobody would receive it any more. Nothing was sent: please look again.")
LOOK_AGAIN = gettext_noop(
    "There is more to know about it than when it was approved. Nothing was sent: please look "
    "again."
)


class _Overtaken(NotAllowedNow):
    """Somebody paused or cancelled the campaign while it was frozen: that is undone."""


def refuse_changed(campaign: Campaign) -> None:
    """What is sent is what the row says: it must not have changed since ``campaign`` was read.

    The lock keeps it so until the launch is committed.
    """
    names = LOOKED_AT
    row = Campaign.objects.select_for_update().filter(pk=campaign.pk).values(*names).first()
    if row is not None and row != {name: getattr(campaign, name) for name in names}:
        raise NotAllowedNow(_("It was changed meanwhile. Please look again; nothing was sent."))


@contextmanager
def all_or_nothing(campaign: Campaign) -> Iterator[None]:
    """A transaction; where it is rolled back the object is as before, too."""
    before = dict(vars(campaign))
    try:
        with transaction.atomic():
            yield
    except BaseException:
        vars(campaign).update(before)
        raise


def resolve_line_types(sources: Sources) -> None:
    """Before the transaction of an approval, so that what was found out stays."""
    if not sources.is_large:
        sources.resolve_line_types()


def approve(campaign: Campaign, sources: Sources, *, by: Any, seen: Preview | None = None) -> None:
    """Launch or schedule a draft. To be called in a transaction, which freezes who receives it.

    Where ``sources`` are large a worker does that. Raises :class:`NotAllowedNow` if somebody else
    was faster or something is not as it was ``seen``, :class:`EmptyAudience`, and what forbids
    sending.
    """
    if seen is not None:
        if not isinstance(seen, Preview):
            raise InvalidCampaign("seen", "must be what preview_campaign() returned.")
        _expect(campaign, seen)
    later = sources.is_large
    _take(campaign, sources, by, preparing(later))
    _refuse_unsendable(campaign)
    if later:
        Preparation.objects.create(
            campaign=campaign,
            people_seen=seen.count if seen else None,
            notes_read=[note.code for note in seen.findings if note.acknowledge] if seen else [],
        )
        queue.enqueue("prepare")
        return
    frozen = _freeze(campaign, sources)
    if seen is not None and seen.count != frozen:
        said = _("Who receives it changed meanwhile. Please look again; nothing was sent.")
        raise NotAllowedNow(said)
    _go(campaign)


def prepare(campaign_id: int) -> bool:
    """Freeze who receives an approved campaign of large lists. Safe to run twice, and to kill.

    One campaign at a time, so that workers stay free for others: False where another one is.

    Changes nothing if the campaign was paused or cancelled meanwhile. More people, or a higher
    cost, than was seen when it was approved puts it back to draft, with the reason.
    """
    lifecycle.hold_after_silence(timezone.now())
    found = Campaign.objects.filter(pk=campaign_id, **_PREPARING)
    for campaign in found:
        Sources.of(campaign).resolve_line_types()
    approved = Preparation.objects.filter(campaign__in=found).values_list("pk", flat=True).first()
    if approved is None:
        return True
    try:
        with one_at_a_time("prepare") as is_mine:
            if not is_mine:
                return False
            rows = Preparation.objects.select_for_update(of=("self",), skip_locked=True)
            preparation = rows.select_related("campaign").filter(pk=approved).first()
            if preparation is not None:
                _prepare(preparation)
    except _Overtaken:
        logger.info("Campaign %s was paused or cancelled while it was frozen", campaign_id)
    except CampaignError as error:
        _put_back(approved, error)
    return True


def _prepare(preparation: Preparation) -> None:
    """Freeze the campaign as it is since it was approved; raise if it grew, or was stopped."""
    campaign, seen = preparation.campaign, preparation.people_seen
    sources = Sources.of(campaign)
    if seen is not None:
        _refuse_more(preparation, previews.preview_of(campaign, sources))
    frozen = _freeze(campaign, sources)
    if seen is not None and frozen > seen:
        _refuse_more_people(frozen, seen)
    preparation.delete()
    _end_preparing(campaign)


def waiting() -> list[int]:
    """Campaigns that a worker has to prepare. Forgets those that were cancelled meanwhile."""
    Preparation.objects.filter(campaign__status=CampaignStatus.CANCELLED).delete()
    found = Campaign.objects.filter(**_PREPARING)
    return list(found.order_by("pk").values_list("pk", flat=True))


def preparing(is_so: bool) -> dict[str, str]:
    """What a campaign says of itself: that it is being prepared, or nothing."""
    return {
        "reason_code": Reason.PREPARING.value if is_so else "",
        "reason": Sentence(BEING_PREPARED) if is_so else "",
    }


_PREPARING = {"status__in": APPROVED, "reason_code": Reason.PREPARING}


def _expect(campaign: Campaign, seen: Preview) -> None:
    """Note what the bill is expected to be. Raises NotAllowedNow for findings that nobody read."""
    _refuse_unread(seen.unread)
    if seen.fingerprint and not fingerprint.is_of(seen.fingerprint, campaign):
        raise NotAllowedNow(_("It was changed meanwhile. Please look again; nothing was sent."))
    campaign.expected_units = seen.total_segments
    campaign.expected_cost = seen.cost


def _refuse_unread(notes: Sequence[Finding]) -> None:
    if notes:
        said = _("Read and acknowledge this first: %(notes)s")
        words = " ".join(str(finding.message) for finding in notes)
        raise NotAllowedNow(said % {"notes": words})


def _take(campaign: Campaign, sources: Sources, by: Any, reason: dict[str, str]) -> None:
    """The one conditional UPDATE that decides who owns the launch."""
    now = timezone.now()
    hand_over = campaign.scheduler == Scheduler.GATEWAY
    waits = campaign.send_at is not None and campaign.send_at > now and not hand_over
    lifecycle.change(
        campaign,
        (CampaignStatus.DRAFT,),
        status=CampaignStatus.SCHEDULED if waits else CampaignStatus.SENDING,
        send_at=campaign.send_at,
        simulation=campaign.simulation or conf.simulation,
        from_lists_alone=sources.from_lists_alone,
        by_multi_channel=campaign.channel == Channel.SMS and conf.sms_by_multi_channel,
        expected_units=campaign.expected_units,
        expected_cost=campaign.expected_cost,
        sender=campaign.sender,
        instance=conf.instance or "",
        launched_by=account_of(by),
        launched_at=None if waits else now,
        **reason,
    )


def _refuse_unsendable(campaign: Campaign) -> None:
    try:
        message_of(campaign)
    except InvalidRequest as error:
        raise InvalidCampaign(error.field, error.problem) from error


def _freeze(campaign: Campaign, sources: Sources) -> int:
    """Write down who receives it; return how many. Raises EmptyAudience, ComplianceError."""
    frozen = snapshot.freeze(campaign, sources.contacts, sources.people())
    if not frozen:
        raise EmptyAudience(previews.exclusions_of(campaign))
    if asks_for_replies(campaign):
        drafts.refuse_errors(previews.replies_findings(previews.abroad_of(campaign)))
    return frozen


def _go(campaign: Campaign) -> None:
    """Tell receivers and workers of a campaign that leaves now."""
    if campaign.status == CampaignStatus.SENDING:
        signals.send_after_commit(signals.campaign_launched, Campaign, campaign=campaign)
        lifecycle.take_turns(campaign)
        lifecycle.say_if_halted([campaign.pk])
        queue.enqueue("send_frames")


def _refuse_more(preparation: Preparation, now: Preview) -> None:
    """Raise for more people, a higher cost, or more to know, than was seen.

    Counted just before they are frozen: what a name grows by within these seconds is for the
    pilot's bill to tell.
    """
    campaign, people_seen = preparation.campaign, preparation.people_seen or 0
    if now.count > people_seen:
        _refuse_more_people(now.count, people_seen)
    _refuse_unread([note for note in now.unread if note.code not in preparation.notes_read])
    units, cost = campaign.expected_units, campaign.expected_cost
    if cost is not None and now.cost is not None and now.cost > cost:
        raise NotAllowedNow(Sentence(COSTS_MORE, now=now.cost, seen=cost))
    if units is not None and now.total_segments > units:
        raise NotAllowedNow(Sentence(COUNTS_AS_MORE, now=now.total_segments, seen=units))


def _refuse_more_people(now: int, seen: int) -> None:
    raise NotAllowedNow(Sentence(MORE_PEOPLE, now=now, seen=seen))


def _end_preparing(campaign: Campaign) -> None:
    """Let it go, if nobody paused or cancelled it while it was frozen."""
    if not Campaign.objects.filter(pk=campaign.pk, **_PREPARING).update(**preparing(False)):
        raise _Overtaken
    campaign.refresh_from_db()
    _go(campaign)


def _put_back(approved: int, error: CampaignError) -> None:
    """Make a draft of it again, saying why; unless it was stopped, or approved anew, meanwhile."""
    with transaction.atomic():
        preparation = Preparation.objects.filter(pk=approved).first()
        if preparation is None:
            return
        found = Campaign.objects.filter(pk=preparation.campaign_id, **_PREPARING)
        if found.update(**UNDONE, reason_code=Reason.CHANGED, reason=_why(error)):
            preparation.delete()
            logger.warning(
                "Campaign %s is a draft again: %s", preparation.campaign_id, type(error).__name__
            )


def _why(error: CampaignError) -> Sentence:
    """For whoever reads it: the check page has the details in their language."""
    said = error.args[0]
    if isinstance(said, Sentence):
        return said
    return Sentence(NOBODY if isinstance(error, EmptyAudience) else LOOK_AGAIN)
