"""Say whether work is really being done."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ... import queue
from ...reports import schema
from ...status import Status, read_status


class Command(BaseCommand):
    help = "Say whether work is being done. Exit status 1 if something needs a person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, for a program")

    def handle(self, *args: Any, **options: Any) -> None:
        if not schema.problem():
            # Where a clock that jumped put the sweep off, this puts it right.
            queue.schedule_sweep()
        status = read_status()
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(status), ensure_ascii=False))
        else:
            self._tell(status)
        if status.problems:
            sys.exit(1)

    def _tell(self, status: Status) -> None:
        queued = "unknown" if status.queued is None else status.queued
        self.stdout.write(f"Tasks queued: {queued}. Events to apply: {status.events_waiting}.")
        for campaign in status.waiting:
            self.stdout.write(f"Campaign {campaign.pk}: {campaign.reason}")
        for problem in status.problems:
            self.stderr.write(problem)
        if not status.problems:
            self.stdout.write("All is well.")


def _as_json(status: Status) -> dict[str, Any]:
    return {
        "ok": not status.problems,
        "problems": status.problems,
        "beat_at": status.beat_at.isoformat() if status.beat_at else None,
        "queued": status.queued,
        "events_waiting": status.events_waiting,
        "waiting": [
            {"campaign": campaign.pk, "code": campaign.reason_code, "reason": campaign.reason}
            for campaign in status.waiting
        ],
    }
