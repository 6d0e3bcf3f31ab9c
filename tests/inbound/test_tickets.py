"""What proves that a batch whose answer was lost is the one that reports speak of."""

from datetime import timedelta

import pytest
from django.utils import timezone

from octopush_django import signals
from octopush_django.client.answers import Answer
from octopush_django.conf import conf
from octopush_django.inbound import apply
from octopush_django.models import Frame, WebhookEvent
from octopush_django.opt_outs import opt_out
from octopush_django.reports.evidence import evidence
from octopush_django.sending import settlement
from octopush_django.sending.claims import claim_frames
from octopush_django.sweep import sweep

from ..calls import DUPLICATE, SILENCE, answer, bill, later
from ..people import make_list, number, send, send_marketing
from .test_apply import report

pytestmark = pytest.mark.django_db


def lost(people=3, status="undecided"):
    """A frame that got no clear answer."""
    campaign = send(contact_lists=[make_list(people=people)])
    settlement.settle([(claim_frames()[0], Answer("uncertain"))])
    campaign.frames.update(status=status)
    return campaign.frames.get()


def tell(ticket, index, **moved):
    moment = timezone.now() + timedelta(seconds=5) + timedelta(**moved)
    at = timezone.localtime(moment, conf.zone)
    report(ticket, number(index), "DELIVERED", delivery_date=f"{at:%Y-%m-%d %H:%M:%S}")


def told(frame):
    apply.apply_events()
    frame.refresh_from_db()
    return frame.status, frame.ticket


@pytest.mark.parametrize("status", ["undecided", "uncertain", "accepted"])
def test_two_people_under_one_ticket_prove_it(status):
    frame = lost(status=status)
    tell("sms_lost", 0)
    tell("sms_lost", 1)
    assert told(frame) == ("accepted", "sms_lost")
    assert frame.recipients.get(address=number(0)).status == "delivered"


def test_what_it_cost_is_estimated_by_the_others(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 2, 0
    campaign = send(contact_lists=[make_list(people=4)])
    answer(claim_frames(), bill(2, 2), SILENCE)
    tell("sms_lost", 2)
    tell("sms_lost", 3)
    apply.apply_events()
    learned = campaign.frames.get(number=2)
    assert (learned.ticket, str(learned.cost)) == ("sms_lost", "0.20000000")
    assert learned.cost_is_estimate


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Tahiti"])
def test_the_second_may_come_later(django_capture_on_commit_callbacks, settings, zone):
    settings.OCTOPUSH_TIME_ZONE = zone
    frame = lost()
    tell("sms_lost", 0)
    assert told(frame) == ("undecided", "")
    assert evidence(frame).reported == 1
    with django_capture_on_commit_callbacks(execute=True):
        tell("sms_lost", 1)
        assert told(frame) == ("accepted", "sms_lost")
    apply.apply_events()
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"applied"}
    assert frame.recipients.filter(status="delivered").count() == 2
    frame.campaign.refresh_from_db()
    assert frame.campaign.status == "sent"


def test_receivers_hear_of_a_frame_that_reports_prove(django_capture_on_commit_callbacks):
    frame, heard = lost(), []

    def hear(campaign_id, frame_id, ticket, **_kwargs):
        heard.append((campaign_id, frame_id, ticket))

    signals.frame_accepted.connect(hear, sender=Frame)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            tell("sms_lost", 0)
            tell("sms_lost", 1)
            apply.apply_events()
    finally:
        signals.frame_accepted.disconnect(hear, sender=Frame)
    assert heard == [(frame.campaign_id, frame.pk, "sms_lost")]


def test_a_batch_that_has_its_ticket_takes_no_other():
    campaign = send(contact_lists=[make_list(people=2)])
    answer(claim_frames(), bill(2, 2))
    tell("sms_foreign", 0)
    tell("sms_foreign", 1)
    assert told(campaign.frames.get()) == ("accepted", "sms_1")


def test_one_report_with_a_foreign_ticket_decides_nothing():
    frame = lost(people=120)
    report("sms_foreign", number(7), "DELIVERED", delivery_date="2020-05-04 16:00:09")
    assert told(frame) == ("undecided", "")
    assert frame.recipients.get(address=number(7)).status == "pending"
    assert evidence(frame).reported == 0
    assert WebhookEvent.objects.get().state == "unmatched"


@pytest.mark.parametrize(
    "reports",
    [
        [("a", 0, {}), ("b", 1, {})],  # each under a ticket of its own
        [("a", 0, {}), ("a", 0, {"seconds": 9})],  # the same person twice
        [("a", 0, {"hours": -2}), ("a", 1, {})],  # one was reported on before the first call
        [("a", 0, {}), ("a", 50, {})],  # one is not in the batch
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_what_proves_nothing(reports, together):
    frame = lost()
    for ticket, index, moved in reports:
        tell(ticket, index, **moved)
        if not together:
            apply.apply_events()
    assert told(frame) == ("undecided", "")


def test_two_batches_with_the_same_people_are_told_apart_by_nobody():
    contact_list = make_list(people=3)
    for _ in range(2):
        send(contact_lists=[contact_list])
    answer(claim_frames(), SILENCE, SILENCE)
    tell("sms_lost", 0)
    tell("sms_lost", 1)
    apply.apply_events()
    assert set(Frame.objects.values_list("status", "ticket")) == {("uncertain", "")}


def test_of_one_person_a_report_proves_nothing_while_it_is_open():
    frame = lost(people=1)
    tell("sms_lost", 0)
    assert told(frame) == ("undecided", "")
    assert evidence(frame).reported == 1


def test_of_one_person_the_gateway_is_asked_and_then_the_report_counts():
    frame = lost(people=1, status="uncertain")
    tell("sms_lost", 0)
    assert told(frame) == ("uncertain", "")
    with later(minutes=1):
        answer(claim_frames(), DUPLICATE)
        sweep()
        assert told(frame) == ("accepted", "sms_lost")
    assert frame.recipients.get().status == "delivered"


def test_who_is_left_out_of_every_call_is_not_waited_for():
    campaign = send_marketing(contact_lists=[make_list(people=2)])
    opt_out(number(1))
    answer(claim_frames(), SILENCE)
    with later(minutes=1):
        answer(claim_frames(), DUPLICATE)
        tell("sms_lost", 0)
        assert told(campaign.frames.get()) == ("accepted", "sms_lost")


def test_of_a_frame_that_shrank_one_report_proves_nothing():
    """It may be of somebody else's message to the one who is left."""
    campaign = send_marketing(contact_lists=[make_list(people=2)])
    answer(claim_frames(), SILENCE)
    opt_out(number(1))
    with later(minutes=1):
        answer(claim_frames(), DUPLICATE)
        tell("sms_foreign", 0)
        assert told(campaign.frames.get()) == ("accepted", "")
        tell("sms_lost", 0)
        tell("sms_lost", 1)
        assert told(campaign.frames.get()) == ("accepted", "sms_lost")


def test_one_report_is_not_enough_where_every_call_held_two():
    campaign = send(contact_lists=[make_list(people=2)])
    answer(claim_frames(), SILENCE)
    with later(minutes=1):
        answer(claim_frames(), DUPLICATE)
        tell("sms_lost", 0)
        assert told(campaign.frames.get()) == ("accepted", "")
