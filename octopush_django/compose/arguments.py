"""What ``send_campaign`` and ``preview_campaign`` take, written down once."""

import inspect
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Required, TypedDict, get_type_hints

from django.db.models import QuerySet

from ..models import Channel, Contact, Purpose, Scheduler, SmsType


class MessageArguments(TypedDict, total=False):
    """What is said of a message, whoever gets it: ``send_sms`` takes these too."""

    name: str
    key: str | None
    channel: Channel | Literal["sms", "voice_sms", "rcs", "email"]
    phone_field: str | None
    fields: Mapping[str, str] | None
    sms_type: SmsType | Literal["sms_premium", "sms_low_cost"]
    sender: str | None
    send_at: datetime | None
    with_replies: bool
    scheduler: Scheduler | Literal["app", "gateway"]
    simulation: bool | None
    created_by: Any
    options: Mapping[str, Any] | None


AnyPurpose = Purpose | Literal["alert", "wholesale"]


class CampaignArguments(MessageArguments, total=False):
    """The arguments, all by keyword; see :func:`~octopush_django.campaigns.send_campaign`."""

    text: Required[str]
    purpose: Required[AnyPurpose]
    recipients: Any
    contact_lists: Any
    audience: "QuerySet[Contact] | None"


DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "channel": "sms",
    "sms_type": "sms_premium",
    "with_replies": False,
    "scheduler": "app",
}
"""Values of arguments that are not given; None for all others."""


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    is_required = name in CampaignArguments.__required_keys__
    default = inspect.Parameter.empty if is_required else DEFAULTS.get(name)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _signature() -> inspect.Signature:
    hints = [*get_type_hints(CampaignArguments).items()]
    hints.sort(key=lambda hint: hint[0] not in CampaignArguments.__required_keys__)
    return inspect.Signature([_parameter(*hint) for hint in hints])


SIGNATURE = _signature()


def complete(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments, with the defaults of those that were not given.

    Raises ``TypeError`` for a name that is no argument, and where text or purpose is missing.
    """
    bound = SIGNATURE.bind(**arguments)
    bound.apply_defaults()
    return bound.arguments
