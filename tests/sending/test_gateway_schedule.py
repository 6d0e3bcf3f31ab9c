"""Schedules that the gateway keeps, and what can be cancelled there."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from octopush_django.backends.locmem import LocMemBackend
from octopush_django.campaigns import cancel_campaign, preview_campaign, resume_campaign
from octopush_django.exceptions import GatewayRefused, GatewayUncertain, NotAllowedNow
from octopush_django.sending.gateway_schedule import waits_at_gateway
from octopush_django.testing import outbox, send_due

from ..people import number, send

pytestmark = pytest.mark.django_db


def handed_over(people=2, **delta):
    campaign = send(
        recipients=[number(i) for i in range(people)], scheduler="gateway",
        send_at=timezone.now() + timedelta(**(delta or {"hours": 2})),
    )  # fmt: skip
    send_due()
    campaign.refresh_from_db()
    return campaign


def test_the_gateway_gets_the_time_in_whole_seconds_with_its_offset():
    campaign = handed_over()
    sent = outbox[0]["send_at"]
    assert sent == campaign.send_at.isoformat(timespec="seconds")
    assert sent[-6] in "+-"
    assert campaign.status == "sent"
    assert waits_at_gateway(campaign)


def test_what_is_lost_is_said_before():
    preview = preview_campaign(text="Hi", purpose="alert", sender="Shop", scheduler="gateway",
                               recipients=[number(0)])  # fmt: skip
    [finding] = [f for f in preview.findings if f.code == "gateway_schedule"]
    assert finding.level == "warning"


def test_one_or_two_people_can_be_called_back():
    campaign = cancel_campaign(handed_over(), by="Ada")
    assert outbox[0]["cancelled"]
    assert (campaign.status, "Ada" in campaign.reason) == ("cancelled", True)
    assert campaign.frames.get().status == "cancelled"
    assert campaign.frames.get().cost == Decimal(0)
    assert set(campaign.recipients.values_list("status", flat=True)) == {"cancelled"}


def test_an_object_from_before_it_was_handed_over_will_do():
    campaign = send(recipients=[number(0)], scheduler="gateway",
                    send_at=timezone.now() + timedelta(hours=2))  # fmt: skip
    send_due()
    assert campaign.status == "sending"
    assert cancel_campaign(campaign).status == "cancelled"


@pytest.mark.parametrize(
    ("people", "minutes", "why"), [(3, 120, "fewer than three"), (2, 10, "ten minutes")]
)
def test_what_the_gateway_never_cancels_is_not_asked(people, minutes, why):
    with time_machine.travel(timezone.now(), tick=False):
        campaign = handed_over(people, minutes=minutes)
        with pytest.raises(NotAllowedNow, match=why):
            cancel_campaign(campaign)
    campaign.refresh_from_db()
    assert (campaign.status, outbox[0].get("cancelled")) == ("sent", None)


@pytest.mark.parametrize(
    ("error", "why"),
    [(GatewayRefused("too late", code=132), "too late"), (GatewayUncertain("reset"), "may still")],
)
def test_a_refusal_is_explained_and_changes_nothing(monkeypatch, error, why):
    def refuse(backend, ticket, channel):
        raise error

    campaign = handed_over()
    monkeypatch.setattr(LocMemBackend, "cancel", refuse)
    with pytest.raises(NotAllowedNow, match=why):
        cancel_campaign(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "sent"


def test_a_simulation_waits_nowhere():
    campaign = send(simulation=True, scheduler="gateway", recipients=[number(0)],
                    send_at=timezone.now() + timedelta(hours=2))  # fmt: skip
    send_due()
    campaign.refresh_from_db()
    assert (campaign.status, waits_at_gateway(campaign)) == ("sent", False)


def test_what_has_left_cannot_be_cancelled():
    campaign = handed_over()
    campaign.send_at = timezone.now() - timedelta(minutes=1)
    campaign.save()
    with pytest.raises(NotAllowedNow):
        cancel_campaign(campaign)


def test_what_was_called_back_stays_so_when_the_next_is_refused(monkeypatch, settings):
    settings.OCTOPUSH_FRAME_SIZE = 1
    campaign = handed_over()
    first, second = campaign.frames.order_by("number")
    cancel = LocMemBackend.cancel

    def refuse_the_second(self, ticket, channel="sms"):
        if ticket == second.ticket:
            raise GatewayRefused("too late", code=132)
        cancel(self, ticket, channel)

    monkeypatch.setattr(LocMemBackend, "cancel", refuse_the_second)
    with pytest.raises(NotAllowedNow, match="too late"):
        cancel_campaign(campaign)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "accepted")
    assert first.recipients.get().status == "cancelled"
    assert second.recipients.get().status == "pending"
    monkeypatch.undo()
    assert cancel_campaign(campaign).status == "cancelled"


def test_one_that_comes_too_late_waits_for_a_person():
    """The gateway would send a time that is past at once."""
    at = timezone.now() + timedelta(minutes=30)
    campaign = send(recipients=[number(0)], scheduler="gateway", send_at=at)
    with time_machine.travel(at + timedelta(hours=30)):
        send_due()
        campaign.refresh_from_db()
        assert (campaign.status, campaign.reason_code, outbox) == ("paused", "late", [])
        resume_campaign(campaign)
        send_due()
        assert (campaign.status, campaign.send_at) == ("sending", None)
        assert "send_at" not in outbox[0]
    campaign.refresh_from_db()
    assert campaign.status == "sent"
