"""Deliberate mistakes, one at a time: the checker must catch every one.

Each is applied in the worker processes only, and tried in runs where it can show.
"""

from dataclasses import replace

from . import bench
from .mistakes import MUTANTS
from .modes import MODES, UNKILLED_MODES


def prove(limit_seconds=4):
    """Run every mutant until it is caught; 1 if one of them escapes, or the sound code fails."""
    modes = {mode.name: mode for mode in MODES + UNKILLED_MODES}
    escaped = []
    stand = bench.Bench(patience=limit_seconds)
    try:
        for mistake, runs in MUTANTS:
            caught = ""
            for mode, step, when, hit, *more in runs * 2:
                late = replace(modes[mode], late=hit == 1000)
                plan = bench.Plan((step, when), hit, late, **{"duo": False, **dict(*more)})
                sound = stand.run(plan).violations
                if sound:
                    caught = ""
                    escaped.append(f"the sound code fails in {plan}: {sound[0]}")
                    break
                found = stand.run(plan, mistake).violations
                if found:
                    caught = found[0]
                    break
            name = mistake.__name__.replace("_", " ")
            print(f"{'caught ' if caught else 'ESCAPED'} {name}: {caught[:70]}", flush=True)
            if not caught:
                escaped.append(name)
    finally:
        stand.close()
    print(f"{len(MUTANTS) - len(escaped)} of {len(MUTANTS)} mistakes caught", flush=True)
    return 1 if escaped else 0
