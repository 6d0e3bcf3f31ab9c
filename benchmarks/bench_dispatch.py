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


def approve(contact_list, dropped):
    """A campaign to the list; with ``dropped``, five in a thousand must not get it any more.

    ``dropped``: which of each thousand, a multiple of ten; another for each round.
    """
    from octopush_django.campaigns import launch_campaign
    from octopush_django.models import Campaign, ContactList

    text = "Bonjour {first_name}, rendez-vous a {ville}. STOP au XXXXX"
    purpose = "wholesale" if dropped else "alert"
    campaign = Campaign.objects.create(text=text, purpose=purpose, sender="Shop")
    campaign.include.add(contact_list)
    left_out = ContactList.objects.create(name=f"Left out of {campaign.pk}")
    campaign.exclude.add(left_out)
    setup.prepare(launch_campaign(campaign))
    if dropped:
        _change_people(left_out, dropped)
    return campaign


def _change_people(left_out, first):
    """Of each thousand contacts one is deleted, one leaves, one is to be left out, two refuse."""
    from django.db import connection

    from octopush_django.models import Contact, OptOut, Reply

    contact, members = Contact._meta.db_table, Contact.lists.through._meta.db_table
    chosen = f"SELECT id FROM {contact} WHERE id %% 1000 = %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {OptOut._meta.db_table} (address, family, source, evidence, created_at)"
            f" SELECT phone_number, 'phone', 'person', '', CURRENT_TIMESTAMP FROM {contact}"
            " WHERE id %% 1000 = %s ON CONFLICT DO NOTHING", [first + 1],
        )  # fmt: skip
        cursor.execute(
            f"UPDATE {contact} SET consent = 'refused' WHERE id %% 1000 = %s", [first + 2]
        )
        cursor.execute(f"DELETE FROM {members} WHERE contact_id IN ({chosen})", [first + 3])
        cursor.execute(
            f"INSERT INTO {members} (contact_id, contactlist_id) SELECT id, %s FROM ({chosen}) c",
            [left_out.pk, first + 4],
        )
        cursor.execute(f"DELETE FROM {members} WHERE contact_id IN ({chosen})", [first + 5])
        cursor.execute(f"DELETE FROM {contact} WHERE id %% 1000 = %s", [first + 5])
    Reply.objects.bulk_create(
        Reply(address=f"+33699{i:06d}", text="stop ?", reading="doubtful") for i in range(1000)
    )


def dispatch(contact_list, statements, dropped):
    """Seconds from the first claim to the last settled answer; counts its statements."""
    from django.db import connection

    from octopush_django.sending import worker_loop

    campaign = approve(contact_list, dropped)

    def count(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        began = time.perf_counter()
        worker_loop.run(600)
        took = time.perf_counter() - began
    campaign.refresh_from_db()
    assert campaign.status == "sent", campaign.reason
    return took, campaign.recipients.filter(exclusion="").count()


def main(people=400_000, in_flight=16, milliseconds=100, dropped=0):
    kind = setup.begin()
    from django.conf import settings

    from octopush_django.client import SmsMessage

    settings.OCTOPUSH_CONCURRENCY = in_flight
    contact_list = setup.fill(people)
    message = SmsMessage(text="Bonjour {first_name}, rendez-vous a {param1}.", purpose="alert",
                         sender="Shop")  # fmt: skip
    person = {"phone_number": "+33600000000", "first_name": "Prenom123456", "param1": "Nantes"}
    bodies = [message.to_body(", ".join([json.dumps(person)] * 500), "x" * 36)] * (people // 500)
    some = ", some of them refused, gone or out of lists since" if dropped else ""
    print(f"{kind}: {people} people{some}, {in_flight} in flight, {milliseconds} ms")
    ratios = []
    with gateway(milliseconds / 1000) as base_url:
        settings.OCTOPUSH_BASE_URL = base_url
        for pair in range(1, PAIRS + 1):
            limit = wire(base_url, bodies, in_flight)
            statements = []
            ours, sent = dispatch(contact_list, statements, pair * 10 if dropped else 0)
            wired, reached = people / limit, sent / ours
            ratios.append(reached / wired)
            print(
                f"  wire {wired:,.0f}/s, ours {reached:,.0f}/s, ratio {reached / wired:.3f},"
                f" {len(statements) / len(bodies):.2f} statements/frame",
                flush=True,
            )
    print(f"  median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
