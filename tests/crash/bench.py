"""Run, kill, restart, run to the end, check. One process forks everything; it holds no thread."""

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.request import Request, urlopen

from django.conf import settings
from django.db import connection, connections

from octopush_django import models
from octopush_django.sandbox import Sandbox, Switches

from . import backups, worker
from .checker import History, check
from .checkpoints import CHECKPOINTS, STEPS, arm, locate
from .modes import MODES, UNKILLED_MODES, Mode

TABLES = (
    models.Reply, models.WebhookEvent, models.SendAttempt, models.Recipient, models.Frame,
    models.OptOut, models.Campaign.include.through, models.Campaign.exclude.through,
    models.Campaign, models.Contact.lists.through, models.Contact, models.ContactList,
    models.Heartbeat, models.Place, models.Alarm, models.Halt,
)  # fmt: skip


SWITCHES = {"duplicate_code": 120, "short_answers": False, "refusal_uses_id": False,
            "remember_for": 86400.0}  # fmt: skip


OUTLIVED = ("hang_before", "hang_after", "drip")
"""Modes in which the gateway is still busy with a call that we gave up."""


@dataclass(frozen=True)
class Plan:
    """One run. ``duo``: a second worker runs at the same time as the one that is killed.

    ``drops``: when people drop out (:mod:`tests.crash.drops`). ``large``: a worker freezes.
    ``bound``: all hosts together may make one call at a time. ``foreign``: reports come of what
    others sent to the same people. ``restored``: after the first worker a backup from before it is
    restored, a day later.
    """

    checkpoint: tuple
    hit: int
    mode: Mode
    duo: bool
    pilot: bool = False
    drops: str = ""
    large: bool = False
    bound: bool = False
    foreign: bool = False
    restored: bool = False

    def __str__(self):
        step, when = self.checkpoint
        twin = (", two workers" if self.duo else "") + (", pilot" if self.pilot else "")
        late = ", late reports" if self.mode.late else ""
        dropped = f", {self.drops} drops" if self.drops else ""
        large = ", frozen by a worker" if self.large else ""
        large += ", one call at a time" if self.bound else ""
        large += ", foreign reports" if self.foreign else ""
        large += ", restored" if self.restored else ""
        return f"[{self.mode.name}{late}{dropped}{large}] killed {when} {step} #{self.hit}{twin}"


class Bench:
    """A database and a gateway of its own."""

    def __init__(self, patience=12):
        for step in STEPS:
            # A step that was renamed would end the process under test before it began.
            holder, name = locate(step)
            getattr(holder, name)
        self.patience = patience
        self.directory = Path(tempfile.mkdtemp())
        self.gateway_pid, self.address = _start_gateway()
        settings.OCTOPUSH_BASE_URL = f"{self.address}/v1/public"
        settings.OCTOPUSH_BASE_URL_FOR_LOG = self.address
        self.kills = 0

    def close(self):
        os.kill(self.gateway_pid, signal.SIGKILL)
        os.waitpid(self.gateway_pid, 0)

    def run(self, plan, mutate=None):
        """Return what the checker finds. ``mutate`` breaks the code in the worker processes."""
        acknowledgements = self.directory / "acknowledged"
        acknowledgements.write_text("")
        acknowledgements.with_name("dropped").unlink(missing_ok=True)
        self._tell("reset", {})
        self._tell("switches", SWITCHES)
        self._tell("switches", plan.mode.switches)
        settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1 if plan.bound else None
        self._join(_fork(_reset))
        self._join(_fork(lambda: worker.prepare(2 if plan.pilot else 0, plan.large)))
        if plan.restored:
            self._join(_fork(backups.make))
        for fault in plan.mode.faults:
            self._tell("faults", fault)
        lease = 1.5 if plan.duo else 0.2

        def first():
            if plan.mode.down:
                settings.OCTOPUSH_BASE_URL = "http://127.0.0.1:9/v1/public"
            worker.hurry(lease)
            if mutate:
                mutate()
            arm(plan.checkpoint, plan.hit)
            worker.work(1.0, acknowledgements, "first", plan.mode.late, plan.drops, plan.foreign)

        def second():
            worker.hurry(lease)
            if mutate:
                mutate()
            worker.work(self.patience, acknowledgements, "second", plan.mode.late, plan.drops,
                        plan.foreign)  # fmt: skip

        if plan.duo:
            pids = [_fork(first), _fork(second)]
            self._join(*pids)
        else:
            self._join(_fork(first))
        if plan.restored:
            self._join(_fork(backups.restore_later))
            self._tell("switches", {"remember_for": 0.0})
        self._join(_fork(second))
        return check(self._history(acknowledgements, plan))

    def _join(self, *pids):
        for pid in pids:
            _, status = os.waitpid(pid, 0)
            if os.WIFSIGNALED(status):
                self.kills += 1

    def _tell(self, what, document):
        body = json.dumps(document).encode()
        urlopen(Request(f"{self.address}/_sandbox/{what}", data=body), timeout=10).close()

    def _history(self, acknowledgements, plan):
        with urlopen(f"{self.address}/_sandbox/", timeout=10) as answer:
            gateway = json.load(answer)
        try:
            return History(
                log=[entry for entry in gateway["log"] if entry["request_id"]],
                spent=Decimal(gateway["spent"]),
                campaigns=list(models.Campaign.objects.values()),
                frames=list(models.Frame.objects.order_by("pk").values()),
                attempts=list(models.SendAttempt.objects.order_by("frame", "fence").values()),
                recipients=list(models.Recipient.objects.order_by("pk").values()),
                opt_outs=dict(models.OptOut.objects.values_list("address", "created_at")),
                acknowledged=[json.loads(line) for line in
                              acknowledgements.read_text().splitlines()],
                events=list(models.WebhookEvent.objects.values("digest", "state")),
                replies=list(models.Reply.objects.values("address")),
                tallies=list(models.Tally.objects.values()),
                dropped=_dropped(acknowledgements.with_name("dropped")),
                most_at_once=gateway["most_at_once"],
                bound=1 if plan.bound and plan.mode.name not in OUTLIVED else None,
                restored=plan.restored,
            )  # fmt: skip
        finally:
            # The next fork must not inherit a connection.
            connections.close_all()


def _dropped(record):
    """Who was changed when, and why: number -> (reason, moment)."""
    found = json.loads(record.read_text()) if record.exists() else {}
    return {
        number: (code, datetime.fromisoformat(moment)) for number, (code, moment) in found.items()
    }


def plans(seed, count):
    """``count`` random runs, and those in which nothing may be killed."""
    for mode in UNKILLED_MODES:
        yield Plan(CHECKPOINTS[0], 10**6, mode, duo=False)
    chance = random.Random(seed)
    for _ in range(count):
        mode = replace(chance.choice(MODES), late=chance.random() < 0.5)
        hit = chance.choice((1, 1, 2, 3, 5))
        duo, pilot = chance.random() < 0.2, chance.random() < 0.3
        drops, large = chance.choice(("", "early", "late", "late")), chance.random() < 0.3
        plan = Plan(chance.choice(CHECKPOINTS), hit, mode, duo, pilot, drops, large)
        bound, foreign = chance.random() < 0.15, chance.random() < 0.3
        restored = chance.random() < 0.15 and not duo
        yield replace(plan, bound=bound, foreign=foreign, restored=restored)


def all_plans():
    """Every checkpoint in every mode, at its first and third hit."""
    for checkpoint in CHECKPOINTS:
        for mode in MODES:
            for hit, late in ((1, False), (3, True)):
                mode = replace(mode, late=late)
                yield Plan(checkpoint, hit, mode, False, pilot=late, drops="late", large=late)


def run_all(chosen, seconds=None):
    """Run plans, print what goes wrong; return the exit status."""
    bench = Bench()
    began, runs, recovered, undecided, failed = time.monotonic(), 0, 0, 0, []
    try:
        for plan in chosen:
            if seconds and time.monotonic() - began > seconds:
                break
            findings = bench.run(plan)
            runs += 1
            recovered += findings.recovered
            undecided += findings.undecided
            if findings.violations:
                failed.append(plan)
                print(f"VIOLATION {plan}", *findings.violations[:5], sep="\n   ", flush=True)
    finally:
        bench.close()
    print(
        f"{connection.vendor}: {runs} runs, {bench.kills} processes killed, {recovered} frames "
        f"recovered, {undecided} left to a person, {len(failed)} runs with violations, "
        f"{time.monotonic() - began:.0f} s",
        flush=True,
    )
    return 1 if failed or not runs else 0


def _start_gateway():
    sandbox = Sandbox(callbacks=False, switches=Switches())
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sandbox.serve_forever()
        os._exit(0)
    address = sandbox.address
    sandbox.server.socket.close()
    return pid, address


def _fork(job):
    """Run ``job`` in a child with connections of its own."""
    pid = os.fork()
    if pid:
        return pid
    status = 0
    try:
        job()
        connections.close_all()
    except BaseException:
        status = 1
        if os.environ.get("CRASH_VERBOSE"):
            traceback.print_exc()
    sys.stdout.flush()
    os._exit(status)


def _reset():
    for model in TABLES:
        model._base_manager.all().delete()
