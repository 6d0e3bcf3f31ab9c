"""Forget what need not be kept."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ...conf import conf
from ...models import ContactImport, EventState, Recipient, Reply, WebhookEvent
from ..asking import add_yes, ask


class Command(BaseCommand):
    help = (
        "Forget events, replies, files of imports and who received what, older than "
        "OCTOPUSH_RETENTION_DAYS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, forget nothing")
        add_yes(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        limit = timezone.now() - timedelta(days=conf.retention_days)
        events = WebhookEvent.objects.filter(received_at__lt=limit)
        events = events.exclude(state=EventState.RECEIVED)
        replies = Reply.objects.filter(received_at__lt=limit)
        recipients = Recipient.objects.filter(
            campaign__finished_at__lt=limit, address__isnull=False
        )
        files = Q(file__isnull=False) | Q(refused_rows__isnull=False)
        imports = ContactImport.objects.filter(files, created_at__lt=limit)
        figures = events.count(), replies.count(), recipients.count(), imports.count()
        said = "{} events, {} replies, {} recipients, {} files of imports"
        self.stdout.write(said.format(*figures))
        if options["dry_run"]:
            return
        if any(figures):
            ask(options, "Forget them?")
        with transaction.atomic():
            replies.delete()
            events.delete()
            # The rows stay, so that the sums do; the people go.
            imports.update(file=None, refused_rows=None)
            recipients.update(address=None, payload="", contact_id=None)
