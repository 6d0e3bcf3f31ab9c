"""One SMS to one person: a code, an order that was shipped, a reminder.

The same machinery as a campaign, so the same promises: a number that cannot receive it is refused
at once, and nobody gets it twice. Facts: the gateway's page on transactional SMS.
"""

import time
from datetime import timedelta
from typing import Any, Unpack

from django.db import transaction

from . import queue
from .backends import open_backend
from .campaigns import send_campaign
from .compose.arguments import AnyPurpose, MessageArguments
from .conf import LONGEST_CALL, SHORTEST_CALL, conf
from .exceptions import GatewayRefused, InvalidCampaign, NotSentYet
from .models import Campaign, Frame, FrameStatus
from .sending import places, settlement
from .sending.claims import claim_frames
from .sending.senders import call

__all__ = ["send_sms", "send_sms_now"]


def send_sms(
    to: Any, text: str, *, purpose: AnyPurpose = "alert", **arguments: Unpack[MessageArguments]
) -> Campaign:
    """Send one message to one person. Returns at once; a worker sends after commit.

    ``to``: a number in any spelling, a mapping with ``phone_number`` and merge values, or a
    contact. ``purpose``: ``"alert"`` is for what the person waits for, at any hour and without
    STOP mention; advertising needs ``"wholesale"``. ``arguments`` are those of
    :func:`~octopush_django.campaigns.send_campaign` but for who gets it: give a ``key`` such as
    ``"order-418"`` and a second call sends nothing. Raises what ``send_campaign`` raises.
    """
    return send_campaign(text=text, purpose=purpose, recipients=[to], **arguments)


def send_sms_now(
    to: Any,
    text: str,
    *,
    purpose: AnyPurpose = "alert",
    deadline: float = 10.0,
    **arguments: Unpack[MessageArguments],
) -> Frame:
    """Send one message and wait for the gateway's answer; return the accepted frame.

    Its ``ticket``, ``cost`` and ``residual_credit`` are what the gateway said. ``deadline``:
    seconds for the call, 0.05 to 300. Where ``OCTOPUSH_ACCOUNT_CONCURRENCY`` leaves no room, a
    worker sends it, and this waits for that as long. Not inside a transaction: what has left
    cannot be rolled back.

    Raises what :func:`send_sms` raises; :class:`GatewayRefused` where nothing went out and
    nothing will; :class:`NotSentYet` where that is open: a worker goes on under the same
    ``request_id``, so do not send again, unless with the same ``key``.
    """
    _check_deadline(deadline)
    if arguments.get("send_at") is not None:
        raise InvalidCampaign("send_at", "is for send_sms(); this sends now.")
    until = time.monotonic() + deadline
    lease = max(places.LEASE, timedelta(seconds=deadline + 5))
    with open_backend(within=deadline) as backend, places.calls(1, lease) as place:
        with transaction.atomic(durable=True):
            campaign = send_sms(to, text, purpose=purpose, **arguments)
            # Claimed before anybody else can see it: no worker is faster, none sends it too.
            claims = claim_frames(campaign=campaign) if place.count else []
        settlement.settle([(claim, call(backend, claim)) for claim in claims])
    if conf.account_concurrency is not None:
        # A loop may have found every call taken meanwhile, and ended.
        queue.enqueue("send_frames")
    if not place.count:
        _await_worker(campaign, until)
    campaign.refresh_from_db()
    frame = campaign.frames.order_by("number").first()
    if frame is None:
        raise NotSentYet(campaign, campaign.reason)
    if frame.status == FrameStatus.REFUSED:
        raise GatewayRefused(frame.error_message, code=frame.error_code)
    if frame.status != FrameStatus.ACCEPTED:
        raise NotSentYet(campaign, campaign.reason or frame.error_message)
    return frame


def _await_worker(campaign: Campaign, until: float) -> None:
    """Wait for a worker to send it: others make as many calls as the account allows."""
    moving = campaign.frames.filter(status__in=(FrameStatus.PENDING, FrameStatus.SENDING))
    while moving.exists() and time.monotonic() < until:
        time.sleep(0.1)


def _check_deadline(deadline: Any) -> None:
    """Before anything is stored: a wrong one would leave a frame that nobody posted."""
    is_number = isinstance(deadline, int | float) and not isinstance(deadline, bool)
    if not is_number or not SHORTEST_CALL <= deadline <= LONGEST_CALL:
        said = f"must be {SHORTEST_CALL} to {LONGEST_CALL} seconds, not {deadline!r}."
        raise InvalidCampaign("deadline", said)
