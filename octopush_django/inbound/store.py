"""Store one event as it came, before the gateway gets its answer; a STOP takes effect with it.

Nothing is lost: whatever is not understood is kept with its reason. Nothing is stored twice: the
digest of the body is unique.
"""

import hashlib
import logging

from django.db import transaction

from ..conf import conf
from ..keywords import classify_reply
from ..models import EventKind, EventState, OptOut, OptOutSource, Reading, WebhookEvent
from ..opt_outs import opt_out
from .understand import Notice, Report, Unreadable, understand

logger = logging.getLogger("octopush_django.inbound")

BLACKLISTED = "BLACKLISTED_NUMBER"
"""The gateway's word for somebody who opted out there (its page on delivery receipts)."""


def receive(body: bytes) -> WebhookEvent | None:
    """Store one event; None if the same bytes came before. An opt-out takes effect with it.

    Parses before the transaction. When this returns outside a transaction, all is on disk.
    """
    digest = hashlib.sha256(body).hexdigest()
    kind, notices, error = read_body(body)
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
            if asks_to_stop(notice):
                record_opt_out(notice)
    if error:
        logger.error("An event was not understood and is kept: %s", error)
    return event


def read_body(body: bytes) -> tuple[str, list[Notice], str]:
    """The kind of an event and what it tells, by the settings; or why it is not understood."""
    try:
        kind, notices = understand(body, region=conf.region, zone=conf.zone)
    except Unreadable as error:
        return EventKind.OTHER, [], str(error)
    return kind, notices, ""


def asks_to_stop(notice: Notice) -> bool:
    """Whether the person must not receive marketing any more."""
    if isinstance(notice, Report):
        return notice.status == BLACKLISTED
    return notice.opt_out or classify_reply(notice.text) == Reading.OPT_OUT.value


def record_opt_out(notice: Notice, campaign_id: int | None = None) -> OptOut:
    """Record the opt-out that ``notice`` tells, with its words and date as evidence."""
    if isinstance(notice, Report):
        source, said = OptOutSource.REPORT, notice.status
    else:
        source = OptOutSource.GATEWAY if notice.opt_out else OptOutSource.REPLY
        said = notice.text
    evidence = f"{notice.at:%Y-%m-%d %H:%M:%S %z} {said}" if notice.at else said
    return opt_out(
        notice.address, source=source, evidence=evidence.strip(), campaign_id=campaign_id
    )
