"""System checks: wrong or missing settings, told before they cost a message."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections
from django.utils.module_loading import import_string

from .client.messages import is_sender
from .conf import REAL_BACKEND, conf, declared
from .rules.hours import AllowedHours

LONGEST_CALLS = 60
"""Seconds that a worker loop may need in all: its slice, and the calls in flight after it."""


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every ``OCTOPUSH_*`` setting has a value that makes sense."""
    problems = list(_typed())
    return problems or [*_unknown(), *_missing(), *_shaped()]


def check_queue(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The cluster does not run tasks twice on purpose, nor kill them in mid-call."""
    missing = [name for name in ("django_q", "import_export") if not apps.is_installed(name)]
    if missing:
        return [
            Error(f"{', '.join(missing)} must be in INSTALLED_APPS.", id="octopush_django.E010")
        ]
    return list(_queue_problems())


def check_database(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """SQLite waits for its lock only in IMMEDIATE transactions; dates need zones."""
    problems: list[CheckMessage] = []
    if not settings.USE_TZ:
        problems.append(Error("USE_TZ must be on.", id="octopush_django.E030"))
    database = connections["default"]
    options = database.settings_dict.get("OPTIONS", {})
    if database.vendor == "sqlite" and options.get("transaction_mode") != "IMMEDIATE":
        problems.append(
            Warning(
                "SQLite gives up at once when two processes write.",
                hint='Set OPTIONS = {"transaction_mode": "IMMEDIATE"} on the database.',
                id="octopush_django.W031",
            )
        )
    return problems


def check_phone_numbers(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The library's fields in the project keep the country of a number."""
    if getattr(settings, "PHONENUMBER_DB_FORMAT", "E164") != "NATIONAL":
        return []
    return [
        Warning(
            "PHONENUMBER_DB_FORMAT = 'NATIONAL' stores numbers without their country: a foreign "
            "number in a table of yours is read back as the number of somebody else.",
            hint="Set it to 'E164', and write such numbers again. Our own tables hold E.164.",
            id="octopush_django.W032",
        )
    ]


def _typed() -> Iterator[CheckMessage]:
    for setting in declared():
        problem = setting.problem(getattr(settings, setting.name, setting.default))
        if problem:
            yield Error(f"{setting.name} {problem}", id="octopush_django.E001")


def _unknown() -> Iterator[CheckMessage]:
    known = {setting.name for setting in declared()}
    for name in sorted(dir(settings)):
        if name.startswith("OCTOPUSH_") and name not in known:
            yield Warning(
                f"{name} is no setting of octopush_django.",
                hint="Is it misspelt? docs/reference.md lists them all.",
                id="octopush_django.W002",
            )


def _missing() -> Iterator[CheckMessage]:
    if conf.backend == REAL_BACKEND and not (conf.api_login and conf.api_key):
        yield Warning(
            "OCTOPUSH_API_LOGIN and OCTOPUSH_API_KEY are not set: nothing can be sent.",
            hint="Set both, or OCTOPUSH_BACKEND to a backend that needs no account.",
            id="octopush_django.W003",
        )
    if not conf.webhook_secrets:
        yield Warning(
            "OCTOPUSH_WEBHOOK_SECRETS is empty: the webhook answers 404, and replies are lost.",
            id="octopush_django.W004",
        )


def _shaped() -> Iterator[CheckMessage]:
    if conf.sender is not None and not is_sender(conf.sender):
        yield Error(
            "OCTOPUSH_SENDER must be 3 to 11 letters and digits.", id="octopush_django.E005"
        )
    try:
        import_string(conf.backend)
    except ImportError as error:
        yield Error(f"OCTOPUSH_BACKEND: {error}.", id="octopush_django.E009")
    try:
        AllowedHours.parse(conf.quiet_hours, conf.zone)
    except ValueError as error:
        yield Error(f"OCTOPUSH_QUIET_HOURS: {error}.", id="octopush_django.E006")
    yield from _stop_problems()


def _stop_problems() -> Iterator[CheckMessage]:
    patterns = []
    for pattern in conf.stop_patterns:
        try:
            patterns.append(re.compile(pattern))
        except re.error as error:
            yield Error(
                f"OCTOPUSH_STOP_PATTERNS: {pattern!r}: {error}.", id="octopush_django.E007"
            )
    if not any(pattern.search(conf.stop_mention) for pattern in patterns):
        yield Error(
            "OCTOPUSH_STOP_MENTION matches none of OCTOPUSH_STOP_PATTERNS: what the desk proposes "
            "would be refused.",
            id="octopush_django.E008",
        )


def _queue_problems() -> Iterator[CheckMessage]:
    from . import queue

    q = queue.settings_in_use()
    if q["sync"]:
        yield Error(
            "Q_CLUSTER['sync'] would call the gateway inside the web request.",
            id="octopush_django.E011",
        )
    timeout, retry = q["timeout"], q["retry"]
    if not timeout or timeout < LONGEST_CALLS + conf.timeout[1]:
        yield Warning(
            "Q_CLUSTER['timeout'] may stop a worker in the middle of a call.",
            hint=f"Set it to {LONGEST_CALLS + int(conf.timeout[1])} at least.",
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


def _safe_retry(timeout: int, workers: int, queue_limit: int) -> int:
    return (timeout + 3) * (2 + -(-queue_limit // workers)) + 60
