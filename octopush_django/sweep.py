"""The tick: put right whatever a lost task, a killed worker or a passed moment left behind.

Needs nothing from the queue, and every step repeats its condition: run it as often as you like.
"""

from django.utils import timezone

from . import queue
from .campaigns import start_due
from .inbound import match
from .lifecycle import conclude, withdraw_cancelled
from .models import Campaign, CampaignStatus, Contact, EventState, WebhookEvent
from .reports import credit
from .sending import claims

LINES_A_TICK = 50_000
"""Contacts written by SQL whose lines are found out in one tick: some seconds."""


def sweep() -> None:
    """Do one tick: expired leases, due campaigns, forgotten work, finished sums."""
    claims.expire_leases()
    start_due()
    withdraw_cancelled()
    Contact.objects.all().resolve_line_types(most=LINES_A_TICK)
    match.replay_known()
    if WebhookEvent.objects.filter(state=EventState.RECEIVED).exists():
        queue.enqueue("apply_events")
    active = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
    conclude(Campaign.objects.filter(status__in=active).values_list("pk", flat=True))
    if claims.claimable(timezone.now()).exists():
        queue.enqueue_worker_loops()
    credit.watch()
