"""Managers get an e-mail for what waits for a person: each matter once, and nothing else."""

from datetime import timedelta

import django
import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from octopush_django import lifecycle
from octopush_django.campaigns import (
    cancel_campaign,
    decide_frame,
    halt,
    pause_campaign,
    resume_campaign,
)
from octopush_django.client.answers import Answer
from octopush_django.models import Campaign, Frame, Heartbeat, Reason
from octopush_django.reports import alerts
from octopush_django.rules.sentences import Sentence
from octopush_django.sending.claims import claim_frames
from octopush_django.status import read_status
from octopush_django.sweep import sweep
from octopush_django.testing import send_due

from ..calls import SILENCE, answer, later
from ..people import number, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def managers(settings):
    ada = "ada@example.org"
    settings.MANAGERS = [ada] if django.VERSION >= (6, 0) else [("Ada", ada)]


def paused(code=Reason.CREDIT, name="Soldes"):
    campaign = send(name=name)
    lifecycle.hold(campaign, code, Sentence("There is not enough credit."))
    return campaign


def undecided(people=1):
    campaign = send(recipients=[number(index) for index in range(people)], name="Soldes")
    answer(claim_frames(), SILENCE)
    campaign.frames.update(status="undecided")
    lifecycle.conclude([campaign.pk])
    return campaign.frames.get()


def told():
    """What the e-mails since the last call say."""
    alerts.watch()
    texts = [message.body for message in mail.outbox]
    mail.outbox.clear()
    return texts


@pytest.mark.parametrize("code", sorted(set(Reason) - {Reason.PERSON, Reason.CHANGED}))
def test_a_pause_that_needs_a_person_is_told_once(code):
    campaign = paused(code)
    path = f"/admin/octopush_django/campaign/{campaign.pk}/change/"
    assert told() == [f"“Soldes” waits for you: There is not enough credit.\n{path}"]
    assert told() == []


def test_a_draft_that_was_put_back_is_told():
    campaign = send(name="Soldes")
    Campaign.objects.update(status="draft", reason_code="changed", reason="Look again.")
    assert len(told()) == 1
    Campaign.objects.filter(pk=campaign.pk).update(reason_code="", reason="")
    assert told() == []


def test_a_pause_by_a_person_a_halt_and_what_goes_on_by_itself_are_not_told():
    pause_campaign(send())
    halt("stop")
    send_due()
    note = send()
    lifecycle.note(note, Reason.QUIET_HOURS, Sentence("Tomorrow."))
    cancel_campaign(send())
    assert told() == []


@pytest.mark.parametrize("ticks", [0, 1])
def test_the_same_campaign_that_stops_again_is_told_again(ticks):
    campaign = paused()
    assert len(told()) == 1
    resume_campaign(campaign)
    for _ in range(ticks):
        assert told() == []
    lifecycle.hold(campaign, Reason.CREDIT, Sentence("There is not enough credit."))
    assert len(told()) == 1


def test_several_matters_come_in_one_e_mail():
    for name in ("Soldes", "Rentrée"):
        paused(name=name)
    (text,) = told()
    first, second = text.split("\n\n")
    assert first.startswith("“Rentrée” waits for you")
    assert second.startswith("“Soldes” waits for you")


@pytest.mark.parametrize(("people", "words"), [(1, "1 person of"), (2, "2 people of")])
def test_a_batch_to_decide_is_told_until_somebody_did(people, words):
    frame = undecided(people)
    (text,) = told()
    assert words in text
    assert text.endswith(
        reverse("admin:octopush_django_campaign_change", args=[frame.campaign_id])
    )
    assert told() == []
    decide_frame(frame, was_sent=False)
    assert told() == []
    Frame.objects.update(status="undecided")
    assert len(told()) == 1


# --- outages ------------------------------------------------------------------------------------


def unanswered():
    send(name="Soldes")
    answer(claim_frames(), Answer("unreachable", message="No route"))
    assert Campaign.objects.get().reason_code == Reason.GATEWAY
    assert told() == []


def test_an_outage_over_five_minutes_is_told_once():
    unanswered()
    with later(minutes=4, seconds=50):
        assert told() == []
    with later(minutes=5, seconds=1):
        (text,) = told()
        assert "Octopush cannot be reached" in text
        assert text in read_status().problems
    with later(minutes=30):
        assert told() == []


def test_an_outage_is_told_though_it_is_tried_again_and_again():
    """Each minute a sweep looks, and every few minutes a worker tries in vain."""
    unanswered()
    texts = []
    for minute in range(1, 8):
        with later(minutes=minute):
            claimed = claim_frames()
            sweep()
            texts += [message.body for message in mail.outbox]
            mail.outbox.clear()
            answer(claimed, *[Answer("unreachable", message="No route")] * len(claimed))
    assert len(texts) == 1


def test_what_somebody_paused_is_no_outage():
    unanswered()
    pause_campaign(Campaign.objects.get())
    with later(minutes=6):
        assert told() == []


def test_an_outage_that_ended_in_time_is_not_told():
    unanswered()
    Frame.objects.update(error_message="")
    with later(minutes=3):
        assert told() == []
    Frame.objects.update(error_message="No route")
    with later(minutes=6):
        assert told() == []
    with later(minutes=12):
        assert len(told()) == 1


def test_a_worker_that_stands_still_is_told_by_a_sweep_from_outside():
    assert told() == []  # none has ever run: a site that was just set up
    beat_at = timezone.now() - timedelta(minutes=4)
    beat = Heartbeat.objects.create(name=Heartbeat.WORKER, beat_at=beat_at)
    assert told() == []
    Heartbeat.objects.filter(pk=beat.pk).update(beat_at=timezone.now() - timedelta(minutes=6))
    (text,) = told()
    assert "No worker has run since" in text


# --- the e-mail ---------------------------------------------------------------------------------


def test_it_is_in_the_language_of_the_site_whoever_works(settings):
    settings.LANGUAGE_CODE = "fr"
    campaign = send(name="Soldes")
    lifecycle.hold(campaign, Reason.LATE, Sentence(lifecycle.TOO_LATE))
    with override("en"):
        (text,) = told()
    assert "vous attend" in text
    assert "Son heure est passée" in text


def test_an_e_mail_that_failed_is_tried_again(monkeypatch):
    paused()
    monkeypatch.setattr(alerts, "mail", lambda *_args: False)
    assert told() == []
    monkeypatch.undo()
    assert len(told()) == 1


def test_many_matters_are_told_a_part_at_a_time(monkeypatch):
    monkeypatch.setattr(alerts, "MOST_TOLD", 2)
    for name in "abc":
        paused(name=name)
    assert [len(text.split("\n\n")) for text in told() + told() + told()] == [2, 1]
