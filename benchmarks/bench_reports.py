"""A burst of delivery reports: how much it queues, and what a campaign of one waits behind it.

Four web processes take 100 reports a second by the webhook view, without the network before it; a
real cluster of two workers applies them. Limits: 5 tasks in the queue, 2 s from the click to the
first POST. Prints every click; usage: python benchmarks/bench_reports.py [seconds].
"""

import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup
from benchmarks.cluster import qcluster, wait_until
from benchmarks.gateway import gateway

PROCESSES, A_SECOND = 4, 100
MOST_QUEUED, LONGEST_WAIT = 5, 2.0
SECRET = "bench-secret-0123456789"


def report_for(seconds, process, stop):
    """One web process: its share of the reports, each of another person."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS, settings.OCTOPUSH_WEBHOOK_SECRETS = ["testserver"], [SECRET]
    client, until, number = Client(), time.monotonic() + seconds, 0
    while time.monotonic() < until and not stop.is_set():
        number += 1
        body = {
            "message_id": "sms_bench", "number": f"+336{process}{number:07d}",
            "status": "DELIVERED", "delivery_date": "2031-05-04 16:00:09",
        }  # fmt: skip
        answer = client.post(
            f"/octopush/webhook/{SECRET}/", json.dumps(body), content_type="application/json"
        )
        assert answer.status_code == 200, answer.status_code
        time.sleep(PROCESSES / A_SECOND)


def main(seconds=60):
    kind = setup.begin(queue_too=True)
    from django.db import connection

    from octopush_django import queue
    from octopush_django.campaigns import send_campaign
    from octopush_django.models import Campaign, WebhookEvent

    stop, first_post = multiprocessing.Event(), multiprocessing.Value("d", 0.0)
    depths, waits = [], []

    def watch():
        while not stop.is_set():
            depths.append(queue.depth() or 0)
            time.sleep(0.1)
        connection.close()

    print(f"{kind}: {A_SECOND} reports a second on {PROCESSES} web processes, two workers")
    with gateway(0.05, first_post) as base_url, qcluster(base_url):
        connection.close()
        context = multiprocessing.get_context("spawn")
        stop_webs = context.Event()
        webs = [
            context.Process(target=report_for, args=(seconds, index, stop_webs))
            for index in range(PROCESSES)
        ]
        for web in webs:
            web.start()
        watcher = threading.Thread(target=watch)
        watcher.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until - 5:
            time.sleep(4)
            first_post.value = 0.0
            clicked = time.monotonic()
            campaign = send_campaign(text="Hi", purpose="alert", recipients=["+33612345678"])
            wait_until(lambda: first_post.value)
            waits.append(first_post.value - clicked)
            print(f"  {waits[-1]:.2f} s to the first POST, {depths[-1]} queued", flush=True)
            wait_until(Campaign.objects.filter(pk=campaign.pk, status="sent").exists)
        for web in webs:
            web.join()
        stop.set()
        watcher.join()
    assert all(web.exitcode == 0 for web in webs)
    print(
        f"  {WebhookEvent.objects.count()} reports; at most {max(depths)} tasks queued, limit"
        f" {MOST_QUEUED}; median wait {statistics.median(waits):.2f} s, longest"
        f" {max(waits):.2f} s, limit {LONGEST_WAIT:.0f} s"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
