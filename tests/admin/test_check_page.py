"""The check page: somebody's text, what must be read, what it costs, who is left out."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from octopush_django.backends.locmem import LocMemBackend
from octopush_django.compose import examples
from octopush_django.models import Campaign, Contact

from ..desk import check, seen, url
from ..people import STOP, number

pytestmark = pytest.mark.django_db


# --- a example --------------------------------------------------------------------------------


def test_the_text_as_somebody_reads_it(admin_client, draft):
    first = check(admin_client, draft)
    assert "C’est l’été, Ada !" in seen(first)
    assert "As Ada Lovelace" in seen(first)
    after = check(admin_client, draft, f"?after={first.context['example'].contact.pk}")
    assert "C’est l’été, Maximilienne !" in seen(after)
    around = check(admin_client, draft, f"?after={after.context['example'].contact.pk}")
    assert around.context["example"].contact.first_name == "Ada"
    longest = check(admin_client, draft, "?longest")
    assert longest.context["example"].contact.first_name == "Maximilienne"


@pytest.mark.parametrize(
    "query", ["?who=%00", "?after=x", "?person=-1", f"?after={'9' * 30}", "?then=a,,1e3"]
)
def test_rubbish_in_the_address_is_no_error(admin_client, draft, query):
    assert check(admin_client, draft, query).status_code == 200


def test_who_is_left_out_is_no_example(draft):
    eve = Contact.objects.get(first_name="Eve")
    assert examples.example(draft, person=eve.pk).contact.first_name == "Ada"
    somebody = Contact.objects.get(first_name="Maximilienne")
    assert examples.example(draft, person=somebody.pk).contact == somebody
    draft.include.clear()
    assert examples.example(draft) is None
    assert examples.longest_text(draft) is None


def test_the_length_of_the_longest(admin_client, draft):
    words = seen(check(admin_client, draft))
    longest = len(f"C’est l’été, Maximilienne ! {STOP}")
    assert f"the longest has {longest} characters" in words


def test_the_longest_text_is_that_of_all_details_together(draft):
    Campaign.objects.filter(pk=draft.pk).update(text=f"{{first_name}} {{last_name}} {STOP}")
    draft.refresh_from_db()
    Contact.objects.filter(first_name="Ada").update(last_name="L" * 40)
    assert examples.longest_text(draft).contact.first_name == "Ada"


def test_save_and_check(admin_client, client, draft):
    form = {"name": "Winter", "purpose": "wholesale", "text": draft.text, "sender": "Shop",
            "sms_type": "sms_premium", "scheduler": "app", "_check": ""}  # fmt: skip
    page = admin_client.post(url("campaign_change", draft.pk), form, follow=True)
    assert page.context["title"] == "Check before sending"
    assert page.context["campaign"].name == "Winter"
    form["text"] = f"Bonjour\r\n{STOP}"
    page = admin_client.post(url("campaign_add"), form, follow=True)
    assert page.context["title"] == "Check before sending"
    assert page.context["campaign"] != draft
    assert page.context["campaign"].text == f"Bonjour\n{STOP}"  # one character, not two
    # Who may write but not send is not led there.
    writer = User.objects.create_user("writer", is_staff=True)
    may = Permission.objects.filter(codename__in=("change_campaign", "view_campaign"))
    writer.user_permissions.set(may)
    client.force_login(writer)
    assert "Save, check and send" not in seen(client.get(url("campaign_change", draft.pk)))
    assert client.post(url("campaign_change", draft.pk), form).url == url("campaign_changelist")


def test_somebody_found_by_name_or_number(admin_client, draft):
    found = check(admin_client, draft, "?who=maxi")
    assert found.context["example"].contact.first_name == "Maximilienne"
    assert "who=maxi" in found.context["next_person"]
    found = check(admin_client, draft, f"?who=0{number(1)[3:]}")
    assert found.context["example"].contact.first_name == "Maximilienne"
    nobody = seen(check(admin_client, draft, "?who=<b>eve"))
    assert "Nobody who receives it is found by “&lt;b&gt;eve”" in nobody
    assert "Send now to 2 people" in nobody


@pytest.mark.parametrize("country", ["0", "+33 ", "0033 (0)"])
@pytest.mark.parametrize("between", ["", " ", ".", "-", "\N{NO-BREAK SPACE}"])
def test_a_number_is_found_in_any_spelling(draft, country, between):
    digits = number(1)[3:]
    pairs = [digits[0], *(digits[at : at + 2] for at in range(1, 9, 2))]
    found = examples.example(draft, search=country + between.join(pairs))
    assert found.contact.first_name == "Maximilienne"
    part = examples.example(draft, search=between.join(["0" + pairs[0], *pairs[1:4]]))
    assert part.contact.phone_number.as_e164.startswith(f"+33{digits[:7]}")
    assert examples.example(draft, search="06 00 00 00 00") is None


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
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 3)
    with django_assert_max_num_queries(6):
        page = check(admin_client, draft, "?longest")
    assert "Counting everybody" in seen(page)
    assert "fingerprint" not in page.content.decode()
    follow = re.search(r'refresh" content="0; url=([^"]+)"', page.content.decode())[1]
    counted = admin_client.get(follow.replace("&amp;", "&"))
    assert counted.context["preview"].count == 2
    assert counted.context["example"].contact.first_name == "Maximilienne"
    monkeypatch.setattr("octopush_django.audience.sources.LARGE", 4)
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
