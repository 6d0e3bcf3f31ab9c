"""Places: the loops of a cluster, the calls of an account, and what the dead hold."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from octopush_django import queue
from octopush_django.exceptions import NotSentYet
from octopush_django.models import Frame, Place
from octopush_django.sending import places, worker_loop
from octopush_django.sending.claims import claim_frames
from octopush_django.sms import send_sms_now
from octopush_django.sweep import sweep
from octopush_django.testing import outbox

from ..calls import later
from ..people import in_own_connection, make_list, number, send
from .test_worker_loop import SEND_FRAMES

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster(monkeypatch):
    """Name the cluster that the next loops belong to, and how many workers it has."""

    def be(name, loops=1):
        monkeypatch.setattr(places, "_this_cluster", lambda: f"loops of {name}")
        monkeypatch.setattr(queue, "worker_loops", lambda: loops)

    be("one")
    return be


def loops(count):
    """How many of ``count`` loops find a place."""
    with ExitStack() as stack:
        held = [stack.enter_context(places.a_loop_of_this_cluster()) for _ in range(count)]
        return sum(loop.count for loop in held)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_cluster_has_as_many_loops_as_workers_but_one(cluster, workers):
    cluster("one", workers)
    assert loops(workers + 2) == workers
    assert loops(workers + 2) == workers  # they were given back


def test_clusters_do_not_share_places(cluster):
    with places.a_loop_of_this_cluster() as first:
        cluster("two")
        with places.a_loop_of_this_cluster() as second:
            assert (first.count, second.count) == (1, 1)


def test_a_loop_without_a_place_sends_nothing_and_asks_for_nobody(cluster, enqueued):
    send()
    del enqueued[:]
    with places.a_loop_of_this_cluster():
        worker_loop.run()
    assert (outbox, enqueued) == ([], [])
    worker_loop.run()
    assert len(outbox) == 1


@pytest.mark.parametrize(("seconds", "free"), [(14, 0), (16, 1)])
def test_a_place_is_free_15_seconds_after_its_last_sign(cluster, seconds, free):
    with places.a_loop_of_this_cluster() as dead:
        with later(seconds=10):
            assert dead.sign()
        with later(seconds=10 + seconds), places.a_loop_of_this_cluster() as other:
            assert other.count == free
            assert dead.sign() is not bool(free)


def test_who_lost_a_place_does_not_free_it(cluster):
    with places.a_loop_of_this_cluster():
        Place.objects.update(owner="another")
    assert Place.objects.get().held_until > timezone.now()


def test_places_of_clusters_that_are_gone_are_forgotten(cluster, settings):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 2
    assert loops(1) == 1
    with places.calls(1):
        pass
    for hours, kept in ((23, {"account", "loops of one"}), (25, {"account"})):
        with later(hours=hours):
            sweep()
        assert set(Place.objects.values_list("pool", flat=True)) == kept


def test_a_sweep_takes_no_place_from_a_loop_that_works(cluster):
    with places.a_loop_of_this_cluster() as loop:
        sweep()
        assert loop.sign()


# --- all hosts together --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "taken"), [(None, [4, 4, 4]), (1, [1, 0, 0]), (6, [4, 2, 0]), (64, [4, 4, 4])]
)
def test_the_account_bounds_the_calls_of_all_hosts(settings, bound, taken):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = bound
    with places.calls(4) as one, places.calls(4) as two, places.calls(4) as three:
        assert [one.count, two.count, three.count] == taken
        assert places.is_call_free() is (sum(taken) != bound)


def test_a_smaller_bound_counts_at_once(settings):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 8
    with places.calls(8):
        settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 2
        with places.calls(4) as later_ones:
            assert later_ones.count == 0
    with places.calls(4) as later_ones:
        assert later_ones.count == 2


def test_everything_leaves_one_call_at_a_time(cluster, settings, monkeypatch):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    settings.OCTOPUSH_CONCURRENCY = 4
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    from octopush_django.backends.locmem import LocMemBackend

    lock, most, send_on = threading.Lock(), [], LocMemBackend.send

    def watch(backend, path, body):
        most.append(not lock.acquire(blocking=False))
        time.sleep(0.01)
        lock.release()
        return send_on(backend, path, body)

    monkeypatch.setattr(LocMemBackend, "send", watch)
    campaign = send(contact_lists=[make_list(people=20)])
    worker_loop.run(seconds=10)
    campaign.refresh_from_db()
    assert (campaign.status, len(outbox), any(most)) == ("sent", 20, False)


def test_a_loop_without_a_call_ends_and_the_holder_goes_on(cluster, settings, enqueued):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    send()
    del enqueued[:]
    with places.calls(1):
        worker_loop.run()
        assert (outbox, enqueued) == ([], [])
    assert loops(1) == 1


def test_a_loop_that_lost_its_places_claims_nothing_more(cluster, settings, monkeypatch):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    monkeypatch.setattr(worker_loop, "SIGN_EVERY", 0.0)
    from octopush_django.backends.locmem import LocMemBackend

    send_on = LocMemBackend.send

    def lose(backend, path, body):
        lost.set()
        time.sleep(0.3)
        return send_on(backend, path, body)

    lost = threading.Event()
    monkeypatch.setattr(LocMemBackend, "send", lose)
    sign = places.Places.sign
    monkeypatch.setattr(places.Places, "sign", lambda held: not lost.is_set() and sign(held))
    send(contact_lists=[make_list(people=5)])
    worker_loop.run(seconds=5)
    assert len(outbox) == 1
    assert Frame.objects.filter(status="pending").count() == 4


def test_more_than_it_can_send_calls_for_help(cluster, settings, enqueued, monkeypatch,
                                              django_capture_on_commit_callbacks):  # fmt: skip
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    settings.OCTOPUSH_CONCURRENCY = 2
    for people, asks in ((4, []), (5, [SEND_FRAMES])):
        send(contact_lists=[make_list(people=people, name=str(people))])
        del enqueued[:]
        with django_capture_on_commit_callbacks(execute=True):
            worker_loop.run(seconds=5)
        assert enqueued == asks


def test_a_cluster_that_is_full_hands_the_task_on(
    cluster, enqueued, django_capture_on_commit_callbacks
):
    """But only while another cluster had a loop just now: else it would go round and round."""
    send()

    def run_full():
        del enqueued[:]
        with places.a_loop_of_this_cluster(), django_capture_on_commit_callbacks(execute=True):
            worker_loop.run()
        return list(enqueued)

    assert run_full() == []
    cluster("two")
    assert loops(1) == 1
    cluster("one")
    assert run_full() == [SEND_FRAMES]
    with later(seconds=31):
        assert run_full() == []
    Frame.objects.update(status="accepted")
    assert run_full() == []


def test_a_loop_takes_up_what_a_dead_host_had_claimed(cluster, settings):
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    send(contact_lists=[make_list(people=3)])
    (dead,) = claim_frames(1)
    Frame.objects.filter(pk=dead.frame_id).update(lease_until=timezone.now())
    worker_loop.run(seconds=1)
    found = Frame.objects.get(pk=dead.frame_id)
    assert (found.status, found.attempts.order_by("fence")[0].outcome) == ("accepted", "uncertain")


def test_help_is_not_called_for_where_the_account_has_no_call_left(
    cluster, settings, enqueued, django_capture_on_commit_callbacks
):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 2
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    send(contact_lists=[make_list(people=9)])
    del enqueued[:]
    with django_capture_on_commit_callbacks(execute=True):
        worker_loop.run(seconds=5)
    assert enqueued == []


# --- messages that are sent now ------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_message_sent_now_is_a_call_too(settings):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    assert send_sms_now(number(0), "Code 1", sender="Shop").status == "accepted"
    with places.calls(1) as held:
        assert held.count == 1
        with pytest.raises(NotSentYet):
            send_sms_now(number(0), "Code 2", sender="Shop", deadline=0.3)
    assert len(outbox) == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory has one connection")
@pytest.mark.django_db(transaction=True)
def test_a_message_sent_now_waits_for_the_worker_that_has_the_call(settings):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    with places.calls(1):

        def work():
            time.sleep(0.5)
            worker_loop.run_once()

        worker = threading.Thread(target=in_own_connection, args=(work,))
        worker.start()
        assert send_sms_now(number(0), "Code", sender="Shop").status == "accepted"
        worker.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bound", [None, 1])
def test_who_sent_now_wakes_the_loops_that_found_no_call(settings, enqueued, bound):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = bound
    send_sms_now(number(0), "Code 1", sender="Shop")
    assert enqueued.count(SEND_FRAMES) == (1 if bound is None else 2)


def test_a_place_held_by_a_clock_that_jumped_is_free(settings):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    with places.calls(1):
        Place.objects.update(held_until=timezone.now() + timedelta(days=400))
        with places.calls(1) as other:
            assert other.count == 1


def test_a_cluster_is_told_by_what_its_workers_inherit():
    """Not by names or numbers, which containers have in common."""
    ours = places._this_cluster()
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:
        assert pool.apply(places._this_cluster) == ours
    script = (
        "import django; django.setup(); from octopush_django.sending.places import _this_cluster; "
        "print(_this_cluster())"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    other = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True,
                           check=True)  # fmt: skip
    assert other.stdout.strip().startswith("loops of ")
    assert other.stdout.strip() != ours


def test_a_long_deadline_holds_its_place_as_long(settings):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    with places.calls(1, timedelta(seconds=300)), later(seconds=200), places.calls(1) as other:
        assert other.count == 0


# --- a message among many ----------------------------------------------------------------------


class Turnstile:
    """A backend through which one call gets at a time; tells which texts stand in it or passed."""

    def __init__(self, monkeypatch):
        from octopush_django.backends.locmem import LocMemBackend

        self.texts, self.turns = [], threading.Semaphore(0)
        send_on = LocMemBackend.send

        def wait(backend, path, body):
            self.texts.append(json.loads(body)["text"])
            assert self.turns.acquire(timeout=10)
            return send_on(backend, path, body)

        monkeypatch.setattr(LocMemBackend, "send", wait)

    def await_texts(self, count):
        until = time.monotonic() + 5
        while len(self.texts) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.texts


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("purpose", ["alert", "wholesale"])
@pytest.mark.parametrize("concurrency", [1, 2, 4])
@pytest.mark.parametrize("seconds", [1, 10], ids=["in the drain", "in the slice"])
def test_a_code_leaves_with_the_next_free_sender(
    settings, monkeypatch, seconds, concurrency, purpose
):
    """All senders are busy, and others wait in line; or the slice of the loop is over."""
    settings.OCTOPUSH_CONCURRENCY = concurrency
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    settings.OCTOPUSH_QUIET_HOURS = ""
    turnstile = Turnstile(monkeypatch)
    text = "Hello STOP au XXXXX"
    send(contact_lists=[make_list(people=30)], purpose=purpose, text=text)
    worker = threading.Thread(target=in_own_connection, args=(worker_loop.run, seconds))
    worker.start()
    try:
        assert len(turnstile.await_texts(concurrency)) == concurrency
        time.sleep(1.2)
        send(recipients=[number(90)], text="Your code")
        time.sleep(1)
        turnstile.turns.release()
        assert turnstile.await_texts(concurrency + 1)[concurrency] == "Your code"
    finally:
        turnstile.turns.release(50)
        worker.join(timeout=20)
