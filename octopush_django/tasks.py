"""Entry points of the cluster. Each takes whole numbers, calls one verb and returns nothing."""

from . import inbound, pump
from .status import beat
from .sweep import sweep as run_sweep


def pump_frames(slot: int = 0) -> None:
    """Send what is due."""
    pump.run(slot)


def apply_events() -> None:
    """Apply what the gateway told us."""
    inbound.apply_events(linger=inbound.LINGER)


def sweep() -> None:
    """Do one tick, and leave a sign that tasks are run."""
    beat()
    run_sweep()
