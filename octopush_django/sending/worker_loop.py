"""The worker loop: for a bounded time, one thread claims and settles while senders call.

Only the loop's own thread touches the database, and no transaction is open during a call. A loop
holds a numbered *place*, so that a second task for the same place finds it taken and ends.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import DataError, IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import lifecycle, queue
from ..backends import open_backend
from ..conf import conf
from ..exceptions import ConfigurationError
from ..models import Campaign, CampaignStatus, FrameStatus, Place, Reason
from . import settlement
from .claims import claim_frames, claimable, stopped
from .senders import Result, Senders, call

logger = logging.getLogger("octopush_django.sending")

SLICE = 20.0
"""Seconds that a loop claims for; well below the cluster's ``timeout``."""
LONGEST_DRAIN = 40.0
"""Seconds that calls in flight may last after that."""
PATIENCE = 3.0
"""Seconds that a loop waits for frames whose turn comes soon, rather than be enqueued again."""


def run(place: int = 0, seconds: float = SLICE) -> None:
    """Send for ``seconds``, then enqueue a successor if there is work left. Safe to run twice."""
    with _holding(place) as held:
        if not held or not _has_work() or not _backend_works():
            return
        send_for(seconds)
    # After the place is free: a task that came while it was held found it taken and ended.
    if _has_work():
        queue.enqueue("send_frames", place)


def send_for(seconds: float) -> None:
    """Claim, call and settle for ``seconds``, and wait for the calls that are under way then."""
    until = time.monotonic() + seconds
    with Senders(conf.concurrency) as senders:
        while True:
            claims = []
            while time.monotonic() < until and (room := senders.room):
                claims = claim_frames(room)
                senders.send(claims)
                if not claims:
                    break
            if senders.busy:
                _settle(senders.collect() + senders.give_back(stopped(senders.campaigns)))
            elif time.monotonic() >= until or not _work_comes_soon():
                return
            elif not claims:
                time.sleep(0.1)


def run_once() -> bool:
    """Send one round of due frames in this thread; False if there was none. For tests."""
    if not _has_work():
        return False
    with open_backend() as backend:
        settlement.settle([(claim, call(backend, claim)) for claim in claim_frames()])
    return True


def _settle(results: Sequence[Result]) -> None:
    """Settle answers; one that the database does not take keeps no other from being settled.

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


@contextmanager
def _holding(place: int) -> Iterator[bool]:
    """Hold a place; False if another loop does. A dead loop's place falls free with its lease."""
    owner, now = str(uuid.uuid4()), timezone.now()
    Place.objects.get_or_create(number=place)
    free = Place.objects.free(now).filter(number=place)
    lease = timedelta(seconds=SLICE + LONGEST_DRAIN)
    held = free.update(owner=owner, lease_until=now + lease) == 1
    try:
        yield held
    finally:
        if held:
            Place.objects.filter(number=place, owner=owner).update(lease_until=None)


def _has_work() -> bool:
    return claimable(timezone.now()).exists()


def _work_comes_soon() -> bool:
    soon = timezone.now() + timedelta(seconds=PATIENCE)
    return claimable(soon).exists()


def _backend_works() -> bool:
    """Whether a backend can be made; if not, pause what is due, with the reason."""
    try:
        with open_backend():
            return True
    except ConfigurationError as error:
        sentence = _("This site is not set up to send: %(error)s") % {"error": error}
    waiting = Campaign.objects.filter(
        status=CampaignStatus.SENDING,
        frames__status__in=(FrameStatus.PENDING, FrameStatus.UNCERTAIN),
    )
    for campaign in waiting.distinct():
        lifecycle.hold(campaign, Reason.CREDENTIALS, sentence)
    return False
