"""What comes back: store an event, then understand, match and apply it.

The view stores; a worker applies, in batches. Nothing is lost: an event is on disk before the
gateway gets its answer, and whatever is not understood is kept with its reason. Nothing is done
twice: the body's digest is unique, a status only moves forward, and an address opts out once.
"""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import signals
from ..conf import conf
from ..keywords import classify_reply
from ..models import (
    EventKind,
    EventState,
    Family,
    FrameStatus,
    OptOut,
    OptOutSource,
    Reading,
    Recipient,
    RecipientStatus,
    Reply,
    Tally,
    WebhookEvent,
)
from ..models.bulk import add_each, update_each
from . import match
from .match import Matcher, campaigns_of
from .understand import Incoming, Notice, Report, Unreadable, understand

logger = logging.getLogger("octopush_django.inbound.apply")

BATCH = 500
MOST_TRIES = 3
LINGER = 1.2
"""Seconds that an applier waits for stragglers: a web process rings once a second at most."""

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

BLACKLISTED = "BLACKLISTED_NUMBER"


def receive(body: bytes) -> WebhookEvent | None:
    """Store one event; None if the same bytes came before. An opt-out takes effect with it.

    Parses before the transaction. When this returns outside a transaction, all is on disk.
    """
    digest = hashlib.sha256(body).hexdigest()
    kind, notices, error = _read(body)
    event = WebhookEvent(
        body=body,
        digest=digest,
        kind=kind,
        ticket=notices[0].ticket if notices else "",
        state=EventState.QUARANTINED if error else EventState.RECEIVED,
        error=error,
    )
    with transaction.atomic():
        if WebhookEvent.objects.filter(digest=digest).exists():
            return None
        # Two of the same at once: the second loses on the digest, and nothing is stored twice.
        # (Not ignore_conflicts: SQLite would swallow violations of other constraints with it.)
        WebhookEvent.objects.bulk_create(
            [event], update_conflicts=True, unique_fields=["digest"], update_fields=["digest"]
        )
        for notice in notices:
            if _asks_to_stop(notice):
                source = OptOutSource.GATEWAY if kind == EventKind.OPT_OUT else OptOutSource.REPLY
                _opt_out(notice, source)
    if error:
        logger.error("An event was not understood and is kept: %s", error)
    return event


def apply_events(*, linger: float = 0.0) -> int:
    """Apply received events until none is left; return how many. Safe to run many times."""
    applied = 0
    while True:
        count = _apply_batch()
        applied += count
        if not count:
            if not linger:
                return applied
            time.sleep(linger)
            linger = 0.0


def opt_out(
    address: str,
    *,
    source: str = OptOutSource.PERSON,
    evidence: str = "",
    campaign_id: int | None = None,
) -> OptOut:
    """Record that ``address`` must not receive marketing. The first record stays.

    ``address`` is a number in any spelling, or an e-mail address.
    """
    family = Family.EMAIL if "@" in address else Family.PHONE
    wanted = OptOut(address=address, family=family)
    wanted.clean()
    record, created = OptOut.objects.get_or_create(
        address=wanted.address,
        family=family,
        defaults={"source": source, "evidence": evidence, "campaign_id": campaign_id},
    )
    if created:
        signals.send_after_commit(signals.opted_out, OptOut, opt_out=record)
    elif campaign_id and record.campaign_id is None:
        # The view records a STOP before anybody knows which campaign it answers.
        OptOut.objects.filter(pk=record.pk, campaign=None).update(campaign_id=campaign_id)
    return record


def _read(body: bytes) -> tuple[str, list[Notice], str]:
    try:
        kind, notices = understand(body, region=conf.region, zone=conf.zone)
    except Unreadable as error:
        return EventKind.OTHER, [], str(error)
    return kind, notices, ""


def _asks_to_stop(notice: Notice) -> bool:
    if isinstance(notice, Report):
        return notice.status == BLACKLISTED
    return notice.opt_out or classify_reply(notice.text) == Reading.OPT_OUT.value


def _opt_out(notice: Notice, source: str, campaign_id: int | None = None) -> None:
    if isinstance(notice, Report):
        source, said = OptOutSource.REPORT, notice.status
    else:
        said = notice.text
    evidence = f"{notice.at:%Y-%m-%d %H:%M:%S %z} {said}" if notice.at else said
    opt_out(notice.address, source=source, evidence=evidence.strip(), campaign_id=campaign_id)


# --- applying ---------------------------------------------------------------------------------


@dataclass
class _Read:
    event: WebhookEvent
    notices: list[Notice]


def _apply_batch() -> int:
    """Take a batch under lock and apply it; what fails is tried alone, then put aside."""
    unknown: set[str] = set()
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
    match.replay(list(campaigns_of(unknown)))
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


def _apply(events: Sequence[WebhookEvent]) -> set[str]:
    """Apply these; return the tickets that nobody knows."""
    read = []
    for event in events:
        _kind, notices, error = _read(bytes(event.body))
        event.state = EventState.QUARANTINED if error else EventState.APPLIED
        event.error = error
        read.append(_Read(event, notices))
    matcher = Matcher(notice for item in read for notice in item.notices)
    _apply_reports(read, matcher)
    _apply_incoming(read, matcher)
    return matcher.unknown


def _apply_reports(read: Sequence[_Read], matcher: Matcher) -> None:
    changed: dict[int, Recipient] = {}
    tallied: Counter[tuple[Any, ...]] = Counter()
    for item in read:
        for notice in item.notices:
            if not isinstance(notice, Report):
                continue
            if notice.status == BLACKLISTED:
                _opt_out(notice, OptOutSource.REPORT, matcher.campaigns.get(notice.ticket))
            recipient = matcher.recipient(notice)
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


def _apply_incoming(read: Sequence[_Read], matcher: Matcher) -> None:
    for item in read:
        for notice in item.notices:
            if not isinstance(notice, Incoming):
                continue
            campaign_id, recipient_id = _origin(notice, matcher)
            if _asks_to_stop(notice):
                source = OptOutSource.GATEWAY if notice.opt_out else OptOutSource.REPLY
                _opt_out(notice, source, campaign_id)
            if not notice.opt_out:
                _store_reply(item.event, notice, campaign_id, recipient_id)


def _origin(notice: Incoming, matcher: Matcher) -> tuple[int | None, int | None]:
    """The campaign that is answered: by ticket, else the last one that this address got."""
    recipient = matcher.recipient(notice)
    if recipient is None:
        latest = Recipient.objects.included().filter(
            address=notice.address, frame__status=FrameStatus.ACCEPTED
        )
        recipient = latest.order_by("-pk").first()
    if recipient is None:
        return matcher.campaigns.get(notice.ticket), None
    return recipient.campaign_id, recipient.pk


def _store_reply(
    event: WebhookEvent, notice: Incoming, campaign_id: int | None, recipient_id: int | None
) -> None:
    received_at = notice.at or event.received_at
    twin = Reply.objects.filter(address=notice.address, text=notice.text, received_at=received_at)
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
