"""Where a process may die: before and after every step that writes, calls or tells."""

import functools
import os
import signal
from importlib import import_module

STEPS = (
    "octopush_django.approval:prepare",
    "octopush_django.audience.snapshot:freeze",
    "octopush_django.approval:_end_preparing",
    "octopush_django.sending.claims:claim_frames",
    "octopush_django.sending.claims:drop_people",
    "octopush_django.sending.claims:_payloads",
    "octopush_django.sending.claims:_commit_intent",
    "octopush_django.sending.claims:expire_leases",
    "octopush_django.backends.octopush:OctopushBackend.send",
    "octopush_django.client.http:OctopushClient._call",
    "octopush_django.sending.settlement:settle",
    "octopush_django.sending.settlement:_close_attempts",
    "octopush_django.sending.settlement:_apply",
    "octopush_django.sending.settlement:_book",
    "octopush_django.sending.settlement:conclude",
    "octopush_django.lifecycle:_finish",
    "octopush_django.lifecycle:hold",
    "octopush_django.inbound.store:receive",
    "octopush_django.opt_outs:opt_out",
    "octopush_django.inbound.match:replay",
    "octopush_django.inbound.apply:apply_batch",
    "octopush_django.inbound.apply:_take",
    "octopush_django.inbound.apply:_apply_reports",
    "octopush_django.inbound.apply:_apply_incoming",
    "octopush_django.inbound.apply:_store_reply",
    "octopush_django.inbound.tickets:_accept",
    "octopush_django.sweep:start_due",
    "octopush_django.sweep:sweep",
)

CHECKPOINTS = tuple((step, when) for step in STEPS for when in ("before", "after"))


def locate(step):
    """The object that holds a step, and the step's name in it."""
    module, _, path = step.partition(":")
    holder = import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        holder = getattr(holder, parent)
    return holder, name


def arm(checkpoint, hit):
    """Die by SIGKILL when the step is reached for the ``hit``-th time."""
    step, when = checkpoint
    holder, name = locate(step)
    original = getattr(holder, name)
    left = [hit]

    def die_now():
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(original)
    def wrapped(*args, **kwargs):
        if when == "before":
            die_now()
        result = original(*args, **kwargs)
        if when == "after":
            die_now()
        return result

    setattr(holder, name, wrapped)
