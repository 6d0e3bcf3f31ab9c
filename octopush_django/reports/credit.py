"""Tell people before the credit runs out: once for each time that it falls under the limit."""

import logging
from decimal import Decimal

from django.core.mail import mail_managers
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import signals
from ..conf import conf
from ..models import Frame, FrameStatus, Heartbeat

logger = logging.getLogger("octopush_django.reports.credit")

NAME, TOLD = "low-credit", "told"


def last_known() -> Decimal | None:
    """Euros left after the newest bill that tells it."""
    billed = Frame.objects.filter(
        status=FrameStatus.ACCEPTED, residual_credit__isnull=False, campaign__simulation=False
    )
    newest = billed.order_by("-first_posted_at").values_list("residual_credit", flat=True)
    return newest.first()


def watch() -> bool:
    """Tell ``MANAGERS`` by e-mail, and receivers of ``credit_low``, if it fell below the limit.

    The limit is ``OCTOPUSH_LOW_CREDIT``. Returns whether somebody was told now.
    """
    amount = last_known() if conf.low_credit else None
    if amount is None:
        return False
    Heartbeat.objects.get_or_create(name=NAME)
    notice = Heartbeat.objects.filter(name=NAME)
    if amount >= Decimal(str(conf.low_credit)):
        notice.filter(owner=TOLD).update(owner="")
        return False
    # Of two sweeps at once, one wins this UPDATE and tells.
    if not notice.filter(owner="").update(owner=TOLD, beat_at=timezone.now()):
        return False
    logger.warning("Credit is low: %s EUR", amount)
    limit = Decimal(str(conf.low_credit))
    signals.send_after_commit(signals.credit_low, Frame, amount=amount, limit=limit)
    _mail(amount)
    return True


def _mail(amount: Decimal) -> None:
    values = {"amount": f"{amount:.2f}", "limit": f"{conf.low_credit:.2f}"}
    subject = _("Octopush credit is low: %(amount)s EUR") % values
    text = _(
        "%(amount)s EUR are left at Octopush; you asked to be told under %(limit)s EUR. When "
        "nothing is left, campaigns pause. Buy credit at Octopush; they go on by a click."
    )
    try:
        mail_managers(subject, text % values)
    except Exception:
        logger.exception("The e-mail about low credit could not be sent")
