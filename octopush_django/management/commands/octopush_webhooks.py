"""Read and set the callback addresses at the gateway."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from ...backends import open_backend
from ...backends.octopush import OctopushBackend
from ...conf import conf
from ...exceptions import OctopushError

READ = "user/campaign-parameters"
EDIT = "user/campaign-parameters/edit"
KINDS = (
    "callback_url_for_inbounds",
    "callback_url_for_deliveries",
    "callback_url_for_blacklisted_numbers",
)


class Command(BaseCommand):
    help = "Show the callback addresses set at the gateway; with --set, point them to this site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--set", metavar="ORIGIN", help="such as https://www.example.org")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open_backend() as backend:
                if not isinstance(backend, OctopushBackend):
                    raise CommandError("This backend has no callback addresses.")
                if options["set"]:
                    backend.request_json("PATCH", EDIT, {"callbacks": _addresses(options["set"])})
                found = backend.request_json("GET", READ).get("callbacks") or {}
        except OctopushError as error:
            raise CommandError(str(error)) from error
        for kind in KINDS:
            self.stdout.write(f"{kind}: {_hidden(str(found.get(kind) or '-'))}")


def _addresses(origin: str) -> dict[str, str]:
    if not origin.startswith("https://") and "127.0.0.1" not in origin:
        raise CommandError("The address must begin with https://.")
    if not conf.webhook_secrets:
        raise CommandError("Set OCTOPUSH_WEBHOOK_SECRETS first.")
    path = reverse("octopush_django:webhook", args=[conf.webhook_secrets[0]])
    return dict.fromkeys(KINDS, origin.rstrip("/") + path)


def _hidden(address: str) -> str:
    """The address without its secret, which opens the webhook to whoever knows it."""
    for secret in conf.webhook_secrets:
        address = address.replace(secret, "<secret>")
    return address
