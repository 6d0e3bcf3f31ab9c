"""Our dispatch against one django-q2 task per recipient: the same cluster, gateway and database.

Both are worked by a real qcluster with two workers, from the first task to the last row written.
Prints every pair and the median; usage: python benchmarks/bench_tasks.py [people] [tasks] [ms].
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup
from benchmarks.cluster import qcluster, wait_until
from benchmarks.gateway import gateway

PAIRS = 3


def ours(contact_list):
    """People per second from the end of the snapshot until the campaign is sent."""
    from octopush_django.campaigns import send_campaign
    from octopush_django.models import Campaign

    campaign = send_campaign(text="Bonjour", purpose="alert", contact_lists=[contact_list])
    wait_until(campaign.frames.exists)
    began = time.perf_counter()
    wait_until(Campaign.objects.filter(pk=campaign.pk, status="sent").exists)
    return campaign.recipients.count() / (time.perf_counter() - began)


def theirs(tasks):
    """People per second when each is a task. To queue them is counted: it is part of the way."""
    from django_q.tasks import async_task

    from octopush_django.models import Recipient

    chosen = Recipient.objects.filter(status="pending").order_by("pk")[:tasks]
    people = list(chosen.values_list("pk", flat=True))
    began = time.perf_counter()
    for recipient_id in people:
        async_task("benchmarks.peer.send_one", recipient_id)
    waiting = Recipient.objects.filter(pk__in=people, status="pending")
    wait_until(lambda: not waiting.exists())
    return tasks / (time.perf_counter() - began)


def main(people=400_000, tasks=300, milliseconds=100):
    kind = setup.begin(queue_too=True)
    contact_list = setup.fill(people)
    print(f"{kind}: {people} people, {milliseconds} ms, two workers, 16 in flight")
    ratios = []
    with (
        gateway(milliseconds / 1000) as base_url,
        qcluster(base_url, OCTOPUSH_CONCURRENCY="16"),
    ):
        for _ in range(PAIRS):
            fast, slow = ours(contact_list), theirs(tasks)
            ratios.append(fast / slow)
            print(
                f"  ours {fast:,.0f}/s, a task each {slow:,.1f}/s, {fast / slow:,.0f} times",
                flush=True,
            )
    print(f"  median {statistics.median(ratios):,.0f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
