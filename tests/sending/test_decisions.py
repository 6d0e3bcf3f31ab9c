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
from octopush_django.inbound import apply
from octopush_django.models import Frame
from octopush_django.reports import evidence
from octopush_django.sending import claims, settlement
from octopush_django.testing import outbox, send_due

from ..inbound.test_apply import report
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


def test_the_evidence(undecided, settings):
    report("sms_unknown", number(1), "DELIVERED")
    # While another frame might own it, a report is only evidence.
    apply.WebhookEvent.objects.update(state="unmatched")
    found = evidence.evidence(undecided)
    assert found.reported == 1
    assert found.credit_now == Decimal(1000)
    assert found.credit_before is None
    assert found.unexplained is None


def test_the_fall_of_the_credit():
    send(recipients=[number(7)])
    bill = Answer("accepted", http_status=201, ticket="sms_0", total_cost=Decimal("1"),
                  residual_credit=Decimal("1010"))  # fmt: skip
    settlement.settle([(claims.claim_frames()[0], bill)])
    send(recipients=[number(8)])
    settlement.settle([(claims.claim_frames()[0], Answer("uncertain"))])
    frame = Frame.objects.get(status="uncertain")
    found = evidence.evidence(frame)
    assert found.unexplained == Decimal(10)  # 1010 before, 1000 now, nothing billed between


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
