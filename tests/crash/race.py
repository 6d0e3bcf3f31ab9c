"""Many processes press "Send now" for one campaign at the same moment."""

import os
import time
from collections import Counter

from django.db import connection, connections

from octopush_django import models, queue
from octopush_django.campaigns import launch_campaign
from octopush_django.exceptions import NotAllowedNow

from . import bench, people

CLICKS = 50


def race(rounds):
    """1 unless exactly one click of each round launches, and launches everything once."""
    wrong, began = [], time.monotonic()
    queue._hand_over = lambda *args: None
    for number in range(rounds):
        _wait([bench._fork(bench._reset)])
        _wait([bench._fork(_draft)])
        statuses = Counter(_click_together())
        recipients = models.Recipient.objects.count()
        frames = models.Frame.objects.count()
        connections.close_all()
        if statuses != {0: 1, 1: CLICKS - 1} or (recipients, frames) != (people.PEOPLE, 4):
            wrong.append(f"round {number}: {dict(statuses)}, {recipients} people, {frames} frames")
    print(*wrong[:5], sep="\n")
    print(
        f"{connection.vendor}: {rounds} rounds of {CLICKS} clicks, {len(wrong)} wrong, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if wrong else 0


def _draft():
    contact_list = models.ContactList.objects.create(name="Clients")
    contact_list.contacts.set(
        models.Contact.objects.bulk_create(
            models.Contact(phone_number=people.number(index)) for index in range(people.PEOPLE)
        )
    )
    campaign = models.Campaign.objects.create(text="Hello", purpose="alert", sender="Shop")
    campaign.include.add(contact_list)


def _click_together():
    """Fork the clickers, let them all look first, then go at once; return their exit statuses."""
    gate, go = os.pipe()
    pids = []
    for _ in range(CLICKS):
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os._exit(_click(gate))
        pids.append(pid)
    os.close(gate)
    os.close(go)
    return _wait(pids)


def _click(gate):
    """0: launched. 1: somebody else was faster. 2: something else."""
    try:
        campaign = models.Campaign.objects.get()
        os.read(gate, 1)  # returns when the last writer is gone
        launch_campaign(campaign)
    except NotAllowedNow:
        return 1
    except BaseException as error:
        print(f"   {type(error).__name__}: {error}", flush=True)
        return 2
    return 0


def _wait(pids):
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
