"""What an answer means for its frame: one pure table.

The fault model behind it: a *refused* frame did not leave and may get a new ``request_id``; an
*uncertain* one may have left and is repeated only under its own; a duplicate answer proves that
the earlier call was taken, but only if that call ended without any answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ..client.answers import UNCERTAIN_CODES, Answer

DUPLICATE_CODES = frozenset({120, 133, 182})
BUSY_CODES = frozenset({127, 129, 153, 206})
CREDIT_CODES = frozenset({104, 105})
CREDENTIALS_CODES = frozenset({101, 108, 109, 401, 403})
ACCOUNT_CODES = frozenset({113, 114, 126, 134, 139, 142, 201, 207})

FrameStatus = Literal["accepted", "refused", "pending", "uncertain", "undecided"]

UNREACHABLE_DELAYS = (5, 10, 30, 60, 300)
UNCERTAIN_DELAYS = (10, 60, 300, 900, 3600)
"""Seconds to wait after the first, second, … attempt of that kind; the last one repeats."""

LONGEST_RETRY_AFTER = 3600


@dataclass(frozen=True)
class NextState:
    """What becomes of a frame.

    ``delay``: seconds until the machine may look at it again. ``renew``: the next attempt gets a
    new ``request_id``. ``ambiguous``: some attempt may have gone out. ``pause``: the reason code
    with which the whole campaign stops.
    """

    status: FrameStatus
    delay: timedelta = timedelta(0)
    renew: bool = False
    ambiguous: bool = False
    pause: str = ""


def decide(
    answer: Answer, *, ambiguous: bool, coded_failure_before: bool = False, tries: int = 1
) -> NextState:
    """Say what becomes of a frame.

    ``ambiguous``: an earlier attempt under this ``request_id`` may have gone out.
    ``coded_failure_before``: one of those ended in a body code 125, 438, 500 or 501.
    ``tries``: attempts so far, this one included.
    """
    if answer.outcome == "accepted":
        return NextState("accepted")
    if answer.outcome == "uncertain":
        return _wait("uncertain", UNCERTAIN_DELAYS, tries, ambiguous=True)
    if answer.outcome == "unreachable":
        status: FrameStatus = "uncertain" if ambiguous else "pending"
        return _wait(status, UNREACHABLE_DELAYS, tries, ambiguous=ambiguous)
    if is_duplicate(answer):
        proven = ambiguous and not coded_failure_before
        return NextState("accepted") if proven else NextState("undecided", ambiguous=True)
    return _after_refusal(answer, ambiguous=ambiguous, tries=tries)


def is_duplicate(answer: Answer) -> bool:
    """Whether the gateway says that it has seen this ``request_id`` before."""
    named = answer.code == 400 and "request_id" in {
        name.rpartition(".")[2] for name in answer.errors
    }
    return answer.outcome == "refused" and (answer.code in DUPLICATE_CODES or named)


def coded_failure(code: int | None) -> bool:
    """Whether a body code leaves open if the call was carried out."""
    return code in UNCERTAIN_CODES


def _after_refusal(answer: Answer, *, ambiguous: bool, tries: int) -> NextState:
    if answer.http_status == 429 or answer.code in BUSY_CODES:
        wait = _wait("uncertain" if ambiguous else "pending", UNREACHABLE_DELAYS, tries)
        asked = timedelta(seconds=min(answer.retry_after or 0, LONGEST_RETRY_AFTER))
        # A refusal with a code may use the request_id up; a 429 never got that far.
        renew = not ambiguous and answer.code in BUSY_CODES
        return NextState(wait.status, max(wait.delay, asked), renew, ambiguous)
    pause = _account_reason(answer)
    if ambiguous:
        # Credit or access may be checked before duplicates are: it proves nothing on the first.
        return NextState("undecided", ambiguous=True, pause=pause)
    if pause:
        return NextState("pending", renew=True, pause=pause)
    return NextState("refused", pause="refused")


def _account_reason(answer: Answer) -> str:
    if answer.code in CREDIT_CODES:
        return "credit"
    if answer.code in CREDENTIALS_CODES:
        return "credentials"
    if answer.code in ACCOUNT_CODES:
        return "account"
    if answer.http_status in (401, 403) or (answer.http_status == 404 and not answer.code):
        return "credentials"
    return ""


def _wait(
    status: FrameStatus, delays: tuple[int, ...], tries: int, *, ambiguous: bool = False
) -> NextState:
    seconds = delays[min(max(tries, 1), len(delays)) - 1]
    return NextState(status, timedelta(seconds=seconds), ambiguous=ambiguous)
