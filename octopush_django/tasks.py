"""Entry points of the cluster. Each takes whole numbers, calls one verb and returns nothing."""

import time
from collections.abc import Callable

from . import approval, lifecycle, queue
from .inbound import apply
from .sending import worker_loop
from .status import beat
from .sweep import sweep as run_sweep

LONGEST = 20.0
"""Seconds after which a task makes room for others."""


def prepare() -> None:
    """Write down who receives the approved campaign that has waited longest."""
    queue.begun("prepare")
    for campaign_id in approval.waiting()[:1]:
        if approval.prepare(campaign_id) and approval.waiting():
            queue.enqueue("prepare")


def send_frames() -> None:
    """Send what is due."""
    queue.begun("send_frames")
    worker_loop.run()


def apply_events() -> None:
    """Apply what the gateway told us."""
    _by_parts("apply_events", apply.apply_batch)


def withdraw_people() -> None:
    """Write down who is no longer sent to, a part at a time."""
    _by_parts("withdraw_people", lifecycle.withdraw_people)


def sweep() -> None:
    """Do one tick, and leave a sign that tasks are run."""
    beat()
    run_sweep()


def _by_parts(task: str, do_part: Callable[[], object]) -> None:
    """Do part after part until there is none, or until others need this worker."""
    queue.begun(task)
    until = time.monotonic() + LONGEST
    while do_part():
        if time.monotonic() > until or queue.waits("send_frames"):
            queue.enqueue(task)
            return
