"""For your own tests: an outbox, and a gateway that reports, replies and says STOP on demand.

Set ``OCTOPUSH_BACKEND`` to ``octopush_django.backends.locmem.LocMemBackend``; then::

    campaign = send_campaign(text="Your parcel is here.", purpose="alert",
                             recipients=["+33612345678"], sender="Shop")
    send_due()                                   # what the worker would do
    assert outbox[0]["text"] == "Your parcel is here."
    deliver(campaign.recipients.get(), "DELIVERED")
    reply(campaign, "+33612345678", "Thank you")

Everything goes through the real code: only the network and the cluster are missing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from . import approval
from .backends import locmem
from .backends.locmem import outbox
from .campaigns import start_due
from .client.answers import Answer
from .inbound.apply import apply_events
from .inbound.store import receive
from .lifecycle import hold_after_silence
from .models import Campaign, Recipient
from .sending import worker_loop

__all__ = ["deliver", "fail_next", "outbox", "reply", "reset", "run_pump", "send_due", "stop"]


def send_due() -> None:
    """Do what the worker would do now: prepare, start what is due, apply events, send frames."""
    hold_after_silence(timezone.now())
    for campaign_id in approval.waiting():
        approval.prepare(campaign_id)
    start_due()
    apply_events()
    while worker_loop.run_once():
        pass


run_pump = send_due
"""The name of :func:`send_due` until now."""


def reset() -> None:
    """Empty the outbox and forget planned answers; for ``setUp``."""
    outbox.clear()
    locmem.answers.clear()


@contextmanager
def fail_next(outcome: str, *, code: int | None = None, http_status: int = 400) -> Iterator[None]:
    """Make the next frame end as ``refused``, ``unreachable`` or ``uncertain``."""
    answer = Answer(
        outcome,  # type: ignore[arg-type]
        http_status=None if outcome != "refused" else http_status,
        code=code,
        message="planned by a test",
    )
    locmem.answers.append(answer)
    try:
        yield
    finally:
        if answer in locmem.answers:
            locmem.answers.remove(answer)


def deliver(recipient: Recipient, status: str = "DELIVERED") -> None:
    """Report ``status`` (the gateway's word) for a recipient whose frame was accepted."""
    ticket = recipient.frame.ticket if recipient.frame else ""
    address = recipient.address or ""
    verdict = {"status": status, "delivery_date": _now()}
    if "@" in address:
        deliveries = [{"email": address, **verdict}]
        _post({"channel": "email", "message_id": ticket, "deliveries": deliveries})
    else:
        _post({"channel": "sms", "message_id": ticket, "number": address, **verdict})


def reply(campaign: Campaign | None, number: str, text: str) -> None:
    """Let ``number`` answer ``text`` to a campaign (None: out of the blue)."""
    frame = campaign and campaign.frames.filter(recipients__address=number).first()
    ticket = frame.ticket if frame else ""
    _post({"message_id": ticket, "number": number, "text": text, "reception_date": _now()})


def stop(number: str) -> None:
    """Let ``number`` opt out, as the gateway tells it."""
    _post({"message_id": "", "number": number, "text": "STOP", "stop_date": _now()})


def _post(document: dict[str, Any]) -> None:
    receive(json.dumps(document).encode())
    apply_events()


def _now() -> str:
    return f"{timezone.localtime():%Y-%m-%d %H:%M:%S}"
