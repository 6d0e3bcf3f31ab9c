"""Places: how many may work at once, on one cluster or on all hosts together.

A place is a row with a short lease. Whoever holds one signs again and again; a place without a
sign is free after :data:`LEASE`, so that a host that died keeps nobody out.
"""

import hashlib
import multiprocessing
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from .. import queue
from ..conf import conf
from ..models import Place
from ..models.operation import PlaceQuerySet

LEASE = timedelta(seconds=15)
ACCOUNT, LOOPS = "account", "loops of"
LATELY = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(days=1)


class Places:
    """Places of one pool that are held together. Without a ``size`` there are always enough."""

    def __init__(self, pool: str, size: int | None, lease: timedelta | None = None) -> None:
        self.count = 0
        self._pool, self._size, self._lease = pool, size, lease or LEASE
        self._owner = str(uuid.uuid4())

    def take(self, wanted: int) -> None:
        """Take as many as are free, up to ``wanted``."""
        if self._size is None:
            self.count = wanted
            return
        self._make_rows(self._size)
        with transaction.atomic():
            now = timezone.now()
            free = Place.objects.free(now).filter(pool=self._pool, number__lt=self._size)
            locked = free.select_for_update(skip_locked=True).order_by("number")
            chosen = list(locked.values_list("pk", flat=True)[:wanted])
            # Repeats the condition: SQLite knows no row locks.
            self.count = free.filter(pk__in=chosen).update(
                owner=self._owner, held_until=now + self._lease
            )

    def sign(self) -> bool:
        """Hold them for longer; False if one was lost, because signs were missing."""
        if self._size is None or not self.count:
            return True
        return self._mine().update(held_until=timezone.now() + self._lease) == self.count

    def give_back(self) -> None:
        """Let others take them."""
        if self._size is not None and self.count:
            self._mine().update(owner="", held_until=timezone.now())

    def _mine(self) -> PlaceQuerySet:
        return Place.objects.filter(pool=self._pool, owner=self._owner)

    def _make_rows(self, size: int) -> None:
        if Place.objects.filter(pool=self._pool, number__lt=size).count() < size:
            rows = [Place(pool=self._pool, number=number) for number in range(size)]
            Place.objects.bulk_create(rows, ignore_conflicts=True)


@contextmanager
def a_loop_of_this_cluster() -> Iterator[Places]:
    """Hold the place of one worker loop; its ``count`` is 0 where this cluster has enough."""
    with _holding(Places(_this_cluster(), queue.worker_loops()), 1) as places:
        yield places


@contextmanager
def calls(wanted: int, lease: timedelta | None = None) -> Iterator[Places]:
    """Hold places for calls to the gateway, up to ``wanted``.

    ``OCTOPUSH_ACCOUNT_CONCURRENCY`` bounds those of all hosts together.
    """
    with _holding(Places(ACCOUNT, conf.account_concurrency, lease), wanted) as places:
        yield places


def is_call_free() -> bool:
    """Whether another loop would find a place for a call."""
    size = conf.account_concurrency
    if size is None:
        return True
    made = Place.objects.filter(pool=ACCOUNT, number__lt=size)
    return made.count() < size or made.free(timezone.now()).exists()


def is_loop_free_elsewhere() -> bool:
    """Whether another cluster, which had one just now, has room for a loop."""
    now = timezone.now()
    lately = Place.objects.free(now).filter(held_until__gt=now - LATELY)
    return lately.filter(pool__startswith=LOOPS).exclude(pool=_this_cluster()).exists()


def forget_clusters() -> None:
    """Drop the places of clusters that are gone: each start of a cluster makes new ones."""
    gone = Place.objects.filter(held_until__lte=timezone.now() - FORGOTTEN_AFTER)
    gone.filter(pool__startswith=LOOPS).delete()


@contextmanager
def one_at_a_time(pool: str) -> Iterator[bool]:
    """A transaction that holds the one place of ``pool``; False where another one does."""
    Place.objects.get_or_create(pool=pool, number=0)
    with transaction.atomic():
        place = Place.objects.select_for_update(skip_locked=True).filter(pool=pool)
        yield place.first() is not None


@contextmanager
def _holding(places: Places, wanted: int) -> Iterator[Places]:
    try:
        places.take(wanted)
        yield places
    finally:
        places.give_back()


def _this_cluster() -> str:
    """What all workers of a cluster inherit from its first process, and no other cluster has.

    Hosts in containers may have the same name, and their processes the same numbers.
    """
    inherited = hashlib.sha256(bytes(multiprocessing.current_process().authkey)).hexdigest()
    return f"{LOOPS} {socket.gethostname()[:200]} {inherited[:16]}"
