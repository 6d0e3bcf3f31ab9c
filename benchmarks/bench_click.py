"""From the click to the first POST, against the cluster's poll and the snapshot.

The click is the call of ``send_campaign()``; the snapshot is what it takes to return. What is left
is the queue's poll, and the first claim. Usage: python benchmarks/bench_click.py [people].
"""

import multiprocessing
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup
from benchmarks.cluster import qcluster, wait_until
from benchmarks.gateway import gateway

CLICKS = 7


def main(people=10_000):
    kind = setup.begin(queue_too=True)
    from django.conf import settings

    from octopush_django.campaigns import send_campaign
    from octopush_django.models import Campaign

    contact_list = setup.fill(people)
    poll = settings.Q_CLUSTER["poll"]
    first_post = multiprocessing.Value("d", 0.0)
    rest = []
    print(f"{kind}: {people} people, poll {poll} s")
    with gateway(0.05, first_post) as base_url, qcluster(base_url):
        for _ in range(CLICKS):
            first_post.value = 0.0
            clicked = time.monotonic()
            campaign = send_campaign(text="Hi", purpose="alert", contact_lists=[contact_list])
            frozen = time.monotonic()
            wait_until(lambda: first_post.value)
            rest.append(first_post.value - frozen)
            print(
                f"  snapshot {frozen - clicked:.3f} s, then {rest[-1]:.3f} s to the first POST",
                flush=True,
            )
            wait_until(Campaign.objects.filter(pk=campaign.pk, status="sent").exists)
            time.sleep(0.5)
    print(f"  median after the snapshot {statistics.median(rest):.3f} s; limit {poll + 0.2:.1f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
