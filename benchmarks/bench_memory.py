"""Peak memory of sending a million people against ten thousand, each in a process of its own.

Prints VmHWM of both and the ratio; usage: python benchmarks/bench_memory.py [large] [small].
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def send(base_url):
    """Send what waits, in a fresh process; print the highest resident memory in kB."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    from django.conf import settings

    settings.OCTOPUSH_BASE_URL, settings.OCTOPUSH_CONCURRENCY = base_url, 16
    from octopush_django.models import Campaign
    from octopush_django.sending import worker_loop

    worker_loop.run(600)
    assert not Campaign.objects.exclude(status="sent").exists()
    print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def peak(base_url, people):
    """Highest resident memory, in kB, of a process that sends to ``people``."""
    from django.db import connection

    from benchmarks import setup
    from octopush_django.campaigns import send_campaign
    from octopush_django.models import Contact, ContactList

    contact_list = ContactList.objects.create(name=f"the first {people}")
    through, lowest = Contact.lists.through._meta.db_table, Contact.objects.order_by("pk")[0].pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {through} (contact_id, contactlist_id) SELECT id, {contact_list.pk}"
            f" FROM {Contact._meta.db_table} WHERE id < {lowest + people}"
        )
    setup.prepare(
        send_campaign(text="Bonjour {first_name}", purpose="alert", contact_lists=[contact_list])
    )
    connection.close()
    done = subprocess.run(
        [sys.executable, __file__, "send", base_url], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def main(large=1_000_000, small=10_000):
    from benchmarks import setup
    from benchmarks.gateway import gateway

    kind = setup.begin()
    setup.fill(large)
    with gateway(0.1) as base_url:
        little, much = peak(base_url, small), peak(base_url, large)
    print(f"{kind}: sending, 16 in flight, 100 ms")
    print(f"  {small} people {little / 1024:.1f} MB, {large} people {much / 1024:.1f} MB")
    print(f"  ratio {much / little:.3f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        send(sys.argv[2])
    else:
        main(*map(int, sys.argv[1:]))
