"""The tick: put right whatever a lost task, a killed worker or a passed moment left behind.

Needs nothing from the queue, and every step repeats its condition: run it as often as you like.
"""

from django.utils import timezone

from . import approval, queue
from .campaigns import start_due
from .inbound import match
from .lifecycle import conclude, wake_from_the_future, withdraw_cancelled
from .models import Campaign, CampaignStatus, Contact, EventState, WebhookEvent
from .reports import alerts, credit
from .sending import claims, places

LINES_A_TICK = 50_000
"""Contacts written by SQL whose lines are found out in one tick: some seconds."""


def sweep() -> None:
    """Do one tick: expired leases, campaigns to prepare or due, forgotten work, finished sums."""
    claims.expire_leases()
    if approval.waiting():
        queue.enqueue("prepare")
    start_due()
    wake_from_the_future(timezone.now())
    withdraw_cancelled()
    Contact.objects.all().resolve_line_types(most=LINES_A_TICK)
    match.replay_known()
    if WebhookEvent.objects.filter(state=EventState.RECEIVED).exists():
        queue.enqueue("apply_events")
    active = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
    conclude(Campaign.objects.filter(status__in=active).values_list("pk", flat=True))
    if claims.claimable(timezone.now()).exists():
        queue.enqueue("send_frames")
    credit.watch()
    alerts.watch()
    places.forget_clusters()
