"""What else of the project we rely on: its URLs, and its fields for phone numbers."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.urls import NoReverseMatch, reverse

from ..conf import conf
from .settings import are_typed


def check_webhook(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Where secrets are set there is an address at which the gateway can use them."""
    if not are_typed("webhook_secrets") or not conf.webhook_secrets:
        return []
    try:
        reverse("octopush_django:webhook", args=["secret"])
    except NoReverseMatch:
        return [
            Warning(
                "OCTOPUSH_WEBHOOK_SECRETS is set, but the webhook has no address: replies and "
                "delivery reports are lost.",
                hint='Add path("octopush/", include("octopush_django.urls")) to your urls.py.',
                id="octopush_django.W033",
            )
        ]
    except Exception:  # what is wrong with the URLs of the project Django tells itself
        return []
    return []


def check_phone_numbers(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The library's fields in the project keep the country of a number."""
    if getattr(settings, "PHONENUMBER_DB_FORMAT", "E164") != "NATIONAL":
        return []
    return [
        Warning(
            "PHONENUMBER_DB_FORMAT = 'NATIONAL' stores numbers without their country: a foreign "
            "number in a table of yours is read back as the number of somebody else.",
            hint="Set it to 'E164', and write such numbers again. Our own tables hold E.164.",
            id="octopush_django.W032",
        )
    ]
