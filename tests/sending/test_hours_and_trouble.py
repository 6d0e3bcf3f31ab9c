"""Allowed hours, silences of the gateway and stops, when they come together."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from octopush_django.campaigns import (
    cancel_campaign,
    halt,
    lift_halts,
    resume_campaign,
    schedule_campaign,
    start_due,
)
from octopush_django.client.answers import Answer
from octopush_django.lifecycle import conclude
from octopush_django.models import Campaign, Frame
from octopush_django.sending import claims, settlement, worker_loop
from octopush_django.sending.claims import STOPPED, claim_frames
from octopush_django.sweep import sweep
from octopush_django.testing import outbox

from ..calls import SILENCE, TICKET, answer, later
from ..desk import make_draft
from ..people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db

GIVEN_BACK = Answer("unreachable", message=STOPPED)


@pytest.fixture(autouse=True)
def _frames_of_one(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"


def reason(campaign):
    campaign.refresh_from_db()
    return campaign.reason_code


def test_unclear_batches_that_wait_for_their_hours_hold_nobody_back():
    """Two silences at closing time would keep every code back until the morning."""
    with time_machine.travel("2026-11-25T18:59:30Z") as clock:  # 19:59:30 in Paris
        marketing = send_marketing(contact_lists=[make_list(people=2)])
        answer(claim_frames(), SILENCE, SILENCE)
        clock.move_to("2026-11-25T19:05:00Z")
        assert claim_frames() == []
        conclude([marketing.pk])
        assert reason(marketing) == "quiet_hours"
        code = send(recipients=[number(9)])
        worker_loop.run(seconds=0.5)
        assert len(outbox) == 1
        assert reason(code) == ""


def test_what_was_given_back_is_no_trouble_and_goes_at_once():
    campaign = send(contact_lists=[make_list(people=2)])
    for _ in range(4):
        answer(claim_frames(), GIVEN_BACK, GIVEN_BACK)
    conclude([campaign.pk])
    assert reason(campaign) == ""
    assert len(claim_frames()) == 2


def test_a_campaign_that_was_given_back_at_closing_time_says_its_hours():
    with time_machine.travel("2026-11-25T18:59:30Z") as clock:
        campaign = send_marketing(contact_lists=[make_list(people=1)])
        answer(claim_frames(), Answer("unreachable", message="No route"))
        assert reason(campaign) == "gateway"
        clock.move_to("2026-11-25T19:05:00Z")
        assert claim_frames() == []
        conclude([campaign.pk])
        assert reason(campaign) == "quiet_hours"


def test_a_halt_is_said_before_a_silence():
    campaign = send()
    answer(claim_frames(), SILENCE)
    assert reason(campaign) == "gateway"
    lift_halts()
    halt("A wrong price")
    Campaign.objects.update(reason_code="", reason="")
    conclude([campaign.pk])
    assert reason(campaign) == "halted"


def test_the_reason_of_an_outage_stays_while_it_is_tried_again():
    campaign = send()
    answer(claim_frames(), Answer("unreachable", message="No route"))
    with later(minutes=1):
        conclude([campaign.pk])  # due, and not yet tried
        assert reason(campaign) == "gateway"
        claimed = claim_frames()
        conclude([campaign.pk])  # being tried
        assert reason(campaign) == "gateway"
        answer(claimed, TICKET)
    assert reason(campaign) == ""


def test_turns_are_kept_over_night():
    with time_machine.travel("2026-11-25T18:59:30Z") as clock:
        first = send_marketing(contact_lists=[make_list(people=6)])
        answer(claim_frames(3), TICKET, TICKET, TICKET)
        clock.move_to("2026-11-25T20:00:00Z")
        claim_frames()
        second = send_marketing(contact_lists=[make_list(people=6, name="Others")])
        clock.move_to("2026-11-26T07:30:00Z")
        turns = [claim_frames(1)[0].campaign_id for _ in range(6)]
    assert [set(turns[index : index + 2]) for index in (0, 2, 4)] == [{first.pk, second.pk}] * 3


def test_a_claim_that_the_database_gives_up_loses_no_answer(monkeypatch):
    """Two workers in each other's way: what was answered is settled, and the claim comes again."""
    campaign = send(contact_lists=[make_list(people=3)])
    claim, failures = claims.claim_frames, iter([False, True, False, True])

    def fail_sometimes(*args, **options):
        if next(failures, False):
            raise OperationalError("deadlock detected")
        return claim(*args, **options)

    settle, unsettled = settlement.settle, iter([True])

    def fail_once(results):
        if results and next(unsettled, False):
            raise OperationalError("deadlock detected")
        settle(results)

    monkeypatch.setattr(worker_loop, "claim_frames", fail_sometimes)
    monkeypatch.setattr(settlement, "settle", fail_once)
    worker_loop.run(seconds=3)
    campaign.refresh_from_db()
    assert (campaign.status, len(outbox)) == ("sent", 3)


def test_who_resumes_a_late_campaign_launches_it():
    campaign = schedule_campaign(make_draft(), timezone.now() + timedelta(minutes=5))
    with later(hours=9):
        start_due()
        assert reason(campaign) == "late"
        resume_campaign(campaign)
        campaign.refresh_from_db()
        assert campaign.launched_at == pytest.approx(timezone.now(), abs=timedelta(1))
        answer(claim_frames(1), TICKET)
        cancel_campaign(campaign)
        assert "Nobody got it" not in campaign.reason


def test_moments_of_a_clock_that_jumped_hold_nothing_back():
    send()
    claim_frames()
    Frame.objects.update(lease_until=timezone.now() + timedelta(days=400))
    sweep()
    assert Frame.objects.get().status == "uncertain"
