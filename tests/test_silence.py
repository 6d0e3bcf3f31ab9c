"""A restored backup sends nothing by itself, and a clock that jumped puts nothing off."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from octopush_django import tasks
from octopush_django.campaigns import launch_campaign, resume_campaign
from octopush_django.lifecycle import leave_sign
from octopush_django.models import Campaign, Frame, Heartbeat
from octopush_django.sending import worker_loop
from octopush_django.sweep import sweep
from octopush_django.testing import outbox, send_due

from .desk import make_draft
from .people import make_list, number, send

pytestmark = pytest.mark.django_db


def state(campaign):
    campaign.refresh_from_db()
    return campaign.status, campaign.reason_code


@pytest.fixture
def backed_up(settings):
    """A campaign that was launched when the backup was made; the worker had worked until then."""
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0
    campaign = send(contact_lists=[make_list(people=3)])
    leave_sign("worker", timezone.now() + timedelta(seconds=30))
    return campaign


WORK = {
    "a test's worker": send_due,
    "a worker loop": worker_loop.run,
    "a tick": tasks.sweep,
    "a tick by hand": lambda: call_command("octopush_sweep"),
}


@pytest.mark.parametrize("first", WORK)
def test_a_restored_backup_waits_for_a_person(backed_up, first):
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        WORK[first]()
        assert state(backed_up) == ("paused", "silence")
        assert "Nothing worked here from" in backed_up.reason
        assert "(Europe/Paris)" in backed_up.reason
        # And on later ticks, when signs are there again.
        tasks.sweep()
        send_due()
        assert state(backed_up) == ("paused", "silence")
        assert outbox == []
        resume_campaign(backed_up)
        send_due()
    assert state(backed_up) == ("sent", "")
    assert len(outbox) == 3


@pytest.mark.parametrize("first", [*WORK, "the task that prepares it"])
def test_a_campaign_that_was_not_prepared_yet_waits_for_a_person_too(monkeypatch, first):
    """It may have been prepared, and have left, since the backup was made."""
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 3)
    campaign = send(contact_lists=[make_list(people=5)])
    assert state(campaign) == ("sending", "preparing")
    leave_sign("worker", timezone.now() + timedelta(seconds=30))
    work = {**WORK, "the task that prepares it": tasks.prepare}
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        work[first]()
        assert state(campaign) == ("paused", "silence")
        tasks.sweep()
        tasks.prepare()
        send_due()
        assert state(campaign) == ("paused", "silence")
        assert outbox == []
        resume_campaign(campaign)
        send_due()
    assert state(campaign) == ("sent", "")
    assert len(outbox) == 1


def test_what_was_launched_since_goes(backed_up):
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        campaign = send(recipients=[number(9)])
        tasks.sweep()
        send_due()
        assert state(campaign) == ("sent", "")
        assert state(backed_up) == ("paused", "silence")


def test_hours_that_begin_now_are_no_silence(settings):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    with time_machine.travel("2026-11-25T22:00:00Z") as clock:
        campaign = launch_campaign(make_draft())
        send_due()
        leave_sign("worker")
        assert state(campaign) == ("sending", "quiet_hours")
        # Nothing works at night.
        clock.move_to("2026-11-26T07:01:00Z")
        tasks.sweep()
        send_due()
    assert state(campaign) == ("sent", "")


@pytest.mark.parametrize("by", ["a worker", "hand", "nobody ever"])
def test_signs_in_time_let_it_go(backed_up, by):
    if by == "nobody ever":
        Heartbeat.objects.all().delete()
    with time_machine.travel(timezone.now() + timedelta(hours=24)):
        if by == "a worker":
            Heartbeat.objects.update(beat_at=timezone.now())
        elif by == "hand":
            Heartbeat.objects.update_or_create(name="sweep", defaults={"beat_at": timezone.now()})
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        send_due()
    assert state(backed_up) == ("sent", "")


def test_the_tick_by_hand_leaves_a_sign():
    call_command("octopush_sweep")
    assert Heartbeat.objects.filter(name="sweep").exists()


def test_a_clock_that_jumped_puts_nothing_off_for_weeks():
    campaign = send()
    Frame.objects.update(next_action_at=timezone.now() + timedelta(days=10))
    sweep()
    send_due()
    assert state(campaign) == ("sent", "")


@pytest.mark.parametrize(
    ("launched_under", "here", "goes"),
    [
        ("live", "live", True),
        ("live", "copy", False),
        ("live", None, False),
        ("", "live", True),
        ("", None, True),
    ],
)
def test_a_campaign_leaves_where_it_was_launched(settings, launched_under, here, goes):
    campaign = send()
    Campaign.objects.update(instance=launched_under)
    settings.OCTOPUSH_INSTANCE = here
    send_due()
    assert state(campaign) == (("sent", "") if goes else ("paused", "instance"))
    assert bool(outbox) == goes
    if not goes:
        assert "“live”" in campaign.reason


@pytest.mark.parametrize("limit", [0, 60])
def test_a_short_limit_takes_no_minute_for_a_silence(settings, limit):
    settings.OCTOPUSH_LATE_LIMIT = limit
    campaign = send()
    leave_sign("worker")
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        send_due()
    assert state(campaign) == ("sent", "")
