"""When a campaign leaves: at the allowed hours, and who gets it before these end."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..conf import conf
from ..models import Campaign, Scheduler
from ..reports import figures
from ..rules.compliance import Finding, SendingHours


def leaves_from(campaign: Campaign, at: datetime | None = None) -> datetime:
    """When its first batch leaves if it is sent ``at`` a time: then, or at the next allowed hour.

    None: at its own time, or now.
    """
    wanted = at or campaign.send_at or timezone.now()
    hours = _hours(campaign)
    return hours.next_opening(wanted) if hours else wanted


def closing_findings(campaign: Campaign, people: int, requests: int) -> list[Finding]:
    """Whether it still runs when the allowed hours end: how many get it then, how many later."""
    hours = _hours(campaign)
    if hours is None or not requests or campaign.scheduler == Scheduler.GATEWAY:
        return []
    starts = leaves_from(campaign)
    closes = hours.closing(starts)
    in_time = figures.requests_per_second() * (closes - starts).total_seconds()
    if in_time >= requests:
        return []
    first = int(people * in_time / requests)
    message = _(
        "Not everybody gets it before the allowed hours end: about %(first)d people until "
        "%(closes)s, about %(later)d from %(opens)s on (%(zone)s)."
    ) % {
        "first": first,
        "later": people - first,
        "closes": in_words(closes),
        "opens": in_words(hours.next_opening(closes)),
        "zone": conf.time_zone,
    }
    return [Finding("runs_past_hours", "warning", message, "send_at")]


def hours_findings(campaign: Campaign) -> list[Finding]:
    """Whether it may leave at its time, or now; if not, when it will."""
    hours, wanted = _hours(campaign), campaign.send_at or timezone.now()
    if hours is None or hours.allows(wanted):
        return []
    message = _("Marketing may not leave at that time; it will go on %(when)s (%(zone)s).") % {
        "when": in_words(hours.next_opening(wanted)),
        "zone": conf.time_zone,
    }
    return [Finding("quiet_hours", "warning", message, "send_at")]


def in_words(moment: datetime) -> str:
    """Day and time in the zone of the settings, for sentences that name the zone."""
    return date_format(moment.astimezone(conf.zone), "l j F Y H:i")


def _hours(campaign: Campaign) -> SendingHours | None:
    """Those at which it may leave; None where it may at any."""
    bound = campaign.is_marketing and not campaign.simulation
    return SendingHours.parse(conf.quiet_hours, conf.zone) if bound else None
