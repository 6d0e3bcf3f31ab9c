"""Arguments of ``send_campaign`` to a checked draft.

Everything that the gateway would refuse or bend is refused here, before anything is stored.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..conf import conf
from ..exceptions import ComplianceError, InvalidCampaign, InvalidRequest
from ..models import Campaign, Channel, Purpose, Scheduler, SmsType
from ..rules import channels, compliance
from ..rules.compliance import Finding
from .hours import hours_findings

LARGEST_PAST = timedelta(minutes=1)
FURTHEST_FUTURE = timedelta(days=366)
OPTIONS = ("list_name", "recipient_tracking")
FLAGS = {
    "auto_optimize_text": "auto_optimize_text",
    "auto_remove_blacklisted_numbers": "auto_remove_blacklisted",
}
"""Options of the gateway that are columns here: its name -> ours."""


def draft(*, options: Mapping[str, Any] | None, **arguments: Any) -> Campaign:
    """An unsaved campaign of checked arguments."""
    _choice("purpose", arguments["purpose"], Purpose.values)
    _choice("sms_type", arguments["sms_type"], SmsType.values)
    _choice("scheduler", arguments["scheduler"], Scheduler.values)
    _choice("channel", arguments["channel"], Channel.values)
    for name in ("text", "name"):
        if not isinstance(arguments[name], str):
            raise InvalidCampaign(name, "must be text.")
    if len(arguments["name"]) > 200:
        raise InvalidCampaign("name", "has over 200 characters.")
    if arguments["key"] is not None and not 0 < len(str(arguments["key"])) <= 200:
        raise InvalidCampaign("key", "must have 1 to 200 characters.")
    for name in ("with_replies", "simulation"):
        value = arguments[name]
        if not isinstance(value, bool) and not (name == "simulation" and value is None):
            raise InvalidCampaign(name, f"must be True or False, not {value!r}.")
    own, flags = _split(options or {}, arguments["channel"])
    if arguments["with_replies"] and arguments["channel"] not in (Channel.SMS, Channel.RCS):
        raise InvalidCampaign("with_replies", "is for SMS and RCS.")
    if arguments["send_at"] is not None:
        check_send_at(arguments["send_at"])
    arguments["simulation"] = bool(arguments["simulation"]) or conf.simulation
    arguments["sender"] = arguments["sender"] or conf.sender or ""
    creator = arguments.pop("created_by")
    return Campaign(
        **arguments,
        **flags,
        options=own,
        instance=conf.instance or "",
        created_by=creator if getattr(creator, "pk", None) else None,
    )


def _split(options: Mapping[str, Any], channel: str) -> tuple[dict[str, Any], dict[str, bool]]:
    """What is kept under the gateway's name, and what has a column of ours."""
    kept = [*OPTIONS, *channels.TRAITS[channel].options]
    unknown, known = set(options) - {*kept, *FLAGS}, ", ".join([*kept, *FLAGS])
    if unknown:
        raise InvalidCampaign("options", f"unknown: {', '.join(sorted(unknown))}; known: {known}.")
    for name in FLAGS:
        if not isinstance(options.get(name, False), bool):
            raise InvalidCampaign(name, f"must be True or False, not {options[name]!r}.")
    flags = {ours: options[name] for name, ours in FLAGS.items() if name in options}
    try:
        channels.check_options(channel, options)
    except InvalidRequest as error:
        raise InvalidCampaign(error.field, error.problem) from error
    return {name: options[name] for name in kept if name in options}, flags


def _choice(field: str, value: Any, choices: list[str]) -> None:
    if value not in choices:
        raise InvalidCampaign(field, f"must be one of {', '.join(choices)}; {value!r} is not.")


def check_send_at(send_at: Any) -> None:
    """Raises InvalidCampaign for a time without zone, in the past, or over a year ahead."""
    if not isinstance(send_at, datetime) or send_at.utcoffset() is None:
        raise InvalidCampaign("send_at", "must be a date and time with its time zone.")
    now = timezone.now()
    # In its own zone: a moment at the end of the calendar has no other.
    values = {"when": date_format(send_at, "l j F Y H:i"), "zone": send_at.tzname()}
    if send_at < now - LARGEST_PAST:
        raise InvalidCampaign("send_at", _("%(when)s (%(zone)s) is past.") % values)
    if send_at > now + FURTHEST_FUTURE:
        said = _("%(when)s (%(zone)s) is more than a year ahead.")
        raise InvalidCampaign("send_at", said % values)


def findings_of(campaign: Campaign) -> list[Finding]:
    """What text, sender, purpose and time alone tell about a campaign."""
    findings = compliance.check_message(
        text=campaign.text,
        purpose=campaign.purpose,
        sms_type=campaign.sms_type,
        sender=campaign.sender,
        with_replies=campaign.with_replies,
        stop_patterns=conf.stop_patterns,
        stop_mention=conf.stop_mention,
        channel=campaign.channel,
    )
    two_way = campaign.with_replies and campaign.channel == Channel.SMS
    findings += compliance.check_scheduler(campaign.scheduler, two_way)
    return findings + hours_findings(campaign)


def refuse_errors(findings: list[Finding]) -> None:
    """Raises ComplianceError for those that forbid sending."""
    found = compliance.errors(findings)
    if found:
        raise ComplianceError(found)
