"""The cluster does not run tasks twice on purpose, nor kill them in mid-call."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from ..conf import Conf, conf
from .settings import are_typed

LONGEST_CALLS = 60
"""Seconds that a worker loop may need in all: its slice, and the calls in flight after it."""


def check_queue(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """``Q_CLUSTER`` has a broker, and times that fit ours."""
    missing = [name for name in ("django_q", "import_export") if not apps.is_installed(name)]
    if missing:
        return [
            Error(f"{', '.join(missing)} must be in INSTALLED_APPS.", id="octopush_django.E010")
        ]
    return list(_queue_problems())


def _queue_problems() -> Iterator[CheckMessage]:
    from .. import queue

    try:
        q = queue.settings_in_use()
    except (TypeError, ValueError) as error:
        yield Error(f"Q_CLUSTER has a value of a wrong type: {error}.", id="octopush_django.E018")
        return
    yield from _broker_problems(queue.broker_problem(), q["broker"])
    if q["sync"]:
        yield Error(
            "Q_CLUSTER['sync'] would call the gateway inside the web request.",
            id="octopush_django.E011",
        )
    timeout, retry = q["timeout"], q["retry"]
    needed = LONGEST_CALLS + int(_longest_call())
    if not timeout or timeout < needed:
        yield Warning(
            "Q_CLUSTER['timeout'] may stop a worker in the middle of a call.",
            hint=f"Set it to {needed} at least.",
            id="octopush_django.W012",
        )
    elif retry < _safe_retry(timeout, q["workers"], q["queue_limit"]):
        yield Warning(
            "Q_CLUSTER['retry'] runs from the moment a task is fetched, not from its start: "
            "tasks will be run twice.",
            hint=f"Set it to {_safe_retry(timeout, q['workers'], q['queue_limit'])} at least.",
            id="octopush_django.W013",
        )
    if not q["ack_failures"]:
        yield Warning(
            "Q_CLUSTER['ack_failures'] is off: a failing task is repeated for ever.",
            id="octopush_django.W014",
        )
    if q["catch_up"]:
        yield Warning(
            "Q_CLUSTER['catch_up'] is on: after a pause, every missed sweep is run.",
            id="octopush_django.W015",
        )

    if q["bulk"] > 1:
        yield Warning(
            "Q_CLUSTER['bulk'] above 1 makes tasks wait behind each other while their retry runs.",
            id="octopush_django.W016",
        )
    if q["orm"]:
        yield from _orm_problems(q["orm"])


def _broker_problems(problem: str, name: str) -> Iterator[CheckMessage]:
    if problem:
        yield Error(
            f"The broker of Q_CLUSTER cannot be used: {problem}.",
            hint='Set "orm": "default", or install what the broker needs.',
            id="octopush_django.E019",
        )
    if not name:
        yield Warning(
            "Q_CLUSTER names no broker: django-q2 takes a Redis server on this machine.",
            hint='Name it: "orm": "default", or "redis": "redis://…".',
            id="octopush_django.W020",
        )


def _orm_problems(alias: str) -> Iterator[CheckMessage]:
    """What the ORM broker needs of the project's settings."""
    database = settings.DATABASES.get(alias, {})
    if "postgresql" in database.get("ENGINE", "") and database.get("CONN_MAX_AGE") == 0:
        yield Warning(
            "CONN_MAX_AGE is 0: the cluster connects anew for each look into its queue.",
            hint='Set "CONN_MAX_AGE": 60 and "CONN_HEALTH_CHECKS": True on the database.',
            id="octopush_django.W017",
        )
    if "locmem" in settings.CACHES.get("default", {}).get("BACKEND", ""):
        yield Warning(
            "The default cache is in each process's own memory: nobody sees the cluster's state.",
            hint="Use a cache that processes share, such as a file-based one.",
            id="octopush_django.W018",
        )


def _longest_call() -> float:
    """Seconds, by the default where the setting is wrong: that is told by a check of its own."""
    return conf.timeout[1] if are_typed("timeout") else Conf.timeout.default[1]


def _safe_retry(timeout: int, workers: int, queue_limit: int) -> int:
    return (timeout + 3) * (2 + -(-queue_limit // workers)) + 60
