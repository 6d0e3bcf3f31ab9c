"""The task queue: the only module that knows django-q2.

Our tables are the truth. A task that is lost, doubled or late changes nothing: every task looks
for its work in the tables, and the sweep enqueues again.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.conf import Conf as QConf
from django_q.models import Schedule
from django_q.signals import post_spawn
from django_q.tasks import async_task

from .models import WaitingTask

logger = logging.getLogger("octopush_django.queue")

TASKS = "octopush_django.tasks"
SWEEP_SCHEDULE = "octopush_django.sweep"
FURTHEST_SWEEP = timedelta(minutes=5)
"""A sweep that is planned for later than that is not planned right."""
REDIS = "django_q.brokers.redis_broker.Redis"
SOON = timedelta(seconds=1)
PATIENCE = 0.2
"""Seconds that a broker may take to accept a task."""


def enqueue(task: str) -> None:
    """Ask a cluster to run ``octopush_django.tasks.<task>``, once this transaction is committed.

    Where the same waits already nothing is asked. Never raises for a broker that is down, and
    waits :data:`PATIENCE` for it at most: the sweep enqueues again.
    """
    transaction.on_commit(partial(_hand_over, f"{TASKS}.{task}"))


def begun(task: str) -> None:
    """To be called first by a task: what comes from now on asks for another one."""
    WaitingTask.objects.end(f"{TASKS}.{task}")


def waits(task: str) -> bool:
    """Whether such a task waits for a worker for longer than a free one takes to begin it."""
    return WaitingTask.objects.waiting(f"{TASKS}.{task}", timezone.now() - SOON).exists()


def worker_loops() -> int:
    """How many may send at once: all workers but one, which stays free for other tasks."""
    return max(1, int(QConf.WORKERS) - 1)


def depth() -> int | None:
    """How many tasks wait; None if the broker does not answer."""
    try:
        return int(get_broker().queue_size())
    except Exception as error:
        logger.error("The broker does not answer: %s", type(error).__name__)
        return None


def settings_in_use() -> dict[str, Any]:
    """The cluster settings that safety depends on, as django-q2 itself reads them."""
    return {
        "workers": int(QConf.WORKERS),
        "timeout": QConf.TIMEOUT,
        "retry": QConf.RETRY,
        "queue_limit": int(QConf.QUEUE_LIMIT),
        "ack_failures": bool(QConf.ACK_FAILURES),
        "catch_up": bool(QConf.CATCH_UP),
        "sync": bool(QConf.SYNC),
        "bulk": int(QConf.BULK),
        "orm": QConf.ORM,
        "broker": _broker()[0],
    }


def broker_problem() -> str:
    """Why the broker of ``Q_CLUSTER`` cannot be loaded; "" if it can. Does not call it."""
    name, path = _broker()
    if name == "orm" and QConf.ORM not in settings.DATABASES:
        return f"{QConf.ORM!r} is none of DATABASES"
    try:
        import_string(path)
    except Exception as error:
        return f"{path}: {error}"
    return ""


def _broker() -> tuple[str, str]:
    """The setting that names the broker, in the order in which django-q2 looks; and its class."""
    found = {
        "broker_class": (QConf.BROKER_CLASS, str(QConf.BROKER_CLASS)),
        "iron_mq": (QConf.IRON_MQ, "django_q.brokers.ironmq.IronMQBroker"),
        "sqs": (isinstance(QConf.SQS, dict), "django_q.brokers.aws_sqs.Sqs"),
        "orm": (QConf.ORM, "django_q.brokers.orm.ORM"),
        "mongo": (QConf.MONGO, "django_q.brokers.mongo.Mongo"),
        "redis": (QConf.REDIS or QConf.DJANGO_REDIS, REDIS),
    }
    named = [(name, path) for name, (is_set, path) in found.items() if is_set]
    return named[0] if named else ("", REDIS)


def schedule_sweep() -> None:
    """Make the cluster run the sweep every minute, from now on.

    Also where a clock that jumped, or a person, left its next time far ahead.
    """
    Schedule.objects.update_or_create(
        name=SWEEP_SCHEDULE,
        defaults={
            "func": f"{TASKS}.sweep",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
    now = timezone.now()
    ahead = Schedule.objects.filter(name=SWEEP_SCHEDULE, next_run__gt=now + FURTHEST_SWEEP)
    ahead.update(next_run=now)


def sweep_is_scheduled(now: datetime) -> bool:
    """Whether a cluster that works would run the sweep within minutes."""
    soon = Schedule.objects.filter(name=SWEEP_SCHEDULE, next_run__lte=now + FURTHEST_SWEEP)
    return bool(soon.exclude(repeats=0).exists())


def schedule_sweep_with_the_cluster() -> None:
    """Schedule the sweep again whenever a worker of a cluster starts."""
    post_spawn.connect(_on_spawn, dispatch_uid=SWEEP_SCHEDULE)


def _on_spawn(**_kwargs: Any) -> None:
    try:
        schedule_sweep()
    except DatabaseError:
        logger.exception("The sweep could not be scheduled; migrate does it too")


def _hand_over(path: str) -> None:
    try:
        if not WaitingTask.objects.begin(path, timezone.now()):
            return
        if not _within_patience(partial(async_task, path)):
            logger.error("The broker did not take %s in time; the sweep enqueues it", path)
    except Exception:
        WaitingTask.objects.end(path)
        logger.exception("Could not enqueue %s; the sweep will", path)


def _within_patience(ask: Callable[[], Any]) -> bool:
    """Whether ``ask`` is through in time. Our own database is waited for as always."""
    if QConf.ORM is not None:
        ask()
        return True
    asked: Future[Any] = Future()

    def run() -> None:
        try:
            asked.set_result(ask())
        except BaseException as error:
            asked.set_exception(error)

    threading.Thread(target=run, daemon=True, name="octopush-enqueue").start()
    try:
        asked.result(PATIENCE)
    except FutureTimeout:
        return False
    return True
