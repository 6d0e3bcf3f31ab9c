"""What was looked at is what leaves: by a worker that freezes, and in the object of the caller."""

from datetime import timedelta

import pytest
from django.utils import timezone

from octopush_django import approval, signals
from octopush_django.audience import snapshot
from octopush_django.campaigns import (
    launch_campaign,
    preview_campaign,
    schedule_campaign,
)
from octopush_django.exceptions import EmptyAudience, InvalidCampaign, NotAllowedNow
from octopush_django.models import Campaign, Contact, OptOut, Preparation, Tariff
from octopush_django.testing import outbox, send_due

from .people import STOP, make_list, number, send
from .test_approval import large, sent_to, state

__all__ = ["large"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_are_many(monkeypatch):
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 3)


def add_contacts(campaign, people=2, **values):
    for index in range(people):
        contact = Contact.objects.create(phone_number=number(100 + index), **values)
        campaign.include.first().contacts.add(contact)


def test_more_people_than_were_seen_put_it_back(large, admin_user):
    launch_campaign(large, by=admin_user, seen=preview_campaign(large))
    add_contacts(large, first_name="Eve")
    send_due()
    assert state(large) == ("draft", "changed")
    assert "7 people would receive it, and not 5" in large.reason
    assert (large.launched_at, large.launched_by, large.expected_units) == (None, None, None)
    assert (outbox, large.recipients.count(), large.frames.count()) == ([], 0, 0)
    # Looked at again, it goes.
    launch_campaign(large, seen=preview_campaign(large))
    send_due()
    assert state(large) == ("sent", "")
    assert len(sent_to()) == 7


def test_people_who_come_while_it_is_frozen_put_it_back(large, monkeypatch):
    launch_campaign(large, seen=preview_campaign(large))
    freeze = snapshot.freeze

    def growing(*args):
        add_contacts(large, first_name="Eve")
        return freeze(*args)

    monkeypatch.setattr(snapshot, "freeze", growing)
    approval.prepare(large.pk)
    assert state(large) == ("draft", "changed")
    assert large.recipients.count() == 0


def test_fewer_people_are_no_reason(large):
    launch_campaign(large, seen=preview_campaign(large))
    OptOut.objects.create(address=number(0))
    send_due()
    assert state(large) == ("sent", "")
    assert len(sent_to()) == 4


@pytest.mark.parametrize("priced", [True, False])
def test_a_higher_cost_than_was_seen_puts_it_back(large, priced):
    large.text = f"Bonjour {{first_name}}, {'nos prix baissent, ' * 6}{STOP}"
    large.save()
    if priced:
        Tariff.objects.create(euros="0.05")
    launch_campaign(large, seen=preview_campaign(large))
    Contact.objects.filter(phone_number=number(0)).update(first_name="Maximilienne " * 3)
    send_due()
    assert state(large) == ("draft", "changed")
    told = "0.30 EUR, and not 0.25 EUR" if priced else "count 6 SMS or messages, and not 5"
    assert told in large.reason
    assert outbox == []


def test_nobody_looked_nothing_is_compared(large):
    launch_campaign(large)
    add_contacts(large, first_name="Eve")
    send_due()
    assert state(large) == ("sent", "")
    assert len(sent_to()) == 7


def test_nobody_left_puts_it_back(large):
    launch_campaign(large)
    for index in range(5):
        OptOut.objects.create(address=number(index))
    send_due()
    assert state(large) == ("draft", "changed")
    assert "Nobody would receive" in large.reason


def test_what_is_put_back_takes_no_other_along(large):
    other = send(contact_lists=[large.include.get()])
    launch_campaign(large)
    OptOut.objects.bulk_create(OptOut(address=number(index)) for index in range(5))
    approval.prepare(large.pk)
    assert state(large) == ("draft", "changed")
    assert state(other) == ("sending", "preparing")


def test_what_is_not_read_is_refused_in_the_click(large):
    Campaign.objects.filter(pk=large.pk).update(text="Bonjour {first_name}", purpose="alert")
    large.refresh_from_db()
    preview = preview_campaign(large)
    assert [note.code for note in preview.unread] == ["transactional_list"]
    with pytest.raises(NotAllowedNow, match="Read and acknowledge this first"):
        launch_campaign(large, seen=preview)
    assert state(large) == ("draft", "")


# --- an approval is one, and whole ------------------------------------------------------------


def test_what_was_seen_is_of_these_lists(large):
    preview = preview_campaign(large)
    large.include.set([make_list("Everybody else", people=5)])
    with pytest.raises(NotAllowedNow):
        launch_campaign(large, seen=preview)
    assert state(large) == ("draft", "")


def test_a_note_that_nobody_read_puts_it_back(large):
    launch_campaign(large, seen=preview_campaign(large).acknowledge())
    Contact.objects.filter(phone_number=number(0)).update(first_name="nan")
    send_due()
    assert state(large) == ("draft", "changed")
    assert "There is more to know" in large.reason
    launch_campaign(large, seen=preview_campaign(large).acknowledge())
    send_due()
    assert state(large) == ("sent", "")


def test_a_worker_that_was_slow_knows_the_new_approval(large, monkeypatch):
    """Put back, changed and approved again, while another worker was about to freeze."""
    from octopush_django.audience.sources import Sources

    launch_campaign(large)
    resolve, others = Sources.resolve_line_types, []

    def slow(sources):
        resolve(sources)
        if not others:
            others.append(True)
            Preparation.objects.all().delete()
            Campaign.objects.filter(pk=large.pk).update(
                **approval.UNDONE, reason_code="", reason="", text=f"Salut {{first_name}} {STOP}"
            )
            launch_campaign(Campaign.objects.get(pk=large.pk))

    monkeypatch.setattr(Sources, "resolve_line_types", slow)
    send_due()
    send_due()
    assert state(large) == ("sent", "")
    assert {body["text"] for body in outbox} == {f"Salut {{first_name}} {STOP}"}


def test_a_refused_launch_leaves_the_object_as_it_was(large):
    OptOut.objects.bulk_create(OptOut(address=number(index)) for index in range(5))
    large.include.first().contacts.remove(*Contact.objects.all()[:2])
    for verb in (
        launch_campaign,
        lambda campaign: schedule_campaign(campaign, timezone.now() + timedelta(hours=3)),
    ):
        with pytest.raises(EmptyAudience):
            verb(large)
        assert (large.status, large.launched_at, large.send_at) == ("draft", None, None)
    OptOut.objects.all().delete()
    assert preview_campaign(large).count == 3
    launch_campaign(large)


def test_the_preview_of_one_that_is_prepared_is_of_its_lists(large):
    launch_campaign(large)
    assert preview_campaign(large).count == 5


def test_a_list_that_was_deleted_is_named():
    gone = make_list("Old clients", people=1)
    type(gone).objects.filter(pk=gone.pk).delete()
    with pytest.raises(InvalidCampaign, match="contact_lists: Old clients has been deleted"):
        send(contact_lists=[gone])


@pytest.mark.parametrize("wrong", [5, "yes", object()])
def test_what_is_no_preview_is_named(large, wrong):
    with pytest.raises(InvalidCampaign, match="seen: must be what preview_campaign"):
        launch_campaign(large, seen=wrong)


def test_one_that_is_not_saved_is_named():
    for verb in (launch_campaign, preview_campaign):
        with pytest.raises(InvalidCampaign, match="campaign: must be a campaign that was saved"):
            verb(Campaign(text="x", purpose="alert", sender="Shop"))


def test_receivers_hear_of_a_campaign_that_is_sending(large, django_capture_on_commit_callbacks):
    heard = []

    def hear(campaign, **_kwargs):
        heard.append((campaign.status, campaign.reason_code))

    signals.campaign_launched.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            launch_campaign(large)
            approval.prepare(large.pk)
    finally:
        signals.campaign_launched.disconnect(hear)
    assert heard == [("sending", "")]
