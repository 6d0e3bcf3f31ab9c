"""Settle what came of calls: each answer to its attempt, each next state to its frame."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from .. import signals
from ..client.answers import Answer
from ..inbound import match
from ..lifecycle import conclude, conclude_finished, hold, withdraw_cancelled
from ..models import CampaignStatus, Frame, FrameStatus, Reason, SendAttempt
from ..models.bulk import update_each
from ..models.sending import request_id_of
from ..rules.sentences import Sentence
from . import pilot
from .claims import BUSY, STOPPED, Claim
from .retry_policy import NextState, coded_failure, decide

logger = logging.getLogger("octopush_django.sending")

_SETTLED_FIELDS = [
    "status", "generation", "request_id", "first_posted_at", "ambiguous", "claims",
    "next_action_at", "lease_until", "ticket", "contacts_accepted", "segments_billed", "cost",
    "cost_is_estimate", "residual_credit", "error_code", "error_message",
]  # fmt: skip

EXPLANATIONS = {
    Reason.CREDIT: gettext_noop(
        "There is not enough credit. Buy credit at Octopush, then resume."
    ),
    Reason.CREDENTIALS: gettext_noop(
        "Octopush does not accept our login. Ask your developer to check the API login and key, "
        "then resume."
    ),
    Reason.ACCOUNT: gettext_noop(
        "Octopush holds this account back. Log in at Octopush, settle what it asks for, then "
        "resume."
    ),
    Reason.REFUSED: gettext_noop("Octopush refused a batch; nobody in it got a message."),
}
ADDRESS = gettext_noop(
    "Nothing answers at the address that this site calls. Ask your developer to check "
    "OCTOPUSH_BASE_URL, then resume."
)
ITS_WORDS = gettext_noop("It said: “%(words)s”%(number)s")


def settle(results: Sequence[tuple[Claim, Answer]]) -> None:
    """Record what came of calls, all in one transaction."""
    if not results:
        return
    now = timezone.now()
    with transaction.atomic():
        locked = Frame.objects.select_for_update(of=("self",)).prefetch_related("campaign")
        frames = locked.order_by("pk").in_bulk([claim.frame_id for claim, _ in results])
        _close_attempts(results, now)
        accepted = []
        for made, answer in results:
            frame = frames.get(made.frame_id)
            if frame is None:
                continue
            next_state = _next_state(frame, made, answer)
            if next_state is None:
                continue
            _apply(frame, answer, next_state, now)
            _announce(frame, answer)
            if frame.status == FrameStatus.ACCEPTED:
                accepted.append(frame)
            if next_state.pause:
                hold(frame.campaign, next_state.pause, _explain(next_state.pause, answer))
        update_each(frames.values(), _SETTLED_FIELDS)
        tickets = [frame.ticket for frame in accepted if frame.ticket]
        # Once an applier can read the tickets: before, it may set an event aside unseen.
        transaction.on_commit(lambda: match.replay(tickets))
        for frame in accepted:
            pilot.judge(frame, now)
        if any(frame.campaign.status == CampaignStatus.CANCELLED for frame in frames.values()):
            withdraw_cancelled()
        if len(accepted) == len(results) and not any(f.campaign.reason_code for f in accepted):
            conclude_finished({frame.campaign_id for frame in accepted})
        else:
            conclude({frame.campaign_id for frame in frames.values()})


def take_as_sent(frame: Frame) -> None:
    """Accept a frame that a person knows to have gone out; a report may still tell its ticket."""
    frame.status = FrameStatus.ACCEPTED
    frame.next_action_at = None
    frame.cost_is_estimate = True
    frame.cost = frame.estimated_cost()


def send_anew(frame: Frame, now: datetime) -> None:
    """Begin a frame again, of which a person knows that it did not go out: a new request_id."""
    frame.status = FrameStatus.PENDING
    frame.ambiguous = False
    frame.claims = 0
    frame.next_action_at = now
    _renew(frame)


def _renew(frame: Frame) -> None:
    frame.generation += 1
    frame.request_id = request_id_of(frame.campaign.uuid, frame.number, frame.generation)
    frame.first_posted_at = None


def _close_attempts(results: Sequence[tuple[Claim, Answer]], now: datetime) -> None:
    """Write each answer to its own attempt, stale or not: it is what happened."""
    attempts = [
        SendAttempt(
            pk=made.attempt_id,
            ended_at=now,
            outcome=answer.outcome,
            http_status=answer.http_status,
            code=answer.code,
            message=answer.message,
            answer=answer.raw,
        )
        for made, answer in results
    ]
    update_each(attempts, ["ended_at", "outcome", "http_status", "code", "message", "answer"])


def _next_state(frame: Frame, made: Claim, answer: Answer) -> NextState | None:
    """What becomes of the frame; None for a stale answer that tells nothing new."""
    if answer.outcome == "accepted":
        # Late truth wins over any state.
        if frame.ticket and frame.ticket != answer.ticket:
            logger.error("Frame %s has two tickets: it was accepted twice", frame.pk)
            return None
        return NextState("accepted")
    if frame.status != FrameStatus.SENDING or frame.fence != made.fence:
        return None
    return decide(
        answer,
        ambiguous=frame.ambiguous,
        coded_failure_before=frame.ambiguous and _coded_failure_before(frame, made),
        tries=frame.fence,
    )


def _coded_failure_before(frame: Frame, made: Claim) -> bool:
    earlier = frame.attempts.filter(request_id=frame.request_id, fence__lt=made.fence)
    return any(coded_failure(code) for code in earlier.values_list("code", flat=True))


def _apply(frame: Frame, answer: Answer, next_state: NextState, now: datetime) -> None:
    frame.status = next_state.status
    frame.ambiguous = next_state.ambiguous
    frame.claims = 0
    frame.lease_until = None
    waits = next_state.status in (FrameStatus.PENDING, FrameStatus.UNCERTAIN)
    given_back = answer.message in (STOPPED, BUSY)
    delay = timedelta(0) if given_back else next_state.delay
    frame.next_action_at = now + delay if waits else None
    frame.error_code = answer.code
    is_well = given_back or next_state.status == "accepted"
    frame.error_message = "" if is_well else answer.message
    if next_state.renew:
        _renew(frame)
    elif next_state.status == "pending" and not next_state.ambiguous:
        frame.first_posted_at = None
    if next_state.status == "accepted":
        _book(frame, answer)


def _book(frame: Frame, answer: Answer) -> None:
    frame.ticket = answer.ticket
    frame.contacts_accepted = answer.number_of_contacts
    frame.segments_billed = answer.number_of_sms
    frame.residual_credit = answer.residual_credit
    frame.cost = answer.total_cost
    frame.cost_is_estimate = answer.total_cost is None
    if frame.cost is None:
        frame.cost = frame.estimated_cost()


def _announce(frame: Frame, answer: Answer) -> None:
    ids = {"campaign_id": frame.campaign_id, "frame_id": frame.pk}
    if frame.status == FrameStatus.ACCEPTED:
        signals.send_after_commit(signals.frame_accepted, Frame, ticket=frame.ticket, **ids)
    elif frame.status == FrameStatus.REFUSED:
        signals.send_after_commit(
            signals.frame_refused, Frame, code=answer.code, message=answer.message, **ids
        )


def _explain(code: str, answer: Answer) -> Sentence:
    is_address = answer.http_status == 404 and not answer.code
    said = ADDRESS if is_address else EXPLANATIONS[Reason(code)]
    words = answer.message or f"HTTP {answer.http_status}"
    number = f" {answer.code}" if answer.code else ""
    return Sentence.of(Sentence(said), Sentence(ITS_WORDS, words=words, number=number))
