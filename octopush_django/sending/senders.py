"""Threads that call the gateway, each with a backend (and so a connection) of its own.

They get bytes and give answers; none of them touches the database.
"""

import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from ..backends import Backend, open_backend
from ..client.answers import Answer
from .claims import CLAIM_LIMIT, Claim

logger = logging.getLogger("octopush_django.sending")

OLDEST_CLAIM = 20.0
"""Seconds after which a claim that no sender took is given back: its lease must outlive a call."""
GROUP = 0.1
"""Seconds of calls that are claimed, or settled, in one transaction."""
LARGEST_GROUP = 64
AHEAD = 2.0
"""Seconds of calls that are claimed ahead, so that no sender waits for the database."""

Result = tuple[Claim, Answer]


def call(backend: Backend, claim: Claim) -> Answer:
    """Make the one call that a claim allows. Never raises."""
    try:
        return backend.send(claim.path, claim.body)
    except Exception:
        # A backend must not raise; whatever it did may have gone out.
        logger.exception("The backend raised on frame %s", claim.frame_id)
        return Answer("uncertain", message="The backend failed.")


class Senders:
    """A pool of threads, and the calls that they were given."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._latency, self._measured = AHEAD, False
        self._local = threading.local()
        self._backends = ExitStack()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="octopush-sender")
        self._calls: dict[Future[Answer], Claim] = {}

    def __enter__(self) -> "Senders":
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._backends.close()

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    @property
    def room(self) -> int:
        """How many claims to take now: a whole group, or none."""
        return self._room(len(self._calls))

    @property
    def campaigns(self) -> set[int]:
        """The campaigns of the calls that are under way or wait for a thread."""
        return {claim.campaign_id for claim in self._calls.values()}

    def send(self, claims: Iterable[Claim]) -> None:
        """Call for each of ``claims`` as soon as a thread is free."""
        for claim in claims:
            self._calls[self._pool.submit(self._call, claim, time.monotonic())] = claim

    def give_back(self, campaigns: set[int]) -> list[Result]:
        """Take claims of these campaigns back, where no thread has begun with them."""
        unbegun = [
            future
            for future, claim in self._calls.items()
            if claim.campaign_id in campaigns and future.cancel()
        ]
        stopped = Answer("unreachable", message="Not posted: stopped.")
        return [(self._calls.pop(future), stopped) for future in unbegun]

    def collect(self) -> list[Result]:
        """Wait for an answer, and take all that are there.

        While enough is claimed ahead, wait a little for more: a group costs one transaction.
        """
        done, _pending = wait(self._calls, timeout=1, return_when=FIRST_COMPLETED)
        if done and not self._room(len(self._calls) - len(done)):
            time.sleep(min(GROUP, self._latency) / 2)
        ended = [future for future in self._calls if future.done()]
        return [(self._calls.pop(future), future.result()) for future in ended]

    def _room(self, taken: int) -> int:
        """How many claims to take with ``taken`` calls under way.

        Two groups wait ahead of the threads, but no more than they call in ``AHEAD`` seconds.
        """
        per_second = self._threads / max(self._latency, 0.001)
        group = min(max(int(per_second * GROUP), self._threads), LARGEST_GROUP)
        group = max(group, CLAIM_LIMIT)
        ahead = max(self._threads, min(int(per_second * AHEAD), 2 * group))
        free = self._threads + ahead - taken
        return min(free, group) if free >= min(group, ahead) else 0

    def _call(self, claim: Claim, claimed_at: float) -> Answer:
        if time.monotonic() - claimed_at > OLDEST_CLAIM:
            return Answer("unreachable", message="Not posted: all senders were busy.")
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
        """The backend of the thread that asks."""
        if not hasattr(self._local, "backend"):
            self._local.backend = self._backends.enter_context(open_backend())
        backend: Backend = self._local.backend
        return backend
