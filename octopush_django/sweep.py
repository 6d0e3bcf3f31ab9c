"""The tick: put right whatever a lost ring, a killed worker or a passed moment left behind.

Needs nothing from the queue, and every step repeats its condition: run it as often as you like.
"""

from django.utils import timezone

from . import credit, dispatch, matching, pump, queue
from .campaigns import start_due
from .lifecycle import conclude, withdraw_cancelled
from .models import Campaign, CampaignStatus, EventState, WebhookEvent


def sweep() -> None:
    """Do one tick: expired leases, due campaigns, forgotten work, finished sums."""
    dispatch.expire_leases()
    start_due()
    withdraw_cancelled()
    matching.replay_known()
    if WebhookEvent.objects.filter(state=EventState.RECEIVED).exists():
        queue.ring("apply_events")
    active = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
    conclude(Campaign.objects.filter(status__in=active).values_list("pk", flat=True))
    if dispatch.claimable(timezone.now()).exists():
        pump.ring()
    credit.watch()
