"""Two connections at once: the second waits for the first, and sees what it did.

``overlap`` runs something in a transaction, starts something else beside it, and commits when the
other waits for a lock or is through. PostgreSQL alone: SQLite has one lock for all.
"""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from octopush_django import approval, lifecycle
from octopush_django.campaigns import (
    cancel_campaign,
    decide_frame,
    halt,
    launch_campaign,
    lift_halts,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
    start_due,
)
from octopush_django.client.answers import Answer
from octopush_django.exceptions import NotAllowedNow
from octopush_django.inbound import apply, store
from octopush_django.models import (
    Campaign,
    ContactList,
    Frame,
    Place,
    Recipient,
    Reply,
    SendAttempt,
    Tally,
    WebhookEvent,
)
from octopush_django.reports import figures
from octopush_django.sending import claims, places, settlement
from octopush_django.testing import outbox, send_due

from .calls import SILENCE
from .desk import make_draft, seen, url
from .inbound.test_apply import report
from .people import STOP, in_own_connection, make_list, number, send

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock for all"),
]

ACCEPTED = Answer("accepted", ticket="sms_1", number_of_contacts=1, number_of_sms=1)


class Other:
    """What runs in a connection of its own: whether it had to wait, and how it ended."""

    def __init__(self, work, *args):
        self.waited, self.result, self.error, self.process = False, None, None, 0
        self.thread = threading.Thread(target=in_own_connection, args=(self.run, work, *args))

    def run(self, work, *args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [self.process] = cursor.fetchone()
        try:
            self.result = work(*args)
        except Exception as error:
            self.error = error

    def until_it_waits(self, seconds=3):
        self.thread.start()
        until = time.monotonic() + seconds
        with connection.cursor() as cursor:
            while self.thread.is_alive() and time.monotonic() < until and not self.waited:
                cursor.execute("SELECT CARDINALITY(pg_blocking_pids(%s)) > 0", [self.process])
                [self.waited] = cursor.fetchone()
                time.sleep(0.02)


@contextmanager
def overlap(work, *args):
    """In the block a transaction is open; at its end ``work`` is begun, and then it commits."""
    other = Other(work, *args)
    with transaction.atomic():
        yield other
        other.until_it_waits()
    other.thread.join(10)
    assert not other.thread.is_alive(), "it never came back"


def state(campaign):
    campaign.refresh_from_db()
    return campaign.status


def same(campaign):
    """As another page has read it."""
    return Campaign.objects.get(pk=campaign.pk)


@pytest.fixture
def draft():
    return make_draft()


@pytest.fixture
def sending():
    return send(contact_lists=[make_list(people=2)])


# --- verbs against verbs ----------------------------------------------------------------------


LATER = timedelta(hours=5)
DRAFT_VERBS = {
    "launch": launch_campaign,
    "schedule": lambda campaign: schedule_campaign(campaign, timezone.now() + LATER),
    "cancel": cancel_campaign,
}


@pytest.mark.parametrize("first", DRAFT_VERBS)
@pytest.mark.parametrize("second", ["launch", "schedule"])
def test_of_two_approvals_one_is_done(draft, first, second):
    with overlap(DRAFT_VERBS[second], same(draft)) as other:
        DRAFT_VERBS[first](draft)
    statuses = {"launch": "sending", "schedule": "scheduled", "cancel": "cancelled"}
    assert state(draft) == statuses[first]
    if (first, second) != ("schedule", "schedule"):
        assert isinstance(other.error, NotAllowedNow)
    assert other.waited
    assert Recipient.objects.filter(exclusion="").count() == (0 if first == "cancel" else 2)


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_what_was_cancelled_meanwhile_stays_so(sending, verb):
    if verb == "resume":
        pause_campaign(sending)
    verbs = {"pause": pause_campaign, "resume": resume_campaign, "cancel": cancel_campaign}
    with overlap(verbs[verb], same(sending)) as other:
        cancel_campaign(sending)
    assert isinstance(other.error, NotAllowedNow)
    assert other.waited
    assert state(sending) == "cancelled"
    send_due()
    assert outbox == []


def test_a_schedule_that_is_cancelled_does_not_start(draft):
    schedule_campaign(draft, timezone.now() + LATER)
    with overlap(start_due, timezone.now() + LATER) as other:
        cancel_campaign(draft)
    assert (other.error, other.result) == (None, 0)
    assert state(draft) == "cancelled"


def test_a_schedule_that_starts_is_not_moved(draft):
    schedule_campaign(draft, timezone.now() + LATER)
    moved = timezone.now() + 2 * LATER
    with overlap(schedule_campaign, same(draft), moved) as other:
        start_due(timezone.now() + LATER)
    assert isinstance(other.error, NotAllowedNow)
    assert state(draft) == "sending"
    assert draft.send_at < moved


def test_two_halts_and_a_lift(sending):
    with overlap(lift_halts):
        halt("first")
    halt("second")
    lift_halts()
    send_due()
    assert state(sending) == "sent"


# --- a draft that is changed -------------------------------------------------------------------


def test_a_text_that_is_saved_meanwhile_is_not_launched_unseen(draft):
    with overlap(launch_campaign, same(draft)) as other:
        Campaign.objects.filter(pk=draft.pk).update(text=f"Another {STOP}")
    assert isinstance(other.error, NotAllowedNow)
    assert "changed meanwhile" in str(other.error)
    assert state(draft) == "draft"


def client_of(admin_user):
    client = Client()
    client.force_login(admin_user)
    return client


def tab(client, draft):
    form = client.get(url("campaign_change", draft.pk)).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    fields["include"] = list(draft.include.values_list("pk", flat=True))
    return {name: value for name, value in fields.items() if value not in (None, False, [])}


@pytest.mark.parametrize("opened", [True, False])
def test_a_draft_that_is_launched_meanwhile_is_not_saved_over(draft, admin_user, opened):
    client = client_of(admin_user)
    fields = {**tab(client, draft), "text": f"Too late {STOP}"}
    if not opened:
        del fields["opened"]
    with overlap(client.post, url("campaign_change", draft.pk), fields) as other:
        launch_campaign(draft)
    assert other.waited
    assert (state(draft), draft.text[:7]) == ("sending", "C’est l")
    assert "your change came too late" in seen(client.get(other.result["Location"]))


def test_a_draft_that_is_launched_meanwhile_is_not_deleted(draft, admin_user):
    client = client_of(admin_user)
    delete = url("campaign_delete", draft.pk)
    with overlap(client.post, delete, {"post": "yes"}) as other:
        launch_campaign(draft)
    assert (other.error, other.waited) == (None, True)
    assert "your change came too late" in seen(client.get(other.result["Location"]))
    assert state(draft) == "sending"
    assert Recipient.objects.filter(campaign=draft, exclusion="").count() == 2


def test_a_second_tab_waits_for_the_first_and_is_told(draft, admin_user):
    client = client_of(admin_user)
    fields = {**tab(client, draft), "name": "Winter"}
    with overlap(client.post, url("campaign_change", draft.pk), fields) as other:
        Campaign.objects.filter(pk=draft.pk).update(text=f"New prices {STOP}")
    assert other.waited
    assert "changed while this page was open: text." in seen(other.result)
    draft.refresh_from_db()
    assert draft.text == f"New prices {STOP}"


# --- frames ------------------------------------------------------------------------------------


def undecided():
    send()
    Frame.objects.update(
        status="undecided", ambiguous=True, next_action_at=None, first_posted_at=timezone.now()
    )
    return Frame.objects.get()


def test_of_two_decisions_one_counts():
    frame = undecided()
    with overlap(lambda: decide_frame(Frame.objects.get(), was_sent=False)) as other:
        decide_frame(frame, was_sent=True)
    assert isinstance(other.error, NotAllowedNow)
    assert Frame.objects.get().status == "accepted"
    send_due()
    assert outbox == []


def test_an_answer_waits_for_whoever_changes_its_frame(sending):
    [made] = claims.claim_frames()
    refused = Answer("refused", http_status=400, code=1340, message="no")
    with overlap(settlement.settle, [(made, refused)]) as other:
        # The lease ran out, and another worker has the frame.
        Frame.objects.update(fence=made.fence + 1, status="uncertain", ambiguous=True)
    assert (other.error, other.waited) == (None, True)
    frame = Frame.objects.get()
    assert (frame.status, frame.fence) == ("uncertain", made.fence + 1)


def test_a_claim_passes_by_what_another_holds(sending):
    with overlap(claims.claim_frames) as other:
        list(Frame.objects.select_for_update())
    assert (other.error, other.result, other.waited) == (None, [], False)
    assert SendAttempt.objects.count() == 0


def test_a_lease_does_not_run_out_while_its_answer_is_settled(sending):
    claims.claim_frames()
    Frame.objects.update(lease_until=timezone.now() - LATER)
    with overlap(claims.expire_leases) as other:
        Frame.objects.update(status="accepted", lease_until=None)
    assert (other.error, other.result, other.waited) == (None, 0, True)
    assert SendAttempt.objects.get().outcome == ""


@pytest.mark.parametrize("verb", [resume_campaign, cancel_campaign])
def test_a_verb_and_an_answer_do_not_wait_for_each_other(sending, verb):
    """Both take frames and their campaign; in two orders that is a deadlock."""
    if verb is resume_campaign:
        pause_campaign(sending)
    other = Other(verb, same(sending))
    with transaction.atomic():
        list(Frame.objects.select_for_update())
        other.until_it_waits()
        Campaign.objects.filter(pk=sending.pk).update(name="Settled")
    other.thread.join(10)
    assert (other.error, other.waited) == (None, True)
    assert state(sending) == ("sending" if verb is resume_campaign else "cancelled")


def test_a_cancel_waits_for_a_claim_and_leaves_it_its_frame(sending):
    with overlap(cancel_campaign, same(sending)) as other:
        [made] = claims.claim_frames()
    assert (other.error, other.waited) == (None, True)
    assert Frame.objects.get().status == "sending"
    assert other.result.reason == "Somebody cancelled it."
    assert figures.totals(sending).departure == figures.Departure(0, 2, 0)
    settlement.settle([(made, ACCEPTED)])
    assert Frame.objects.get().status == "accepted"
    assert Recipient.objects.filter(status="cancelled").count() == 0


def test_a_withdrawal_takes_frames_in_the_order_of_answers(settings):
    """Not as they happen to lie in the table: who takes the first frame may want the second."""
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0
    send(contact_lists=[make_list(people=2)])
    first, second = Frame.objects.order_by("pk")
    # A row that was changed lies behind the others.
    Frame.objects.filter(pk=first.pk).update(error_message="Moved")
    Campaign.objects.update(status="cancelled")
    other = Other(lifecycle.withdraw_cancelled)
    with transaction.atomic():
        Frame.objects.select_for_update().get(pk=first.pk)
        other.until_it_waits()
        Frame.objects.select_for_update().get(pk=second.pk)
    other.thread.join(10)
    assert (other.error, other.waited) == (None, True)
    assert set(Frame.objects.values_list("status", flat=True)) == {"cancelled"}


def test_who_is_withdrawn_by_one_is_left_by_the_other(sending):
    Campaign.objects.update(status="cancelled")
    Frame.objects.update(status="cancelled", withdraws_people=True)
    with overlap(lifecycle.withdraw_people) as other:
        list(Frame.objects.select_for_update())
    assert (other.error, other.result, other.waited) == (None, False, False)
    assert Recipient.objects.filter(status="cancelled").count() == 0


# --- what comes back ---------------------------------------------------------------------------


def test_an_event_is_applied_by_one(sending):
    send_due()
    ticket = Frame.objects.get().ticket
    body = (
        f'{{"message_id": "{ticket}", "number": "{number(0)}", "text": "Oui",'
        ' "reception_date": "2031-05-04 16:02:00"}'
    )
    store.receive(body.encode())
    with overlap(apply.apply_events) as other:
        apply.apply_batch()
    assert (other.error, other.waited) == (None, False)
    assert Reply.objects.count() == 1
    assert WebhookEvent.objects.get().state == "applied"


def test_a_report_waits_for_another_of_the_same_person(sending):
    send_due()
    ticket = Frame.objects.get().ticket
    report(ticket, number(0), "NOT_DELIVERED")
    store.receive(
        f'{{"message_id": "{ticket}", "number": "{number(0)}", "status": "DELIVERED",'
        ' "delivery_date": "2031-05-04 16:00:09"}'.encode()
    )
    WebhookEvent.objects.filter(state="applied").update(state="received", tries=0)
    first, second = WebhookEvent.objects.order_by("pk")
    WebhookEvent.objects.filter(pk=second.pk).update(state="quarantined")
    Recipient.objects.update(status="pending", status_raw="")
    Tally.objects.all().delete()

    def second_worker():
        WebhookEvent.objects.filter(pk=second.pk).update(state="received")
        WebhookEvent.objects.filter(pk=first.pk).exclude(state="received")
        return apply.apply_batch()

    with overlap(second_worker) as other:
        apply.apply_batch()
    assert other.error is None
    tallied = dict(Tally.objects.filter(people__gt=0).values_list("word", "people"))
    assert Recipient.objects.get(address=number(0)).status == "delivered"
    assert tallied == {"DELIVERED": 1}


def test_a_ticket_is_learned_by_one(sending):
    settlement.settle([(claims.claim_frames()[0], SILENCE)])
    frame = Frame.objects.get()
    assert frame.status == "uncertain"
    store.receive(
        f'{{"message_id": "sms_9", "number": "{number(0)}", "status": "DELIVERED",'
        ' "delivery_date": "2031-05-04 16:00:09"}'.encode()
    )
    with overlap(apply.apply_events) as other:
        Frame.objects.filter(pk=frame.pk).update(
            status="accepted", ticket="sms_7", next_action_at=None
        )
    assert (other.error, other.waited) == (None, True)
    frame.refresh_from_db()
    assert frame.ticket == "sms_7"


# --- lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["one", "several"])
def test_a_list_does_not_vanish_from_a_campaign_that_takes_it_meanwhile(draft, monkeypatch, how):
    """Between the look whether it is used and its deletion: whoever takes it fails, loudly."""
    left_out = make_list("Left out", people=1)
    look = ContactList.refuse_if_used

    def slowly(contact_list):
        look(contact_list)
        other.until_it_waits()

    other = Other(same(draft).exclude.add, left_out)
    monkeypatch.setattr(ContactList, "refuse_if_used", slowly)
    if how == "one":
        left_out.delete()
    else:
        ContactList.objects.filter(pk=left_out.pk).delete()
    other.thread.join(10)
    assert other.waited
    assert isinstance(other.error, IntegrityError)
    assert not draft.exclude.exists()


# --- places -------------------------------------------------------------------------------------


def test_one_large_campaign_is_prepared_at_a_time(monkeypatch):
    """The others leave their workers free meanwhile; none of them waits for the first."""
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 3)
    campaign = send(contact_lists=[make_list(people=5)])
    Place.objects.create(pool="prepare", number=0)
    with overlap(lambda: approval.prepare(campaign.pk)) as other:
        list(Place.objects.select_for_update().filter(pool="prepare"))
    assert (other.waited, other.result) == (False, False)
    assert approval.waiting() == [campaign.pk]
    assert approval.prepare(campaign.pk) is True
    assert approval.waiting() == []


def test_one_place_is_taken_by_one():
    """Who comes second takes the other place, and waits for nobody."""
    first, second = places.Places("pool", 2), places.Places("pool", 2)
    Place.objects.bulk_create(Place(pool="pool", number=number) for number in range(2))
    with overlap(lambda: second.take(2)) as other:
        first.take(1)
    assert (first.count, other.waited, second.count) == (1, False, 1)
