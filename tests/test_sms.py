"""One SMS to one person, sent in the background or waited for."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from octopush_django.backends.locmem import LocMemBackend
from octopush_django.campaigns import halt, lift_halts
from octopush_django.exceptions import EmptyAudience, GatewayRefused, InvalidCampaign, NotSentYet
from octopush_django.models import Campaign, Place, SendAttempt
from octopush_django.sending import worker_loop
from octopush_django.sms import send_sms, send_sms_now
from octopush_django.testing import fail_next, outbox, send_due

from .people import number

pytestmark = pytest.mark.django_db


def now(**arguments):
    return send_sms_now(number(0), "Your code is 4711", sender="Shop", **arguments)


def test_one_message_in_the_background():
    campaign = send_sms(number(0), "Your order has left", sender="Shop")
    assert (campaign.purpose, outbox) == ("alert", [])
    send_due()
    [request] = outbox
    assert request["recipients"] == [{"phone_number": number(0)}]
    assert request["purpose"] == "alert"


def test_merge_values_come_with_the_person():
    person = {"phone_number": "06 10 00 00 01", "first_name": "Zoé"}
    send_sms(person, "Bonjour {first_name}", sender="Shop")
    send_due()
    assert outbox[0]["recipients"] == [{"phone_number": "+33610000001", "first_name": "Zoé"}]


def test_the_ticket_at_once():
    frame = now()
    assert frame.ticket == outbox[0]["ticket"]
    assert outbox[0]["request_id"] == frame.request_id
    assert frame.campaign.status == "sent"
    send_due()
    assert len(outbox) == 1


def test_the_same_key_sends_once_and_gives_the_same_ticket():
    first = now(key="login-7")
    assert now(key="login-7").ticket == first.ticket
    assert len(outbox) == 1


def test_the_intent_is_on_disk_before_the_call(monkeypatch):
    def look(backend, path, body):
        attempt = SendAttempt.objects.get()
        assert (attempt.outcome, attempt.frame.status) == ("", "sending")
        return send(backend, path, body)

    send = LocMemBackend.send
    monkeypatch.setattr(LocMemBackend, "send", look)
    now()


def test_a_refusal_is_final():
    with fail_next("refused", code=107), pytest.raises(GatewayRefused) as refusal:
        now()
    assert refusal.value.code == 107
    send_due()
    assert outbox == []


@pytest.mark.parametrize("outcome", ["unreachable", "uncertain"])
def test_without_an_answer_a_worker_goes_on_under_the_same_id(outcome, monkeypatch):
    with fail_next(outcome), pytest.raises(NotSentYet) as open_end:
        now(key="k")
    request_id = open_end.value.campaign.frames.get().request_id
    with pytest.raises(NotSentYet):
        now(key="k")
    open_end.value.campaign.frames.update(next_action_at=timezone.now())
    send_due()
    assert {request["request_id"] for request in outbox} == {request_id}
    assert Campaign.objects.count() == 1


def test_what_lacks_credit_waits_for_a_person():
    with fail_next("refused", code=104), pytest.raises(NotSentYet, match="credit"):
        now()
    assert Campaign.objects.get().status == "paused"


def test_a_backend_that_raises_loses_nothing(monkeypatch):
    def fail(backend, path, body):
        raise RuntimeError("bug")

    monkeypatch.setattr(LocMemBackend, "send", fail)
    with pytest.raises(NotSentYet):
        now()
    assert Campaign.objects.get().frames.get().status == "uncertain"


@pytest.mark.parametrize("to", ["hello", "+33 1 23 45", ""])
def test_what_is_no_number_is_refused(to):
    with pytest.raises(InvalidCampaign):
        send_sms_now(to, "Hi", sender="Shop")
    assert not Campaign.objects.exists()


def test_a_landline_is_refused():
    with pytest.raises(EmptyAudience):
        send_sms_now("0142686868", "Hi", sender="Shop")


@pytest.mark.django_db(transaction=True)
def test_not_inside_a_transaction():
    """What has left cannot be rolled back."""
    with pytest.raises(RuntimeError), transaction.atomic():
        now()
    assert outbox == []


def test_a_worker_that_is_there_finds_nothing_to_do(monkeypatch):
    def meanwhile(backend, path, body):
        assert not worker_loop.run_once()
        return send(backend, path, body)

    send = LocMemBackend.send
    monkeypatch.setattr(LocMemBackend, "send", meanwhile)
    now()
    assert len(outbox) == 1


def test_the_deadline_reaches_the_network(settings, monkeypatch):
    limits = []
    monkeypatch.setattr(LocMemBackend, "answer_within", lambda backend, s: limits.append(s))
    now(deadline=2.5)
    assert limits == [2.5]


def test_the_account_is_taken_for_as_long_as_the_call_may_last(settings, monkeypatch):
    settings.OCTOPUSH_ACCOUNT_CONCURRENCY = 1
    held = []

    def look(backend, path, body):
        held.append(Place.objects.get(pool="account").held_until - timezone.now())
        return send(backend, path, body)

    send = LocMemBackend.send
    monkeypatch.setattr(LocMemBackend, "send", look)
    now(deadline=120)
    assert held[0] > timedelta(seconds=120)


def test_what_is_sent_now_is_not_sent_later():
    with pytest.raises(InvalidCampaign):
        now(send_at=timezone.now() + timedelta(days=1))


def test_a_halt_holds_it_and_says_so():
    halt("wrong price")
    with pytest.raises(NotSentYet, match="wrong price"):
        now()
    assert outbox == []
    lift_halts()
    send_due()
    assert len(outbox) == 1


def test_it_can_be_sent_later():
    campaign = send_sms(
        number(0), "Tomorrow", sender="Shop", send_at=timezone.now() + timedelta(days=1)
    )
    assert campaign.status == "scheduled"


@pytest.mark.parametrize("deadline", [0, -1, 0.01, 301, float("nan"), "8", None, True])
def test_a_deadline_that_makes_no_sense_stores_nothing(deadline):
    with pytest.raises(InvalidCampaign, match="deadline"):
        send_sms_now(number(0), "Your code is 1234", deadline=deadline)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("options", [{1: 1}, {1: 1, "a": 2}, {None: "x"}])
def test_options_without_a_name_are_refused(options):
    with pytest.raises(InvalidCampaign, match="options"):
        send_sms(number(0), "Your code is 1234", options=options)
