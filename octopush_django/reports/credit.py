"""What is left at the gateway: asked within a few seconds for a page, watched by each tick."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from .. import signals
from ..backends import Backend, open_backend
from ..conf import conf
from ..exceptions import OctopushError
from ..models import Alarm, Frame, FrameStatus
from .alerts import mail

logger = logging.getLogger("octopush_django.reports")

PATIENCE = 8.0
"""Seconds that a page waits for the gateway, whatever it asks."""
PRODUCTS = {"sms_premium": "premium_sms", "sms_low_cost": "low_cost_sms"}
"""The gateway's name of a type in its credits (its page on credits)."""
LOW_CREDIT = "low_credit"


@dataclass(frozen=True)
class Credit:
    """``euros`` left, or None and ``why_not``; ``units``: country -> product -> units."""

    euros: Decimal | None
    why_not: str = ""
    units: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    @property
    def is_low(self) -> bool:
        """Whether less is left than ``OCTOPUSH_LOW_CREDIT``."""
        return self.euros is not None and self.euros < _limit()

    def in_sms(self, sms_type: str) -> dict[str, Decimal]:
        """How many SMS of a type the credit is worth, by country; {} if not known."""
        product = PRODUCTS[sms_type]
        return {
            country: units[product] for country, units in self.units.items() if product in units
        }


def ask(*, by_country: bool = False) -> Credit:
    """Ask the gateway for the credit, and ``by_country`` for what it is worth. Never raises."""
    until = time.monotonic() + PATIENCE
    try:
        with open_backend(within=PATIENCE) as backend:
            balance = backend.check_balance()
            units = _units(backend, until - time.monotonic()) if by_country else {}
    except OctopushError as error:
        return Credit(None, str(error))
    return Credit(balance.amount if balance else None, units=units)


def last_known() -> Decimal | None:
    """Euros left after the newest bill that tells it."""
    billed = Frame.objects.filter(
        status=FrameStatus.ACCEPTED, residual_credit__isnull=False, campaign__simulation=False
    )
    newest = billed.order_by("-first_posted_at").values_list("residual_credit", flat=True)
    return newest.first()


def watch() -> bool:
    """Tell ``MANAGERS`` by e-mail, and receivers of ``credit_low``, if it fell below the limit.

    The limit is ``OCTOPUSH_LOW_CREDIT``. Told once for each time that the credit falls below it.
    Returns whether somebody was told now.
    """
    amount = last_known() if conf.low_credit else None
    if amount is None:
        return False
    if amount >= _limit():
        Alarm.objects.end(LOW_CREDIT)
        return False
    if not Alarm.objects.begin(LOW_CREDIT):
        return False
    logger.warning("Credit is low: %s EUR", amount)
    signals.send_after_commit(signals.credit_low, Frame, amount=amount, limit=_limit())
    _mail(amount)
    return True


def _limit() -> Decimal:
    return Decimal(str(conf.low_credit))


def _units(backend: Backend, seconds: float) -> Mapping[str, Mapping[str, Decimal]]:
    if seconds <= 0:
        return {}
    backend.answer_within(seconds)
    try:
        return backend.check_credits()
    except OctopushError:
        return {}


def _mail(amount: Decimal) -> None:
    values = {"amount": f"{amount:.2f}", "limit": f"{conf.low_credit:.2f}"}
    subject = _("Octopush credit is low: %(amount)s EUR") % values
    text = _(
        "%(amount)s EUR are left at Octopush; you asked to be told under %(limit)s EUR. When "
        "nothing is left, campaigns pause. Buy credit at Octopush; they go on by a click."
    )
    mail(subject, text % values)
