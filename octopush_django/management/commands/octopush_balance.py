"""Print the credit left at the gateway."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...backends import open_backend
from ...exceptions import OctopushError


class Command(BaseCommand):
    help = "Print the credit left at the gateway."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open_backend() as backend:
                balance = backend.check_balance()
                credits = backend.check_credits()
        except OctopushError as error:
            raise CommandError(str(error)) from error
        if balance:
            self.stdout.write(f"{balance.amount} {balance.unit}")
        for country, products in credits.items():
            units = ", ".join(f"{product} {amount}" for product, amount in products.items())
            self.stdout.write(f"{country}: {units}")
