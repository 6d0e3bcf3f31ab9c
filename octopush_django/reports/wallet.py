"""What is left at the gateway, for pages: asked within a few seconds, or not known."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..backends import Backend, get_backend
from ..exceptions import OctopushError

PATIENCE = 8.0
"""Seconds that a page waits for the gateway, whatever it asks."""
PRODUCTS = {"sms_premium": "premium_sms", "sms_low_cost": "low_cost_sms"}
"""The gateway's name of a type in its credits (its page on credits)."""


@dataclass(frozen=True)
class Wallet:
    """``euros`` left, or None and ``why_not``; ``units``: country -> product -> units."""

    euros: Decimal | None
    why_not: str = ""
    units: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    def in_sms(self, sms_type: str) -> dict[str, Decimal]:
        """How many SMS of a type the credit is worth, by country; {} if not known."""
        product = PRODUCTS[sms_type]
        return {
            country: units[product] for country, units in self.units.items() if product in units
        }


def look(*, by_country: bool = False) -> Wallet:
    """Ask for the credit, and ``by_country`` for what it is worth. Never raises."""
    until = time.monotonic() + PATIENCE
    try:
        backend = get_backend()
    except OctopushError as error:
        return Wallet(None, str(error))
    try:
        backend.answer_within(PATIENCE)
        balance = backend.check_balance()
        units = _units(backend, until - time.monotonic()) if by_country else {}
    except OctopushError as error:
        return Wallet(None, str(error))
    finally:
        backend.close()
    return Wallet(balance.amount if balance else None, units=units)


def _units(backend: Backend, seconds: float) -> Mapping[str, Mapping[str, Decimal]]:
    if seconds <= 0:
        return {}
    backend.answer_within(seconds)
    try:
        return backend.check_credits()
    except OctopushError:
        return {}
