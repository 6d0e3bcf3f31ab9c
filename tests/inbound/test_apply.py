"""What comes back, in whatever order and shape."""

import itertools
import json
from datetime import UTC, datetime

import pytest

from octopush_django import signals
from octopush_django.client.answers import Answer
from octopush_django.inbound import apply, store
from octopush_django.models import OptOut, Recipient, Reply, Tally, WebhookEvent
from octopush_django.models.bulk import add_each
from octopush_django.opt_outs import opt_out
from octopush_django.sending import settlement
from octopush_django.sending.claims import claim_frames
from octopush_django.sweep import sweep
from octopush_django.testing import deliver, reply, send_due, stop

from ..people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


def report(ticket, address, status, **more):
    document = {"channel": "sms", "message_id": ticket, "number": address, "status": status,
                "delivery_date": "2031-05-04 16:00:09", **more}  # fmt: skip
    return store.receive(json.dumps(document).encode())


@pytest.fixture
def sent():
    campaign = send_marketing(contact_lists=[make_list(people=3)], with_replies=True)
    send_due()
    return campaign


def recipient(campaign, index=0):
    return campaign.recipients.get(address=number(index))


def test_a_report_moves_its_recipient(sent):
    deliver(recipient(sent), "DELIVERED")
    found = recipient(sent)
    assert (found.status, found.status_raw) == ("delivered", "DELIVERED")
    assert found.status_at
    assert recipient(sent, 1).status == "pending"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["ACK", "UNKNOWN_DELIVERY", "DELIVERED"]))
)
def test_the_order_of_reports_does_not_matter(sent, order):
    for status in order:
        deliver(recipient(sent), status)
    assert recipient(sent).status == "delivered"


@pytest.mark.parametrize(
    ("word", "status"),
    [("ACK", "accepted"), ("READ", "delivered"), ("NOT_DELIVERED", "undelivered"),
     ("BAD_DESTINATION", "undelivered"), ("EXPIRED", "undelivered"), ("UNDEFINED", "unknown"),
     ("SOMETHING_NEW", "unknown")],
)  # fmt: skip
def test_the_gateways_words(sent, word, status):
    deliver(recipient(sent), word)
    assert (recipient(sent).status, recipient(sent).status_raw) == (status, word)


def test_the_same_event_twice_changes_nothing(sent):
    ticket = sent.frames.get().ticket
    assert report(ticket, number(0), "DELIVERED")
    assert report(ticket, number(0), "DELIVERED") is None
    assert WebhookEvent.objects.count() == 1
    apply.apply_events()
    before = recipient(sent).status_at
    WebhookEvent.objects.update(state="received")
    apply.apply_events()
    assert recipient(sent).status_at == before


def test_a_report_before_its_ticket_waits(django_capture_on_commit_callbacks):
    campaign = send_marketing(contact_lists=[make_list(people=1)])
    claims = claim_frames()
    report("sms_early", number(0), "DELIVERED")
    apply.apply_events()
    assert WebhookEvent.objects.get().state == "unmatched"
    accepted = Answer("accepted", http_status=201, ticket="sms_early")
    with django_capture_on_commit_callbacks(execute=True):
        settlement.settle([(claims[0], accepted)])
    apply.apply_events()
    assert recipient(campaign).status == "delivered"
    assert WebhookEvent.objects.get().state == "applied"


def test_a_ticket_that_is_written_while_its_report_is_read(monkeypatch):
    """The settlement saw nothing waiting, and the applier no ticket."""
    campaign = send_marketing(contact_lists=[make_list(people=1)])
    claims = claim_frames()
    report("sms_early", number(0), "DELIVERED")
    apply_incoming = apply._apply_incoming

    def settle_meanwhile(read, matcher):
        monkeypatch.undo()
        settlement.settle([(claims[0], Answer("accepted", http_status=201, ticket="sms_early"))])
        apply_incoming(read, matcher)

    monkeypatch.setattr(apply, "_apply_incoming", settle_meanwhile)
    apply.apply_events()
    assert WebhookEvent.objects.get().state == "applied"
    assert recipient(campaign).status == "delivered"


def test_the_sweep_finds_a_report_that_missed_its_replay():
    campaign = send_marketing(contact_lists=[make_list(people=1)])
    send_due()
    report(campaign.frames.get().ticket, number(0), "DELIVERED")
    WebhookEvent.objects.update(state="unmatched")
    WebhookEvent.objects.update(tries=2)
    sweep()
    assert WebhookEvent.objects.get().tries == 0  # of now, not of when nobody knew it
    apply.apply_events()
    assert recipient(campaign).status == "delivered"
    sweep()
    assert WebhookEvent.objects.get().state == "applied"


def test_a_ticket_is_not_learned_while_the_number_is_being_called(
    django_capture_on_commit_callbacks,
):
    """Its report may belong to the call whose answer is not yet written."""
    contact_list = make_list(people=1)
    first = send_marketing(contact_lists=[contact_list])
    settlement.settle([(claim_frames()[0], Answer("uncertain"))])
    second = send_marketing(contact_lists=[contact_list])
    claims = claim_frames()
    report("sms_second", number(0), "DELIVERED")
    apply.apply_events()
    with django_capture_on_commit_callbacks(execute=True):
        settlement.settle([(claims[0], Answer("accepted", ticket="sms_second"))])
    apply.apply_events()
    assert first.frames.get().status == "uncertain"
    assert recipient(second).status == "delivered"


def test_a_foreign_ticket_is_kept_and_changes_nothing(sent):
    report("sms_of_somebody_else", number(0), "DELIVERED")
    apply.apply_events()
    assert WebhookEvent.objects.get().state == "unmatched"
    assert recipient(sent).status == "pending"


def test_reports_of_a_simulation_are_not_believed():
    campaign = send(recipients=[number(0)], simulation=True)
    send_due()
    report(campaign.frames.get().ticket, number(0), "DELIVERED")
    apply.apply_events()
    assert recipient(campaign).status == "pending"


def test_a_stop_opts_out_at_once_even_without_a_worker():
    body = {"message_id": "", "number": "33612345678", "text": "STOP", "stop_date": "x"}
    store.receive(json.dumps(body).encode())
    assert OptOut.objects.get().address == "+33612345678"
    assert OptOut.objects.get().source == "gateway"


def test_a_stop_reply_opts_out_and_knows_its_campaign(sent):
    reply(sent, number(0), "Stop. Merci")
    record = OptOut.objects.get()
    assert (record.address, record.source, record.campaign) == (number(0), "reply", sent)
    assert "Stop. Merci" in record.evidence
    assert Reply.objects.get().reading == "opt_out"


def test_a_stop_told_twice_is_one_opt_out(sent):
    stop(number(0))
    reply(sent, number(0), "STOP")
    stop(number(0))
    assert OptOut.objects.count() == 1


def test_a_doubtful_reply_waits_for_a_person(sent):
    reply(sent, number(0), "Je ne veux plus recevoir vos messages")
    assert Reply.objects.get().reading == "doubtful"
    assert not OptOut.objects.exists()


@pytest.mark.parametrize(("zone", "hour"), [("Europe/Paris", 14), ("America/Martinique", 20)])
def test_the_date_is_that_of_the_operator(sent, settings, zone, hour):
    """In the zone of the settings, as the gateway writes it."""
    settings.OCTOPUSH_TIME_ZONE = zone
    ticket = sent.frames.get().ticket
    report(ticket, number(0), "DELIVERED", delivery_date="2031-05-04 16:00:09")
    apply.apply_events()
    assert recipient(sent).status_at == datetime(2031, 5, 4, hour, 0, 9, tzinfo=UTC)


def test_blacklisted_in_a_report_opts_out(sent):
    deliver(recipient(sent), "BLACKLISTED_NUMBER")
    assert OptOut.objects.get().source == "report"
    assert OptOut.objects.get().campaign == sent
    assert recipient(sent).status == "undelivered"


def test_a_reply_finds_its_campaign_by_ticket_or_by_number(sent):
    reply(sent, number(0), "Oui")
    reply(None, number(1), "Non merci")
    reply(None, "+33699999999", "Qui êtes-vous ?")
    found = list(Reply.objects.order_by("pk").values_list("campaign", "recipient__address"))
    assert found == [(sent.pk, number(0)), (sent.pk, number(1)), (None, None)]


def test_a_reply_to_an_earlier_campaign_belongs_to_that(sent):
    send(recipients=[number(0)])
    send_due()
    reply(sent, number(0), "Oui")
    assert Reply.objects.get().campaign == sent


def test_a_reply_is_stored_once(sent):
    body = {"message_id": "", "number": number(0), "text": "Oui",
            "reception_date": "2031-05-04 16:00:09"}  # fmt: skip
    store.receive(json.dumps(body).encode())
    store.receive(json.dumps({**body, "sim_card_number": "38200"}).encode())
    apply.apply_events()
    assert Reply.objects.count() == 1
    assert WebhookEvent.objects.count() == 2


def test_the_same_answer_to_two_messages_is_two_replies(sent):
    second = send(recipients=[number(0)])
    send_due()
    body = {"number": number(0), "text": "Oui", "reception_date": "2031-05-04 16:00:09"}
    for campaign in (sent, second):
        ticket = campaign.frames.get().ticket
        store.receive(json.dumps({**body, "message_id": ticket}).encode())
        store.receive(json.dumps({**body, "message_id": ticket, "sim_card": "1"}).encode())
    apply.apply_events()
    assert {reply.campaign_id for reply in Reply.objects.all()} == {sent.pk, second.pk}
    assert Reply.objects.count() == 2


def test_an_unreadable_event_is_kept_with_its_reason_and_stops_nobody(sent):
    store.receive(b"\xff rubbish")
    deliver(recipient(sent))
    quarantined = WebhookEvent.objects.get(state="quarantined")
    assert (quarantined.error, quarantined.ticket) == ("It is not UTF-8 text.", "")
    assert recipient(sent).status == "delivered"


def test_it_is_told_how_many_events_were_applied(sent, monkeypatch):
    monkeypatch.setattr(apply, "BATCH", 2)
    for index in range(3):
        report(sent.frames.get().ticket, number(index), "DELIVERED")
    assert (apply.apply_events(), apply.apply_events()) == (3, 0)


def test_one_bad_event_does_not_stop_its_batch(sent, monkeypatch):
    ticket = sent.frames.get().ticket
    report(ticket, number(0), "DELIVERED")
    report(ticket, number(1), "POISON")
    report(ticket, number(2), "DELIVERED")
    move = apply._move_forward

    def fail(recipient, notice):
        if notice.status == "POISON":
            raise RuntimeError
        return move(recipient, notice)

    monkeypatch.setattr(apply, "_move_forward", fail)
    apply.apply_events()
    assert recipient(sent, 0).status == recipient(sent, 2).status == "delivered"
    poisoned = WebhookEvent.objects.get(state="quarantined")
    assert poisoned.tries == apply.MOST_TRIES
    assert poisoned.error


def test_signals(sent, django_capture_on_commit_callbacks):
    seen = []

    def note(signal, **kwargs):
        seen.append(signal)

    watched = {
        signals.reply_received: Reply,
        signals.opted_out: OptOut,
        signals.recipient_updated: Recipient,
    }
    for signal, sender in watched.items():
        signal.connect(note, sender=sender)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            deliver(recipient(sent))
            reply(sent, number(0), "Oui")
            stop(number(1))
            stop(number(1))
    finally:
        for signal, sender in watched.items():
            signal.disconnect(note, sender=sender)
    assert seen == [signals.recipient_updated, signals.reply_received, signals.opted_out]


def test_receivers_hear_of_what_changed_alone(sent, django_capture_on_commit_callbacks):
    heard = []

    def hear(recipients, **_kwargs):
        heard.append([row.status for row in recipients])

    signals.recipient_updated.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            deliver(recipient(sent), "DELIVERED")
            deliver(recipient(sent), "ACK")
    finally:
        signals.recipient_updated.disconnect(hear)
    assert heard == [["delivered"]]


def test_replaying_everything_changes_nothing(sent):
    deliver(recipient(sent))
    reply(sent, number(0), "Oui")
    stop(number(1))

    def state():
        return (
            list(sent.recipients.order_by("pk").values()),
            list(Reply.objects.values()),
            list(OptOut.objects.values()),
        )

    before = state()
    WebhookEvent.objects.update(state="received")
    apply.apply_events()
    assert state() == before


def test_the_first_opt_out_of_an_address_stays():
    first, second = send(), send(recipients=[number(1)])
    opt_out(number(0), campaign_id=first.pk)
    opt_out(number(0), campaign_id=second.pk)
    assert OptOut.objects.get().campaign_id == first.pk


def test_tallies_are_added_in_the_order_of_their_keys():
    """Two who add at once would wait for each other for ever."""
    frame = send().frames.get()
    add_each(
        Tally, ["frame", "status", "word"], "people",
        {(frame.pk, "undelivered", "B"): 1, (frame.pk, "delivered", "A"): 1},
    )  # fmt: skip
    assert list(Tally.objects.order_by("pk").values_list("word", flat=True)) == ["A", "B"]
