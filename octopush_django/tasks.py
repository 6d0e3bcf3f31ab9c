"""Entry points of the cluster. Each takes whole numbers, calls one verb and returns nothing."""

import time

from . import lifecycle, queue
from .inbound import apply
from .sending import worker_loop
from .status import beat
from .sweep import sweep as run_sweep

WITHDRAWING = 20.0
"""Seconds after which withdrawing makes room for other tasks."""


def send_frames(place: int = 0) -> None:
    """Send what is due."""
    worker_loop.run(place)


def apply_events() -> None:
    """Apply what the gateway told us."""
    apply.apply_events(linger=apply.LINGER)


def withdraw_people() -> None:
    """Write down who is no longer sent to, a part at a time."""
    until = time.monotonic() + WITHDRAWING
    while lifecycle.withdraw_people():
        if time.monotonic() > until:
            queue.enqueue("withdraw_people")
            return


def sweep() -> None:
    """Do one tick, and leave a sign that tasks are run."""
    beat()
    run_sweep()
