"""Campaigns made from a campaign: a test to oneself, a simulation, a copy; several in a row."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection

from octopush_django import copies
from octopush_django.exceptions import InvalidCampaign
from octopush_django.models import Campaign, Contact, ContactField
from octopush_django.testing import outbox, send_due

from .desk import check, seen, url
from .people import in_own_connection, number

pytestmark = pytest.mark.django_db


# --- a test to oneself ------------------------------------------------------------------------


def test_a_test_goes_out_as_somebody_and_stands_apart(admin_client, draft):
    person = Contact.objects.get(first_name="Maximilienne")
    once = check(admin_client, draft).context["test_form"]["once"].value()
    data = {"to": " 06 98 76 54 32, +33698765433", "person": person.pk, "once": once}
    page = admin_client.post(url("campaign_test", draft.pk), data, follow=True)
    assert "On its way" in seen(page)
    assert LogEntry.objects.filter(change_message="Test sent").exists()
    assert page.context["example"].contact == person
    send_due()
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
    with pytest.raises(InvalidCampaign, match="to: Name one to 5 addresses"):
        copies.send_test(draft, [], {})


def test_a_test_tells_who_sent_it(admin_user, draft):
    test = copies.send_test(draft, ["+33698765432"], {"first_name": "Ada"}, by=admin_user)
    assert (test.created_by, test.tested) == (admin_user, draft)


# --- a copy; several at once ------------------------------------------------------------------


def test_a_simulation_of_all_of_it(admin_client, draft):
    path = url("campaign_simulate", draft.pk)
    assert admin_client.get(path).status_code == 302
    assert Campaign.objects.count() == 1
    data = {"once": uuid4()}
    page = admin_client.post(path, data, follow=True)
    simulation = Campaign.objects.get(tested=draft)
    assert page.context["campaign"] == simulation
    send_due()
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


def test_a_copy_is_a_draft_of_the_same(admin_client, admin_user, draft):
    page = admin_client.post(url("campaign_copy", draft.pk), follow=True)
    copy = Campaign.objects.exclude(pk=draft.pk).get()
    assert "Nothing of it has been sent" in seen(page)
    assert (copy.text, copy.status, copy.name) == (draft.text, "draft", "Copy of Autumn")
    assert list(copy.include.all()) == list(draft.include.all())
    assert (copy.uuid != draft.uuid, copy.created_by) == (True, admin_user)
    answer = admin_client.get(url("campaign_copy", draft.pk))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


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


def test_a_test_of_a_text_that_nobody_gets_yet_has_its_fallbacks():
    ContactField.objects.create(key="ville", label="Ville")
    draft = Campaign.objects.create(text="À {ville|chez vous}", purpose="alert", sender="Shop")
    test = copies.send_test(draft, [number(0)], {})
    assert '"param1": "chez vous"' in test.recipients.get().payload
