"""Public signals. Each is sent after commit, and robustly: a receiver that raises loses nothing.

Receivers of events on many rows get identifiers rather than objects: fetch what you need.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

campaign_launched = Signal()
"""A campaign began to leave, or was scheduled. Arguments: ``campaign``."""

campaign_finished = Signal()
"""Every frame has a final state. Arguments: ``campaign`` (status ``sent`` or ``failed``)."""

frame_accepted = Signal()
"""The gateway took a frame. Arguments: ``campaign_id``, ``frame_id``, ``ticket``."""

frame_refused = Signal()
"""The gateway refused a frame. Arguments: ``campaign_id``, ``frame_id``, ``code``, ``message``."""

recipient_updated = Signal()
"""A delivery report changed recipients. Arguments: ``recipients`` (list of the changed rows)."""

reply_received = Signal()
"""Somebody answered. Arguments: ``reply`` (a ``Reply``)."""

credit_low = Signal()
"""Credit fell under ``OCTOPUSH_LOW_CREDIT``. Arguments: ``amount``, ``limit``, in euros."""

opted_out = Signal()
"""An address opted out. Arguments: ``opt_out`` (an ``OptOut``)."""


def send_after_commit(signal: Signal, sender: Any, **arguments: Any) -> None:
    """Send ``signal`` once the surrounding transaction is committed (at once without one)."""
    transaction.on_commit(partial(signal.send_robust, sender=sender, **arguments))
