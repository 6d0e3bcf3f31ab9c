"""When a campaign leaves: at the allowed hours, and who gets it before these end."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import conf
from ..models import Campaign, Scheduler
from ..reports.pace import requests_per_second
from ..rules.compliance import Finding
from ..rules.hours import in_words


def leaves_from(campaign: Campaign, at: datetime | None = None) -> datetime:
    """When the first batch of a campaign sent ``at`` a time leaves: then, or when hours allow.

    None: at its own time, or now.
    """
    wanted = at or campaign.send_at or timezone.now()
    hours = campaign.allowed_hours()
    return hours.next_opening(wanted) if hours else wanted


def closing_findings(campaign: Campaign, people: int, requests: int) -> list[Finding]:
    """Whether a campaign still runs when the allowed hours end: how many get it by then."""
    hours = campaign.allowed_hours()
    if hours is None or not requests or campaign.scheduler == Scheduler.GATEWAY:
        return []
    starts = leaves_from(campaign)
    closes = hours.closing(starts)
    in_time = requests_per_second() * (closes - starts).total_seconds()
    if in_time >= requests:
        return []
    first = int(people * in_time / requests)
    message = _(
        "Not everybody gets it before the allowed hours end. People who get it until %(closes)s: "
        "about %(first)d; from %(opens)s on: about %(later)d (%(zone)s)."
    ) % {
        "first": first,
        "later": people - first,
        "closes": in_words(closes),
        "opens": in_words(hours.next_opening(closes)),
        "zone": conf.time_zone,
    }
    return [Finding("runs_past_hours", "warning", message, "send_at", about=f"{closes}")]


def hours_findings(campaign: Campaign) -> list[Finding]:
    """Whether a campaign may leave at its time, or now; if not, when it will."""
    hours, wanted = campaign.allowed_hours(), campaign.send_at or timezone.now()
    if hours is None or hours.allows(wanted):
        return []
    opens = hours.next_opening(wanted)
    message = _("Marketing may not leave at that time; it will go on %(when)s (%(zone)s).") % {
        "when": in_words(opens),
        "zone": conf.time_zone,
    }
    about = f"{campaign.send_at or 'now'}, {opens}"
    return [Finding("quiet_hours", "warning", message, "send_at", about=about)]
