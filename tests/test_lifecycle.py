"""What a campaign waits for, what is let go, and what stays as it was."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.utils import timezone

from octopush_django import lifecycle, signals
from octopush_django.campaigns import (
    cancel_campaign,
    halt,
    launch_campaign,
    lift_halts,
    pause_campaign,
    resume_campaign,
)
from octopush_django.client.answers import Answer
from octopush_django.exceptions import InvalidCampaign
from octopush_django.models import Campaign, Contact, Halt, OptOut, Recipient
from octopush_django.sending.claims import claim_frames
from octopush_django.testing import send_due

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


# --- nothing stands still in silence ------------------------------------------------------------


def test_a_campaign_says_that_another_one_keeps_it_waiting(frames_of_one):
    """Two calls without a clear answer stop new ones, whosever they are."""
    first = send(recipients=[number(0), number(1)])
    answer(claim_frames(), SILENCE, SILENCE)
    second = send(recipients=[number(5)])
    assert claim_frames(campaign=second) == []
    lifecycle.conclude([first.pk])
    assert reason(second) == ""  # only who is named is looked at
    lifecycle.conclude([second.pk])
    assert reason(second) == "gateway"
    assert "no clear answers" in Campaign.objects.get(pk=second.pk).reason
    first.frames.update(status="accepted")
    lifecycle.conclude([second.pk])
    assert reason(second) == ""


def test_a_campaign_that_begins_during_a_halt_says_so():
    halt("A wrong price", by="Nora")
    campaign = send()
    assert reason(campaign) == "halted"
    assert Campaign.objects.get().reason == "A wrong price"
    lift_halts()
    assert reason(campaign) == ""


def test_a_campaign_that_is_resumed_during_a_halt_says_so():
    campaign = send()
    pause_campaign(campaign)
    halt("A wrong price")
    resume_campaign(campaign)
    assert reason(campaign) == "halted"


def test_a_halt_does_not_cover_what_a_campaign_waits_for(settings):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    with time_machine.travel("2026-11-25T23:00:00Z"):
        campaign = send_marketing()
        claim_frames()
        assert reason(campaign) == "quiet_hours"
        halt("A wrong price")
        lift_halts()
        assert reason(campaign) == "quiet_hours"


@pytest.mark.parametrize("why", [None, "", "  ", 5])
def test_a_halt_has_a_reason(why):
    with pytest.raises(InvalidCampaign, match="reason: say why"):
        halt(why)
    assert not Halt.objects.exists()


@pytest.mark.parametrize("by", ["Nora", AnonymousUser(), User(username="new")])
def test_anybody_may_press_the_emergency_stop(by):
    assert halt("stop", by=by).created_by is None


# --- the end ------------------------------------------------------------------------------------


def test_only_what_is_sending_is_held():
    campaign = cancel_campaign(send())
    lifecycle.hold(campaign, "pilot", "Too dear")
    campaign.refresh_from_db()
    assert campaign.status == "cancelled"


def test_the_reason_of_a_refused_batch_stays_on_a_campaign_that_was_sent(frames_of_one):
    campaign = send(recipients=[number(0), number(1)])
    Campaign.objects.filter(pk=campaign.pk).update(reason_code="refused", reason="A bad word")
    first, second = campaign.frames.order_by("pk")
    type(first).objects.filter(pk=first.pk).update(status="accepted")
    type(first).objects.filter(pk=second.pk).update(status="refused")
    lifecycle.conclude([campaign.pk])
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason) == ("sent", "A bad word")


def test_receivers_hear_of_a_finished_campaign(django_capture_on_commit_callbacks):
    heard = []

    def hear(campaign, **_kwargs):
        heard.append((campaign.status, campaign.finished_at is not None))

    signals.campaign_finished.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            send()
            send_due()
    finally:
        signals.campaign_finished.disconnect(hear)
    assert heard == [("sent", True)]


def test_it_is_known_when_somebody_was_withdrawn():
    campaign = cancel_campaign(send())
    assert campaign.recipients.get().status_at is not None
