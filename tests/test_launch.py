"""What is written down at a launch, and who hears of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from octopush_django import campaigns, signals
from octopush_django.campaigns import (
    halt,
    launch_campaign,
    lift_halts,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
)
from octopush_django.exceptions import (
    CampaignError,
)
from octopush_django.models import Campaign, OptOut
from octopush_django.testing import send_due

from .people import number, send, send_marketing
from .test_campaigns import draft

pytestmark = pytest.mark.django_db


def test_a_campaign_is_launched_under_the_name_of_its_site(settings):
    settings.OCTOPUSH_INSTANCE = "live"
    campaign = launch_campaign(draft())
    send_due()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.instance) == ("sent", "live")


def test_a_resume_without_a_name_keeps_that_of_the_launch(settings):
    settings.OCTOPUSH_INSTANCE = "live"
    campaign = pause_campaign(launch_campaign(draft()))
    settings.OCTOPUSH_INSTANCE = None
    assert resume_campaign(campaign).instance == "live"


def test_to_send_now_is_now_whatever_time_a_draft_had():
    campaign = draft(send_at=timezone.now() + timedelta(days=1))
    launch_campaign(campaign)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.send_at) == ("sending", None)


def test_a_schedule_is_not_launched_yet(django_capture_on_commit_callbacks):
    heard = []

    def hear(**kwargs):
        heard.append(kwargs["campaign"].pk)

    signals.campaign_launched.connect(hear)
    moment = timezone.now() + timedelta(days=1)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            campaign = schedule_campaign(draft(), moment)
        assert (campaign.launched_at, heard) == (None, [])
        with django_capture_on_commit_callbacks(execute=True):
            campaigns.start_due(moment)
    finally:
        signals.campaign_launched.disconnect(hear)
    assert heard == [campaign.pk]


def test_a_schedule_that_is_moved_while_it_is_looked_at_does_not_start(monkeypatch):
    moment, later = timezone.now() + timedelta(days=1), timezone.now() + timedelta(days=3)
    campaign = schedule_campaign(draft(), moment)
    read = QuerySet.__iter__

    def slowly(rows):
        found = list(read(rows))
        if rows.model is Campaign:
            Campaign.objects.filter(pk=campaign.pk).update(send_at=later)
        return iter(found)

    monkeypatch.setattr(QuerySet, "__iter__", slowly)
    campaigns.start_due(moment)
    monkeypatch.undo()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.send_at) == ("scheduled", later)


def test_another_integrity_error_than_that_of_the_key_is_raised(monkeypatch):
    def broken(*_args, **_kwargs):
        raise IntegrityError("something else")

    monkeypatch.setattr(campaigns.approval, "approve", broken)
    with pytest.raises(IntegrityError, match="something else"):
        send(key="k")


def test_what_cannot_be_asked_of_the_gateway_is_refused_at_the_launch():
    campaign = draft(options={"list_name": "x" * 300})
    with pytest.raises(CampaignError):
        launch_campaign(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_lifted_halt_wakes_the_workers(enqueued, django_capture_on_commit_callbacks):
    halt("stop")
    with django_capture_on_commit_callbacks(execute=True):
        lift_halts()
    assert enqueued


def test_who_cannot_reply_and_is_left_out_forbids_nothing(settings):
    belgian = "+32470123456"
    OptOut.objects.create(address=belgian)
    campaign = send_marketing(recipients=[number(0), number(1), belgian], with_replies=True)
    assert campaign.recipients.filter(exclusion="").count() == 2
