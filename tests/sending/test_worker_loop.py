"""The loop around claims and settlements: once each, a stop within one frame, nothing lost."""

import threading
import time
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection

from octopush_django import lifecycle
from octopush_django.campaigns import cancel_campaign, halt, pause_campaign
from octopush_django.client.answers import Answer
from octopush_django.models import Frame
from octopush_django.reports import figures
from octopush_django.sending import claims, senders, worker_loop
from octopush_django.testing import fail_next, outbox, send_due

from ..calls import DUPLICATE, SILENCE, answer, bill, later
from ..people import in_own_connection, make_list, number, send

pytestmark = pytest.mark.django_db
SEND_FRAMES = ("octopush_django.tasks.send_frames",)


def frame():
    return Frame.objects.get()


def test_a_backend_that_cannot_be_made_pauses_with_the_reason(settings):
    campaign = send()
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
    settings.OCTOPUSH_API_KEY = None
    worker_loop.run()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "credentials")
    assert "OCTOPUSH_API_KEY" in campaign.reason


@pytest.mark.parametrize("concurrency", [1, 8])
def test_the_pump_sends_everything_once(settings, concurrency):
    settings.OCTOPUSH_CONCURRENCY = concurrency
    settings.OCTOPUSH_FRAME_SIZE = 3
    campaign = send(contact_lists=[make_list(people=100)])
    worker_loop.run(seconds=10)
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
    worker = threading.Thread(target=in_own_connection, args=(worker_loop.run, 3))
    worker.start()
    try:
        assert gate.entered.acquire(timeout=5)
        assert gate.entered.acquire(timeout=5)
        # Less than twice what is in flight: others may take the rest.
        assert figures.totals(campaign).departure == figures.Departure(0, 3, 17)
        if stop == "halt":
            halt("stop now")
        else:
            {"pause": pause_campaign, "cancel": cancel_campaign}[stop](campaign)
        time.sleep(0.9)  # what no sender has begun with is given back within a second
        assert figures.totals(campaign).departure == figures.Departure(0, 2, 18)
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
    assert figures.totals(campaign).departure == figures.Departure(2, 0, 18)


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


def test_a_backend_that_raises_leaves_the_frame_uncertain(monkeypatch):
    from octopush_django.backends.locmem import LocMemBackend

    def fail(self, path, body):
        raise RuntimeError("a bug in a backend")

    monkeypatch.setattr(LocMemBackend, "send", fail)
    send()
    worker_loop.run(seconds=0.2)
    assert frame().status == "uncertain"


def test_each_sender_keeps_its_connection(settings, monkeypatch):
    settings.OCTOPUSH_CONCURRENCY, settings.OCTOPUSH_FRAME_SIZE = 1, 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    opened, open_backend = [], senders.open_backend

    def note():
        opened.append(threading.current_thread())
        return open_backend()

    monkeypatch.setattr(senders, "open_backend", note)
    send(contact_lists=[make_list(people=5)])
    worker_loop.run(seconds=5)
    assert (len(outbox), len(opened)) == (5, 1)


def test_a_loop_that_breaks_off_begins_no_more_calls(settings, monkeypatch):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0
    gate = Gate(monkeypatch)
    send(contact_lists=[make_list(people=3)])
    with senders.Senders(1) as pool:
        pool.send(claims.claim_frames())
        assert gate.entered.acquire(timeout=5)
        threading.Timer(0.2, gate.open.set).start()
    assert len(outbox) == 1


def test_what_no_sender_took_in_time_is_given_back(monkeypatch):
    monkeypatch.setattr(senders, "OLDEST_CLAIM", -1.0)
    send()
    worker_loop.run(seconds=0.2)
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


def test_a_loop_that_leaves_work_asks_for_a_successor(
    enqueued, django_capture_on_commit_callbacks
):
    send()
    del enqueued[:]
    with django_capture_on_commit_callbacks(execute=True):
        worker_loop.run(seconds=0)
    assert enqueued == [SEND_FRAMES]


def test_an_address_where_nothing_is_found_is_no_login_problem():
    campaign = send()
    answer(claims.claim_frames(), Answer("refused", http_status=404, message="Not found."))
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "credentials")
    assert "OCTOPUSH_BASE_URL" in campaign.reason
    assert "login" not in campaign.reason
    campaign = send(recipients=[number(1)])
    answer(claims.claim_frames(), Answer("refused", http_status=403, message="Forbidden"))
    campaign.refresh_from_db()
    assert "login" in campaign.reason


def test_a_campaign_with_an_unclear_frame_alone_is_told_of_a_broken_backend(settings):
    campaign = send()
    answer(claims.claim_frames(), SILENCE)
    settings.OCTOPUSH_BACKEND = "nowhere.Backend"
    with later(minutes=1):
        worker_loop.run()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "credentials")
