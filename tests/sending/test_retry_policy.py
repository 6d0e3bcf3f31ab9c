"""Every cell of the table: what an answer means for its frame."""

from datetime import timedelta

import pytest

from octopush_django.client.answers import Answer, FieldError
from octopush_django.sending.retry_policy import decide


def refused(code=None, status=400, **more):
    return Answer("refused", http_status=status, code=code, **more)


ACCEPTED = Answer("accepted", http_status=201, ticket="sms_1")
UNCERTAIN = Answer("uncertain", http_status=500)
UNREACHABLE = Answer("unreachable")


@pytest.mark.parametrize("ambiguous", [False, True])
def test_accepted_is_accepted(ambiguous):
    assert decide(ACCEPTED, ambiguous=ambiguous).status == "accepted"


@pytest.mark.parametrize("ambiguous", [False, True])
def test_uncertain_keeps_its_request_id(ambiguous):
    state = decide(UNCERTAIN, ambiguous=ambiguous)
    assert (state.status, state.ambiguous, state.renew) == ("uncertain", True, False)


def test_unreachable_waits_and_stays_what_it_was():
    assert decide(UNREACHABLE, ambiguous=False).status == "pending"
    again = decide(UNREACHABLE, ambiguous=True)
    assert (again.status, again.ambiguous) == ("uncertain", True)


DUPLICATES = [
    refused(120),
    refused(133),
    refused(182),
    refused(400, errors={"request_id": FieldError(120, "")}),
    refused(400, errors={"metadata.request_id": FieldError(None, "")}),
]


@pytest.mark.parametrize("answer", DUPLICATES)
def test_a_duplicate_proves_acceptance_only_after_silence(answer):
    assert decide(answer, ambiguous=True).status == "accepted"
    assert decide(answer, ambiguous=False).status == "undecided"
    coded = decide(answer, ambiguous=True, coded_failure_before=True)
    assert coded.status == "undecided"


@pytest.mark.parametrize("code", [127, 129, 153, 206])
def test_busy_codes_wait_with_a_new_id(code):
    state = decide(refused(code), ambiguous=False)
    assert (state.status, state.renew, state.pause) == ("pending", True, "")
    assert state.delay > timedelta(0)
    again = decide(refused(code), ambiguous=True)
    assert (again.status, again.renew) == ("uncertain", False)


def test_429_waits_as_long_as_asked_and_keeps_its_id():
    state = decide(refused(status=429, retry_after=90), ambiguous=False)
    assert (state.status, state.renew) == ("pending", False)
    assert state.delay == timedelta(seconds=90)
    capped = decide(refused(status=429, retry_after=10**9), ambiguous=False)
    assert capped.delay == timedelta(hours=1)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refused(104), "credit"),
        (refused(105), "credit"),
        (refused(101), "credentials"),
        (refused(status=401), "credentials"),
        (refused(status=403), "credentials"),
        (refused(status=404), "credentials"),
        (refused(113), "account"),
        (refused(207), "account"),
    ],
)
def test_account_refusals_pause_and_lose_nothing(answer, reason):
    state = decide(answer, ambiguous=False)
    assert (state.status, state.renew, state.pause) == ("pending", True, reason)
    # After an uncertain attempt it proves nothing on the first call.
    again = decide(answer, ambiguous=True)
    assert (again.status, again.ambiguous, again.pause) == ("undecided", True, reason)


@pytest.mark.parametrize("code", [100, 103, 106, 107, 117, 121, 189, 208, 1340, 9999])
def test_other_refusals_refuse_the_frame(code):
    state = decide(refused(code), ambiguous=False)
    assert (state.status, state.pause, state.renew) == ("refused", "refused", False)
    assert decide(refused(code), ambiguous=True).status == "undecided"


def test_delays_grow_and_end():
    delays = [decide(UNCERTAIN, ambiguous=True, tries=tries).delay for tries in range(1, 9)]
    assert delays == sorted(delays)
    assert delays[-1] == delays[-2] == timedelta(hours=1)
