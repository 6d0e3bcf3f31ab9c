"""The check page of large lists: a press counts nobody, and what was looked at is compared."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from octopush_django import approval, segments
from octopush_django.admin import sealed
from octopush_django.campaigns import (
    launch_campaign,
    preview_campaign,
    schedule_campaign,
)
from octopush_django.compose import fingerprint, previews
from octopush_django.models import Campaign, Preparation, Tariff
from octopush_django.testing import send_due

from ..desk import check, seen, url
from ..people import STOP, make_list
from ..test_approval import large, state
from ..test_what_was_seen import add_contacts

__all__ = ["large"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_are_many(monkeypatch):
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 3)


def form_of(client, campaign, form="send_form"):
    page = check(client, campaign, "?counted=1")
    return {name: str(value) for name, value in page.context[form].initial.items() if value}


def press(client, campaign, fields, button="_send"):
    return client.post(url("campaign_check", campaign.pk), {**fields, button: ""}, follow=True)


@pytest.fixture
def no_counting(monkeypatch):
    def count(*_args):
        raise AssertionError("people were counted in a click")

    return lambda: monkeypatch.setattr("octopush_django.compose.previews.count_audience", count)


def test_a_click_on_send_counts_nobody(admin_client, large, no_counting):
    fields = form_of(admin_client, large)
    no_counting()
    page = press(admin_client, large, fields)
    assert state(large) == ("sending", "preparing")
    assert Preparation.objects.get().people_seen == large.expected_units == 5
    assert "being written down" in seen(page)
    assert "5 people at most" in seen(page)
    assert " 0 people" not in seen(page)
    assert 'data-moving="1"' in page.content.decode()


def test_the_page_of_one_that_was_put_back_says_why(admin_client, large):
    press(admin_client, large, form_of(admin_client, large))
    add_contacts(large, first_name="Eve")
    send_due()
    for name, query in (("campaign_change", ""), ("campaign_check", "?counted=1")):
        page = admin_client.get(url(name, large.pk) + query)
        assert "7 people would receive it, and not 5" in seen(page)
    assert "Draft: 7 people" in seen(admin_client.get(url("campaign_changelist")))


def test_another_text_is_looked_at_again(admin_client, large):
    fields = form_of(admin_client, large)
    Campaign.objects.filter(pk=large.pk).update(text=f"Salut {{first_name}} {STOP}")
    page = press(admin_client, large, fields)
    assert "Something changed since you looked: the text or its options." in seen(page)
    assert state(large) == ("draft", "")
    assert page.context["preview"].count == 5
    assert press(admin_client, large, form_of(admin_client, large)).status_code == 200
    assert state(large) == ("sending", "preparing")


@pytest.mark.parametrize("seal", ["", "rubbish", "of another campaign"])
def test_figures_that_this_site_did_not_make_are_counted(admin_client, large, seal):
    fields = form_of(admin_client, large)
    if seal == "of another campaign":
        other = Campaign.objects.create(
            text=f"Bonjour {{first_name}} {STOP}", purpose="wholesale", sender="Shop"
        )
        other.include.set(large.include.all())
        seal = form_of(admin_client, other)["counted"]
    add_contacts(large, first_name="Eve")
    page = press(admin_client, large, {**fields, "counted": seal})
    assert "Something changed since you looked: who receives it" in seen(page)
    assert state(large) == ("draft", "")


def test_a_time_that_was_not_looked_at_is_looked_at(admin_client, large, settings):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    with time_machine.travel("2026-11-25T10:00:00Z"):
        fields = form_of(admin_client, large, "schedule_form")
        night = {"send_at_0": "2026-11-26", "send_at_1": "23:00"}
        page = press(admin_client, large, {**fields, **night}, "_schedule")
        assert "Please look again: there is something to know about that time" in seen(page)
        assert state(large) == ("draft", "")
        again = page.context["schedule_form"].initial
        fields = {"fingerprint": again["fingerprint"], "counted": again["counted"], **night}
        press(admin_client, large, fields, "_schedule")
        assert state(large) == ("scheduled", "preparing")


def test_the_page_before_cancelling_promises_nothing_wrong(admin_client, large):
    launch_campaign(large)
    page = admin_client.post(url("campaign_verb", large.pk, "cancel"))
    assert "It has not left for anybody yet." in seen(page)
    assert " 0 people" not in seen(page)


def test_the_page_asks_on_while_a_schedule_is_prepared(admin_client, large):
    schedule_campaign(large, timezone.now() + timedelta(hours=3))
    page = admin_client.get(url("campaign_progress", large.pk))
    assert "not counted yet" in seen(page)
    assert 'data-moving="1"' in page.content.decode()
    tag = page["ETag"]
    approval.prepare(large.pk)
    page = admin_client.get(url("campaign_progress", large.pk), headers={"If-None-Match": tag})
    assert "5 people" in seen(page)
    assert "data-moving" not in page.content.decode()


def test_the_command_says_what_it_waits_for(large, capsys):
    from django.core.management import call_command

    call_command("octopush_send", str(large.pk), "--yes")
    assert "Its lists are long" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_approve_once(large, admin_user):
    client = Client()
    client.force_login(admin_user)
    fields = form_of(client, large)
    press(client, large, fields)
    page = press(client, large, fields)
    assert "This campaign is: Sending" in seen(page)
    assert Preparation.objects.count() == 1


def test_other_lists_are_looked_at_again(admin_client, large):
    """As many people, but others: whoever pressed has not looked at them."""
    fields = form_of(admin_client, large)
    large.include.set([make_list("Everybody else", people=5)])
    page = press(admin_client, large, fields)
    assert "Something changed since you looked: the lists that it goes to" in seen(page)
    assert state(large) == ("draft", "")


def test_other_lists_to_leave_out_are_looked_at_again(admin_client, large):
    large.exclude.add(make_list("Left out", people=1))
    fields = form_of(admin_client, large)
    large.exclude.set([make_list("Left out too", people=1)])
    page = press(admin_client, large, fields)
    assert "the lists that it goes to or leaves out" in seen(page)
    assert state(large) == ("draft", "")


def test_figures_of_hours_ago_are_counted_anew(admin_client, large, no_counting):
    fields = form_of(admin_client, large)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        no_counting()
        with pytest.raises(AssertionError, match="counted in a click"):
            press(admin_client, large, fields)


def test_saving_a_draft_forgets_why_it_was_put_back(admin_client, large):
    launch_campaign(large, seen=preview_campaign(large))
    add_contacts(large, first_name="Eve")
    send_due()
    assert state(large) == ("draft", "changed")
    form = admin_client.get(url("campaign_change", large.pk)).context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: value for name, value in fields.items() if value not in (None, False, [])}
    fields["include"] = list(large.include.values_list("pk", flat=True))
    assert admin_client.post(url("campaign_change", large.pk), fields).status_code == 302
    assert (*state(large), large.reason) == ("draft", "", "")


def test_what_is_sealed_is_what_was_shown(large):
    """Whole: a surcharge or a note that were lost would put the campaign back each time."""
    Tariff.objects.create(euros="0.05")
    large.auto_remove_blacklisted = True
    large.save()
    preview = preview_campaign(large)
    assert preview.surcharge > 0
    again = previews.renewed(large, sealed.unseal(large, sealed.seal(large, preview)))
    for name in ("count", "cost", "requests", "surcharge", "histogram", "exclusions"):
        assert getattr(again, name) == getattr(preview, name), name
    assert fingerprint.changes(preview.fingerprint, again.fingerprint) == []


def test_the_hours_are_told_without_counting_anew(large, settings):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    settings.OCTOPUSH_FRAME_SIZE = settings.OCTOPUSH_CONCURRENCY = 1
    with time_machine.travel("2026-11-25T18:59:59Z", tick=False):
        preview = preview_campaign(large)
        again = previews.renewed(large, sealed.unseal(large, sealed.seal(large, preview)))
    codes = [finding.code for finding in again.findings]
    assert "runs_past_hours" in codes
    assert sorted(codes) == sorted(finding.code for finding in preview.findings)
    assert fingerprint.changes(preview.fingerprint, again.fingerprint) == []


def test_after_a_change_the_page_of_a_large_draft_is_counted_anew(admin_client, large):
    fields = form_of(admin_client, large)
    add_contacts(large, people=1, first_name="Eve")
    Campaign.objects.filter(pk=large.pk).update(text=f"Ça a commencé, {{first_name}}… {STOP}")
    page = press(admin_client, large, fields)
    assert page.context["preview"].count == 6
    assert page.context["preview"].savings


def test_a_price_that_rises_by_less_than_a_cent_is_looked_at_again(large):
    Tariff.objects.create(euros="0.0450")
    first = preview_campaign(large)
    Tariff.objects.create(euros="0.0459")
    second = preview_campaign(large)
    assert fingerprint.changes(first.fingerprint, second.fingerprint) == ["the price"]


def test_the_page_of_a_draft_is_about_now_and_not_about_a_time_it_had(
    admin_client, draft, settings
):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    with time_machine.travel("2026-11-25T10:00:00Z", tick=False):
        Campaign.objects.filter(pk=draft.pk).update(send_at=timezone.now() + timedelta(hours=13))
        page = admin_client.get(url("campaign_check", draft.pk) + "?counted=1")
        assert "quiet_hours" not in {note.code for note in page.context["preview"].findings}
        fields = {"fingerprint": page.context["send_form"].initial["fingerprint"]}
        press(admin_client, draft, fields)
    assert state(draft)[0] == "sending"


def test_a_text_saved_meanwhile_is_not_replaced(admin_client, draft, monkeypatch):
    without = segments.without

    def slowly(text, characters):
        Campaign.objects.filter(pk=draft.pk).update(text=f"Another {STOP}")
        return without(text, characters)

    monkeypatch.setattr(segments, "without", slowly)
    admin_client.post(url("campaign_replace", draft.pk), {"characters": "’"})
    draft.refresh_from_db()
    assert draft.text == f"Another {STOP}"
