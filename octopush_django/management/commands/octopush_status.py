"""Say whether work is really being done."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from ...status import read_status


class Command(BaseCommand):
    help = "Say whether work is being done. Exit status 1 if something needs a person."

    def handle(self, *args: Any, **options: Any) -> None:
        status = read_status()
        queued = "unknown" if status.queued is None else status.queued
        self.stdout.write(f"Tasks queued: {queued}. Events to apply: {status.events_waiting}.")
        for campaign in status.waiting:
            self.stdout.write(f"Campaign {campaign.pk}: {campaign.reason}")
        for problem in status.problems:
            self.stderr.write(problem)
        if status.problems:
            sys.exit(1)
        self.stdout.write("All is well.")
