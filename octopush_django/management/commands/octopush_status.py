"""Say whether work is really being done."""

import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ...models import Campaign, EventState, Frame, FrameStatus, Halt, Heartbeat, WebhookEvent
from ...sweep import HEARTBEAT

OLDEST_BEAT = timedelta(minutes=3)
OVERDUE = timedelta(minutes=15)


class Command(BaseCommand):
    help = "Say whether work is being done. Exit status 1 if something needs a person."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        problems = list(_problems(now))
        active = Campaign.objects.exclude(reason_code="").filter(status__in=("sending", "paused"))
        for campaign in active:
            self.stdout.write(f"Campaign {campaign.pk}: {campaign.reason}")
        waiting = WebhookEvent.objects.filter(state=EventState.RECEIVED).count()
        self.stdout.write(f"{waiting} events wait to be applied.")
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            sys.exit(1)
        self.stdout.write("All is well.")


def _problems(now: Any) -> Any:
    beat = Heartbeat.objects.filter(name=HEARTBEAT).first()
    if beat is None or now - beat.beat_at > OLDEST_BEAT:
        since = "ever" if beat is None else f"since {beat.beat_at:%Y-%m-%d %H:%M:%S %Z}"
        yield f"No worker has swept {since}: is a qcluster running?"
    for halt in Halt.objects.active():
        yield f"All sending is halted: {halt.reason}"
    overdue = Frame.objects.claimable(now - OVERDUE).count()
    if overdue:
        yield f"{overdue} batches are overdue by more than 15 minutes."
    undecided = Frame.objects.filter(status=FrameStatus.UNDECIDED).count()
    if undecided:
        yield f"{undecided} batches need a decision."
    quarantined = WebhookEvent.objects.filter(state=EventState.QUARANTINED).count()
    if quarantined:
        yield f"{quarantined} events were not understood."
