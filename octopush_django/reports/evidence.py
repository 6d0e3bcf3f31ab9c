"""What speaks for and against an undecided frame having gone out, for the person who decides."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db.models import Q

from ..inbound.tickets import reports_waiting, speaks_for
from ..models import AttemptOutcome, EventKind, EventState, Frame, SendAttempt, WebhookEvent
from . import credit
from .prices import last_price

MOST_TICKETS = 200
"""Unknown tickets of which the reports are looked at."""
HALF = Decimal("0.5")

Answer = Literal["sent", "not_sent", ""]
"""Which button a sign speaks for; "" for none."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against an undecided frame having gone out. Amounts are euros.

    ``reported``: people in it who were reported on under one ticket that belongs to no batch.
    ``cost``: what the frame costs, by the bill of others; None where no price is known.
    ``billed_since``: what all other batches cost since the credit was read before its first call.
    ``others_open``: other batches of which nobody knows whether they left, since then.
    """

    reported: int
    cost: Decimal | None
    credit_before: Decimal | None
    credit_now: Decimal | None
    billed_since: Decimal
    others_open: int

    @property
    def unexplained(self) -> Decimal | None:
        """The fall of the credit that no bill explains; below zero where credit was bought."""
        if self.credit_before is None or self.credit_now is None:
            return None
        return self.credit_before - self.credit_now - self.billed_since

    @property
    def credit_was_bought(self) -> bool:
        """Then the credit tells nothing."""
        return self.unexplained is not None and self.unexplained < -HALF * (self.cost or 0)

    @property
    def credit_speaks_for(self) -> Answer:
        """By whether the cost of the batch is missing from the credit."""
        if self.unexplained is None or not self.cost or self.credit_was_bought or self.others_open:
            return ""
        return "sent" if self.unexplained >= HALF * self.cost else "not_sent"


def evidence(frame: Frame) -> Evidence:
    """Gather the evidence about an undecided ``frame``; asks the gateway for the credit."""
    since = frame.first_posted_at
    attempts = SendAttempt.objects.filter(outcome=AttemptOutcome.ACCEPTED)
    before = attempts.filter(ended_at__lt=since, frame__residual_credit__isnull=False)
    last = before.order_by("-ended_at").select_related("frame").first()
    begins = last.ended_at if last else since
    others = Frame.objects.exclude(pk=frame.pk)
    billed = others.filter(
        Q(attempts__outcome=AttemptOutcome.ACCEPTED, attempts__ended_at__gt=begins)
        | Q(cost_is_estimate=True, first_posted_at__gt=begins)
    )
    costs = others.filter(pk__in=billed.values("pk")).values_list("cost", flat=True)
    still_open = others.filter(ambiguous=True, status__in=("sending", "uncertain", "undecided"))
    return Evidence(
        reported=_reported(frame),
        cost=_cost(frame),
        credit_before=last.frame.residual_credit if last else None,
        credit_now=credit.ask().euros,
        billed_since=sum((cost for cost in costs if cost is not None), Decimal(0)),
        others_open=still_open.filter(first_posted_at__gt=begins).count(),
    )


def _cost(frame: Frame) -> Decimal | None:
    price = last_price(frame.campaign)
    return frame.estimated_cost() or (price.euros * frame.size if price else None)


def _reported(frame: Frame) -> int:
    """The most people of the frame of whom waiting reports tell under one ticket."""
    waiting = WebhookEvent.objects.filter(
        state=EventState.UNMATCHED, kind=EventKind.REPORT, received_at__gte=frame.first_posted_at
    ).exclude(ticket="")
    tickets = waiting.order_by("-ticket").values_list("ticket", flat=True).distinct()
    people = defaultdict(set)
    for ticket in tickets[:MOST_TICKETS]:
        people[ticket] = speaks_for(frame, reports_waiting(ticket))
    return max(map(len, people.values()), default=0)
