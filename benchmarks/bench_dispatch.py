"""Dispatch against the wire limit: the same frames, threads and server, alternately.

The wire limit is ``requests`` with frames serialised beforehand and no database. Prints every
pair and the median ratio; usage: python benchmarks/bench_dispatch.py [people] [in flight] [ms].
"""

import json
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup
from benchmarks.gateway import gateway

PAIRS = 3


def wire(base_url, bodies, threads):
    """Seconds to post all bodies by ``threads`` requests sessions."""
    import requests

    waiting = iter(bodies)
    lock = threading.Lock()

    def post():
        session = requests.Session()
        session.trust_env = False
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            answer = session.post(
                f"{base_url}/sms-campaign/send",
                data=body,
                headers={"Content-Type": "application/json", "api-login": "a", "api-key": "b"},
            )
            json.loads(answer.content)

    workers = [threading.Thread(target=post) for _ in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began


def dispatch(contact_list, statements):
    """Seconds from the first claim to the last settled answer; counts its statements."""
    from django.db import connection

    from octopush_django.campaigns import send_campaign
    from octopush_django.sending import worker_loop

    campaign = send_campaign(
        text="Bonjour {first_name}, rendez-vous a {param1}.", purpose="alert",
        contact_lists=[contact_list],
    )  # fmt: skip

    def count(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        began = time.perf_counter()
        worker_loop.send_for(600)
        took = time.perf_counter() - began
    campaign.refresh_from_db()
    assert campaign.status == "sent", campaign.reason
    return took


def main(people=400_000, in_flight=16, milliseconds=100):
    kind = setup.begin()
    from django.conf import settings

    from octopush_django.client import SmsMessage

    settings.OCTOPUSH_CONCURRENCY = in_flight
    contact_list = setup.fill(people)
    message = SmsMessage(text="Bonjour {first_name}, rendez-vous a {param1}.", purpose="alert",
                         sender="Shop")  # fmt: skip
    person = {"phone_number": "+33600000000", "first_name": "Prenom123456", "param1": "Nantes"}
    bodies = [message.to_body(", ".join([json.dumps(person)] * 500), "x" * 36)] * (people // 500)
    print(f"{kind}: {people} people, {in_flight} in flight, {milliseconds} ms")
    ratios = []
    with gateway(milliseconds / 1000) as base_url:
        settings.OCTOPUSH_BASE_URL = base_url
        for _ in range(PAIRS):
            limit = wire(base_url, bodies, in_flight)
            statements = []
            ours = dispatch(contact_list, statements)
            ratios.append(limit / ours)
            print(
                f"  wire {people / limit:,.0f}/s, ours {people / ours:,.0f}/s,"
                f" ratio {limit / ours:.3f}, {len(statements) / len(bodies):.2f} statements/frame",
                flush=True,
            )
    print(f"  median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
