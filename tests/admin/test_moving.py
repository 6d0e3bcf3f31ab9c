"""When a campaign leaves: what is said before, and how a scheduled one is moved."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from octopush_django import campaigns
from octopush_django.models import Frame, SendAttempt
from octopush_django.reports import pace

from ..desk import check, seen, url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "clock"), [("2031-03-30", "02:30"), ("2031-10-26", "02:30")], ids=["spring", "autumn"]
)
@pytest.mark.time_machine("2031-01-10 10:00")
def test_the_nights_of_the_clock_change(admin_client, draft, settings, day, clock):
    """An hour that does not exist, or exists twice, is refused rather than guessed."""
    settings.TIME_ZONE = "Europe/Paris"
    page = check(admin_client, draft)
    assert "Europe/Paris" in seen(page)
    mark = page.context["send_form"]["fingerprint"].initial
    data = {"fingerprint": mark, "_schedule": "", "send_at_0": day, "send_at_1": clock}
    page = admin_client.post(url("campaign_check", draft.pk), data)
    assert "may be ambiguous or it may not exist" in seen(page)
    draft.refresh_from_db()
    assert draft.status == "draft"
    admin_client.post(url("campaign_check", draft.pk), {**data, "send_at_1": "08:30"})
    draft.refresh_from_db()
    assert draft.status == "scheduled"
    assert f"{draft.send_at.astimezone(ZoneInfo('Europe/Paris')):%Y-%m-%d %H:%M}" == f"{day} 08:30"


SUNDAY, MONDAY = "2031-01-12", "2031-01-13"
HOURS = "mon-sat 08:00-20:00"


@pytest.mark.time_machine("2031-01-10 10:00")
def test_a_time_that_is_not_allowed_is_looked_at_again(admin_client, draft, settings):
    settings.OCTOPUSH_QUIET_HOURS = HOURS
    mark = check(admin_client, draft).context["send_form"].initial["fingerprint"]
    data = {"_schedule": "", "send_at_0": SUNDAY, "send_at_1": "12:00", "fingerprint": mark}
    page = admin_client.post(url("campaign_check", draft.pk), data)
    assert "there is something to know about that time" in seen(page)
    assert "it will go on Monday 13 January 2031 08:00 (Europe/Paris)" in seen(page)
    assert f'value="{SUNDAY}"' in page.content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"
    data["fingerprint"] = page.context["send_form"].initial["fingerprint"]
    page = admin_client.post(url("campaign_check", draft.pk), data, follow=True)
    assert "Marketing may not leave then: it waits until Jan. 13, 2031, 8 a.m. (CET)" in seen(page)
    draft.refresh_from_db()
    assert draft.status == "scheduled"


@pytest.mark.time_machine("2031-01-10 10:00")
def test_a_note_about_one_date_does_not_pass_for_another(admin_client, draft, settings):
    """Saturday at 23:00 was warned of; then Sunday is chosen: both wait until Monday."""
    settings.OCTOPUSH_QUIET_HOURS = HOURS
    mark = check(admin_client, draft).context["send_form"].initial["fingerprint"]
    saturday = {"send_at_0": "2031-01-11", "send_at_1": "23:00"}
    sunday = {"send_at_0": SUNDAY, "send_at_1": "12:00"}
    page = admin_client.post(
        url("campaign_check", draft.pk), {"_schedule": "", "fingerprint": mark, **saturday}
    )
    mark = page.context["send_form"].initial["fingerprint"]
    page = admin_client.post(
        url("campaign_check", draft.pk), {"_schedule": "", "fingerprint": mark, **sunday}
    )
    assert "there is something to know about that time" in seen(page)
    draft.refresh_from_db()
    assert draft.status == "draft"


@pytest.mark.time_machine("2031-01-11 20:30")
def test_sending_outside_the_allowed_hours_says_so(admin_client, draft, settings):
    settings.OCTOPUSH_QUIET_HOURS = HOURS
    page = check(admin_client, draft)
    assert "Send to 2 people at the allowed hours" in seen(page)
    assert "it will go on Monday 13 January 2031 08:00" in seen(page)
    mark = page.context["send_form"].initial["fingerprint"]
    data = {"_send": "", "fingerprint": mark}
    page = admin_client.post(url("campaign_check", draft.pk), data, follow=True)
    assert "It waits for the allowed hours" in seen(page)


@pytest.mark.time_machine("2031-01-10 10:00")
def test_the_hours_may_end_between_the_look_and_the_click(admin_client, draft, settings):
    mark = check(admin_client, draft).context["send_form"].initial["fingerprint"]
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-09:00"
    page = admin_client.post(url("campaign_check", draft.pk), {"_send": "", "fingerprint": mark})
    assert "Something changed since you looked" in seen(page)


@pytest.mark.parametrize(
    ("day", "said"),
    [("2031-01-09", "is past"), ("2033-01-09", "is more than a year ahead"), ("x", "valid date"),
     ("0001-01-01", "is past"), ("9999-12-31", "is more than a year ahead")],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Pacific/Auckland"])
@pytest.mark.time_machine("2031-01-10 10:00")
def test_a_time_that_cannot_be(admin_client, draft, settings, zone, day, said):
    settings.TIME_ZONE = zone
    mark = check(admin_client, draft).context["send_form"].initial["fingerprint"]
    data = {"_schedule": "", "send_at_0": day, "send_at_1": "23:30", "fingerprint": mark}
    page = admin_client.post(url("campaign_check", draft.pk), data)
    assert said in str(page.context["schedule_form"].errors["send_at"])


@pytest.mark.parametrize(
    ("clock", "told"), [("19:59:59", (0, 2)), ("19:59:58", (1, 1)), ("12:00:00", None)]
)
def test_who_gets_it_today_and_who_later(draft, settings, time_machine, clock, told):
    settings.OCTOPUSH_QUIET_HOURS = HOURS
    settings.OCTOPUSH_FRAME_SIZE = settings.OCTOPUSH_CONCURRENCY = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    time_machine.move_to(f"2031-01-11 {clock}+01:00", tick=False)
    findings = campaigns.preview_campaign(draft).findings
    found = [one for one in findings if one.code == "runs_past_hours"]
    if told is None:
        assert found == []
        return
    # Two requests, at one in two seconds.
    [finding] = found
    first, later = told
    assert str(finding.message).endswith(
        f"until Saturday 11 January 2031 20:00: about {first}; from Monday 13 January 2031 08:00 "
        f"on: about {later} (Europe/Paris)."
    )
    assert (finding.level, finding.field) == ("warning", "send_at")


def test_the_pace_is_that_of_the_last_batches(draft):
    assert pace.requests_per_second() == 4 / pace.CAUTIOUS_CALL
    frames = Frame.objects.bulk_create(
        Frame(campaign=draft, number=n, request_id=f"r{n}", size=1) for n in range(1, 31)
    )
    began = timezone.now()
    # Two runs of fifteen, half a second between answers, an hour between the runs.
    SendAttempt.objects.bulk_create(
        SendAttempt(
            frame=frame, fence=1, request_id=frame.request_id, outcome="accepted",
            ended_at=began + timedelta(seconds=n / 2, hours=n // 15),
        )
        for n, frame in enumerate(frames)
    )  # fmt: skip
    assert pace.requests_per_second() == 2


@pytest.mark.time_machine("2031-01-10 10:00")
def test_a_scheduled_campaign_is_moved(admin_client, draft, settings):
    settings.OCTOPUSH_QUIET_HOURS = HOURS
    path = url("campaign_move", draft.pk)
    assert "This campaign is: Draft" in seen(admin_client.get(path, follow=True))
    campaigns.schedule_campaign(draft, timezone.now() + timedelta(hours=1))
    assert "Another time" in seen(admin_client.get(url("campaign_change", draft.pk)))
    assert 'value="2031-01-10"' in admin_client.get(path).content.decode()
    said = seen(admin_client.post(path, {"send_at_0": SUNDAY, "send_at_1": "12:00"}))
    assert "The next allowed time is Monday 13 January 2031 08:00 (Europe/Paris)" in said
    page = admin_client.post(path, {"send_at_0": MONDAY, "send_at_1": "09:00"}, follow=True)
    assert "Moved: Autumn" in seen(page)
    draft.refresh_from_db()
    assert (draft.status, f"{draft.send_at:%Y-%m-%d %H:%M}") == ("scheduled", f"{MONDAY} 08:00")
