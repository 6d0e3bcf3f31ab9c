"""What no machine may decide: the evidence, the two buttons, and who may press them."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from octopush_django.campaigns import cancel_campaign, decide_frame
from octopush_django.client.answers import Answer
from octopush_django.exceptions import NotAllowedNow
from octopush_django.models import Frame, SendAttempt
from octopush_django.reports import evidence
from octopush_django.sending import claims, settlement
from octopush_django.testing import outbox, send_due

from ..desk import seen
from ..people import make_list, number, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def undecided():
    """A frame with silence, then a refusal for credit, which proves nothing."""
    send(contact_lists=[make_list(people=3)])
    settlement.settle([(claims.claim_frames()[0], Answer("uncertain", message="No answer"))])
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        refusal = Answer("refused", http_status=400, code=104, message="No credit")
        settlement.settle([(claims.claim_frames()[0], refusal)])
    return Frame.objects.get(status="undecided")


def test_it_was_sent(undecided):
    decide_frame(undecided, was_sent=True)
    frame = Frame.objects.get()
    assert (frame.status, frame.cost_is_estimate) == ("accepted", True)
    assert frame.campaign.status in ("sent", "paused")
    send_due()
    assert outbox == []
    with pytest.raises(NotAllowedNow):
        decide_frame(undecided, was_sent=False)


def test_send_it_again_takes_a_new_request_id(undecided):
    from octopush_django.campaigns import resume_campaign

    decide_frame(undecided, was_sent=False)
    frame = Frame.objects.get()
    assert (frame.status, frame.generation, frame.ambiguous) == ("pending", 2, False)
    assert frame.claims == 0
    assert frame.request_id != undecided.request_id
    if frame.campaign.status == "paused":
        resume_campaign(frame.campaign)
    send_due()
    assert [request["request_id"] for request in outbox] == [frame.request_id]


def test_a_cancelled_campaign_is_not_sent_again(undecided):
    cancel_campaign(undecided.campaign)
    decide_frame(undecided, was_sent=False)
    assert Frame.objects.get().status == "cancelled"
    send_due()
    assert outbox == []


def lost_after(credit, *, cost="1"):
    """An undecided frame of one, after one that was billed and left so much credit."""
    send(recipients=[number(7)])
    bill = Answer("accepted", http_status=201, ticket="sms_0", total_cost=Decimal(cost),
                  number_of_sms=1, residual_credit=Decimal(credit))  # fmt: skip
    settlement.settle([(claims.claim_frames()[0], bill)])
    send(recipients=[number(8)])
    settlement.settle([(claims.claim_frames()[0], Answer("uncertain"))])
    Frame.objects.filter(status="uncertain").update(status="undecided")
    return Frame.objects.get(status="undecided")


def bill_another(*costs):
    for index, cost in enumerate(costs):
        send(recipients=[number(20 + index)])
        answer = Answer("accepted", http_status=201, ticket=f"sms_{index + 1}",
                        total_cost=Decimal(cost), number_of_sms=1)  # fmt: skip
        settlement.settle([(claims.claim_frames()[0], answer)])


def test_without_a_bill_before_the_credit_tells_nothing(undecided):
    found = evidence.evidence(undecided)
    assert found.credit_now == Decimal(1000)
    assert (found.credit_before, found.unexplained, found.credit_speaks_for) == (None, None, "")


@pytest.mark.parametrize(
    ("credit", "others", "unexplained", "speaks_for"),
    [
        ("1001", [], "1", "sent"),  # its own price is missing
        ("1000", [], "0", "not_sent"),
        # Each bill counts, also where several are alike.
        ("1003", ["1", "1", "1"], "0", "not_sent"),
        ("1004", ["1", "1", "1"], "1", "sent"),
        ("500", [], "-500", ""),  # credit was bought
    ],
)
def test_the_fall_of_the_credit(credit, others, unexplained, speaks_for):
    frame = lost_after(credit)
    bill_another(*others)
    found = evidence.evidence(frame)
    assert found.cost == Decimal(1)
    assert found.unexplained == Decimal(unexplained)
    assert found.credit_speaks_for == speaks_for
    assert found.credit_was_bought == (credit == "500")


@pytest.mark.parametrize(
    ("began", "ended", "counts"), [(-90, -80, False), (-70, -50, True), (-40, -30, True)]
)
def test_a_bill_counts_from_when_it_came(began, ended, counts):
    """The credit before is that of the last bill before the batch, which came a minute ago."""
    frame = lost_after("1001")
    now = timezone.now()
    SendAttempt.objects.filter(frame__ticket="sms_0").update(
        started_at=now - timedelta(seconds=95), ended_at=now - timedelta(seconds=60)
    )
    Frame.objects.filter(pk=frame.pk).update(first_posted_at=now - timedelta(seconds=55))
    frame.refresh_from_db()
    bill_another("5")
    SendAttempt.objects.filter(frame__ticket="sms_1").update(
        started_at=now + timedelta(seconds=began), ended_at=now + timedelta(seconds=ended)
    )
    assert evidence.evidence(frame).billed_since == (5 if counts else 0)


def test_the_credit_before_is_of_a_bill_that_came_before():
    """A call that began before the batch, and was answered after it began, tells of then."""
    frame = lost_after("1001")
    now = timezone.now()
    Frame.objects.filter(pk=frame.pk).update(first_posted_at=now - timedelta(seconds=30))
    SendAttempt.objects.filter(frame__ticket="sms_0").update(
        started_at=now - timedelta(seconds=40), ended_at=now - timedelta(seconds=20)
    )
    frame.refresh_from_db()
    assert evidence.evidence(frame).credit_before is None


def test_what_another_unclear_batch_may_have_cost_speaks_for_none():
    frame = lost_after("1001")
    send(recipients=[number(30)])
    settlement.settle([(claims.claim_frames()[0], Answer("uncertain"))])
    found = evidence.evidence(frame)
    assert (found.others_open, found.credit_speaks_for) == (1, "")


@pytest.mark.parametrize(
    ("credit", "said"),
    [
        ("1001", "That speaks for “It was sent”."),
        ("1000", "that speaks for “Send it again”."),
        ("500", "Credit was bought meanwhile"),
    ],
)
def test_the_page_says_for_which_button_the_credit_speaks(admin_client, credit, said):
    frame = lost_after(credit)
    page = seen(admin_client.get(reverse("admin:octopush_django_frame_decide", args=[frame.pk])))
    assert said in page
    assert "This batch costs about 1.00 EUR" in page


def test_the_page_and_its_buttons(undecided, admin_client, client, django_user_model):
    address = reverse("admin:octopush_django_frame_decide", args=[undecided.pk])
    page = admin_client.get(address).content.decode()
    for expected in ("No credit", "It was sent", "Send it again", "1,000.00 EUR", "104"):
        assert expected in page
    campaign_page = reverse("admin:octopush_django_campaign_change", args=[undecided.campaign_id])
    assert "1 batch needs your decision" in admin_client.get(campaign_page).content.decode()
    other = django_user_model.objects.create_user("other", is_staff=True)
    client.force_login(other)
    assert client.get(address).status_code == 403
    assert client.post(address, {"was_sent": "no"}).status_code == 403
    admin_client.post(address, {"was_sent": "maybe"})
    assert Frame.objects.get().status == "undecided"
    admin_client.post(address, {"was_sent": "yes"})
    assert Frame.objects.get().status == "accepted"
    assert LogEntry.objects.filter(change_message__contains="It was sent").exists()


def test_who_sends_it_again_is_written_down(undecided, admin_client):
    address = reverse("admin:octopush_django_frame_decide", args=[undecided.pk])
    admin_client.post(address, {"was_sent": "no"})
    assert Frame.objects.get().status == "pending"
    assert LogEntry.objects.filter(change_message="Send it again").exists()
