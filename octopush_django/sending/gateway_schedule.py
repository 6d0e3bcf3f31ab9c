"""Campaigns that wait at the gateway for their time, and how one is cancelled there.

Facts: the gateway's page on cancelling: fewer than three recipients, over ten minutes ahead.
"""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ..backends import open_backend
from ..exceptions import GatewayError, GatewayRefused, NotAllowedNow
from ..models import (
    Campaign,
    CampaignStatus,
    Frame,
    FrameStatus,
    Reason,
    Recipient,
    RecipientStatus,
    Scheduler,
)
from ..rules.sentences import Sentence

logger = logging.getLogger("octopush_django.sending")

FEWER_THAN = 3
AHEAD = timedelta(minutes=10)


def waits_at_gateway(campaign: Campaign, now: datetime | None = None) -> bool:
    """Whether all of a campaign was handed over, to leave later."""
    return (
        campaign.scheduler == Scheduler.GATEWAY
        and not campaign.simulation
        and campaign.status == CampaignStatus.SENT
        and campaign.send_at is not None
        and campaign.send_at > (now or timezone.now())
    )


def cancel_at_gateway(campaign: Campaign, who: str) -> None:
    """Cancel a campaign that the gateway keeps for later.

    Calls the gateway. Raises :class:`NotAllowedNow`, saying why it still leaves.
    """
    frames = list(campaign.frames.filter(status=FrameStatus.ACCEPTED).order_by("number"))
    _refuse_too_late(campaign, frames)
    try:
        with open_backend() as backend:
            for frame in frames:
                backend.cancel(frame.ticket, campaign.channel)
                _record(frame)
    except GatewayRefused as error:
        said = _(
            "Octopush refused to cancel it. Unless an earlier try cancelled it, it will leave. "
            "It said: “%(message)s”"
        )
        raise NotAllowedNow(said % {"message": error}) from error
    except GatewayError as error:
        said = _("No clear answer came; it may still leave. Try again. (%(message)s)")
        raise NotAllowedNow(said % {"message": error}) from error
    _finish(campaign, who)


def _refuse_too_late(campaign: Campaign, frames: list[Frame]) -> None:
    if sum(frame.size for frame in frames) >= FEWER_THAN:
        raise NotAllowedNow(
            _(
                "It waits at Octopush, which cancels only what goes to fewer than three people. "
                "Let this site keep the schedule next time: then it can always be cancelled."
            )
        )
    if not campaign.send_at or campaign.send_at - timezone.now() <= AHEAD:
        raise NotAllowedNow(
            _("It leaves in less than ten minutes: Octopush does not cancel it any more.")
        )
    if not all(frame.ticket for frame in frames):
        raise NotAllowedNow(_("Octopush never told its ticket, so it cannot be cancelled."))


def _record(frame: Frame) -> None:
    """Record one cancelled frame at once: a refusal of the next one, or a crash, comes after."""
    with transaction.atomic():
        Frame.objects.filter(pk=frame.pk).update(
            status=FrameStatus.CANCELLED, cost=Decimal(0), cost_is_estimate=True
        )
        Recipient.objects.included().filter(frame=frame).update(
            status=RecipientStatus.CANCELLED, status_at=timezone.now()
        )


def _finish(campaign: Campaign, who: str) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(
        status=CampaignStatus.CANCELLED,
        reason_code=Reason.PERSON,
        reason=Sentence(gettext_noop("%(who)s cancelled it at Octopush before it left."), who=who),
        finished_at=timezone.now(),
    )
    logger.warning("Campaign %s cancelled at the gateway", campaign.pk)
