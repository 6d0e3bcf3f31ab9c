"""The page of a launched campaign: figures that cost nothing while nothing changes."""

import itertools
import random
import re
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from octopush_django.campaigns import cancel_campaign, halt, pause_campaign, resume_campaign
from octopush_django.client.answers import Answer
from octopush_django.models import Campaign, Frame, Recipient, SendAttempt
from octopush_django.opt_outs import opt_out
from octopush_django.reports import figures, pace
from octopush_django.sending import settlement
from octopush_django.sending.claims import claim_frames
from octopush_django.testing import deliver, reply, send_due, stop

from ..calls import answer, bill
from ..desk import url
from ..people import make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


def test_what_was_billed_is_no_estimate_and_opt_outs_are_its_own():
    campaign, other = send(), send(recipients=[number(1)])
    answer(claim_frames(), bill(1, 2), bill(1, 1))
    opt_out(number(7), campaign_id=campaign.pk)
    opt_out(number(8), campaign_id=campaign.pk)
    opt_out(number(9))
    found = figures.totals(campaign)
    assert (found.segments, found.cost, found.cost_is_estimate) == (2, Decimal("0.2"), False)
    assert (found.opt_outs, figures.totals(other).opt_outs) == (2, 0)


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


def test_the_pace_is_that_of_the_batches_behind_the_pilot(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 10, 1
    campaign = send(contact_lists=[make_list(people=41)])
    settlement.settle([(claim_frames()[0], Answer("accepted", ticket="pilot"))])
    now = timezone.now()
    SendAttempt.objects.update(started_at=now - timezone.timedelta(seconds=50))
    assert pace.pace(campaign, now) is None
    settlement.settle([(claim_frames(1)[0], Answer("accepted", ticket="first"))])
    SendAttempt.objects.filter(frame__is_pilot=False).update(
        started_at=now - timezone.timedelta(seconds=30)
    )
    found = pace.pace(campaign, now)
    assert (found.per_minute, found.minutes_left) == (20, 2)


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("sending", "Has left for 4 May be leaving at this moment 2 at most Still to leave 3"),
        ("paused", "Has left for 4 May be leaving at this moment 2 at most Does not leave until"),
        ("cancelled", "Has left for 4 May be leaving at this moment 2 at most Will not get it 3"),
        ("sent", ""),
    ],
)
def test_how_far_it_has_left(admin_client, settings, status, shown):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 2, 0
    campaign = send(contact_lists=[make_list(people=10)])
    states = ("accepted", "accepted", "uncertain", "pending", "pending")
    for frame, told in zip(campaign.frames.order_by("pk"), states, strict=True):
        Frame.objects.filter(pk=frame.pk).update(status=told)
    # Who dropped out of a batch has not left with it.
    last = campaign.frames.order_by("pk").last()
    Recipient.objects.filter(pk=last.recipients.first().pk).update(
        exclusion="gone", status="excluded"
    )
    Campaign.objects.filter(pk=campaign.pk).update(status=status, reason_code="person")
    page = seen(progress(admin_client, campaign))
    assert shown in page if shown else "Has left for" not in page
    asked = admin_client.post(url("campaign_verb", campaign.pk, "cancel"))
    if status in ("sending", "paused"):
        assert "It has left for 4 people: that cannot be called back." in seen(asked)
        assert "2 people at most may be getting it at this moment." in seen(asked)
        assert "3 people more would still get it" in seen(asked)
        assert ("To go on later" in seen(asked)) == (status == "sending")


def test_who_may_not_look_is_refused(client, django_user_model):
    campaign = send()
    client.force_login(django_user_model.objects.create_user("nobody", is_staff=True))
    assert progress(client, campaign).status_code == 403
