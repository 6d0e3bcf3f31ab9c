"""Send or schedule a campaign that was composed in the admin."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import make_aware

from ...campaigns import launch_campaign, preview_campaign, schedule_campaign
from ...conf import conf
from ...exceptions import CampaignError
from ...models import Campaign, CampaignStatus
from ..asking import add_yes, ask


class Command(BaseCommand):
    help = "Send a draft campaign now, or schedule it with --at. --dry-run only shows it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign_id", type=int, metavar="CAMPAIGN_ID")
        parser.add_argument("--at", metavar="WHEN", help="2026-12-01T10:00, OCTOPUSH_TIME_ZONE")
        parser.add_argument("--dry-run", action="store_true", help="show, send nothing")
        add_yes(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            campaign = Campaign.objects.get(pk=options["campaign_id"])
            send_at = _moment(options["at"]) if options["at"] else None
            if campaign.status == CampaignStatus.DRAFT:
                # What is to be known before sending depends on the time.
                campaign.send_at = send_at
            preview = preview_campaign(campaign)
            cost = "unknown" if preview.cost is None else f"about {preview.cost:.2f} EUR"
            self.stdout.write(
                f"{campaign}: {preview.count} people, {preview.total_segments} SMS, cost {cost}."
            )
            for finding in preview.findings:
                self.stdout.write(f"  {finding.level}: {finding.message}")
            if options["dry_run"]:
                return
            ask(options, f"Send it {f'on {send_at:%Y-%m-%d at %H:%M %Z}' if send_at else 'now'}?")
            seen = preview.acknowledge()
            if send_at:
                campaign = schedule_campaign(campaign, send_at, seen=seen)
            else:
                campaign = launch_campaign(campaign, seen=seen)
        except Campaign.DoesNotExist as error:
            raise CommandError(f"There is no campaign {options['campaign_id']}.") from error
        except (CampaignError, ValueError) as error:
            raise CommandError(str(error)) from error
        said = f"Now: {campaign.get_status_display()}."
        self.stdout.write(f"{said} {campaign.reason}".rstrip())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.utcoffset() is not None else make_aware(moment, conf.zone)
