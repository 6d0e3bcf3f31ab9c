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
from ..models.campaigns import account_of
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
COLUMNS = (
    "text", "purpose", "name", "key", "channel", "sms_type", "send_at", "with_replies",
    "scheduler",
)  # fmt: skip
"""Arguments that become columns as they are."""
CHOICES = {
    "purpose": Purpose.values,
    "sms_type": SmsType.values,
    "scheduler": Scheduler.values,
    "channel": Channel.values,
}


def draft(given: Mapping[str, Any]) -> Campaign:
    """An unsaved campaign of the arguments of ``send_campaign``, all of them ``given``.

    Raises :class:`InvalidCampaign`, naming the argument.
    """
    _check_choices(given)
    _check_words(given)
    own, flags = _split(given["options"] or {}, given["channel"])
    if given["with_replies"] and not channels.CHANNELS[given["channel"]].can_reply:
        able = (traits.code for traits in channels.CHANNELS.values() if traits.can_reply)
        raise InvalidCampaign("with_replies", f"is for {', '.join(able)}.")
    if given["send_at"] is not None:
        check_send_at(given["send_at"])
    return Campaign(
        **{name: given[name] for name in COLUMNS},
        **flags,
        sender=given["sender"] or conf.sender or "",
        simulation=bool(given["simulation"]) or conf.simulation,
        options=own,
        instance=conf.instance or "",
        created_by=account_of(given["created_by"]),
    )


def _check_choices(given: Mapping[str, Any]) -> None:
    for field, choices in CHOICES.items():
        if given[field] not in choices:
            said = f"must be one of {', '.join(choices)}; {given[field]!r} is not."
            raise InvalidCampaign(field, said)
    for name in ("with_replies", "simulation"):
        value = given[name]
        if not isinstance(value, bool) and not (name == "simulation" and value is None):
            raise InvalidCampaign(name, f"must be True or False, not {value!r}.")


def _check_words(given: Mapping[str, Any]) -> None:
    for name in ("text", "name"):
        if not isinstance(given[name], str):
            raise InvalidCampaign(name, "must be text.")
    if len(given["name"]) > 200:
        raise InvalidCampaign("name", "has over 200 characters.")
    if given["key"] is not None and not 0 < len(str(given["key"])) <= 200:
        raise InvalidCampaign("key", "must have 1 to 200 characters.")


def _split(options: Mapping[str, Any], channel: str) -> tuple[dict[str, Any], dict[str, bool]]:
    """What is kept under the gateway's name, and what has a column of ours."""
    kept = [*OPTIONS, *channels.CHANNELS[channel].options]
    unknown, known = set(options) - {*kept, *FLAGS}, ", ".join([*kept, *FLAGS])
    if unknown:
        raise InvalidCampaign("options", f"unknown: {', '.join(sorted(unknown))}; known: {known}.")
    for name in FLAGS:
        if not isinstance(options.get(name, False), bool):
            raise InvalidCampaign(name, f"must be True or False, not {options[name]!r}.")
    flags = {ours: options[name] for name, ours in FLAGS.items() if name in options}
    try:
        channels.CHANNELS[channel].check(options)
    except InvalidRequest as error:
        raise InvalidCampaign(error.field, error.problem) from error
    return {name: options[name] for name in kept if name in options}, flags


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
    """Raise ComplianceError for findings that forbid sending."""
    found = compliance.errors(findings)
    if found:
        raise ComplianceError(found)
