"""Entry points of the cluster. Each takes whole numbers, calls one verb and returns nothing."""

import time

from . import inbound, lifecycle, pump, queue
from .status import beat
from .sweep import sweep as run_sweep

WITHDRAWING = 20.0
"""Seconds after which withdrawing makes room for other tasks."""


def pump_frames(slot: int = 0) -> None:
    """Send what is due."""
    pump.run(slot)


def apply_events() -> None:
    """Apply what the gateway told us."""
    inbound.apply_events(linger=inbound.LINGER)


def withdraw_people() -> None:
    """Write down who is no longer sent to, a part at a time."""
    until = time.monotonic() + WITHDRAWING
    while lifecycle.withdraw_people():
        if time.monotonic() > until:
            queue.ring("withdraw_people")
            return


def sweep() -> None:
    """Do one tick, and leave a sign that tasks are run."""
    beat()
    run_sweep()
