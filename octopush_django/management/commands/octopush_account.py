"""Read and set what the gateway keeps as defaults of the account."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ... import numbers
from ...backends import open_backend
from ...backends.octopush import OctopushBackend
from ...client.messages import is_sender
from ...conf import conf
from ...exceptions import OctopushError
from ...rules.addresses import canonical_email

READ = "user/campaign-parameters"
EDIT = "user/campaign-parameters/edit"


def _sender(text: str) -> str | None:
    return text if is_sender(text) else None


def _digits(text: str) -> str | None:
    return text if _sender(text) and text.isdigit() else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _number(text: str) -> str | None:
    return numbers.canonical(text, conf.region)


DEFAULTS: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    "sender_for_sms_premium": ("campaign_parameters", _sender, "3 to 11 letters and digits"),
    "sender_for_voice_sms": ("campaign_parameters", _digits, "3 to 11 digits"),
    "phone_number_for_test_sms": ("campaign_parameters", _number, "a phone number"),
    "alert_bound": ("sms_campaign_alert_parameters", _whole, "a whole number"),
    "alert_email_to": ("sms_campaign_alert_parameters", canonical_email, "an e-mail address"),
    "alert_phone_number_to": ("sms_campaign_alert_parameters", _number, "a phone number"),
}
"""Name at the gateway (its page on default parameters) -> its object, our check, in words."""


class Command(BaseCommand):
    help = "Show the defaults of the account at the gateway; with --set, change some of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--set",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            help=f"one of {', '.join(DEFAULTS)}; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        changes = _changes(options["set"])
        try:
            with open_backend() as backend:
                if not isinstance(backend, OctopushBackend):
                    raise CommandError("This backend has no account.")
                if changes:
                    backend.request_json("PATCH", EDIT, changes)
                found = backend.request_json("GET", READ)
        except OctopushError as error:
            raise CommandError(str(error)) from error
        for name, (group, _check, _words) in DEFAULTS.items():
            values = found.get(group)
            value = values.get(name) if isinstance(values, dict) else None
            self.stdout.write(f"{name}: {'-' if value in (None, '') else value}")


def _changes(wanted: list[str]) -> dict[str, dict[str, Any]]:
    changes: dict[str, dict[str, Any]] = {}
    for item in wanted:
        name, found, text = item.partition("=")
        if not found or name not in DEFAULTS:
            raise CommandError(f"{item!r}: write NAME=VALUE, with one of {', '.join(DEFAULTS)}.")
        group, check, words = DEFAULTS[name]
        value = check(text.strip())
        if value is None:
            raise CommandError(f"{name} must be {words}; {text!r} is not.")
        changes.setdefault(group, {})[name] = value
    return changes
