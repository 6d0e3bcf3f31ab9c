"""The progress page of a campaign of a million against that of ten thousand.

Both campaigns have left and are reported on: nine in ten delivered, one in twenty not, the rest
not yet; one in fifty was left out. Prints every pair of medians; usage:
python benchmarks/bench_progress.py [people].
"""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import setup

PAIRS, LOOKS = 3, 20


def sent(people):
    """A campaign whose reports are in, written by a few statements."""
    from django.db import connection

    from octopush_django.campaigns import send_campaign
    from octopush_django.models import Campaign, Contact, Frame, OptOut, Recipient, Tally

    contact_list = setup.fill(people)
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True)[0]
    phones = Contact.objects.filter(pk__gt=last - people // 50).values_list("phone_number")
    OptOut.objects.bulk_create(
        (OptOut(address=str(phone)) for (phone,) in phones.iterator()), ignore_conflicts=True
    )
    campaign = send_campaign(
        text="Promo STOP au XXXXX", purpose="wholesale", contact_lists=[contact_list]
    )
    setup.prepare(campaign)
    Frame.objects.filter(campaign=campaign).update(
        status="accepted", cost=1, segments_billed=500, next_action_at=None
    )
    recipient, tally = Recipient._meta.db_table, Tally._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {recipient} SET status = CASE WHEN id % 20 = 1 THEN 'undelivered'"
            " ELSE 'delivered' END, status_raw = CASE WHEN id % 20 = 1 THEN 'NOT_DELIVERED'"
            " ELSE 'DELIVERED' END"
            f" WHERE campaign_id = {campaign.pk} AND exclusion = '' AND id % 20 <> 0"
        )
        cursor.execute(
            f"INSERT INTO {tally} (frame_id, status, word, people)"
            f" SELECT frame_id, status, status_raw, COUNT(*) FROM {recipient}"
            f" WHERE campaign_id = {campaign.pk} AND exclusion = '' AND status <> 'pending'"
            " GROUP BY 1, 2, 3"
        )
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    Campaign.objects.filter(pk=campaign.pk).update(status="sent")
    Contact.objects.all().delete()
    OptOut.objects.all().delete()
    return campaign


def looks(client, path):
    """Median of some looks, in seconds."""
    taken = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200
    return statistics.median(taken)


def main(people=1_000_000):
    kind = setup.begin()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    page = "admin:octopush_django_campaign_progress"
    paths = [reverse(page, args=[sent(size).pk]) for size in (10_000, people)]
    print(f"{kind}: {people} people against 10,000")
    ratios = []
    for _ in range(PAIRS):
        small, large = (looks(client, path) for path in paths)
        ratios.append(large / small)
        print(f"  {small * 1000:.1f} ms, {large * 1000:.1f} ms, ratio {large / small:.2f}")
    print(f"  median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
