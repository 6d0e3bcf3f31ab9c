"""The page of a launched campaign: figures that cost nothing while nothing changes."""

import itertools
import random
import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from octopush_django.campaigns import cancel_campaign, halt, pause_campaign, resume_campaign
from octopush_django.client.answers import Answer
from octopush_django.models import Recipient, SendAttempt
from octopush_django.reports import figures, pace
from octopush_django.sending import settlement
from octopush_django.sending.claims import claim_frames
from octopush_django.testing import deliver, reply, send_due, stop

from ..people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


def progress(client, campaign, etag=""):
    path = reverse("admin:octopush_django_campaign_progress", args=[campaign.pk])
    return client.get(path, headers={"If-None-Match": etag} if etag else {})


def seen(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_an_open_tab_counts_nobody(admin_client):
    campaign = send(contact_lists=[make_list(people=3)])
    send_due()
    page = progress(admin_client, campaign)
    with CaptureQueriesContext(connection) as queries:
        again = progress(admin_client, campaign, page["ETag"])
    assert again.status_code == 304
    assert not [q for q in queries if Recipient._meta.db_table in q["sql"]]


def happenings():
    def a_report(campaign):
        deliver(campaign.recipients.get(address=number(0)))

    def a_reply(campaign):
        reply(campaign, number(1), "Yes")

    def a_stop(campaign):
        stop(number(2))

    return {
        "a report": a_report, "a reply": a_reply, "a stop": a_stop,
        "a pause": lambda campaign: pause_campaign(campaign),
        "a halt": lambda campaign: halt("because"),
        "a frame": lambda campaign: send_due(),
    }  # fmt: skip


@pytest.mark.parametrize("what", happenings())
def test_whatever_happens_shows(admin_client, settings, what):
    settings.OCTOPUSH_FRAME_SIZE = 2
    settings.OCTOPUSH_PILOT_SIZE = 0
    campaign = send_marketing(contact_lists=[make_list(people=3)], with_replies=True)
    if what in ("a report", "a reply", "a stop"):
        send_due()
    before = progress(admin_client, campaign)
    happenings()[what](campaign)
    after = progress(admin_client, campaign, before["ETag"])
    assert after.status_code == 200
    if what != "a stop":  # it concerns no figure of a campaign that has left
        assert after.content != before.content


WORDS = ["ACK", "DELIVERED", "NOT_DELIVERED", "BAD_DESTINATION", "UNKNOWN_DELIVERY", "EXPIRED"]


def recounted(campaign):
    """Person by person, as slowly as can be."""
    states = Recipient.objects.filter(campaign=campaign).included().with_state()
    return dict(Counter(states.values_list("state", flat=True)))


@pytest.mark.parametrize("seed", range(12))
def test_the_sums_are_those_of_the_rows(settings, seed):
    """Whatever happens to a campaign, in whatever order."""
    settings.OCTOPUSH_FRAME_SIZE = 3
    settings.OCTOPUSH_PILOT_SIZE = 0
    chance = random.Random(seed)
    campaign = send_marketing(contact_lists=[make_list(people=20)])
    claims, tickets = [], itertools.count()

    def claim():
        claims.extend(claim_frames(chance.randrange(1, 4)))

    def answer():
        if claims:
            made = claims.pop()
            outcome = chance.choice(["accepted", "accepted", "refused", "uncertain"])
            ticket = f"t{next(tickets)}" if outcome == "accepted" else ""
            code = 300 if outcome == "refused" else None
            settlement.settle([(made, Answer(outcome, ticket=ticket, code=code, http_status=400))])
            resume()

    def resume():
        campaign.refresh_from_db()
        if campaign.status == "paused":
            resume_campaign(campaign)

    def report():
        person = chance.choice(list(campaign.recipients.exclude(address=None)))
        deliver(person, chance.choice(WORDS))

    def opt_out():
        stop(number(chance.randrange(20)))

    def end():
        campaign.refresh_from_db()
        if chance.random() < 0.1 and campaign.status == "sending":
            cancel_campaign(campaign)

    for _ in range(60):
        chance.choice([claim, answer, answer, report, report, report, opt_out, end])()
        assert figures.totals(campaign).states == recounted(campaign)
    failed = campaign.recipients.included().filter(status="undelivered")
    assert figures.failures(campaign) == dict(
        Counter(failed.values_list("status_raw", flat=True)).most_common()
    )


def test_failures_in_plain_words(admin_client):
    campaign = send(contact_lists=[make_list(people=3)])
    send_due()
    for index, word in enumerate(["BAD_DESTINATION", "BAD_DESTINATION", "ANTI_FLOODING"]):
        deliver(campaign.recipients.get(address=number(index)), word)
    assert figures.failures(campaign) == {"BAD_DESTINATION": 2, "ANTI_FLOODING": 1}
    page = seen(progress(admin_client, campaign))
    assert "2 × The number does not exist. Correct or delete the contact." in page
    content = progress(admin_client, campaign).content.decode()
    link = re.search(r'href="([^"]+status_raw__exact=BAD_DESTINATION)"', content)[1]
    shown = seen(admin_client.get(link.replace("&amp;", "&")))
    assert number(0) in shown
    assert number(2) not in shown


def test_the_pace(settings):
    settings.OCTOPUSH_FRAME_SIZE = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    campaign = send(contact_lists=[make_list(people=30)])
    assert pace.pace(campaign) is None
    claims = claim_frames(10)
    settlement.settle([(c, Answer("accepted", ticket=f"t{i}")) for i, c in enumerate(claims)])
    now = timezone.now()
    SendAttempt.objects.update(started_at=now - timezone.timedelta(seconds=30))
    found = pace.pace(campaign, now)
    assert (found.per_minute, found.minutes_left) == (20, 1)


def test_who_may_not_look_is_refused(client, django_user_model):
    campaign = send()
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert progress(client, campaign).status_code == 403
