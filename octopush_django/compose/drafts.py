"""Arguments of ``send_campaign`` to a checked draft.

Everything that the gateway would refuse or bend is refused here, before anything is stored.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from ..client.text import is_storable
from ..conf import conf
from ..exceptions import ComplianceError, InvalidCampaign, InvalidRequest
from ..models import Campaign, Channel, Contact, Purpose, Scheduler, SmsType
from ..models.campaigns import account_of
from ..rules import channels, compliance, placeholders
from ..rules.compliance import Finding
from ..rules.values import stripped
from .hours import hours_findings

LARGEST_PAST = timedelta(minutes=1)
FURTHEST_FUTURE = timedelta(days=366)
LONGEST_NAME = LONGEST_KEY = 200
OPTIONS = ("list_name", "recipient_tracking")
FLAGS = {
    "auto_optimize_text": "auto_optimize_text",
    "auto_remove_blacklisted_numbers": "auto_remove_blacklisted",
}
"""Options of the gateway that are columns here: its name -> ours."""
COLUMNS = ("purpose", "channel", "sms_type", "send_at", "with_replies", "scheduler")
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
    own, flags = _split(given["options"] or {}, given["channel"])
    if given["with_replies"] and not channels.CHANNELS[given["channel"]].can_reply:
        able = (traits.code for traits in channels.CHANNELS.values() if traits.can_reply)
        raise InvalidCampaign("with_replies", f"is for {', '.join(able)}.")
    if given["send_at"] is not None:
        check_send_at(given["send_at"])
    return Campaign(
        **{name: given[name] for name in COLUMNS},
        **flags,
        text=_text(given["text"]),
        name=_name(given["name"]),
        key=check_key(given),
        sender=_sender(given["sender"]),
        simulation=bool(given["simulation"]) or conf.simulation,
        options=own,
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


def check_key(given: Mapping[str, Any]) -> str | None:
    """The ``key`` among the arguments, as text. Raises :class:`InvalidCampaign`."""
    if given["key"] is None:
        return None
    key = _words("key", str(given["key"]))
    if not 0 < len(key) <= LONGEST_KEY:
        raise InvalidCampaign("key", f"must have 1 to {LONGEST_KEY} characters.")
    return key


def _words(field: str, value: Any) -> str:
    """A text that can be stored and sent; lazy translations are taken in the present language."""
    if not isinstance(value, str | Promise):
        raise InvalidCampaign(field, "must be text.")
    text = str(value)
    if not is_storable(text):
        raise InvalidCampaign(field, "holds NUL or half a character, which cannot be sent.")
    return text


def _text(value: Any) -> str:
    text = _words("text", value)
    if text.strip() and not stripped(text):
        raise InvalidCampaign("text", "shows nothing: it holds invisible characters alone.")
    return text


def _name(value: Any) -> str:
    name = _words("name", value)
    if len(name) > LONGEST_NAME:
        raise InvalidCampaign("name", f"has over {LONGEST_NAME} characters.")
    return name


def _sender(value: Any) -> str:
    return _words("sender", value or conf.sender or "")


def _split(options: Mapping[str, Any], channel: str) -> tuple[dict[str, Any], dict[str, bool]]:
    """What is kept under the gateway's name, and what has a column of ours."""
    if not isinstance(options, Mapping):
        raise InvalidCampaign("options", "must map names to values.")
    _check_storable(options)
    kept = [*OPTIONS, *channels.CHANNELS[channel].options]
    unknown, known = set(options) - {*kept, *FLAGS}, ", ".join([*kept, *FLAGS])
    if unknown:
        names = ", ".join(sorted(str(name) for name in unknown))
        raise InvalidCampaign("options", f"unknown: {names}; known: {known}.")
    for name in FLAGS:
        if not isinstance(options.get(name, False), bool):
            raise InvalidCampaign(name, f"must be True or False, not {options[name]!r}.")
    flags = {ours: options[name] for name, ours in FLAGS.items() if name in options}
    try:
        channels.CHANNELS[channel].check(options)
    except InvalidRequest as error:
        raise InvalidCampaign(error.field, error.problem) from error
    return {name: options[name] for name in kept if name in options}, flags


def _check_storable(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidCampaign(str(name), "must be a value of JSON.") from error
        if not is_storable(text) or "\\u0000" in text:
            said = "holds NUL or half a character, which cannot be sent."
            raise InvalidCampaign(str(name), said)


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


def findings_of(campaign: Campaign, given: Collection[str] = ()) -> list[Finding]:
    """What text, sender, purpose and time alone tell about a campaign.

    ``given``: merge fields that come with its people, beside those of the contacts.
    """
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
    if placeholders.parse(campaign.text).fields:
        findings += compliance.check_fields(campaign.text, _known_fields(given))
    two_way = campaign.with_replies and campaign.channel == Channel.SMS
    findings += compliance.check_scheduler(campaign.scheduler, two_way)
    findings += compliance.check_options(campaign.options)
    return findings + hours_findings(campaign)


def refuse_unknown_fields(campaign: Campaign, given: Collection[str], *, contacts: bool) -> None:
    """Raise InvalidCampaign for a merge field that neither contacts nor ``given`` people have.

    ``contacts``: whether contacts are among the people; else what the site knows of its contacts
    fills in nothing.
    """
    if placeholders.parse(campaign.text).fields:
        known = _known_fields(given) if contacts else [*placeholders.NAMES, *sorted(given)]
        for finding in compliance.check_fields(campaign.text, list(dict.fromkeys(known))):
            raise InvalidCampaign("text", str(finding.message))


def _known_fields(given: Collection[str]) -> list[str]:
    return list(dict.fromkeys([*Contact.merge_fields(), *sorted(given)]))


def refuse_errors(findings: list[Finding]) -> None:
    """Raise ComplianceError for findings that forbid sending."""
    found = compliance.errors(findings)
    if found:
        raise ComplianceError(found)
