"""The press on *Send* for a million people, and a pause while a worker freezes them.

Both are POSTs through the admin, without the network: what a marketer waits for. The limit is two
seconds. On SQLite, which lets one write at a time, a hundred thousand. Prints every round; usage:
python benchmarks/bench_press.py [people].
"""

import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup

ROUNDS, LIMIT = 3, 2.0


def main(people=None):
    kind = setup.begin()
    people = people or {"postgresql": 1_000_000, "sqlite": 100_000}[kind]
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.test.utils import setup_test_environment
    from django.urls import reverse

    from octopush_django.models import Campaign

    # So that the client can read the fields of a form.
    setup_test_environment()
    settings.OCTOPUSH_QUIET_HOURS = ""
    client, contact_list = Client(), setup.fill(people)
    client.force_login(User.objects.create_superuser("ada"))
    print(f"{kind}: {people} people")
    presses, pauses = [], []
    for _ in range(ROUNDS):
        campaign = Campaign.objects.create(
            text="Bonjour {first_name}, STOP au XXXXX", purpose="wholesale", sender="Shop"
        )
        campaign.include.add(contact_list)
        page = reverse("admin:octopush_django_campaign_check", args=[campaign.pk])
        form = client.get(page, {"counted": "1"}).context["send_form"].initial
        fields = {name: value for name, value in form.items() if value}
        presses.append(_seconds(client, page, {**fields, "_send": ""}))
        pause = reverse("admin:octopush_django_campaign_verb", args=[campaign.pk, "pause"])
        waited, frozen = _pause_meanwhile(client, campaign, pause)
        pauses.append(waited)
        assert Campaign.objects.get(pk=campaign.pk).status == "paused"
        # On SQLite the pause may wait until all are frozen.
        assert kind == "sqlite" or not campaign.recipients.exists()
        print(
            f"  press {presses[-1]:.2f} s; pause {waited:.2f} s, of the {frozen:.1f} s that a"
            " worker freezes",
            flush=True,
        )
    for name, taken in (("press", presses), ("pause", pauses)):
        print(f"  median {name} {statistics.median(taken):.2f} s, limit {LIMIT:.1f} s")


def _seconds(client, path, fields):
    began = time.perf_counter()
    assert client.post(path, fields).status_code == 302
    return time.perf_counter() - began


def _pause_meanwhile(client, campaign, path):
    """Seconds that a pause takes while a worker freezes, and that the worker takes."""
    from octopush_django import approval

    taken = []
    began = time.perf_counter()
    worker = threading.Thread(target=_in_own_connection, args=(approval.prepare, campaign.pk))
    worker.start()
    time.sleep(1)
    taken.append(_seconds(client, path, {}))
    worker.join()
    return taken[0], time.perf_counter() - began


def _in_own_connection(work, *args):
    from django.db import connection

    try:
        work(*args)
    finally:
        connection.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
