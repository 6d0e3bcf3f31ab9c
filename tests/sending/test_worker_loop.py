"""The loop around claims and settlements: once each, a stop within one frame, nothing lost."""

import threading
import time
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from octopush_django import lifecycle
from octopush_django.campaigns import cancel_campaign, halt, pause_campaign
from octopush_django.models import Frame, Place
from octopush_django.sending import claims, senders, worker_loop
from octopush_django.testing import fail_next, outbox, send_due

from ..calls import DUPLICATE, SILENCE, answer, bill, later
from ..people import in_own_connection, make_list, number, send

pytestmark = pytest.mark.django_db


def frame():
    return Frame.objects.get()


def test_a_backend_that_cannot_be_made_pauses_with_the_reason(settings):
    campaign = send()
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
    settings.OCTOPUSH_API_KEY = None
    worker_loop.run(0)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "credentials")
    assert "OCTOPUSH_API_KEY" in campaign.reason


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_pump_sends_everything_once(settings, concurrency):
    settings.OCTOPUSH_CONCURRENCY = concurrency
    settings.OCTOPUSH_FRAME_SIZE = 3
    campaign = send(contact_lists=[make_list(people=100)])
    worker_loop.run(0, seconds=10)
    campaign.refresh_from_db()
    assert campaign.status == "sent"
    sent = [person["phone_number"] for request in outbox for person in request["recipients"]]
    assert sorted(sent) == sorted(map(number, range(100)))


class Gate:
    """A backend that waits until it is let go, and counts who got through."""

    def __init__(self, monkeypatch):
        from octopush_django.backends.locmem import LocMemBackend

        self.entered, self.open = threading.Semaphore(0), threading.Event()
        send_on = LocMemBackend.send

        def wait(backend, path, body):
            self.entered.release()
            assert self.open.wait(10)
            return send_on(backend, path, body)

        monkeypatch.setattr(LocMemBackend, "send", wait)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stop", ["pause", "cancel", "halt"])
def test_a_stop_is_effective_within_one_frame(settings, monkeypatch, stop):
    settings.OCTOPUSH_CONCURRENCY = 2
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    gate = Gate(monkeypatch)
    campaign = send(contact_lists=[make_list(people=20)])
    worker = threading.Thread(target=in_own_connection, args=(worker_loop.run, 0, 3))
    worker.start()
    try:
        assert gate.entered.acquire(timeout=5)
        assert gate.entered.acquire(timeout=5)
        if stop == "halt":
            halt("stop now")
        else:
            {"pause": pause_campaign, "cancel": cancel_campaign}[stop](campaign)
        time.sleep(1.2)  # the loop looks once a second at least
    finally:
        gate.open.set()
        worker.join(timeout=10)
    assert len(outbox) == 2  # those whose call had begun
    campaign.refresh_from_db()
    states = Counter(campaign.recipients.with_state().values_list("state", flat=True))
    rest = "cancelled" if stop == "cancel" else "pending"
    assert states == {"accepted": 2, rest: 18}
    assert campaign.status == {"pause": "paused", "cancel": "cancelled", "halt": "sending"}[stop]
    assert campaign.reason_code


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock for all")
@pytest.mark.django_db(transaction=True)
def test_a_claim_and_a_cancel_do_not_wait_for_each_other(monkeypatch):
    """Both take frames and their campaign; in two orders that is a deadlock."""
    campaign = send()
    locked, errors = threading.Event(), []

    def slowly(frame, now):
        locked.set()
        time.sleep(0.5)
        lifecycle.note(frame.campaign, "gateway", "It is away.")
        return True

    def claim():
        try:
            claims.claim_frames()
        except Exception as error:
            errors.append(error)

    monkeypatch.setattr(claims, "_may_leave", slowly)
    worker = threading.Thread(target=in_own_connection, args=(claim,))
    worker.start()
    assert locked.wait(timeout=5)
    cancel_campaign(campaign)
    worker.join(timeout=10)
    assert errors == []
    assert frame().status == "sending"


def test_a_second_loop_for_the_same_place_ends():
    send()
    with worker_loop._holding(0) as held:
        assert held
        worker_loop.run(0)
        assert outbox == []
    worker_loop.run(0)
    assert len(outbox) == 1


def test_a_backend_that_raises_leaves_the_frame_uncertain(monkeypatch):
    from octopush_django.backends.locmem import LocMemBackend

    def fail(self, path, body):
        raise RuntimeError("a bug in a backend")

    monkeypatch.setattr(LocMemBackend, "send", fail)
    send()
    worker_loop.run(0, seconds=0.2)
    assert frame().status == "uncertain"


def test_what_no_sender_took_in_time_is_given_back(monkeypatch):
    monkeypatch.setattr(senders, "OLDEST_CLAIM", -1.0)
    send()
    worker_loop.run(0, seconds=0.2)
    assert outbox == []
    assert (frame().status, frame().ambiguous) == ("pending", False)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("refused", "refused"), ("unreachable", "pending"), ("uncertain", "uncertain")],
)
def test_planned_failures_for_other_peoples_tests(outcome, status):
    with fail_next(outcome):
        send()
        send_due()
    assert frame().status == status


def test_the_ledger_is_the_sum_of_the_frames(settings):
    from octopush_django.reports.figures import totals

    settings.OCTOPUSH_FRAME_SIZE = 2
    settings.OCTOPUSH_PILOT_SIZE = 0
    campaign = send(contact_lists=[make_list(people=4)])
    first, second = claims.claim_frames()
    answer([first], bill(2, 2))
    answer([second], SILENCE)
    with later(minutes=1):
        answer(claims.claim_frames(), DUPLICATE)
    figures = totals(campaign)
    assert figures.cost == Decimal("0.4")
    assert figures.cost_is_estimate
    assert figures.people == sum(figures.states.values()) == 4


def test_a_loop_that_leaves_work_asks_for_its_own_place(
    enqueued, django_capture_on_commit_callbacks
):
    send()
    with django_capture_on_commit_callbacks(execute=True):
        worker_loop.run(2, seconds=0)
    assert enqueued == [("octopush_django.tasks.send_frames", 2)]


def test_a_place_is_held_for_the_whole_of_a_loop_and_given_back():
    with worker_loop._holding(1) as held:
        assert held
        lease = Place.objects.get(number=1).lease_until - timezone.now()
        assert lease.total_seconds() > worker_loop.SLICE + worker_loop.LONGEST_DRAIN - 5
        with worker_loop._holding(1) as second:
            assert not second
        assert Place.objects.get(number=1).lease_until
    assert Place.objects.get(number=1).lease_until is None


def test_a_loop_that_lost_its_place_does_not_free_it():
    with worker_loop._holding(1):
        Place.objects.update(owner="another")
    assert Place.objects.get(number=1).lease_until


def test_a_campaign_with_an_unclear_frame_alone_is_told_of_a_broken_backend(settings):
    campaign = send()
    answer(claims.claim_frames(), SILENCE)
    settings.OCTOPUSH_BACKEND = "nowhere.Backend"
    with later(minutes=1):
        worker_loop.run(0)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "credentials")
