"""Freezing a campaign against a bare INSERT … SELECT of the same rows into the same table.

Freezing, by the click or by a worker, unites two lists, leaves out who opted out,
freezes each payload and cuts frames. Prints every pair and the median ratio; usage:
python benchmarks/bench_snapshot.py [people].
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup

PAIRS = 3
COLUMNS = (
    "campaign_id, contact_id, address, payload, exclusion, frame_id, status, status_raw, status_at"
)


def two_lists(people):
    """Six tenths of the people in each of two lists; one in twenty has opted out."""
    from django.db import connection

    from octopush_django.models import Contact, ContactList, OptOut

    everybody = setup.fill(people)
    second = ContactList.objects.create(name="second")
    through, lowest = Contact.lists.through._meta.db_table, Contact.objects.order_by("pk")[0].pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {through} (contact_id, contactlist_id) SELECT contact_id, {second.pk}"
            f" FROM {through} WHERE contact_id >= {lowest + people * 4 // 10}"
        )
        cursor.execute(
            f"DELETE FROM {through} WHERE contactlist_id = {everybody.pk}"
            f" AND contact_id >= {lowest + people * 6 // 10}"
        )
        cursor.execute(
            f"INSERT INTO {OptOut._meta.db_table} (address, family, source, evidence, created_at)"
            f" SELECT phone_number, 'phone', 'stop', '', CURRENT_TIMESTAMP"
            f" FROM {Contact._meta.db_table} WHERE id % 20 = 0"
        )
        _settle_down(cursor)
    return [everybody, second]


def launch(lists):
    """Seconds to approve and to freeze, and the campaign."""
    from octopush_django.campaigns import send_campaign

    began = time.perf_counter()
    campaign = send_campaign(
        text="Bonjour {first_name}, STOP au XXXXX", purpose="wholesale", contact_lists=lists
    )
    setup.prepare(campaign)
    return time.perf_counter() - began, campaign


def bare(cursor, table):
    """Seconds to write the same rows, known beforehand, into the same table."""
    from django.db import transaction

    began = time.perf_counter()
    with transaction.atomic():
        cursor.execute(f"INSERT INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM bare_rows")
    return time.perf_counter() - began


def main(people=1_000_000):
    kind = setup.begin()
    from django.db import connection

    from octopush_django.models import Recipient

    lists, table = two_lists(people), Recipient._meta.db_table
    print(f"{kind}: {people} people in two lists, one in twenty opted out")
    ratios = []
    with connection.cursor() as cursor:
        for _ in range(PAIRS):
            ours, campaign = launch(lists)
            rows, included = campaign.recipients.count(), campaign.recipients.included().count()
            assert (rows, included) == (people, people - people // 20)
            cursor.execute(
                f"CREATE TEMPORARY TABLE bare_rows AS SELECT {COLUMNS} FROM {table} ORDER BY id"
            )
            _empty(cursor, campaign, table)
            limit = bare(cursor, table)
            cursor.execute("DROP TABLE bare_rows")
            _empty(cursor, campaign, table)
            ratios.append(limit / ours)
            print(
                f"  bare {people / limit:,.0f} rows/s, ours {people / ours:,.0f} rows/s"
                f" ({ours:.1f} s), ratio {limit / ours:.3f}",
                flush=True,
            )
    print(f"  median ratio {statistics.median(ratios):.3f}")


def _empty(cursor, campaign, table):
    """Both sides begin with an empty table."""
    campaign.frames.all().delete()
    cursor.execute(f"DELETE FROM {table}")
    _settle_down(cursor)


def _settle_down(cursor):
    if cursor.db.vendor == "postgresql":
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
