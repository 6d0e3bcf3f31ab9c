"""What the processes under test do: worker loop, sweep, webhook, and a person who resumes."""

import functools
import hashlib
import json
import time
from datetime import timedelta
from urllib.request import urlopen

from django.conf import settings

from octopush_django import approval, lifecycle, queue, sweep
from octopush_django.audience import sources
from octopush_django.campaigns import launch_campaign, resume_campaign
from octopush_django.inbound import apply, store
from octopush_django.models import Campaign, Contact, ContactList, Frame, OptOut, WebhookEvent
from octopush_django.sending import claims, places, retry_policy, settlement, worker_loop

from .drops import LEFT_OUT, drop_when
from .people import OPTS_OUT_EARLY, PEOPLE, REPLIES, STOPS, number


def hurry(lease):
    """The same code with short times: a lease of two minutes would make a run last as long."""
    claims.LEASE = timedelta(seconds=lease)
    retry_policy.UNREACHABLE_DELAYS = (0,)
    # Long enough that reports and opt-outs come between a call and its repeat.
    retry_policy.UNCERTAIN_DELAYS = (0.1,)
    worker_loop.SLICE, worker_loop.LONGEST_DRAIN, worker_loop.PATIENCE = 0.05, 0.2, 0.0
    places.LEASE = timedelta(seconds=1)  # outlives a call of half a second
    worker_loop.SIGN_EVERY = 0.2
    queue._hand_over = lambda *args: None


def prepare(pilot=0, large=False):
    """A campaign of four frames, the first perhaps a pilot; ``large``: a worker freezes it."""
    settings.OCTOPUSH_PILOT_SIZE = pilot
    sources.LARGE = 1 if large else 50_000
    hurry(0.2)
    contact_list = ContactList.objects.create(name="Clients")
    contacts = Contact.objects.bulk_create(
        Contact(phone_number=number(index)) for index in range(PEOPLE)
    )
    contact_list.contacts.set(contacts)
    left_out = ContactList.objects.create(name=LEFT_OUT)
    campaign = Campaign.objects.create(
        text="Promo STOP au XXXXX", purpose="wholesale", sender="Shop", with_replies=True
    )
    campaign.include.add(contact_list)
    campaign.exclude.add(left_out)
    lifecycle.leave_sign("worker")
    launch_campaign(campaign)


def work(seconds, acknowledgements, host="second", late=False, drops="", foreign=False):
    """Do everything that is to be done, until nothing is, as a cluster of its own.

    ``late``: reports come when every answer is in. ``drops``: see :func:`drop_when`. ``foreign``:
    reports come of what somebody else sent to the same people.
    """
    places._this_cluster = lambda: f"{places.LOOPS} {host}"
    until = time.monotonic() + seconds
    resumed = quiet = 0
    record = acknowledgements.with_name("dropped")
    after_each(settlement, "settle", lambda: drop_when(drops, record))
    OptOut.objects.get_or_create(address=number(OPTS_OUT_EARLY))
    while time.monotonic() < until:
        drop_when(drops, record)
        sweep.sweep()
        for campaign_id in approval.waiting():
            approval.prepare(campaign_id)
        lifecycle.leave_sign("worker")
        worker_loop.run(0.05)
        told = tell_everything(acknowledgements, late and is_moving(), foreign)
        apply.apply_events()
        for campaign in Campaign.objects.filter(status="paused").exclude(reason_code="silence"):
            resumed += 1
            if resumed < 10:
                resume_campaign(campaign)
        quiet = quiet + 1 if not told and is_over() else 0
        if quiet == 2:
            return
        time.sleep(0.01)


def after_each(holder, name, then):
    """Have ``then`` done after each call of a step, before whatever follows the step."""
    step = getattr(holder, name)

    @functools.wraps(step)
    def wrapped(*args, **kwargs):
        result = step(*args, **kwargs)
        then()
        return result

    setattr(holder, name, wrapped)


def is_over():
    waiting = WebhookEvent.objects.filter(state="received")
    moving = Campaign.objects.filter(status="sending").exclude(reason_code="undecided")
    paused = Campaign.objects.filter(status="paused").exclude(reason_code="silence")
    return not (waiting.exists() or moving.exists() or paused.exists())


def is_moving():
    return Frame.objects.filter(status__in=("pending", "sending", "uncertain")).exists()


def tell_everything(acknowledgements, withhold_reports, foreign=False):
    """Be the gateway: post what was not acknowledged yet. True if there was anything."""
    if foreign:
        for body in foreign_reports():
            store.receive(body)
    address = settings.OCTOPUSH_BASE_URL_FOR_LOG
    with urlopen(f"{address}/_sandbox/", timeout=10) as answer:
        log = json.load(answer)["log"]
    done = set(acknowledgements.read_text().splitlines())
    told = False
    for entry in log:
        for person in entry["recipients"] if entry["accepted"] else ():
            for note, body in notes_about(entry["ticket"], person):
                line = json.dumps(note)
                withheld = withhold_reports and note["kind"] == "report"
                if line not in done and not withheld:
                    store.receive(body)
                    with acknowledgements.open("a") as file:
                        file.write(line + "\n")
                    told = True
    return told


def foreign_reports():
    """Reports of what somebody else sent: long ago to a few, just now to each alone."""
    for index in range(PEOPLE):
        for ticket, date in ((f"sms_long_ago_{index // 2}", "2020-05-04 16:00:09"),
                             (f"sms_foreign_{index}", "2031-05-04 16:00:09")):  # fmt: skip
            document = {"message_id": ticket, "number": number(index), "status": "NOT_DELIVERED",
                        "delivery_date": date}  # fmt: skip
            yield json.dumps(document).encode()


def notes_about(ticket, person):
    index = int(person[-4:])
    documents = {"report": {"message_id": ticket, "number": person, "status": "DELIVERED",
                            "delivery_date": "2031-05-04 16:00:09"}}  # fmt: skip
    if index in STOPS:
        documents["opt_out"] = {"message_id": ticket, "number": person, "text": "STOP",
                                "stop_date": "2031-05-04 16:01:00"}  # fmt: skip
    if index in REPLIES:
        documents["reply"] = {"message_id": ticket, "number": person, "text": "Oui",
                              "reception_date": "2031-05-04 16:02:00"}  # fmt: skip
    for kind, document in documents.items():
        body = json.dumps(document).encode()
        digest = hashlib.sha256(body).hexdigest()
        yield {"kind": kind, "number": person, "ticket": ticket, "digest": digest}, body
