"""A one-time code by ``send_sms()`` while 100,000 people get a campaign, of either purpose.

One cluster of two workers, of which one sends with 4 calls in flight. Limit: one call's latency
and 1 s. Prints every code; usage: python benchmarks/bench_code.py [people] [ms].
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup
from benchmarks.cluster import qcluster, wait_until
from benchmarks.gateway import MARK, gateway

CODES = 8
TEXT = {"alert": "Hi", "wholesale": "Hi STOP au XXXXX"}


def codes_beside(campaign, first_post, seconds):
    """Seconds from the call to the POST of each code, while ``campaign`` leaves."""
    from octopush_django.models import Campaign
    from octopush_django.sms import send_sms

    leaving = Campaign.objects.filter(pk=campaign.pk, status="sending")
    waits = []
    for number in range(CODES):
        time.sleep(seconds)
        assert leaving.exists(), "the campaign ended too soon: give it more people"
        first_post.value = 0.0
        asked = time.monotonic()
        send_sms("+33612345678", f"{MARK} {number}")
        wait_until(lambda: first_post.value)
        waits.append(first_post.value - asked)
    return waits


def main(people=100_000, milliseconds=1000):
    import multiprocessing

    kind = setup.begin(queue_too=True)
    from octopush_django.campaigns import cancel_campaign, send_campaign

    contact_list = setup.fill(people)
    first_post = multiprocessing.Value("d", 0.0)
    limit = milliseconds / 1000 + 1
    print(f"{kind}: {people} people, {milliseconds} ms, limit {limit:.1f} s")
    with gateway(milliseconds / 1000, first_post, MARK) as base_url, qcluster(base_url):
        for purpose, text in TEXT.items():
            campaign = send_campaign(text=text, purpose=purpose, contact_lists=[contact_list])
            wait_until(campaign.frames.filter(status="accepted").exists)
            # Not in step with the calls, and beyond the 20 s of a loop's slice.
            waits = codes_beside(campaign, first_post, min(3.1, 7.7 * milliseconds / 1000))
            cancel_campaign(campaign)
            told = ", ".join(f"{wait:.2f}" for wait in waits)
            print(f"  {purpose}: longest {max(waits):.2f} s ({told})", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
