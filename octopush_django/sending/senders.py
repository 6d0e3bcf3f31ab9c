"""Threads that call the gateway, each with a backend (and so a connection) of its own.

They get bytes and give answers; none of them touches the database.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from ..backends import Backend, open_backend
from ..client.answers import Answer
from .claims import BUSY, CLAIM_LIMIT, STOPPED, Claim

logger = logging.getLogger("octopush_django.sending")

OLDEST_CLAIM = 10.0
"""Seconds after which a claim that no sender took is given back: its lease must outlive a call."""
LONGEST_LOOK = 0.25
"""Seconds after which the loop looks again for what is urgent, and for what was stopped."""
LONGEST_GROUP = 0.1
"""Seconds for which answers are gathered, to settle them in one transaction."""

KEPT_FOR_MESSAGES = 1
"""Room that campaigns leave, so that a message need not wait for theirs to end."""

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
    """A pool of threads, the calls that they make, and the claims that wait for a thread."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._latency, self._measured = LONGEST_GROUP, False
        self._local = threading.local()
        self._backends = ExitStack()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="octopush-sender")
        self._line = _Line()
        self._calls: dict[Future[Result | None], None] = {}
        self._open: dict[int, Claim] = {}

    def __enter__(self) -> "Senders":
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._backends.close()

    @property
    def busy(self) -> bool:
        return bool(self._open)

    @property
    def room(self) -> int:
        """How many claims to take now: three quarters of what is in flight at least, or none.

        One call waits for each that is made, so that no thread waits for the database. What is
        claimed is out of reach for other clusters, and for a pause.
        """
        return self._room(len(self._open))

    @property
    def message_room(self) -> int:
        """How many messages to claim now that go before all others: one at least, or soon."""
        return 2 * self._threads - len(self._open)

    @property
    def campaigns(self) -> set[int]:
        """The campaigns of the calls that are under way or wait for a thread."""
        return {claim.campaign_id for claim in self._open.values()}

    def send(self, claims: Iterable[Claim]) -> None:
        """Call for each of ``claims`` as soon as a thread is free."""
        for claim in claims:
            self._open[claim.attempt_id] = claim
            self._line.join(claim)
            self._calls[self._pool.submit(self._call_next)] = None

    def give_back(self, campaigns: set[int]) -> list[Result]:
        """Take claims of these campaigns back, where no thread has begun with them."""
        stopped = Answer("unreachable", message=STOPPED)
        return [(self._close(claim), stopped) for claim in self._line.leave(campaigns)]

    def collect(self) -> list[Result]:
        """Wait for an answer, and take all that are there.

        While enough is claimed ahead, wait a little for more: a group costs one transaction.
        """
        done, _pending = wait(self._calls, timeout=LONGEST_LOOK, return_when=FIRST_COMPLETED)
        if done and not self._room(len(self._open) - len(done)):
            time.sleep(min(LONGEST_GROUP, self._latency) / 4)
        ended = [future for future in self._calls if future.done()]
        for future in ended:
            del self._calls[future]
        results = [result for future in ended if (result := future.result())]
        return [(self._close(claim), answer) for claim, answer in results]

    def _close(self, claim: Claim) -> Claim:
        return self._open.pop(claim.attempt_id)

    def _room(self, taken: int) -> int:
        free = 2 * self._threads - taken
        room = min(free - KEPT_FOR_MESSAGES, CLAIM_LIMIT)
        return room if 4 * free >= 3 * self._threads else 0

    def _call_next(self) -> Result | None:
        """Call for the claim that is first in line; None if all of them were given back."""
        first = self._line.next()
        return (first[0], self._call(*first)) if first else None

    def _call(self, claim: Claim, claimed_at: float) -> Answer:
        if time.monotonic() - claimed_at > OLDEST_CLAIM:
            return Answer("unreachable", message=BUSY)
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


class _Line:
    """Claims that wait for a thread, with the time since when; what is urgent goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, int, Claim, float]] = []

    def join(self, claim: Claim) -> None:
        place = (claim.priority, next(self._numbers), claim, time.monotonic())
        with self._lock:
            heapq.heappush(self._waiting, place)

    def next(self) -> tuple[Claim, float] | None:
        with self._lock:
            return heapq.heappop(self._waiting)[2:] if self._waiting else None

    def leave(self, campaigns: set[int]) -> list[Claim]:
        """Take the claims of these campaigns out of the line."""
        with self._lock:
            left = [place for place in self._waiting if place[2].campaign_id in campaigns]
            stay = [place for place in self._waiting if place[2].campaign_id not in campaigns]
            heapq.heapify(stay)
            self._waiting = stay
        return [place[2] for place in left]
