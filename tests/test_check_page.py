"""The pages between a draft and the decision: a sample, savings, who is left out, a test."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from octopush_django import campaigns, copies, reports, samples, snapshot
from octopush_django.admin.campaigns import CampaignAdmin
from octopush_django.admin.forms import CampaignForm
from octopush_django.backends.locmem import LocMemBackend
from octopush_django.exceptions import CampaignError
from octopush_django.models import (
    Campaign,
    Contact,
    ContactList,
    Frame,
    Halt,
    OptOut,
    SendAttempt,
    Tariff,
)
from octopush_django.testing import outbox, run_pump

from .people import STOP, in_own_connection, number

pytestmark = pytest.mark.django_db


def url(page, *args):
    return reverse(f"admin:octopush_django_{page}", args=args)


def seen(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


@pytest.fixture
def draft():
    campaign = Campaign.objects.create(
        name="Autumn",
        text=f"C’est l’été, {{first_name}} ! {STOP}",
        purpose="wholesale",
        sender="Shop",
    )
    contact_list = ContactList.objects.create(name="Clients")
    for index, name in enumerate(["Ada", "Maximilienne", "", "Eve"]):
        contact = Contact.objects.create(
            phone_number=number(index), first_name=name, last_name="Lovelace"
        )
        contact_list.contacts.add(contact)
    OptOut.objects.create(address=number(3))
    campaign.include.add(contact_list)
    return campaign


def check(client, campaign, query=""):
    return client.get(url("campaign_check", campaign.pk) + query)


# --- a sample --------------------------------------------------------------------------------


def test_the_text_as_somebody_reads_it(admin_client, draft):
    first = check(admin_client, draft)
    assert "C’est l’été, Ada !" in seen(first)
    assert "As Ada Lovelace" in seen(first)
    after = check(admin_client, draft, f"?after={first.context['sample'].contact.pk}")
    assert "C’est l’été, Maximilienne !" in seen(after)
    around = check(admin_client, draft, f"?after={after.context['sample'].contact.pk}")
    assert around.context["sample"].contact.first_name == "Ada"
    longest = check(admin_client, draft, "?dearest")
    assert longest.context["sample"].contact.first_name == "Maximilienne"


@pytest.mark.parametrize(
    "query", ["?who=%00", "?after=x", "?person=-1", f"?after={'9' * 30}", "?then=a,,1e3"]
)
def test_rubbish_in_the_address_is_no_error(admin_client, draft, query):
    assert check(admin_client, draft, query).status_code == 200


def test_who_is_left_out_is_no_sample(draft):
    eve = Contact.objects.get(first_name="Eve")
    assert samples.sample(draft, person=eve.pk).contact.first_name == "Ada"
    draft.include.clear()
    assert samples.sample(draft) is None
    assert samples.dearest(draft) is None


def test_the_length_of_the_longest(admin_client, draft):
    words = seen(check(admin_client, draft))
    longest = len(f"C’est l’été, Maximilienne ! {STOP}")
    assert f"the longest has {longest} characters" in words


def test_save_and_check(admin_client, client, draft):
    form = {"name": "Winter", "purpose": "wholesale", "text": draft.text, "sender": "Shop",
            "sms_type": "sms_premium", "scheduler": "app", "_check": ""}  # fmt: skip
    page = admin_client.post(url("campaign_change", draft.pk), form, follow=True)
    assert page.context["title"] == "Check before sending"
    assert page.context["campaign"].name == "Winter"
    page = admin_client.post(url("campaign_add"), form, follow=True)
    assert page.context["title"] == "Check before sending"
    assert page.context["campaign"] != draft
    # Who may write but not send is not led there.
    writer = User.objects.create_user("writer", is_staff=True)
    may = Permission.objects.filter(codename__in=("change_campaign", "view_campaign"))
    writer.user_permissions.set(may)
    client.force_login(writer)
    assert "Save, check and send" not in seen(client.get(url("campaign_change", draft.pk)))
    assert client.post(url("campaign_change", draft.pk), form).url == url("campaign_changelist")


def test_somebody_found_by_name_or_number(admin_client, draft):
    found = check(admin_client, draft, "?who=maxi")
    assert found.context["sample"].contact.first_name == "Maximilienne"
    assert "who=maxi" in found.context["next_person"]
    found = check(admin_client, draft, f"?who=0{number(1)[3:]}")
    assert found.context["sample"].contact.first_name == "Maximilienne"
    nobody = seen(check(admin_client, draft, "?who=<b>eve"))
    assert "Nobody who receives it is found by “&lt;b&gt;eve”" in nobody
    assert "Send now to 2 people" in nobody


def test_blanks_are_no_name_and_braces_must_be_seen(admin_client, draft):
    Contact.objects.filter(first_name="Ada").update(first_name="  ")
    Contact.objects.filter(first_name="Maximilienne").update(first_name=" {Max} ")
    page = check(admin_client, draft)
    assert page.context["preview"].exclusions == {"opted_out": 1, "missing_value": 2}
    assert "2 people are left out because a personal detail is missing (first name)" in seen(page)
    assert "1 person would read “{” or “}”" in seen(page)
    assert page.context["asked"]
    assert "C’est l’été, {Max} !" in seen(page)


# --- what must be read first --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [("Votre colis est arrivé", "transactional_list"), ("-20% samedi", "promotional"),
     ("Grande SOLDE", "promotional"), ("Le solde de votre compte", "promotional"),
     ("100% of your order has left", "transactional_list")],
)  # fmt: skip
def test_transactional_to_a_list_is_acknowledged(admin_client, draft, text, code):
    Campaign.objects.filter(pk=draft.pk).update(purpose="alert", text=text)
    draft.refresh_from_db()
    page = check(admin_client, draft)
    [finding] = [f for f in page.context["preview"].findings if f.acknowledge]
    assert (finding.code, finding.level) == (code, "warning")
    data = {"fingerprint": page.context["send_form"]["fingerprint"].initial, "_send": ""}
    page = admin_client.post(url("campaign_check", draft.pk), data)
    assert "Tick that you have read it" in seen(page)
    draft.refresh_from_db()
    assert draft.status == "draft"
    admin_client.post(url("campaign_check", draft.pk), {**data, "acknowledged": "on"})
    draft.refresh_from_db()
    assert draft.status == "sending"


def test_enter_in_the_fields_of_the_date_does_not_send(admin_client, draft):
    """A browser presses the first button of the form that the field is in."""
    page = check(admin_client, draft)
    forms = re.findall(r"<form.*?</form>", page.content.decode(), re.DOTALL)
    [dated] = [form for form in forms if 'name="send_at_0"' in form]
    assert re.findall(r'<button[^>]* name="(\w+)"', dated) == ["_schedule"]
    mark = page.context["send_form"].initial["fingerprint"]
    admin_client.post(url("campaign_check", draft.pk), {"fingerprint": mark})
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_scheduling_asks_for_the_same_acknowledgement(admin_client, draft):
    Campaign.objects.filter(pk=draft.pk).update(purpose="alert", text="Votre colis est là")
    mark = check(admin_client, draft).context["send_form"].initial["fingerprint"]
    when = timezone.localtime() + timedelta(days=1)
    data = {"_schedule": "", "fingerprint": mark, "send_at_0": f"{when:%Y-%m-%d}",
            "send_at_1": "12:00"}  # fmt: skip
    page = admin_client.post(url("campaign_check", draft.pk), data)
    assert "acknowledged" in page.context["schedule_form"].errors
    assert not page.context["send_form"].errors
    admin_client.post(url("campaign_check", draft.pk), {**data, "acknowledged": "on"})
    draft.refresh_from_db()
    assert draft.status == "scheduled"


def test_marketing_needs_no_acknowledgement(admin_client, draft):
    Campaign.objects.filter(pk=draft.pk).update(text=f"Soldes -20% {STOP}")
    page = check(admin_client, draft)
    assert not page.context["asked"]
    assert "I have read these notes" not in seen(page)


# --- a million ----------------------------------------------------------------------------------


def test_a_large_audience_opens_at_once_and_says_that_it_counts(
    admin_client, draft, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr("octopush_django.admin.check.LARGE", 3)
    with django_assert_max_num_queries(6):
        page = check(admin_client, draft, "?dearest")
    assert "Counting everybody" in seen(page)
    assert "fingerprint" not in page.content.decode()
    follow = re.search(r'refresh" content="0; url=([^"]+)"', page.content.decode())[1]
    counted = admin_client.get(follow.replace("&amp;", "&"))
    assert counted.context["preview"].count == 2
    assert counted.context["sample"].contact.first_name == "Maximilienne"
    monkeypatch.setattr("octopush_django.admin.check.LARGE", 4)
    assert "Counting everybody" not in seen(check(admin_client, draft))


# --- what it costs, and when -------------------------------------------------------------------


def test_the_credit_in_sms(admin_client, draft, monkeypatch):
    worth = {
        "FR": {"premium_sms": Decimal(20408), "low_cost_sms": Decimal(1)},
        "BE": {"x": Decimal(1)},
    }
    monkeypatch.setattr(LocMemBackend, "check_credits", lambda self: worth)
    assert "1,000.00 EUR (about 20,408 SMS to FR)" in seen(check(admin_client, draft))
    draft.channel, draft.options = "rcs", {}
    draft.save()
    assert "SMS to FR" not in seen(check(admin_client, draft))


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


@pytest.mark.parametrize(("clock", "told"), [("19:59:59", True), ("12:00:00", False)])
def test_who_gets_it_today_and_who_later(draft, settings, time_machine, clock, told):
    settings.OCTOPUSH_QUIET_HOURS = HOURS
    settings.OCTOPUSH_FRAME_SIZE = settings.OCTOPUSH_CONCURRENCY = 1
    settings.OCTOPUSH_PILOT_SIZE = 0
    time_machine.move_to(f"2031-01-11 {clock}+01:00", tick=False)
    findings = campaigns.preview_campaign(draft).findings
    found = [str(one.message) for one in findings if one.code == "runs_past_hours"]
    # Two requests, at one in two seconds.
    said = "about 0 people until Saturday 11 January 2031 20:00, about 2 from Monday 13 January"
    assert [said in message for message in found] == [True] * told


def test_the_pace_is_that_of_the_last_batches(draft):
    assert reports.requests_per_second() == 4 / reports.CAUTIOUS_CALL
    frames = Frame.objects.bulk_create(
        Frame(campaign=draft, number=n, request_id=f"r{n}", contacts=1) for n in range(1, 31)
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
    assert reports.requests_per_second() == 2


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


# --- what changes behind the page's back --------------------------------------------------------


def launch(client, campaign, page):
    data = {"_send": "", "fingerprint": page.context["send_form"].initial["fingerprint"]}
    answer = client.post(url("campaign_check", campaign.pk), data, follow=True)
    campaign.refresh_from_db()
    return seen(answer)


def test_one_person_in_the_place_of_another(admin_client, draft):
    page = check(admin_client, draft)
    contact_list = draft.include.get()
    contact_list.contacts.remove(Contact.objects.get(first_name="Ada"))
    contact_list.contacts.add(Contact.objects.create(phone_number=number(9), first_name="Bea"))
    assert "Something changed" in launch(admin_client, draft, page)
    assert draft.status == "draft"


@pytest.mark.parametrize("change", ["text", "people"])
def test_a_change_between_the_last_count_and_the_launch(admin_client, draft, monkeypatch, change):
    page = check(admin_client, draft)
    real = campaigns.preview_campaign

    def preview(campaign):
        found = real(campaign)
        if change == "text":
            Campaign.objects.filter(pk=draft.pk).update(text=f"Other {STOP}")
        else:
            Contact.objects.filter(first_name="").update(first_name="Now")
        return found

    monkeypatch.setattr(campaigns, "preview_campaign", preview)
    assert "changed meanwhile. Please look again; nothing was sent" in launch(
        admin_client, draft, page
    )
    assert (draft.status, draft.recipients.count()) == ("draft", 0)


def test_lists_that_keep_growing_are_no_traceback(admin_client, draft, monkeypatch):
    monkeypatch.setattr(snapshot, "CUTTING_TRIES", 0)
    assert "The lists keep growing" in launch(admin_client, draft, check(admin_client, draft))
    assert draft.status == "draft"


def test_an_edit_that_comes_after_the_launch_does_not_undo_it(admin_client, draft, monkeypatch):
    """The editor's request has read the draft; then somebody sends it; then the editor saves."""
    real = CampaignForm.is_valid

    def is_valid(form):
        found = real(form)
        if Campaign.objects.get(pk=draft.pk).status == "draft":
            campaigns.launch_campaign(Campaign.objects.get(pk=draft.pk))
        return found

    monkeypatch.setattr(CampaignForm, "is_valid", is_valid)
    data = {"name": "New", "purpose": "wholesale", "text": f"New {STOP}", "sender": "Shop",
            "sms_type": "sms_premium", "include": [draft.include.get().pk],
            "scheduler": "app"}  # fmt: skip
    page = admin_client.post(url("campaign_change", draft.pk), data, follow=True)
    assert "your change came too late" in seen(page)
    assert Campaign.objects.get(pk=draft.pk).name == "Autumn"


def test_a_deletion_that_comes_after_the_launch_deletes_nothing(admin_client, draft, monkeypatch):
    real = CampaignAdmin.delete_model

    def delete_model(model_admin, request, campaign):
        campaigns.launch_campaign(Campaign.objects.get(pk=draft.pk))
        real(model_admin, request, campaign)

    monkeypatch.setattr(CampaignAdmin, "delete_model", delete_model)
    path = url("campaign_delete", draft.pk)
    page = admin_client.post(path, {"post": "yes"})
    assert page.url == url("campaign_change", draft.pk)
    assert "your change came too late" in str(*get_messages(page.wsgi_request))
    assert Campaign.objects.filter(pk=draft.pk).exists()


# --- a price ------------------------------------------------------------------------------------


def test_a_price_that_was_entered(admin_client, draft):
    page = check(admin_client, draft)
    assert "Not known yet" in seen(page)
    path = page.context["enter_price"]
    assert f"for={draft.pk}" in path
    data = {"channel": "sms", "sms_type": "sms_premium", "euros": "0"}
    assert "greater than or equal to 0.0001" in seen(admin_client.post(path, data))
    page = admin_client.post(path, {**data, "euros": "0.05"}, follow=True)
    assert page.context["campaign"] == draft
    assert "about 0.10 EUR, by the price entered on" in seen(page)
    assert page.context["preview"].cost == Decimal("0.10")
    tariff = Tariff.objects.get()
    assert tariff.created_by.username == "admin"
    change = admin_client.post(url("tariff_change", tariff.pk), {**data, "euros": "9"})
    assert change.status_code == 403
    launch(admin_client, draft, page)
    assert (draft.expected_units, draft.expected_cost) == (2, Decimal("0.1"))
    # A later bill wins; then a later entry.
    Frame.objects.filter(campaign=draft).update(
        status="accepted", cost="0.16", segments_billed=4, first_posted_at=timezone.now()
    )
    other = copies.copy_campaign(draft)
    assert reports.last_price(other).euros == Decimal("0.04")
    Tariff.objects.create(euros="0.06")
    Tariff.objects.create(euros="1", sms_type="sms_low_cost")
    assert reports.last_price(other).euros == Decimal("0.06")


# --- savings ---------------------------------------------------------------------------------


def test_characters_are_replaced_by_a_click_only(admin_client, draft):
    draft.text = f"C’est l’été, {{first_name}} ! {'x' * 60} {STOP}"
    draft.save()
    page = check(admin_client, draft)
    assert "Replace ’ by &#x27; (saves 2 SMS)" in seen(page)
    path = url("campaign_replace", draft.pk)
    assert admin_client.get(path).status_code == 302
    draft.refresh_from_db()
    assert "’" in draft.text
    admin_client.post(path, {"characters": "’"})
    draft.refresh_from_db()
    assert draft.text.startswith("C'est l'été, {first_name} !")
    assert "Replace" not in seen(check(admin_client, draft))


# --- who is left out -------------------------------------------------------------------------


def test_each_person_left_out_is_listed_by_reason(admin_client, draft):
    path = url("campaign_left_out", draft.pk)
    everybody = seen(admin_client.get(path))
    assert "2 people" in everybody
    assert "Opted out" in everybody
    opted_out = seen(admin_client.get(f"{path}?reason=opted_out"))
    assert "Eve Lovelace" in opted_out
    assert "1 person" in opted_out
    assert "Eve Lovelace" in seen(admin_client.get(f"{path}?q=eve"))
    assert "Eve Lovelace" in seen(admin_client.get(f"{path}?q=0{number(3)[3:]}"))
    assert "0 people" in seen(admin_client.get(f"{path}?q=nobody&reason=rubbish&page=x"))


def test_the_list_is_downloaded_without_formulas(admin_client, draft):
    Contact.objects.filter(first_name="Eve").update(first_name="=1+1")
    answer = admin_client.get(url("campaign_left_out", draft.pk) + "?download&reason=opted_out")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    [_titles, row] = content.splitlines()
    assert row == f"{number(3)};;'=1+1;Lovelace;Opted out"


# --- a test to oneself ------------------------------------------------------------------------


def test_a_test_goes_out_as_somebody_and_stands_apart(admin_client, draft):
    person = Contact.objects.get(first_name="Maximilienne")
    once = check(admin_client, draft).context["test_form"]["once"].value()
    data = {"to": " 06 98 76 54 32, +33698765433", "person": person.pk, "once": once}
    page = admin_client.post(url("campaign_test", draft.pk), data, follow=True)
    assert "On its way" in seen(page)
    assert page.context["sample"].contact == person
    run_pump()
    test = Campaign.objects.get(tested=draft)
    assert (test.status, test.name) == ("sending", "Test: Autumn") or test.status == "sent"
    assert [p["phone_number"] for p in outbox[0]["recipients"]] == ["+33698765432", "+33698765433"]
    assert {p["first_name"] for p in outbox[0]["recipients"]} == {"Maximilienne"}
    draft.refresh_from_db()
    assert (draft.status, draft.recipients.count()) == ("draft", 0)
    # A double click; then other addresses, and the page seen anew.
    admin_client.post(url("campaign_test", draft.pk), data)
    assert Campaign.objects.filter(tested=draft).count() == 1
    admin_client.post(url("campaign_test", draft.pk), {**data, "to": "0698765434"})
    admin_client.post(url("campaign_test", draft.pk), {**data, "once": uuid4()})
    assert Campaign.objects.filter(tested=draft).count() == 3


@pytest.mark.parametrize("to", ["", "abc", ",".join(["+33698765432"] * 6), number(3)])
def test_a_test_obeys_the_same_rules(admin_client, draft, to):
    """Number 3 opted out of marketing."""
    data = {"to": to, "once": uuid4()}
    page = admin_client.post(url("campaign_test", draft.pk), data, follow=True)
    assert page.status_code == 200
    assert page.context["messages"]
    assert not Campaign.objects.exclude(pk=draft.pk).exists()


def test_a_test_of_another_channel_keeps_its_options(draft):
    draft.channel, draft.options = "voice_sms", {"voice_gender": "female",
                                                 "voice_language": "fr-FR"}  # fmt: skip
    test = copies.send_test(draft, ["+33698765432"], {"first_name": "Ada"})
    assert test.options == draft.options
    with pytest.raises(CampaignError):
        copies.send_test(draft, [], {})


# --- a copy; several at once ------------------------------------------------------------------


def test_a_simulation_of_all_of_it(admin_client, draft):
    path = url("campaign_simulate", draft.pk)
    assert admin_client.get(path).status_code == 302
    assert Campaign.objects.count() == 1
    data = {"once": uuid4()}
    page = admin_client.post(path, data, follow=True)
    simulation = Campaign.objects.get(tested=draft)
    assert page.context["campaign"] == simulation
    run_pump()
    assert outbox[0]["simulation_mode"] is True
    assert len(outbox[0]["recipients"]) == 2
    draft.refresh_from_db()
    assert (draft.status, draft.simulation) == ("draft", False)
    admin_client.post(path, data)
    assert Campaign.objects.count() == 2
    draft.include.clear()
    page = admin_client.post(path, {"once": uuid4()}, follow=True)
    assert "Nobody would receive it" in seen(page)
    assert Campaign.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="a database in memory has one writer")
def test_two_clicks_at_once_are_one(draft):
    def simulate(_click):
        return in_own_connection(lambda: copies.simulate(draft, once="a page").pk)

    with ThreadPoolExecutor(4) as clicks:
        assert len(set(clicks.map(simulate, range(4)))) == 1
    assert Campaign.objects.filter(tested=draft).count() == 1


def test_a_copy_is_a_draft_of_the_same(admin_client, draft):
    page = admin_client.post(url("campaign_copy", draft.pk), follow=True)
    copy = Campaign.objects.exclude(pk=draft.pk).get()
    assert "Nothing of it has been sent" in seen(page)
    assert (copy.text, copy.status, copy.name) == (draft.text, "draft", "Copy of Autumn")
    assert list(copy.include.all()) == list(draft.include.all())
    assert copy.uuid != draft.uuid
    assert admin_client.get(url("campaign_copy", draft.pk)).status_code == 405


def test_a_long_name_is_cut(draft):
    Campaign.objects.filter(pk=draft.pk).update(name="x" * 200)
    draft.refresh_from_db()
    assert len(copies.copy_campaign(draft).name) == 200
    assert len(copies.send_test(draft, ["+33698765432"], {"first_name": "A"}).name) == 200


def test_several_campaigns_are_looked_at_one_after_the_other(admin_client, draft):
    second = copies.copy_campaign(draft)
    data = {"action": "send_now", "_selected_action": [draft.pk, second.pk]}
    page = admin_client.post(url("campaign_changelist"), data, follow=True)
    assert page.context["campaign"] == draft
    assert "1 more campaign waits" in seen(page)
    # Whatever is tried from the page, the other one still waits.
    back = f"?then={second.pk}"
    assert page.context["next_person"].endswith(f"then={second.pk}")
    assert f'name="then" value="{second.pk}"' in page.content.decode()
    for path in ("campaign_replace", "campaign_test"):
        assert url(path, draft.pk) + back in page.content.decode()
        answer = admin_client.post(url(path, draft.pk) + back, {"characters": "😀"})
        assert answer.url == url("campaign_check", draft.pk) + back
    mark = page.context["send_form"]["fingerprint"].initial
    page = admin_client.post(
        page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"],
        {"fingerprint": mark, "_send": ""}, follow=True,
    )  # fmt: skip
    assert page.context["campaign"] == second
    draft.refresh_from_db()
    second.refresh_from_db()
    assert (draft.status, second.status) == ("sending", "draft")
    data["_selected_action"] = [draft.pk]
    assert "None of these is a draft" in seen(
        admin_client.post(url("campaign_changelist"), data, follow=True)
    )


# --- who may do what --------------------------------------------------------------------------

EVERYBODY = {"view_campaign", "add_campaign", "change_campaign", "send_campaign",
             "send_transactional", "decide_frame", "export_contact", "lift_optout", "halt",
             "view_contact", "view_frame", "view_recipient", "view_reply", "view_optout",
             "add_optout", "delete_campaign", "add_tariff"}  # fmt: skip
MATRIX = [
    # page, method, permissions of which any one opens it
    ("campaign_changelist", "get", {"view_campaign", "change_campaign"}),
    ("campaign_add", "get", {"add_campaign"}),
    ("campaign_change", "get", {"view_campaign", "change_campaign"}),
    ("campaign_delete", "get", {"delete_campaign"}),
    ("campaign_copy", "post", None),  # add_campaign and view_campaign together
    ("campaign_check", "get", {"send_campaign", "send_transactional"}),
    ("campaign_check", "post", {"send_campaign", "send_transactional"}),
    ("campaign_test", "post", {"send_campaign", "send_transactional"}),
    ("campaign_simulate", "post", {"send_campaign", "send_transactional"}),
    ("campaign_move", "get", {"send_campaign", "send_transactional"}),
    ("campaign_replace", "post", None),  # send_campaign and change_campaign together
    ("campaign_left_out", "get", {"send_campaign", "send_transactional"}),
    ("campaign_verb", "post", {"send_campaign", "send_transactional"}),
    ("campaign_progress", "get", {"view_campaign", "change_campaign"}),
    ("status", "get", {"view_campaign", "change_campaign"}),
    ("frame_changelist", "get", {"view_frame"}),
    ("frame_change", "get", {"view_frame"}),
    ("frame_decide", "get", {"decide_frame"}),
    ("recipient_changelist", "get", {"view_recipient"}),
    ("reply_changelist", "get", {"view_reply"}),
    ("contact_changelist", "get", {"view_contact"}),
    ("contact_export", "get", {"export_contact"}),
    ("optout_changelist", "get", {"view_optout"}),
    ("optout_add", "get", {"add_optout"}),
    ("optout_lift", "get", {"lift_optout"}),
    ("halt_add", "get", {"halt"}),
    ("tariff_add", "get", {"add_tariff"}),
]


@pytest.fixture
def arguments(draft):
    frame = Frame.objects.create(
        campaign=draft,
        number=1,
        request_id="a",
        contacts=1,
        status="undecided",
        first_posted_at="2030-01-01T00:00Z",
    )
    Halt.objects.create(reason="x", lifted_at="2030-01-01T00:00Z")
    keys = {"frame": frame.pk, "optout": OptOut.objects.get().pk, "campaign": draft.pk}

    def of(page):
        bare = page.endswith(("_changelist", "_add", "_export", "status"))
        if bare:
            return []
        own = [keys[page.partition("_")[0]]]
        return [*own, "pause"] if page == "campaign_verb" else own

    return of


@pytest.mark.parametrize(("page", "method", "allowed"), MATRIX, ids=lambda value: str(value)[:40])
def test_every_page_asks_for_its_permission(client, arguments, page, method, allowed):
    path = url(page, *arguments(page))
    together = {"campaign_copy": {"add_campaign", "view_campaign"},
                "campaign_replace": {"send_campaign", "change_campaign"}}  # fmt: skip
    tried = [(name, {name}) for name in sorted(EVERYBODY)]
    if allowed is None:
        allowed, tried = {"both"}, [*tried, ("both", together[page])]
    for name, held in tried:
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(
            Permission.objects.filter(codename__in=held, content_type__app_label="octopush_django")
        )
        client.force_login(user)
        answer = getattr(client, method)(path)
        opened = answer.status_code != 403
        assert opened == (name in allowed), f"{page} with {name}: {answer.status_code}"
    client.logout()
    assert getattr(client, method)(path).status_code == 302


def test_every_page_is_in_the_matrix():
    from django.contrib import admin

    own = {pattern.name for model_admin in admin.site._registry.values()
           for pattern in model_admin.get_urls()
           if pattern.name and "octopush_django" in pattern.name
           and model_admin.opts.app_label == "octopush_django"}  # fmt: skip
    special = {name for name in own if not name.endswith(
        ("_changelist", "_add", "_change", "_delete", "_history", "_import", "_process_import")
    )}  # fmt: skip
    named = {page for page, _, _ in MATRIX}
    assert {name.removeprefix("octopush_django_") for name in special} <= named


def test_transactional_needs_its_own_permission(client, draft):
    Campaign.objects.filter(pk=draft.pk).update(purpose="alert")
    for name, status in (("send_campaign", 403), ("send_transactional", 200)):
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename=name))
        client.force_login(user)
        assert check(client, draft).status_code == status
