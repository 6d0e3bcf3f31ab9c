"""Claims and settlements: every answer, every race that a test can stage."""

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from octopush_django import lifecycle, signals
from octopush_django.campaigns import pause_campaign, resume_campaign
from octopush_django.client.answers import Answer, read_answer
from octopush_django.models import Campaign, Frame, OptOut, SendAttempt
from octopush_django.sending import settlement, worker_loop
from octopush_django.sending.claims import MOST_CLAIMS, claim_frames, expire_leases
from octopush_django.testing import outbox, send_due

from ..calls import DUPLICATE, SILENCE, TICKET, answer, later
from ..people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


def frame():
    return Frame.objects.get()


# --- answers that are rubbish -------------------------------------------------------------------


@pytest.mark.parametrize(
    "rubbish",
    [
        {"number_of_contacts": 10**11}, {"number_of_sms_needed": "9999999999"},
        {"total_cost": 10**9}, {"total_cost": "1e11"}, {"residual_credit": 10**11},
        {"total_cost": "0.12345678901234567890"}, {"message": "a\x00b\ud800"},
        {"number_of_contacts": -5},
    ],
)  # fmt: skip
def test_an_absurd_answer_is_settled_all_the_same(rubbish):
    send()
    [claim] = claim_frames()
    body = json.dumps({"sms_ticket": "sms_1\x00\ud800", **rubbish}).encode()
    answer([claim], read_answer(201, body))
    assert (frame().status, frame().ticket[:5]) == ("accepted", "sms_1")
    assert SendAttempt.objects.get().outcome == "accepted"


def test_an_answer_that_cannot_be_stored_harms_no_other(settings, monkeypatch):
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    send(contact_lists=[make_list(people=5)])
    bad, close = Frame.objects.order_by("pk")[2].pk, settlement._close_attempts

    def choke(results, now):
        close(results, now)
        if bad in [claim.frame_id for claim, _ in results]:
            raise IntegrityError("a value that no check foresaw")

    monkeypatch.setattr(settlement, "_close_attempts", choke)
    worker_loop.run(0.3)
    assert Counter(Frame.objects.values_list("status", flat=True)) == {"accepted": 4, "sending": 1}
    monkeypatch.setattr(settlement, "_close_attempts", close)
    with later(minutes=5):
        expire_leases()
        send_due()
    assert Frame.objects.get(pk=bad).status in ("accepted", "undecided")


@pytest.mark.parametrize("message", ["\x00", "a\ud800", "x" * 9000])
def test_an_absurd_refusal_is_settled_all_the_same(message):
    send()
    [claim] = claim_frames()
    body = json.dumps({"code": 10**20 + 107, "message": message}).encode()
    answer([claim], read_answer(400, body))
    body = json.dumps({"code": 107, "message": message}).encode()
    answer([claim], read_answer(400, body))
    assert SendAttempt.objects.get().outcome == "refused"


# --- intent -------------------------------------------------------------------------------------


def test_the_intent_is_there_before_the_call():
    send()
    [claim] = claim_frames()
    attempt = SendAttempt.objects.get()
    assert (attempt.outcome, attempt.fence, attempt.request_id) == (
        "", claim.fence, frame().request_id,
    )  # fmt: skip
    assert frame().status == "sending"
    assert frame().lease_until > timezone.now()
    assert frame().first_posted_at


def test_what_was_posted_in_the_future_is_not_repeated():
    """A clock that jumped back tells no age: the gateway may have forgotten the request_id."""
    send()
    answer(claim_frames(), SILENCE)
    Frame.objects.update(first_posted_at=timezone.now() + timedelta(hours=1))
    with later(minutes=5):
        assert claim_frames() == []
    assert frame().status == "undecided"


def test_a_lease_outlives_the_longest_call(settings):
    settings.OCTOPUSH_TIMEOUT = (10, 300)
    send()
    claim_frames()
    assert frame().lease_until > timezone.now() + timedelta(seconds=310)


def test_nobody_claims_a_claimed_frame():
    send()
    assert len(claim_frames()) == 1
    assert claim_frames() == []


def test_the_answer_is_written_down():
    send()
    claims = claim_frames()
    answer(claims, TICKET)
    attempt = SendAttempt.objects.get()
    assert (attempt.outcome, attempt.http_status) == ("accepted", 201)
    assert attempt.ended_at
    found = frame()
    assert (found.status, found.ticket, found.cost) == ("accepted", "sms_1", Decimal("0.049"))
    assert (found.contacts_accepted, found.segments_billed) == (1, 1)
    assert not found.cost_is_estimate
    assert (found.next_action_at, found.lease_until) == (None, None)


# --- repeats ------------------------------------------------------------------------------------


def test_uncertain_is_repeated_under_the_same_id_with_the_same_body():
    send()
    [first] = claim_frames()
    answer([first], SILENCE)
    assert (frame().status, frame().ambiguous) == ("uncertain", True)
    assert claim_frames() == []
    assert Campaign.objects.get().reason_code == "gateway"
    with later(minutes=1):
        [second] = claim_frames()
        assert second.body == first.body
        assert second.fence == first.fence + 1
        answer([second], DUPLICATE)
    assert (frame().status, frame().ticket) == ("accepted", "")
    assert frame().cost_is_estimate
    campaign = Campaign.objects.get()
    assert (campaign.status, campaign.reason_code) == ("sent", "")


def test_a_duplicate_out_of_the_blue_is_left_to_a_person():
    send()
    answer(claim_frames(), DUPLICATE)
    assert frame().status == "undecided"
    campaign = Campaign.objects.get()
    assert (campaign.status, campaign.reason_code) == ("sending", "undecided")


def test_a_duplicate_after_a_coded_failure_proves_nothing():
    send()
    answer(claim_frames(), Answer("uncertain", http_status=400, code=500))
    with later(minutes=1):
        answer(claim_frames(), DUPLICATE)
    assert frame().status == "undecided"


def test_a_refusal_after_silence_proves_nothing():
    send()
    answer(claim_frames(), SILENCE)
    with later(minutes=1):
        answer(claim_frames(), Answer("refused", http_status=400, code=104))
    assert frame().status == "undecided"
    assert frame().generation == 1


def test_unreachable_goes_back_and_keeps_its_id():
    send()
    before = frame().request_id
    answer(claim_frames(), Answer("unreachable"))
    found = frame()
    assert (found.status, found.request_id, found.ambiguous) == ("pending", before, False)
    assert found.first_posted_at is None
    assert found.next_action_at > timezone.now()


def test_a_clear_refusal_for_credit_waits_and_gets_a_new_id():
    send()
    before = frame().request_id
    answer(claim_frames(), Answer("refused", http_status=400, code=104, message="No credit"))
    campaign = Campaign.objects.get()
    assert (campaign.status, campaign.reason_code) == ("paused", "credit")
    assert "No credit" in campaign.reason
    found = frame()
    assert (found.status, found.generation) == ("pending", 2)
    assert found.request_id != before
    resume_campaign(campaign)
    send_due()
    assert outbox[0]["request_id"] == found.request_id
    campaign.refresh_from_db()
    assert campaign.status == "sent"


def test_another_refusal_fails_a_campaign_of_one_frame():
    send()
    answer(claim_frames(), Answer("refused", http_status=400, code=1340, message="Bad word"))
    campaign = Campaign.objects.get()
    assert (frame().status, campaign.status) == ("refused", "failed")
    assert "Bad word" in campaign.reason
    assert campaign.recipients.with_state().get().state == "cancelled"


def test_receivers_hear_what_was_refused(django_capture_on_commit_callbacks):
    heard = []

    def hear(campaign_id, frame_id, code, message, **_kwargs):
        heard.append((campaign_id, frame_id, code, message))

    campaign = send()
    signals.frame_refused.connect(hear, sender=Frame)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer(claim_frames(), Answer("refused", http_status=400, code=1340, message="Bad"))
    finally:
        signals.frame_refused.disconnect(hear, sender=Frame)
    assert heard == [(campaign.pk, frame().pk, 1340, "Bad")]


def test_a_refusal_pauses_the_frames_behind_it(settings):
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    campaign = send(contact_lists=[make_list(people=3)])
    answer(claim_frames(limit=1), Answer("refused", http_status=400, code=106))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "refused")
    assert claim_frames() == []
    resume_campaign(campaign)
    send_due()
    campaign.refresh_from_db()
    assert campaign.status == "sent"
    assert len(outbox) == 2


def test_too_old_to_repeat_is_left_to_a_person():
    send()
    answer(claim_frames(), SILENCE)
    with later(hours=20):
        assert claim_frames() == []
    assert frame().status == "undecided"


def test_without_leave_to_repeat_a_person_decides(settings):
    settings.OCTOPUSH_REPOST_UNCERTAIN = False
    send()
    answer(claim_frames(), SILENCE)
    with later(minutes=1):
        assert claim_frames() == []
    assert frame().status == "undecided"


def test_two_uncertain_frames_stop_new_ones_but_not_repeats(settings):
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    send(contact_lists=[make_list(people=4)])
    claims = claim_frames(limit=2)
    answer(claims, SILENCE, SILENCE)
    assert claim_frames() == []
    with later(minutes=1):
        repeats = claim_frames()
        assert {claim.frame_id for claim in repeats} == {claim.frame_id for claim in claims}
        answer(repeats, TICKET, Answer("accepted", http_status=201, ticket="sms_2"))
        assert len(claim_frames()) == 2


def test_uncertain_frames_of_a_paused_campaign_stop_no_other(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0
    troubled = send(contact_lists=[make_list(people=4)])
    answer(claim_frames(limit=2), SILENCE, SILENCE)
    other = send(recipients=[number(9)])
    assert claim_frames() == []
    pause_campaign(troubled)
    assert [claim.campaign_id for claim in claim_frames()] == [other.pk]


def test_a_frame_that_kills_its_worker_is_left_to_a_person():
    send()
    now = timezone.now()
    for _ in range(MOST_CLAIMS):
        assert len(claim_frames(now=now)) == 1
        now += timedelta(minutes=5)
        assert expire_leases(now=now) == 1
    assert claim_frames(now=now) == []
    assert frame().status == "undecided"


# --- dead and late workers ----------------------------------------------------------------------


def test_an_expired_lease_is_repeated_at_once_as_uncertain():
    send()
    claim_frames()
    assert expire_leases() == 0
    with later(minutes=3):
        assert expire_leases() == 1
        assert (frame().status, frame().ambiguous) == ("uncertain", True)
        attempt = SendAttempt.objects.get()
        assert (attempt.outcome, attempt.message) == ("uncertain", "The worker did not come back.")
        assert len(claim_frames()) == 1


def test_a_lease_of_a_clock_that_went_ahead_is_repeated_at_once():
    send()
    claim_frames()
    tomorrow = timezone.now() + timedelta(days=1)
    Frame.objects.update(lease_until=tomorrow, next_action_at=tomorrow)
    assert expire_leases() == 1
    assert len(claim_frames()) == 1


def test_late_truth_wins_and_a_stale_no_does_not():
    send()
    stale = claim_frames()
    with later(minutes=3):
        expire_leases()
        fresh = claim_frames()
        answer(stale, Answer("refused", http_status=400, code=104))
        assert frame().status == "sending"
        answer(stale, TICKET)
        assert (frame().status, frame().ticket) == ("accepted", "sms_1")
        answer(fresh, DUPLICATE)
    assert (frame().status, frame().ticket) == ("accepted", "sms_1")
    assert Campaign.objects.get().status == "sent"


# --- the last look ------------------------------------------------------------------------------


def test_who_opted_out_is_dropped_at_the_claim():
    send_marketing(contact_lists=[make_list(people=2)])
    OptOut.objects.create(address=number(0))
    [claim] = claim_frames()
    assert number(0) not in claim.body.decode()
    assert SendAttempt.objects.get().left_out == [number(0)]


def test_the_body_of_a_repeat_only_loses_who_opted_out():
    send_marketing(contact_lists=[make_list(people=3)])
    [first] = claim_frames()
    answer([first], SILENCE)
    OptOut.objects.create(address=number(1))
    with later(minutes=1):
        [second] = claim_frames()
    assert number(1) not in second.body.decode()
    removed = f', {{"phone_number": "{number(1)}"}}'.encode()
    assert second.body == first.body.replace(removed, b"") or (
        second.body == first.body.replace(removed.replace(b": ", b":"), b"")
    )


def test_transactional_does_not_ask_the_opt_outs():
    OptOut.objects.create(address=number(0))
    send(recipients=[number(0)])
    send_due()
    assert len(outbox) == 1


def test_a_frame_of_which_everybody_left_is_empty():
    send_marketing(recipients=[number(0)])
    OptOut.objects.create(address=number(0))
    send_due()
    assert outbox == []
    lifecycle.conclude([Campaign.objects.get().pk])
    campaign = Campaign.objects.get()
    assert frame().status == "empty"
    assert (campaign.status, campaign.reason_code) == ("failed", "nobody_left")


def test_an_ambiguous_frame_of_which_everybody_left_needs_a_person():
    send_marketing(recipients=[number(0)])
    answer(claim_frames(), SILENCE)
    OptOut.objects.create(address=number(0))
    with later(minutes=1):
        assert claim_frames() == []
    assert frame().status == "undecided"


def test_another_copy_of_the_site_stays_silent(settings):
    settings.OCTOPUSH_INSTANCE = "production"
    campaign = send()
    settings.OCTOPUSH_INSTANCE = "staging"
    send_due()
    campaign.refresh_from_db()
    assert outbox == []
    assert (campaign.status, campaign.reason_code) == ("paused", "instance")


def test_who_resumes_on_another_copy_sends_from_there(settings):
    settings.OCTOPUSH_INSTANCE = "production"
    campaign = send()
    pause_campaign(campaign)
    settings.OCTOPUSH_INSTANCE = "staging"
    resume_campaign(campaign)
    assert Campaign.objects.get().instance == "staging"
    assert len(claim_frames()) == 1


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(("hour", "leaves"), [(10, True), (23, False)])
def test_what_the_gateway_keeps_is_judged_by_its_own_date(settings, hour, leaves):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    with time_machine.travel(datetime(2026, 11, 24, 21 if leaves else 12, 0, tzinfo=PARIS)):
        send_at = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
        campaign = send_marketing(scheduler="gateway", send_at=send_at)
        Campaign.objects.filter(pk=campaign.pk).update(send_at=send_at.replace(hour=hour))
        assert len(claim_frames()) == leaves


def test_marketing_waits_for_the_allowed_hours(settings):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    with time_machine.travel(datetime(2026, 11, 21, 21, 0, tzinfo=PARIS)):  # Saturday night
        campaign = send_marketing()
        send_due()
        campaign.refresh_from_db()
        assert outbox == []
        assert (campaign.status, campaign.reason_code) == ("sending", "quiet_hours")
        assert "Europe/Paris" in campaign.reason
        send()
        send_due()
        assert len(outbox) == 1  # transactional leaves at any hour
    with time_machine.travel(datetime(2026, 11, 23, 7, 59, tzinfo=PARIS)):
        send_due()
        assert len(outbox) == 1
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, tzinfo=PARIS)):
        send_due()
        campaign.refresh_from_db()
        assert len(outbox) == 2
        assert (campaign.status, campaign.reason_code) == ("sent", "")


def test_a_paused_campaign_is_not_claimed():
    campaign = send()
    pause_campaign(campaign)
    assert claim_frames() == []


def test_an_unreachable_gateway_is_told_and_forgotten():
    campaign = send()
    answer(claim_frames(), Answer("unreachable", message="No answer: ConnectTimeout"))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("sending", "gateway")
    with later(minutes=10):
        send_due()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("sent", "")
