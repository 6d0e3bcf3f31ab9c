"""The worker loop: for a bounded time, one thread claims and settles while senders call.

Only the loop's own thread touches the database, and no transaction is open during a call. A loop
holds a *place* of its cluster, and places for as many calls as it makes at once.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import DataError, IntegrityError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext_noop

from .. import lifecycle, queue
from ..backends import open_backend
from ..conf import conf
from ..exceptions import ConfigurationError
from ..models import Campaign, CampaignStatus, FrameStatus, Reason
from ..rules.sentences import Sentence
from . import places, settlement
from .claims import Claim, claim_frames, claimable, expire_leases, stopped
from .senders import LONGEST_LOOK, Result, Senders, call

logger = logging.getLogger("octopush_django.sending")

SLICE = 20.0
"""Seconds that a loop claims for; well below the cluster's ``timeout``."""
LAST_MESSAGES = 5.0
"""Seconds after that in which messages that go before all others are still taken."""
PATIENCE = 3.0
"""Seconds that a loop waits for frames whose turn comes soon, rather than be enqueued again."""
SIGN_EVERY = 2.0
"""Seconds after which a loop signs for its places, and looks whether others are needed."""

NOT_SET_UP = gettext_noop("This site is not set up to send. For your developer: “%(error)s”")


def run(seconds: float = SLICE) -> None:
    """Send for ``seconds``, then enqueue a successor if there is work left.

    Ends at once where this cluster has enough loops, or the account no place for a call.
    """
    lifecycle.hold_after_silence(timezone.now())
    with places.a_loop_of_this_cluster() as loop:
        if not _has_work():
            return
        if not loop.count:
            _hand_on()
            return
        if not _backend_works():
            return
        with places.calls(conf.concurrency) as calls:
            if not calls.count:
                return
            _Loop(calls, loop).send_for(seconds)
    # After the places are free: a task that came while they were held found them taken, and ended.
    if _has_work():
        queue.enqueue("send_frames")


def _hand_on() -> None:
    """Of all clusters the one that has enough loops took the task: ask for another one."""
    if places.is_loop_free_elsewhere():
        queue.enqueue("send_frames")


class _Loop:
    """One run of a loop, which makes as many calls at once as it holds places for."""

    def __init__(self, calls: places.Places, *more: places.Places) -> None:
        self._held = (calls, *more)
        self._threads = calls.count
        self._until = self._next_sign = self._next_look = 0.0
        self._sign_every = SIGN_EVERY / 8

    def send_for(self, seconds: float) -> None:
        """Claim, call and settle, and wait for the calls that are under way at the end.

        Claims come before the settlement of answers that were all accepted: senders wait for
        claims.
        """
        self._until = time.monotonic() + seconds
        results: list[Result] = []
        with Senders(self._threads) as senders:
            while True:
                self._sign()
                if any(answer.outcome != "accepted" for _claim, answer in results):
                    _settle(results)
                    results = []
                claims = self._claim(senders)
                _settle(results)
                results = []
                if senders.busy:
                    results = senders.collect() + self._look(senders)
                elif not self._goes_on() or not _work_comes_soon():
                    return
                elif not claims:
                    time.sleep(0.1)

    def _goes_on(self, longer: float = 0.0) -> bool:
        return time.monotonic() < self._until + longer

    def _claim(self, senders: Senders) -> list[Claim]:
        """Claim while there is room; return what came last."""
        claims: list[Claim] = []
        while self._goes_on() and (room := senders.room):
            claims = _claim(room)
            senders.send(claims)
            if not claims:
                break
        return claims

    def _look(self, senders: Senders) -> list[Result]:
        """While senders are busy: take messages that go before all others, and stop what must."""
        if time.monotonic() < self._next_look:
            return []
        self._next_look = time.monotonic() + LONGEST_LOOK
        if self._goes_on(LAST_MESSAGES) and (room := senders.message_room):
            senders.send(_claim(room, messages_alone=True))
        return senders.give_back(stopped(senders.campaigns))

    def _sign(self) -> None:
        """Every few seconds: keep the places, free what a dead host holds, call for help.

        Without its places the loop claims nothing more: another one may hold them.
        """
        if time.monotonic() < self._next_sign:
            return
        self._next_sign = time.monotonic() + self._sign_every
        # More often at first: others may stand idle.
        self._sign_every = min(SIGN_EVERY, 2 * self._sign_every)
        if not all(held.sign() for held in self._held):
            self._until = 0.0
        expire_leases()
        if self._goes_on() and _has_work(beyond=2 * self._threads) and places.is_call_free():
            queue.enqueue("send_frames")


def run_once() -> bool:
    """Send one round of due frames in this thread; False if there was none. For tests."""
    if not _has_work():
        return False
    with open_backend() as backend:
        settlement.settle([(claim, call(backend, claim)) for claim in claim_frames()])
    return True


def _claim(room: int, *, messages_alone: bool = False) -> list[Claim]:
    """Claim frames; none where two workers were in each other's way. What was answered stays."""
    try:
        return claim_frames(room, messages_alone=messages_alone)
    except OperationalError:
        logger.warning("A claim was given up by the database; it is tried again", exc_info=True)
        return []


def _settle(results: Sequence[Result]) -> None:
    """Settle answers; one that the database does not take keeps no other from being settled.

    Its frame is asked again after its lease, and goes to a person if that never ends.
    """
    try:
        _settle_together(results)
    except (DataError, IntegrityError):
        if len(results) == 1:
            logger.exception("The answer for frame %s cannot be stored", results[0][0].frame_id)
            return
        for result in results:
            _settle([result])


def _settle_together(results: Sequence[Result]) -> None:
    """Once more where the database gave up because of another worker: answers come only once."""
    try:
        settlement.settle(results)
    except OperationalError:
        logger.warning("A settlement was given up by the database; once more", exc_info=True)
        settlement.settle(results)


def _has_work(beyond: int = 0) -> bool:
    """Whether frames are due, more of them than ``beyond``."""
    return claimable(timezone.now()).order_by()[beyond : beyond + 1].exists()


def _work_comes_soon() -> bool:
    soon = timezone.now() + timedelta(seconds=PATIENCE)
    return claimable(soon).exists()


def _backend_works() -> bool:
    """Whether a backend can be made; if not, pause what is due, with the reason."""
    try:
        with open_backend():
            return True
    except ConfigurationError as error:
        said = Sentence(NOT_SET_UP, error=str(error))
    waiting = Campaign.objects.filter(
        status=CampaignStatus.SENDING,
        frames__status__in=(FrameStatus.PENDING, FrameStatus.UNCERTAIN),
    )
    for campaign in waiting.distinct():
        lifecycle.hold(campaign, Reason.CREDENTIALS, said)
    return False
