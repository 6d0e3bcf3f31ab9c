"""Large lists are frozen by a worker: the click returns, and until then nothing leaves."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from octopush_django import approval, signals, tasks
from octopush_django.audience import snapshot
from octopush_django.campaigns import (
    cancel_campaign,
    halt,
    launch_campaign,
    lift_halts,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
    start_due,
)
from octopush_django.lifecycle import conclude
from octopush_django.models import Campaign, Contact, Preparation
from octopush_django.status import read_status
from octopush_django.sweep import sweep
from octopush_django.testing import outbox, send_due

from .people import STOP, in_own_connection, make_list, number, send

pytestmark = pytest.mark.django_db

PREPARE = "octopush_django.tasks.prepare"
two_connections = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite lets one write at a time"
)


@pytest.fixture(autouse=True)
def _three_are_many(monkeypatch):
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 3)


@pytest.fixture
def large(db):
    """A draft for a list of five."""
    draft = Campaign.objects.create(
        text=f"Bonjour {{first_name}} {STOP}", purpose="wholesale", sender="Shop"
    )
    draft.include.add(make_list(people=5))
    return draft


def state(campaign):
    campaign.refresh_from_db()
    return campaign.status, campaign.reason_code


def sent_to():
    return {person["phone_number"] for body in outbox for person in body["recipients"]}


def prepares(enqueued):
    return [task for task in enqueued if task[0] == PREPARE]


# --- the click, and the worker ---------------------------------------------------------------


def test_the_click_freezes_nobody_and_the_worker_does(
    large, enqueued, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        launch_campaign(large)
    assert state(large) == ("sending", "preparing")
    assert "being written down" in large.reason
    assert (large.recipients.count(), large.frames.count()) == (0, 0)
    assert prepares(enqueued) == [(PREPARE,)]
    send_due()
    assert state(large) == ("sent", "")
    assert sent_to() == {number(index) for index in range(5)}
    assert not Preparation.objects.exists()


def test_receivers_hear_of_it_when_it_is_frozen(large, django_capture_on_commit_callbacks):
    heard = []

    def hear(campaign, **_kwargs):
        heard.append((campaign.pk, campaign.recipients.count()))

    signals.campaign_launched.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            launch_campaign(large)
        assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            approval.prepare(large.pk)
            approval.prepare(large.pk)
    finally:
        signals.campaign_launched.disconnect(hear)
    assert heard == [(large.pk, 5)]


def test_few_are_frozen_in_the_call(large):
    large.include.first().contacts.remove(*Contact.objects.all()[:2])
    launch_campaign(large)
    assert state(large) == ("sending", "")
    assert large.recipients.count() == 3


@pytest.mark.parametrize("way", ["numbers", "contacts", "audience", "list and number"])
def test_people_given_as_arguments_are_frozen_in_the_call(large, way):
    contacts = Contact.objects.all()
    given = {
        "numbers": {"recipients": [number(index) for index in range(5)]},
        "contacts": {"recipients": list(contacts)},
        "audience": {"audience": contacts},
        "list and number": {
            "contact_lists": [large.include.first()],
            "recipients": [number(9)],
        },
    }[way]
    campaign = send(**given)
    assert state(campaign) == ("sending", "")
    assert campaign.recipients.count() >= 5


def test_lists_named_by_a_developer_are_frozen_by_the_worker(large):
    campaign = send(contact_lists=["Clients"])
    assert state(campaign) == ("sending", "preparing")
    send_due()
    assert state(campaign) == ("sent", "")
    assert len(sent_to()) == 5


def test_lines_are_found_out_by_the_worker(large):
    Contact.objects.all().update(line_type="")
    launch_campaign(large)
    assert Contact.objects.filter(line_type="").count() == 5
    approval.prepare(large.pk)
    assert set(Contact.objects.values_list("line_type", flat=True)) == {"mobile"}
    assert large.recipients.all().included().count() == 5


def test_a_rolled_back_click_leaves_nothing(large, enqueued):
    try:
        with transaction.atomic():
            launch_campaign(large)
            raise LookupError
    except LookupError:
        pass
    assert state(large) == ("draft", "")
    assert not Preparation.objects.exists()
    send_due()
    assert outbox == []


# --- a schedule ------------------------------------------------------------------------------


def test_a_schedule_is_prepared_and_leaves_at_its_time(large):
    moment = timezone.now() + timedelta(hours=3)
    schedule_campaign(large, moment)
    assert state(large) == ("scheduled", "preparing")
    assert start_due(moment) == 0
    approval.prepare(large.pk)
    assert state(large) == ("scheduled", "")
    assert large.recipients.count() == 5
    with time_machine.travel(moment + timedelta(seconds=1)):
        send_due()
    assert state(large) == ("sent", "")


def test_a_schedule_moves_and_cancels_while_it_is_prepared(large):
    schedule_campaign(large, timezone.now() + timedelta(hours=3))
    moment = timezone.now() + timedelta(hours=5)
    schedule_campaign(large, moment)
    assert state(large) == ("scheduled", "preparing")
    approval.prepare(large.pk)
    assert (large.send_at, *state(large)) == (moment, "scheduled", "")
    second = send(contact_lists=["Clients"], send_at=moment)
    cancel_campaign(second)
    send_due()
    assert state(second)[0] == "cancelled"
    assert outbox == []


# --- pause, cancel, halt ---------------------------------------------------------------------


def test_pause_and_resume_while_it_is_prepared(large, enqueued):
    launch_campaign(large)
    pause_campaign(large, by="Ada")
    send_due()
    sweep()
    assert state(large) == ("paused", "person")
    assert large.recipients.count() == 0
    resume_campaign(large)
    assert state(large) == ("sending", "preparing")
    send_due()
    assert state(large) == ("sent", "")
    assert len(sent_to()) == 5


def test_cancel_while_it_is_prepared(large):
    launch_campaign(large)
    cancel_campaign(large, by="Ada")
    send_due()
    assert state(large)[0] == "cancelled"
    assert large.reason == "Ada cancelled it. Nobody got it."
    assert (outbox, large.recipients.count()) == ([], 0)
    assert not Preparation.objects.exists()


def test_a_halt_does_not_make_it_forget_what_it_waits_for(large):
    launch_campaign(large)
    halt("A mistake in the price")
    assert state(large) == ("sending", "preparing")
    send_due()
    assert outbox == []
    assert large.recipients.count() == 5
    lift_halts()
    send_due()
    assert state(large) == ("sent", "")


def test_nobody_takes_it_for_finished_meanwhile(large):
    launch_campaign(large)
    conclude([large.pk])
    assert state(large) == ("sending", "preparing")
    pause_campaign(large)
    conclude([large.pk])
    assert state(large) == ("paused", "person")


def overtaken(campaign, monkeypatch, verb):
    """Freeze, and let ``verb`` happen before the freezing is committed."""
    freeze = snapshot.freeze

    def slow(*args):
        frozen = freeze(*args)
        verb(campaign)
        return frozen

    monkeypatch.setattr(snapshot, "freeze", slow)
    approval.prepare(campaign.pk)
    monkeypatch.setattr(snapshot, "freeze", freeze)


@pytest.mark.django_db(transaction=True)
@two_connections
@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_a_click_does_not_wait_for_the_worker_and_wins(large, monkeypatch, verb, status):
    launch_campaign(large)
    verbs = {"pause": pause_campaign, "cancel": cancel_campaign}

    def press(campaign):
        found = Campaign.objects.get(pk=campaign.pk)
        thread = threading.Thread(target=in_own_connection, args=(verbs[verb], found))
        thread.start()
        thread.join(5)
        assert not thread.is_alive(), "the click waited for the worker"

    overtaken(large, monkeypatch, press)
    assert state(large)[0] == status
    assert (large.recipients.count(), large.frames.count()) == (0, 0)
    send_due()
    assert outbox == []
    if verb == "pause":
        resume_campaign(large)
        send_due()
        assert len(sent_to()) == 5


@pytest.mark.django_db(transaction=True)
@two_connections
def test_a_second_worker_leaves_it_to_the_first(large, monkeypatch):
    launch_campaign(large)

    def too(campaign):
        thread = threading.Thread(target=in_own_connection, args=(approval.prepare, campaign.pk))
        thread.start()
        thread.join(5)
        assert not thread.is_alive(), "the second worker waited for the first"

    overtaken(large, monkeypatch, too)
    assert state(large) == ("sending", "")
    assert large.recipients.count() == 5


# --- kills -----------------------------------------------------------------------------------


def test_one_task_prepares_one_campaign_and_asks_for_the_next(
    large, enqueued, django_capture_on_commit_callbacks
):
    second = send(contact_lists=["Clients"])
    launch_campaign(large)
    for waiting in ([second.pk], []):
        del enqueued[:]
        with django_capture_on_commit_callbacks(execute=True):
            tasks.prepare()
        assert approval.waiting() == waiting
        assert prepares(enqueued) == [(PREPARE,)] * len(waiting)
    assert state(second) == ("sending", "")


def test_the_sweep_takes_up_what_a_killed_worker_left(
    large, monkeypatch, enqueued, django_capture_on_commit_callbacks
):
    launch_campaign(large)
    freeze = snapshot.freeze

    def killed(*args):
        freeze(*args)
        raise SystemExit

    monkeypatch.setattr(snapshot, "freeze", killed)
    with pytest.raises(SystemExit):
        approval.prepare(large.pk)
    monkeypatch.setattr(snapshot, "freeze", freeze)
    assert state(large) == ("sending", "preparing")
    assert large.recipients.count() == 0
    enqueued.clear()
    with django_capture_on_commit_callbacks(execute=True):
        sweep()
    assert prepares(enqueued) == [(PREPARE,)]
    send_due()
    assert state(large) == ("sent", "")


def test_the_status_names_one_that_is_never_prepared(large):
    launch_campaign(large)
    assert not any("prepared" in problem for problem in read_status().problems)
    later = timezone.now() + timedelta(minutes=16)
    said = "1 campaign has been prepared for more than 15 minutes."
    assert said in read_status(later).problems
