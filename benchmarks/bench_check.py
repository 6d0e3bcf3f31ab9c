"""The exact figures of the check page against the bare aggregate of the same rows.

A million contacts with a text of two merge fields. The peer reads and groups the same rows by one
statement, without any rule. Prints every pair; usage: python benchmarks/bench_check.py [people].
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup

PAIRS = 3


def main(people=1_000_000):
    kind = setup.begin()
    from django.db import connection

    from octopush_django.campaigns import preview_campaign
    from octopush_django.models import Campaign, Contact

    text = "Bonjour {first_name}, rendez-vous a {ville}. STOP au XXXXX"
    campaign = Campaign.objects.create(text=text, purpose="wholesale", sender="Shop")
    campaign.include.add(setup.fill(people))
    table, through = Contact._meta.db_table, Contact.lists.through._meta.db_table
    bare = (
        f"""SELECT length(first_name), length("values" ->> 'ville'), line_type, COUNT(*)"""
        f" FROM {table}"
        f" WHERE id IN (SELECT contact_id FROM {through}) GROUP BY 1, 2, 3"
    )
    print(f"{kind}: {people} people")
    ratios = []
    for _ in range(PAIRS):
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(bare)
            cursor.fetchall()
        limit = time.perf_counter() - began
        began = time.perf_counter()
        preview = preview_campaign(campaign)
        ours = time.perf_counter() - began
        assert preview.count == people
        ratios.append(ours / limit)
        print(
            f"  bare {limit:.2f} s, check page {ours:.2f} s, ratio {ours / limit:.1f}", flush=True
        )
    print(f"  median ratio {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
