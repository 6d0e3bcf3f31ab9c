"""What the processes under test do: worker loop, sweep, webhook, and a person who resumes."""

import hashlib
import json
import time
from datetime import timedelta
from urllib.request import urlopen

from django.conf import settings

from octopush_django import queue, sweep
from octopush_django.campaigns import resume_campaign, send_campaign
from octopush_django.inbound import apply, store
from octopush_django.models import Campaign, Contact, ContactList, Frame, OptOut, WebhookEvent
from octopush_django.sending import claims, retry_policy, worker_loop

PEOPLE = 10
STOPS = {1, 7}
REPLIES = {2}
OPTS_OUT_EARLY = 4


def number(index):
    return f"+336{20_000_000 + index:08d}"


def hurry(lease):
    """The same code with short times: a lease of two minutes would make a run last as long."""
    claims.LEASE = timedelta(seconds=lease)
    retry_policy.UNREACHABLE_DELAYS = (0,)
    # Long enough that reports and opt-outs come between a call and its repeat.
    retry_policy.UNCERTAIN_DELAYS = (0.1,)
    worker_loop.SLICE, worker_loop.LONGEST_DRAIN, worker_loop.PATIENCE = 0.05, 0.2, 0.0
    queue._enqueue = lambda *args: None


def prepare(pilot=0):
    """A campaign of four frames, the first perhaps a pilot."""
    settings.OCTOPUSH_PILOT_SIZE = pilot
    hurry(0.2)
    contact_list = ContactList.objects.create(name="Clients")
    contacts = Contact.objects.bulk_create(
        Contact(phone_number=number(index)) for index in range(PEOPLE)
    )
    contact_list.contacts.set(contacts)
    send_campaign(
        text="Promo STOP au XXXXX", purpose="wholesale", contact_lists=[contact_list],
        with_replies=True,
    )  # fmt: skip


def work(seconds, acknowledgements, place=0, late=False):
    """Do everything that is to be done, until nothing is."""
    until = time.monotonic() + seconds
    resumed = quiet = 0
    OptOut.objects.get_or_create(address=number(OPTS_OUT_EARLY))
    while time.monotonic() < until:
        sweep.sweep()
        worker_loop.run(place, 0.05)
        told = tell_everything(acknowledgements, late and is_moving())
        apply.apply_events()
        for campaign in Campaign.objects.filter(status="paused"):
            resumed += 1
            if resumed < 10:
                resume_campaign(campaign)
        quiet = quiet + 1 if not told and is_over() else 0
        if quiet == 2:
            return
        time.sleep(0.01)


def is_over():
    moving = Campaign.objects.filter(status="sending").exclude(reason_code="undecided")
    waiting = WebhookEvent.objects.filter(state="received")
    return not moving.exists() and not waiting.exists() and not (
        Campaign.objects.filter(status="paused").exists()
    )  # fmt: skip


def is_moving():
    return Frame.objects.filter(status__in=("pending", "sending", "uncertain")).exists()


def tell_everything(acknowledgements, withhold_reports):
    """Be the gateway: post what was not acknowledged yet. True if there was anything."""
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
