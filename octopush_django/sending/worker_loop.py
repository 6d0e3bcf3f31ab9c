"""The pump: for a bounded time, one thread claims and settles while posters call.

Only the pump's own thread touches the database; posters get bytes and give answers. No
transaction is open during a call. A pump holds a *slot*, so that a second ring finds it busy.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta

from django.db import DataError, IntegrityError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import lifecycle, queue
from ..backends import Backend, get_backend
from ..client.answers import Answer
from ..conf import conf
from ..exceptions import ConfigurationError
from ..models import Campaign, CampaignStatus, FrameStatus, Heartbeat, Reason
from . import settlement
from .claims import CLAIM_LIMIT, Claim, claim_frames, claimable, stopped

logger = logging.getLogger("octopush_django.sending.worker_loop")

SLICE = 20.0
"""Seconds that a pump claims for; well below the cluster's ``timeout``."""
LONGEST_DRAIN = 40.0
"""Seconds that calls in flight may last after that."""
OLDEST_CLAIM = 20.0
"""Seconds after which a claim that no poster took is given back: its lease must outlive a call."""
GROUP = 0.1
"""Seconds of calls that are claimed, or settled, in one transaction."""
LARGEST_GROUP = 64
AHEAD = 2.0
"""Seconds of calls that are claimed ahead, so that no poster waits for the database."""
PATIENCE = 3.0
"""Seconds that a pump waits for frames whose turn comes soon, rather than be rung again."""


def ring() -> None:
    """Ask for as many pumps as the cluster has room for."""
    for slot in range(queue.pump_slots()):
        queue.ring("pump_frames", slot)


def run(slot: int = 0, seconds: float = SLICE) -> None:
    """Pump for ``seconds``, then ring a successor if there is work left. Safe to run twice."""
    with _holding(f"pump-{slot}") as held:
        if not held or not _has_work() or not _backend_works():
            return
        _pump(seconds)
    # After the slot is free: whoever rang while it was held found it busy and went away.
    if _has_work():
        queue.ring("pump_frames", slot)


def run_once() -> bool:
    """Send one round of due frames in this thread; False if there was none. For tests."""
    if not _has_work():
        return False
    backend = get_backend()
    claims = claim_frames()
    settlement.settle([(claim, backend.send(claim.path, claim.body)) for claim in claims])
    backend.close()
    return True


def call(backend: Backend, claim: Claim) -> Answer:
    """Make the one call that a claim allows. Never raises."""
    try:
        return backend.send(claim.path, claim.body)
    except Exception:
        # A backend must not raise; whatever it did may have gone out.
        logger.exception("The backend raised on frame %s", claim.frame_id)
        return Answer("uncertain", message="The backend failed.")


def _pump(seconds: float) -> None:
    until = time.monotonic() + seconds
    with _Posters(conf.concurrency) as posters:
        while True:
            claims = []
            while time.monotonic() < until and (room := posters.room):
                claims = claim_frames(room)
                posters.post(claims)
                if not claims:
                    break
            if posters.busy:
                results = posters.collect() + posters.give_back(stopped(posters.campaigns))
                _settle(results)
            elif time.monotonic() >= until or not _work_comes_soon():
                return
            elif not claims:
                time.sleep(0.1)


def _settle(results: Sequence[tuple[Claim, Answer]]) -> None:
    """An answer that the database does not take must not keep the others from being settled.

    Its frame is asked again after its lease, and goes to a person if that never ends.
    """
    try:
        settlement.settle(results)
    except (DataError, IntegrityError):
        if len(results) == 1:
            logger.exception("The answer for frame %s cannot be stored", results[0][0].frame_id)
            return
        for result in results:
            _settle([result])


class _Posters:
    """Threads that call the gateway, each with a backend (and so a connection) of its own."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._latency, self._measured = AHEAD, False
        self._local = threading.local()
        self._backends: list[Backend] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="octopush-poster")
        self._calls: dict[Future[Answer], Claim] = {}

    def __enter__(self) -> "_Posters":
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for backend in self._backends:
            backend.close()

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    @property
    def room(self) -> int:
        """How many claims to take now: a whole group, or none."""
        return self._room(len(self._calls))

    def _room(self, taken: int) -> int:
        """The same with ``taken`` calls under way.

        Two groups wait ahead of the posters, but no more than they call in ``AHEAD`` seconds.
        """
        per_second = self._threads / max(self._latency, 0.001)
        group = min(max(int(per_second * GROUP), self._threads), LARGEST_GROUP)
        group = max(group, CLAIM_LIMIT)
        ahead = max(self._threads, min(int(per_second * AHEAD), 2 * group))
        free = self._threads + ahead - taken
        return min(free, group) if free >= min(group, ahead) else 0

    def post(self, claims: list[Claim]) -> None:
        for claim in claims:
            self._calls[self._pool.submit(self._call, claim, time.monotonic())] = claim

    @property
    def campaigns(self) -> set[int]:
        return {claim.campaign_id for claim in self._calls.values()}

    def give_back(self, campaigns: set[int]) -> list[tuple[Claim, Answer]]:
        """Take claims of these campaigns back, where no poster has begun with them."""
        claims = [
            (call, claim) for call, claim in self._calls.items() if claim.campaign_id in campaigns
        ]
        unbegun = [(call, claim) for call, claim in claims if call.cancel()]
        for call, _claim in unbegun:
            del self._calls[call]
        return [
            (claim, Answer("unreachable", message="Not posted: stopped."))
            for _call, claim in unbegun
        ]

    def collect(self) -> list[tuple[Claim, Answer]]:
        """Wait for an answer, and take all that are there.

        While enough is claimed ahead, wait a little for more: a group costs one transaction.
        """
        done, _pending = wait(self._calls, timeout=1, return_when=FIRST_COMPLETED)
        if done and not self._room(len(self._calls) - len(done)):
            time.sleep(min(GROUP, self._latency) / 2)
        return [
            (self._calls.pop(call), call.result()) for call in list(self._calls) if call.done()
        ]

    def _call(self, claim: Claim, claimed_at: float) -> Answer:
        if time.monotonic() - claimed_at > OLDEST_CLAIM:
            return Answer("unreachable", message="Not posted: all posters were busy.")
        try:
            backend = self._backend()
        except Exception as error:
            return Answer("unreachable", message=f"Not posted: {type(error).__name__}.")
        began = time.monotonic()
        answer = call(backend, claim)
        self._measure(time.monotonic() - began)
        return answer

    def _measure(self, seconds: float) -> None:
        """Keep a rough figure for all threads; a lost update does no harm."""
        weight = 0.2 if self._measured else 1
        self._latency += weight * (seconds - self._latency)
        self._measured = True

    def _backend(self) -> Backend:
        """This thread's own."""
        if not hasattr(self._local, "backend"):
            self._local.backend = get_backend()
            self._backends.append(self._local.backend)
        backend: Backend = self._local.backend
        return backend


@contextmanager
def _holding(name: str) -> Iterator[bool]:
    """Hold a named place; False if somebody else does. A dead holder's place falls free."""
    owner, now = str(uuid.uuid4()), timezone.now()
    lease = timedelta(seconds=SLICE + LONGEST_DRAIN)
    Heartbeat.objects.get_or_create(name=name)
    place = Heartbeat.objects.filter(name=name)
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    held = place.filter(free).update(owner=owner, lease_until=now + lease, beat_at=now) == 1
    try:
        yield held
    finally:
        if held:
            place.filter(owner=owner).update(lease_until=None, beat_at=timezone.now())


def _has_work() -> bool:
    return claimable(timezone.now()).exists()


def _work_comes_soon() -> bool:
    soon = timezone.now() + timedelta(seconds=PATIENCE)
    return claimable(soon).exists()


def _backend_works() -> bool:
    """A backend that cannot even be made pauses what it would send, with the reason."""
    try:
        get_backend().close()
    except ConfigurationError as error:
        sentence = _("This site is not set up to send: %(error)s") % {"error": error}
        waiting = Campaign.objects.filter(
            status=CampaignStatus.SENDING,
            frames__status__in=(FrameStatus.PENDING, FrameStatus.UNCERTAIN),
        )
        for campaign in waiting.distinct():
            lifecycle.hold(campaign, Reason.CREDENTIALS, sentence)
        return False
    return True
