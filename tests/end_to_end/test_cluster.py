"""A real cluster that is killed, stopped, doubled or robbed of its queue while it sends."""

import os
import signal
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .processes import Installation, own_postgres

pytestmark = pytest.mark.processes

PEOPLE = 150
SEND = f"""
people = ["+3363998%04d" % i for i in range({PEOPLE})]
print(json.dumps(send_campaign(text="Hello", purpose="alert", recipients=people).pk))
"""
STATE = """
campaign = Campaign.objects.get(pk=values["pk"])
statuses = list(campaign.frames.values_list("status", flat=True))
print(json.dumps([campaign.status, statuses]))
"""
# Leases, passed by hand: only once every process that held one is dead.
LET_LEASES_PASS = """
from datetime import timedelta
from django.utils import timezone
past = timezone.now() - timedelta(seconds=1)
Frame.objects.filter(status="sending").update(lease_until=past)
Place.objects.update(held_until=past)
Frame.objects.filter(status="uncertain").update(next_action_at=past)
print(json.dumps(None))
"""


@contextmanager
def slow_site(**settings):
    small = {
        "OCTOPUSH_FRAME_SIZE": "5",
        "OCTOPUSH_PILOT_SIZE": "0",
        "OCTOPUSH_CONCURRENCY": "2",
    }
    with Installation(**small, **settings) as installation:
        installation.tell_gateway("faults", fault="delay", seconds=0.3, times=-1)
        yield installation


@pytest.fixture
def site():
    with slow_site() as installation:
        yield installation


def children_of(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return sorted(found)


def begin(site):
    """Send, and wait until some frames have left and others have not."""
    pk = site.python(SEND)
    site.wait_for(lambda: len(site.gateway()["log"]) >= 4, "the campaign is leaving")
    return pk


def kill_everything_of(pid):
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def finish(site, pk):
    """Start again and look at both sides."""
    site.tell_gateway("faults")
    site.python(LET_LEASES_PASS)
    site.start("again", "qcluster")
    site.manage("octopush_sweep")
    everybody_once(site, pk)


def everybody_once(site, pk):
    """Wait for the end, and look at both sides."""
    site.wait_for(lambda: site.python(STATE, pk=pk)[0] == "sent", "the campaign is sent")
    log = site.gateway()["log"]
    sent = Counter(number for e in log if e["accepted"] for number in e["recipients"])
    assert len(sent) == PEOPLE
    assert set(sent.values()) == {1}
    assert set(site.python(STATE, pk=pk)[1]) == {"accepted"}


@pytest.mark.parametrize("victim", ["worker", "sentinel", "main"])
def test_kill_nine(site, victim):
    pk = begin(site)
    main = site.processes["cluster"].pid
    [sentinel] = children_of(main)[:1]
    workers = children_of(sentinel)
    targets = {"main": [main], "sentinel": [sentinel], "worker": workers}[victim]
    for pid in targets:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    kill_everything_of(main)  # what a supervisor does before it starts anew
    finish(site, pk)


def test_sigterm_to_the_whole_group(site):
    pk = begin(site)
    main = site.processes["cluster"].pid
    os.killpg(main, signal.SIGTERM)
    time.sleep(1)
    kill_everything_of(main)
    finish(site, pk)


def test_two_clusters_at_once_and_a_queue_that_is_lost(site):
    site.start("second", "qcluster")
    pk = begin(site)
    site.python(
        "from django_q.brokers import get_broker; get_broker().purge_queue(); print('null')"
    )
    site.manage("octopush_sweep")
    site.manage("octopush_sweep")
    everybody_once(site, pk)
    assert len(site.gateway()["log"]) == PEOPLE / 5


def test_a_retry_far_too_short():
    """The ORM broker hands every task that lasts over two seconds to a second worker."""
    module = "tests.end_to_end.short_retry"
    with slow_site(workers=3, DJANGO_SETTINGS_MODULE=module) as site:
        pk = begin(site)
        everybody_once(site, pk)
        assert len(site.gateway()["log"]) == PEOPLE / 5


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="the queue is in the database")
def test_redis_is_flushed(site):
    import redis

    pk = begin(site)
    redis.from_url(site.env["Q_BROKER"]).flushdb()
    site.stop("cluster")
    finish(site, pk)


@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite has no server"
)
def test_postgresql_is_restarted_in_mid_campaign():
    """The cluster lives on: what was in flight is asked again, after its lease and one sweep."""
    with own_postgres() as server, slow_site(DATABASE_URL=server.url) as site:
        pk = begin(site)
        server.crash_and_restart()
        # What was in flight when the server went away has its answer, which nobody could store.
        time.sleep(3)
        site.python(LET_LEASES_PASS)
        site.manage("octopush_sweep")
        everybody_once(site, pk)
        assert site.processes["cluster"].poll() is None
