"""Apply what came: reports to their recipients, replies to the inbox, STOPs to the opt-outs.

A worker applies, in batches. Nothing is done twice: a status only moves forward, a reply belongs
to one event, and an address opts out once.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import signals
from ..keywords import classify_reply
from ..models import (
    EventState,
    FrameStatus,
    Recipient,
    RecipientStatus,
    Reply,
    Tally,
    WebhookEvent,
)
from ..models.bulk import add_each, update_each
from .match import Matches, campaigns_of, match, replay
from .store import BLACKLISTED, asks_to_stop, read_body, record_opt_out
from .understand import Incoming, Notice, Report

logger = logging.getLogger("octopush_django.inbound")

BATCH = 500
MOST_TRIES = 3

STATUSES = {
    "ACK": RecipientStatus.ACCEPTED,
    "TRANSMITTED": RecipientStatus.ACCEPTED,
    "ISP_SEND": RecipientStatus.ACCEPTED,
    "PROCESSED": RecipientStatus.ACCEPTED,
    "DELIVERED": RecipientStatus.DELIVERED,
    "READ": RecipientStatus.DELIVERED,
    "OPENED": RecipientStatus.DELIVERED,
    "CLICKED": RecipientStatus.DELIVERED,
    "NOT_DELIVERED": RecipientStatus.UNDELIVERED,
    "NOT_ALLOWED": RecipientStatus.UNDELIVERED,
    "BAD_DESTINATION": RecipientStatus.UNDELIVERED,
    "BLACKLISTED_NUMBER": RecipientStatus.UNDELIVERED,
    "NOT_DELIVERABLE": RecipientStatus.UNDELIVERED,
    "BUSY": RecipientStatus.UNDELIVERED,
    "REFUSED": RecipientStatus.UNDELIVERED,
    "EXPIRED": RecipientStatus.UNDELIVERED,
    "ANTI_FLOODING": RecipientStatus.UNDELIVERED,
    "SPAM_PRESUMPTION": RecipientStatus.UNDELIVERED,
}
"""The gateway's words (its page on delivery receipts); any other word means not known."""

RANK = {
    RecipientStatus.PENDING: 0,
    RecipientStatus.EXCLUDED: 0,
    RecipientStatus.CANCELLED: 0,
    RecipientStatus.ACCEPTED: 1,
    RecipientStatus.UNKNOWN: 2,
    RecipientStatus.UNDELIVERED: 3,
    RecipientStatus.DELIVERED: 4,
}
"""A status only moves up, so the order in which reports come does not matter."""

REPORTED = frozenset(status for status, rank in RANK.items() if rank)
"""States that only reports bring about."""


def apply_events() -> int:
    """Apply received events until none is left; return how many. Safe to run many times."""
    applied = 0
    while count := apply_batch():
        applied += count
    return applied


@dataclass
class _Read:
    """An event and the notices in it."""

    event: WebhookEvent
    notices: list[Notice]


def apply_batch() -> int:
    """Take a batch under lock and apply it; what fails is tried alone, then put aside."""
    unknown: frozenset[str] = frozenset()
    with transaction.atomic():
        events = _take(BATCH)
        if not events:
            return 0
        try:
            with transaction.atomic():
                unknown = _apply(events)
        except Exception:
            logger.exception("A batch of events failed; trying them one by one")
            for event in events:
                _apply_alone(event)
        update_each(events, ["state", "error", "tries"])
    # A ticket may have been written while this batch was read: whoever wrote it either saw these
    # events waiting, or is seen now.
    replay(list(campaigns_of(unknown)))
    return len(events)


def _take(limit: int) -> list[WebhookEvent]:
    waiting = WebhookEvent.objects.filter(state=EventState.RECEIVED).order_by("pk")
    return list(waiting.select_for_update(skip_locked=True)[:limit])


def _apply_alone(event: WebhookEvent) -> None:
    event.tries += 1
    try:
        with transaction.atomic():
            _apply([event])
    except Exception as error:
        logger.exception("Event %s cannot be applied", event.pk)
        event.error = f"{type(error).__name__} while it was applied"
        given_up = event.tries >= MOST_TRIES
        event.state = EventState.QUARANTINED if given_up else EventState.RECEIVED


def _apply(events: Sequence[WebhookEvent]) -> frozenset[str]:
    """Apply these; return the tickets that nobody knows."""
    read = []
    for event in events:
        _kind, notices, error = read_body(bytes(event.body))
        event.state = EventState.QUARANTINED if error else EventState.APPLIED
        event.error = error
        read.append(_Read(event, notices))
    matches = match([notice for item in read for notice in item.notices])
    _apply_reports(read, matches)
    _apply_incoming(read, matches)
    return matches.unknown


def _apply_reports(read: Sequence[_Read], matches: Matches) -> None:
    changed: dict[int, Recipient] = {}
    tallied: Counter[tuple[Any, ...]] = Counter()
    for item in read:
        for notice in item.notices:
            if not isinstance(notice, Report):
                continue
            if notice.status == BLACKLISTED:
                record_opt_out(notice, matches.campaigns.get(notice.ticket))
            recipient = matches.recipient(notice)
            if recipient is None:
                item.event.state = EventState.UNMATCHED
                continue
            before = _tally_key(recipient)
            if _move_forward(recipient, notice) | _note_call(recipient, notice):
                changed[recipient.pk] = recipient
            tallied.subtract(before)
            tallied.update(_tally_key(recipient))
    if changed:
        rows = list(changed.values())
        fields = ["status", "status_raw", "status_at", "pressed_keys", "call_seconds"]
        update_each(rows, fields)
        add_each(Tally, ["frame", "status", "word"], "people", tallied)
        signals.send_after_commit(signals.recipient_updated, Recipient, recipients=rows)


def _tally_key(recipient: Recipient) -> list[tuple[Any, ...]]:
    """Where this recipient is counted: nowhere until a report came, or if left out."""
    if recipient.exclusion or recipient.status not in REPORTED:
        return []
    return [(recipient.frame_id, recipient.status, recipient.status_raw)]


def _move_forward(recipient: Recipient, report: Report) -> bool:
    status = STATUSES.get(report.status, RecipientStatus.UNKNOWN)
    if RANK[status] <= RANK[RecipientStatus(recipient.status)]:
        return False
    recipient.status = status
    recipient.status_raw = report.status
    recipient.status_at = report.at or timezone.now()
    return True


def _note_call(recipient: Recipient, report: Report) -> bool:
    """Keep what a voice message brought: the keys and the length that were told last."""
    keys = report.pressed_keys or recipient.pressed_keys
    seconds = report.call_seconds if report.call_seconds is not None else recipient.call_seconds
    news = (keys, seconds) != (recipient.pressed_keys, recipient.call_seconds)
    recipient.pressed_keys, recipient.call_seconds = keys, seconds
    return news


def _apply_incoming(read: Sequence[_Read], matches: Matches) -> None:
    for item in read:
        for notice in item.notices:
            if not isinstance(notice, Incoming):
                continue
            campaign_id, recipient_id = _origin(notice, matches)
            if asks_to_stop(notice):
                record_opt_out(notice, campaign_id)
            if not notice.opt_out:
                _store_reply(item.event, notice, campaign_id, recipient_id)


def _origin(notice: Incoming, matches: Matches) -> tuple[int | None, int | None]:
    """The campaign that is answered: by ticket, else the last one that this address got."""
    recipient = matches.recipient(notice)
    if recipient is None:
        latest = Recipient.objects.included().filter(
            address=notice.address, frame__status=FrameStatus.ACCEPTED
        )
        recipient = latest.order_by("-pk").first()
    if recipient is None:
        return matches.campaigns.get(notice.ticket), None
    return recipient.campaign_id, recipient.pk


def _store_reply(
    event: WebhookEvent, notice: Incoming, campaign_id: int | None, recipient_id: int | None
) -> None:
    received_at = notice.at or event.received_at
    twin = Reply.objects.filter(address=notice.address, text=notice.text, received_at=received_at)
    if notice.ticket:
        # An answer to another message is another reply, even within the same second.
        twin = twin.filter(event__ticket__in=["", notice.ticket])
    if twin.exists():
        return
    reply, created = Reply.objects.get_or_create(
        event=event,
        defaults={
            "address": notice.address,
            "text": notice.text,
            "received_at": received_at,
            "campaign_id": campaign_id,
            "recipient_id": recipient_id,
            "reading": classify_reply(notice.text),
        },
    )
    if created:
        signals.send_after_commit(signals.reply_received, Reply, reply=reply)
