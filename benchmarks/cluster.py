"""A real qcluster for benchmarks, on the database of ``setup``."""

import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def qcluster(base_url, **environment):
    """Start one that sends to ``base_url``, and wait until it has worked a task; its process."""
    from django.db import connection
    from django_q.tasks import async_task

    name = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "OCTOPUSH_BASE_URL": base_url,
            "BENCH_CLUSTER": name,
            **environment,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _has_worked(name):
            # Another cluster may have taken the one before.
            async_task("benchmarks.cluster.whoami")
            time.sleep(0.3)
        yield process
    finally:
        connection.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def whoami():
    """The task that shows that a cluster works: which one."""
    return os.environ["BENCH_CLUSTER"]


def wait_until(condition, seconds=300):
    """Look every 20 ms until ``condition`` holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the cluster does not get on"
        time.sleep(0.02)


def _has_worked(name):
    from django_q.models import Task

    return name in Task.objects.filter(func="benchmarks.cluster.whoami").values_list(
        "result", flat=True
    )
