"""A real qcluster for benchmarks, on the database of ``setup``."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def qcluster(base_url, **environment):
    """Start one that sends to ``base_url``, and wait until it has worked a task."""
    from django.db import connection
    from django_q.tasks import async_task

    process = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "OCTOPUSH_BASE_URL": base_url,
            **environment,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async_task("benchmarks.cluster.nothing")
        wait_until(_worked_one)
        yield
    finally:
        connection.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def nothing():
    """The task that shows that the cluster works."""


def wait_until(condition, seconds=300):
    """Look every 20 ms until ``condition`` holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the cluster does not get on"
        time.sleep(0.02)


def _worked_one():
    from django_q.models import Task

    return Task.objects.filter(func="benchmarks.cluster.nothing").exists()
