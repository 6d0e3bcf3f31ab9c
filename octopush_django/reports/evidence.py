"""What speaks for and against an undecided frame having gone out, for the person who decides."""

from dataclasses import dataclass
from decimal import Decimal

from ..conf import conf
from ..inbound.understand import understand
from ..models import AttemptOutcome, EventKind, EventState, Frame, SendAttempt, WebhookEvent
from . import credit

MOST_REPORTS = 2000
"""Waiting reports that are looked through for evidence."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against an undecided frame having gone out. Amounts are euros.

    ``reported``: people in it for whom a report came that belongs to no known ticket.
    ``unexplained``: the fall of the credit, since before its first call, that no bill explains.
    """

    reported: int
    credit_before: Decimal | None
    credit_now: Decimal | None
    billed_since: Decimal

    @property
    def unexplained(self) -> Decimal | None:
        if self.credit_before is None or self.credit_now is None:
            return None
        return self.credit_before - self.credit_now - self.billed_since


def evidence(frame: Frame) -> Evidence:
    """Gather the evidence about an undecided ``frame``; asks the gateway for the credit."""
    since = frame.first_posted_at
    attempts = SendAttempt.objects.filter(outcome=AttemptOutcome.ACCEPTED)
    before = attempts.filter(ended_at__lt=since, frame__residual_credit__isnull=False)
    last = before.order_by("-ended_at").select_related("frame").first()
    after = Frame.objects.filter(
        attempts__outcome=AttemptOutcome.ACCEPTED,
        attempts__ended_at__gt=last.ended_at if last else since,
    )
    billed = after.filter(cost_is_estimate=False).distinct().values_list("cost", flat=True)
    return Evidence(
        reported=_reported(frame),
        credit_before=last.frame.residual_credit if last else None,
        credit_now=credit.ask().euros,
        billed_since=sum((cost for cost in billed if cost is not None), Decimal(0)),
    )


def _reported(frame: Frame) -> int:
    """People of the frame in reports that wait for a ticket."""
    waiting = WebhookEvent.objects.filter(
        state=EventState.UNMATCHED, kind=EventKind.REPORT, received_at__gte=frame.first_posted_at
    )
    addresses = set()
    for body in waiting.order_by("pk").values_list("body", flat=True)[:MOST_REPORTS]:
        notices = understand(bytes(body), region=conf.region, zone=conf.zone)[1]
        addresses |= {notice.address for notice in notices}
    return frame.recipients.filter(address__in=addresses).count()
