"""One, two and four clusters on one database, and a cluster that is killed while it sends.

Each cluster has two workers, of which one sends with 4 calls in flight; the gateway takes 300 ms.
Wanted: two clusters at least 1.8 times one, four at least 3.2; after a kill everything has left
within two minutes. Prints every round; usage: python benchmarks/bench_hosts.py [people] [ms].
"""

import os
import signal
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup
from benchmarks.cluster import qcluster, wait_until
from benchmarks.gateway import gateway

ROUNDS = 3
HOSTS = (1, 2, 4)
WANTED = {2: 1.8, 4: 3.2}
KILLED_AFTER = 5.0


def clusters(stack, base_url, count):
    return [
        stack.enter_context(qcluster(base_url, OCTOPUSH_CONCURRENCY="4")) for _ in range(count)
    ]


def begin(contact_list):
    """A campaign whose first frames leave now."""
    from octopush_django.campaigns import send_campaign

    campaign = send_campaign(text="Hi", purpose="alert", contact_lists=[contact_list])
    wait_until(campaign.frames.filter(status="accepted").exists)
    return campaign, time.perf_counter()


def until_sent(campaign):
    from octopush_django.models import Campaign

    wait_until(Campaign.objects.filter(pk=campaign.pk, status="sent").exists, 600)


def pace(contact_list, base_url, hosts):
    """People a second, from the first answer to the last."""
    with ExitStack() as stack:
        clusters(stack, base_url, hosts)
        campaign, began = begin(contact_list)
        until_sent(campaign)
        return campaign.recipients.count() / (time.perf_counter() - began)


def after_a_kill(contact_list, base_url):
    """Seconds from the kill of one of two clusters until everything has left."""
    with ExitStack() as stack:
        killed, _other = clusters(stack, base_url, 2)
        campaign, _began = begin(contact_list)
        time.sleep(KILLED_AFTER)
        os.killpg(killed.pid, signal.SIGKILL)
        began = time.perf_counter()
        until_sent(campaign)
        assert not campaign.frames.exclude(status="accepted").exists()
        return time.perf_counter() - began


def main(people=200_000, milliseconds=300):
    kind = setup.begin(queue_too=True)
    contact_list = setup.fill(people)
    print(f"{kind}: {people} people, {milliseconds} ms, 4 calls in flight for each cluster")
    ratios = {hosts: [] for hosts in WANTED}
    with gateway(milliseconds / 1000) as base_url:
        for _ in range(ROUNDS):
            paces = {hosts: pace(contact_list, base_url, hosts) for hosts in HOSTS}
            for hosts in WANTED:
                ratios[hosts].append(paces[hosts] / paces[1])
            print("  " + ", ".join(f"{n}: {paces[n]:,.0f}/s" for n in HOSTS), flush=True)
        for hosts, found in ratios.items():
            each = ", ".join(f"{ratio:.2f}" for ratio in found)
            print(
                f"  {hosts} clusters: {statistics.median(found):.2f} times one ({each}),"
                f" wanted {WANTED[hosts]}"
            )
        left = after_a_kill(contact_list, base_url)
        print(f"  {left:.0f} s after a kill everything had left, wanted 120 s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
