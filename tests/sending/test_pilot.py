"""The first frame of a larger campaign: its bill holds the others, or lets them go."""

from decimal import Decimal

import pytest

from octopush_django.campaigns import decide_frame, resume_campaign
from octopush_django.client.answers import Answer
from octopush_django.inbound import apply
from octopush_django.models import Campaign, OptOut
from octopush_django.sending.claims import claim_frames
from octopush_django.testing import outbox, send_due

from ..calls import DUPLICATE, SILENCE, answer, bill
from ..inbound.test_apply import report
from ..people import make_list, send, send_marketing

pytestmark = pytest.mark.django_db


@pytest.fixture
def piloted(settings):
    settings.OCTOPUSH_FRAME_SIZE = 10
    settings.OCTOPUSH_PILOT_SIZE = 4
    return send(contact_lists=[make_list(people=40)])


def test_the_others_wait_for_the_pilot(piloted):
    claims = claim_frames()
    assert len(claims) == 1
    answer(claims, bill(4, 4))
    assert len(claim_frames()) == 4


@pytest.mark.parametrize(("people", "sms"), [(4, 8), (2, 2), (4, 2), (8, 4)])
def test_a_bill_unlike_the_estimate_pauses(piloted, people, sms):
    answer(claim_frames(), bill(people, sms))
    piloted.refresh_from_db()
    assert (piloted.status, piloted.reason_code) == ("paused", "pilot")
    assert f"people 4, taken by Octopush {people}; SMS expected 4, billed {sms}." in piloted.reason
    assert piloted.reason.endswith("Check before you resume.")
    resume_campaign(piloted)
    assert len(claim_frames()) == 4


@pytest.mark.parametrize(
    ("option", "people", "sms", "paused"),
    [("auto_optimize_text", 4, 2, False), ("auto_optimize_text", 2, 2, True),
     ("auto_remove_blacklisted", 2, 2, False), ("auto_optimize_text", 4, 8, True)],
)  # fmt: skip
def test_less_is_as_expected_where_the_gateway_may_take_less(piloted, option, people, sms, paused):
    Campaign.objects.update(**{option: True})
    answer(claim_frames(), bill(people, sms))
    piloted.refresh_from_db()
    assert (piloted.status == "paused") is paused


@pytest.mark.parametrize(("expected", "paused"), [("1.9", False), ("1.0", True), ("4", True)])
def test_a_price_unlike_that_of_the_check_page_pauses(piloted, expected, paused):
    """40 SMS in all; the bill of four is 0.20 EUR, to be compared with a tenth."""
    Campaign.objects.update(expected_units=40, expected_cost=expected)
    answer(claim_frames(), bill(4, 4))
    piloted.refresh_from_db()
    assert (piloted.status == "paused") is paused
    if paused:
        said = f"We expected a bill of {Decimal(expected) / 10:.2f} EUR; it is 0.20 EUR."
        assert said in piloted.reason


def test_what_the_gateway_does_not_tell_is_a_question_mark(piloted):
    Campaign.objects.update(expected_units=40, expected_cost="1.0")
    answer(claim_frames(), bill(None, None))
    piloted.refresh_from_db()
    assert piloted.reason_code == "pilot"
    assert "people 4, taken by Octopush ?; SMS expected 4, billed ?." in piloted.reason


def test_a_pilot_that_waits_for_credit_is_still_a_pilot(piloted):
    answer(claim_frames(), Answer("refused", http_status=400, code=104))
    piloted.refresh_from_db()
    assert piloted.reason_code == "credit"
    resume_campaign(piloted)
    assert len(claim_frames()) == 1


def test_an_undecided_pilot_says_so_and_its_decision_lets_the_others_go(piloted):
    answer(claim_frames(), DUPLICATE)
    piloted.refresh_from_db()
    assert (piloted.status, piloted.reason_code) == ("sending", "undecided")
    assert claim_frames() == []
    decide_frame(piloted.frames.get(number=1), was_sent=True)
    piloted.refresh_from_db()
    assert (piloted.status, piloted.reason_code) == ("sending", "")
    assert len(claim_frames()) == 4


def test_a_pilot_learned_from_its_report_lets_the_others_go(
    piloted, django_capture_on_commit_callbacks
):
    answer(claim_frames(), SILENCE)
    with django_capture_on_commit_callbacks(execute=True):
        for person in piloted.frames.get(number=1).recipients.all()[:2]:
            report("sms_9", person.address, "DELIVERED")
        apply.apply_events()
    assert piloted.frames.get(number=1).status == "accepted"
    assert len(claim_frames()) == 4


def test_an_empty_pilot_lets_the_others_go(settings):
    settings.OCTOPUSH_FRAME_SIZE = 2
    settings.OCTOPUSH_PILOT_SIZE = 1
    campaign = send_marketing(contact_lists=[make_list(people=5)])
    first = campaign.frames.get(number=1).recipients.get()
    OptOut.objects.create(address=first.address)
    send_due()
    assert sum(len(request["recipients"]) for request in outbox) == 4
