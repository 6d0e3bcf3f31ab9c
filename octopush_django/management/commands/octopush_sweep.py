"""Do one tick, for cron or an operator."""

from typing import Any

from django.core.management.base import BaseCommand

from ...lifecycle import leave_sign
from ...sweep import sweep


class Command(BaseCommand):
    help = "Put right what stalled; safe to run at any time, needs no queue."

    def handle(self, *args: Any, **options: Any) -> None:
        leave_sign("sweep")
        sweep()
