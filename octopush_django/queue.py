"""The task queue: the only module that knows django-q2.

Our tables are the truth. A task that is lost, doubled or late changes nothing: every task looks
for its work in the tables, and the sweep enqueues again.
"""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django_q.brokers import get_broker
from django_q.conf import Conf as QConf
from django_q.models import Schedule
from django_q.tasks import async_task

logger = logging.getLogger("octopush_django.queue")

SWEEP_SCHEDULE = "octopush_django.sweep"


def enqueue(task: str, *arguments: int) -> None:
    """Ask a cluster to run ``octopush_django.tasks.<task>``, once this transaction is committed.

    Never raises for a broker that is down: the sweep enqueues again.
    """
    transaction.on_commit(partial(_hand_over, f"octopush_django.tasks.{task}", *arguments))


def enqueue_worker_loops() -> None:
    """Ask for as many worker loops as this cluster has room for."""
    for place in range(worker_loops()):
        enqueue("send_frames", place)


def worker_loops() -> int:
    """How many may work at once: on all workers but one, which stays free for other tasks."""
    return max(1, int(QConf.WORKERS) - 1)


def depth() -> int | None:
    """How many tasks wait; None if the broker does not answer."""
    try:
        return int(get_broker().queue_size())
    except Exception:
        logger.exception("The broker does not answer")
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
    }


def schedule_sweep() -> None:
    """Make the cluster run the sweep every minute."""
    Schedule.objects.update_or_create(
        name=SWEEP_SCHEDULE,
        defaults={
            "func": "octopush_django.tasks.sweep",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )


def _hand_over(path: str, *arguments: int) -> None:
    try:
        async_task(path, *arguments)
    except Exception:
        logger.exception("Could not enqueue %s; the sweep will", path)
