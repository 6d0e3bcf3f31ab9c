"""What ``send_campaign`` and ``preview_campaign`` take, written down once."""

import inspect
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Required, TypedDict, get_type_hints

from django.db.models import QuerySet

from ..models import Contact


class CampaignArguments(TypedDict, total=False):
    """The arguments, all by keyword; see :func:`~octopush_django.campaigns.send_campaign`."""

    text: Required[str]
    purpose: Required[str]
    recipients: Any
    contact_lists: Any
    audience: "QuerySet[Contact] | None"
    name: str
    key: str | None
    channel: str
    phone_field: str | None
    fields: Mapping[str, str] | None
    sms_type: str
    sender: str | None
    send_at: datetime | None
    with_replies: bool
    scheduler: str
    simulation: bool | None
    created_by: Any
    options: Mapping[str, Any] | None


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


SIGNATURE = inspect.Signature(
    [_parameter(name, hint) for name, hint in get_type_hints(CampaignArguments).items()]
)


def complete(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments, with the defaults of those that were not given.

    Raises ``TypeError`` for a name that is no argument, and where text or purpose is missing.
    """
    bound = SIGNATURE.bind(**arguments)
    bound.apply_defaults()
    return bound.arguments
