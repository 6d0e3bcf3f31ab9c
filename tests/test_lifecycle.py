"""What a campaign waits for, what is let go, and what stays as it was."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from octopush_django import lifecycle
from octopush_django.campaigns import (
    cancel_campaign,
    halt,
    launch_campaign,
    lift_halts,
)
from octopush_django.client.answers import Answer
from octopush_django.models import Campaign, Contact, OptOut, Recipient
from octopush_django.sending.claims import claim_frames

from .calls import DUPLICATE, SILENCE, answer
from .people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


@pytest.fixture
def frames_of_one(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0


def reason(campaign):
    return Campaign.objects.get(pk=campaign.pk).reason_code


def test_frames_behind_a_pilot_are_due_at_once_when_let_go(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 2, 1
    campaign = send(contact_lists=[make_list(people=5)])
    now = timezone.now()
    behind = campaign.frames.filter(waits_for_pilot=True)
    behind.update(next_action_at=now + timedelta(hours=1))
    lifecycle.release(campaign, now)
    assert not behind.exists()
    assert set(
        campaign.frames.filter(is_pilot=False).values_list("next_action_at", flat=True)
    ) == {now}


def test_a_pilot_is_no_larger_than_the_first_group(settings):
    """Texts made here: each person is a group."""
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 4, 3
    for index, name in enumerate(["Ada", "Bob", "Cleo"]):
        Contact.objects.create(phone_number=number(index), first_name=name)
    campaign = send(
        text="Hello {first_name}", channel="voice_sms", audience=Contact.objects.all(),
        options={"voice_gender": "female", "voice_language": "fr-FR"},
    )  # fmt: skip
    assert set(campaign.frames.values_list("size", flat=True)) == {1}
    assert campaign.frames.count() == 3


@pytest.mark.parametrize("other", [SILENCE, None], ids=["unclear", "under way"])
def test_while_something_moves_nobody_has_to_decide(frames_of_one, other):
    campaign = send(contact_lists=[make_list(people=2)])
    first, second = claim_frames()
    answer([first], DUPLICATE)
    if other is not None:
        answer([second], other)
    lifecycle.conclude([campaign.pk])
    assert reason(campaign) == ("gateway" if other else "")


def test_who_was_left_out_at_a_claim_stays_so_when_the_rest_is_cancelled():
    campaign = send_marketing(contact_lists=[make_list(people=2)])
    OptOut.objects.create(address=number(0))
    answer(claim_frames(), Answer("unreachable", message="No route"))
    cancel_campaign(campaign)
    states = dict(Recipient.objects.values_list("address", "status"))
    assert states == {number(0): "excluded", number(1): "cancelled"}


def test_lifting_a_halt_takes_no_other_reason_away():
    campaign, other = send(), send(recipients=[number(1)])
    halt("Wrong price")
    assert (reason(campaign), reason(other)) == ("halted", "halted")
    Campaign.objects.filter(pk=other.pk).update(reason_code="quiet_hours", reason="At 8:00.")
    lift_halts()
    assert (reason(campaign), reason(other)) == ("", "quiet_hours")


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one lock for all")
@pytest.mark.parametrize("verb", [launch_campaign, cancel_campaign])
def test_a_verb_locks_what_it_changes(verb, draft):
    campaign = draft if verb is launch_campaign else send()
    with connection.execute_wrapper(watch := Watch()):
        verb(campaign)
    assert any("FOR UPDATE" in sql for sql in watch.seen)


class Watch:
    """Remembers the statements that were run."""

    def __init__(self):
        self.seen = []

    def __call__(self, execute, sql, params, many, context):
        self.seen.append(sql)
        return execute(sql, params, many, context)
