"""The queue: one task of a kind waits, a broker holds nobody up, the sweep stays planned."""

import contextlib
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Schedule
from django_q.signals import post_spawn

from octopush_django import queue, tasks
from octopush_django.inbound import apply
from octopush_django.models import WaitingTask
from octopush_django.status import read_status

from .conftest import HAND_OVER

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    """What the broker was asked for, by the real code."""
    asked = []
    monkeypatch.setattr(queue, "_hand_over", HAND_OVER)
    monkeypatch.setattr(queue, "async_task", lambda *task: asked.append(task))
    return asked


def enqueue(capture, *task):
    with capture(execute=True):
        queue.enqueue(*task)


def test_one_task_of_a_kind_waits(asked, django_capture_on_commit_callbacks):
    for _ in range(100):
        enqueue(django_capture_on_commit_callbacks, "apply_events")
        enqueue(django_capture_on_commit_callbacks, "send_frames")
    assert asked == [
        ("octopush_django.tasks.apply_events",),
        ("octopush_django.tasks.send_frames",),
    ]


@pytest.mark.parametrize("task", ["apply_events", "send_frames", "prepare", "withdraw_people"])
def test_a_task_that_was_begun_lets_another_one_wait(
    asked, django_capture_on_commit_callbacks, task
):
    enqueue(django_capture_on_commit_callbacks, task)
    getattr(tasks, task)()
    enqueue(django_capture_on_commit_callbacks, task)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("task", "seconds", "gives_way"),
    [("send_frames", 0.5, False), ("send_frames", 2, True), ("prepare", 2, False)],
)
def test_long_work_gives_way_to_sending_that_waits(
    enqueued, monkeypatch, django_capture_on_commit_callbacks, task, seconds, gives_way
):
    """Else a code waits until the last of many reports is applied."""
    parts = iter([1, 1, 1, 0])
    monkeypatch.setattr(apply, "apply_batch", lambda: next(parts))
    since = timezone.now() - timedelta(seconds=seconds)
    WaitingTask.objects.create(name=f"octopush_django.tasks.{task}", since=since)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.apply_events()
    assert enqueued == [("octopush_django.tasks.apply_events",)] * gives_way
    assert next(parts, None) == (1 if gives_way else None)


def test_a_task_that_was_lost_is_asked_for_again(asked, django_capture_on_commit_callbacks):
    enqueue(django_capture_on_commit_callbacks, "apply_events")
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        enqueue(django_capture_on_commit_callbacks, "apply_events")
        enqueue(django_capture_on_commit_callbacks, "apply_events")
    assert len(asked) == 2


def test_a_task_that_waits_since_tomorrow_is_asked_for(asked, django_capture_on_commit_callbacks):
    ahead = timezone.now() + timedelta(days=1)
    WaitingTask.objects.create(name="octopush_django.tasks.apply_events", since=ahead)
    enqueue(django_capture_on_commit_callbacks, "apply_events")
    enqueue(django_capture_on_commit_callbacks, "apply_events")
    assert len(asked) == 1


def test_a_broker_that_is_down_is_asked_again(
    asked, monkeypatch, django_capture_on_commit_callbacks
):
    def down(*_task):
        raise ConnectionError

    monkeypatch.setattr(queue, "async_task", down)
    enqueue(django_capture_on_commit_callbacks, "apply_events")
    assert WaitingTask.objects.get().since is None


def test_a_broker_that_never_answers_holds_nobody_up(
    asked, monkeypatch, django_capture_on_commit_callbacks
):
    let_go = threading.Event()
    monkeypatch.setattr(queue.QConf, "ORM", None)
    monkeypatch.setattr(queue, "async_task", lambda *_task: let_go.wait(10))
    began = time.monotonic()
    enqueue(django_capture_on_commit_callbacks, "apply_events")
    enqueue(django_capture_on_commit_callbacks, "apply_events")
    taken = time.monotonic() - began
    let_go.set()
    assert 0.15 < taken < 0.6


@pytest.mark.parametrize(("workers", "loops"), [(1, 1), (2, 1), (3, 2)])
def test_one_worker_stays_free_for_other_tasks(monkeypatch, workers, loops):
    monkeypatch.setattr(queue.QConf, "WORKERS", workers)
    assert queue.worker_loops() == loops


# --- the sweep ---------------------------------------------------------------------------------


def plan(**moved):
    Schedule.objects.filter(name="octopush_django.sweep").update(
        next_run=timezone.now() + timedelta(**moved)
    )


def problem():
    return any("is not planned" in problem for problem in read_status().problems)


@pytest.mark.parametrize("repair", ["migrate", "the start of a cluster", "octopush_status"])
@pytest.mark.parametrize("damage", ["a clock that jumped", "deleted", "used up"])
def test_the_sweep_stays_planned(damage, repair):
    queue.schedule_sweep()
    assert not problem()
    if damage == "deleted":
        Schedule.objects.all().delete()
    elif damage == "used up":
        Schedule.objects.update(repeats=0)
    else:
        plan(days=10)
    assert problem()
    if repair == "migrate":
        call_command("migrate", verbosity=0)
    elif repair == "octopush_status":
        with contextlib.suppress(SystemExit):
            call_command("octopush_status")
    else:
        post_spawn.send(sender="django_q", proc_name="worker")
    assert not problem()
    assert Schedule.objects.get().next_run <= timezone.now()


def test_a_sweep_that_is_due_keeps_its_time():
    queue.schedule_sweep()
    plan(seconds=30)
    before = Schedule.objects.get().next_run
    queue.schedule_sweep()
    assert Schedule.objects.get().next_run == before
