"""Who leaves first: messages, then transactional campaigns, then marketing; campaigns by turns."""

from datetime import timedelta

import pytest
from django.utils import timezone

from octopush_django.campaigns import pause_campaign, resume_campaign, start_due
from octopush_django.models import Frame, Priority
from octopush_django.sending.claims import claim_frames

from ..calls import SILENCE, answer, later
from ..people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frames_of_one(settings):
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    settings.OCTOPUSH_QUIET_HOURS = ""


def campaign_of(people=6, **arguments):
    contact_list = make_list(people=people, name=f"List {Frame.objects.count()}")
    return send(contact_lists=[contact_list], **arguments)


def turns(count):
    """The campaigns of the next frames, in the order in which they are claimed one by one."""
    claims = [claim_frames(1)[0] for _ in range(count)]
    return [claim.campaign_id for claim in claims]


def assert_turns(taken, *campaigns):
    """Each of ``campaigns`` once, and then again."""
    rounds = [set(pair) for pair in batched(taken, len(campaigns))]
    assert rounds == [{campaign.pk for campaign in campaigns}] * len(rounds)


def batched(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def test_a_message_goes_before_campaigns_and_they_before_marketing():
    marketing = send_marketing(contact_lists=[make_list(people=3)])
    alert = campaign_of(people=3)
    code = send(recipients=[number(90)])
    assert turns(7) == [code.pk, *[alert.pk] * 3, *[marketing.pk] * 3]
    priorities = Frame.objects.order_by("campaign").values_list("priority", flat=True)
    assert set(priorities) == {Priority.MARKETING, Priority.TRANSACTIONAL, Priority.MESSAGE}


def test_marketing_to_one_person_is_no_message():
    send_marketing()
    assert Frame.objects.get().priority == Priority.MARKETING


def test_campaigns_take_turns():
    first, second = campaign_of(), campaign_of()
    assert turns(6) == [first.pk, second.pk] * 3


def test_who_begins_later_neither_waits_for_all_nor_keeps_the_others_waiting():
    first = campaign_of()
    assert turns(3) == [first.pk] * 3
    second = campaign_of()
    assert turns(6) == [first.pk, second.pk] * 3


def test_three_campaigns_that_begin_one_after_the_other():
    first = campaign_of()
    turns(2)
    second = campaign_of()
    turns(2)
    third = campaign_of()
    assert sorted(turns(3)) == [first.pk, second.pk, third.pk]


def test_who_is_resumed_takes_turns_too():
    paused = pause_campaign(campaign_of())
    other = campaign_of()
    assert turns(3) == [other.pk] * 3
    resume_campaign(paused)
    assert_turns(turns(6), other, paused)


def test_who_begins_at_its_time_takes_turns_too():
    scheduled = campaign_of(send_at=timezone.now() + timedelta(minutes=1))
    other = campaign_of()
    assert turns(3) == [other.pk] * 3
    with later(minutes=2):
        start_due()
        assert_turns(turns(6), other, scheduled)


def test_a_frame_that_is_tried_again_keeps_its_turn():
    first, second = campaign_of(), campaign_of()
    answer(claim_frames(1), SILENCE)
    with later(minutes=1):
        assert turns(3) == [first.pk, second.pk, first.pk]
