"""What changes between the look and the click, or between the click and the launch."""

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from octopush_django import campaigns
from octopush_django.admin.campaigns import CampaignAdmin
from octopush_django.admin.forms import CampaignForm
from octopush_django.audience import snapshot
from octopush_django.models import Campaign, Contact, Frame

from ..desk import check, launch, seen, url
from ..people import STOP, number

pytestmark = pytest.mark.django_db


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


def test_a_first_bill_is_nothing_to_look_at_again(admin_client, draft):
    """The bill of a test to oneself tells a price where the page knew none."""
    page = check(admin_client, draft)
    test = Campaign.objects.create(text="x", purpose="alert", status="sent", tested=draft)
    Frame.objects.create(
        campaign=test, size=1, status="accepted", segments_billed=1, number=1, request_id="a",
        cost="0.05", first_posted_at=timezone.now(),
    )  # fmt: skip
    launch(admin_client, draft, page)
    assert (draft.status, float(draft.expected_cost)) == ("sending", 0.1)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda draft: Campaign.objects.update(text=f"Other {STOP}"), "the text or its options"),
        (lambda draft: draft.include.first().contacts.first().delete(), "who receives it"),
        (lambda draft: Campaign.objects.update(with_replies=True), "to be known before sending"),
    ],
)
def test_what_changed_is_said(admin_client, draft, change, what):
    page = check(admin_client, draft)
    change(draft)
    said = launch(admin_client, draft, page)
    assert "Something changed since you looked" in said
    assert what in said
    assert draft.status == "draft"


@pytest.mark.parametrize(
    ("cost", "status"), [("0.05", "sending"), ("0.04", "sending"), ("0.06", "draft")]
)
def test_another_campaign_that_is_being_billed(admin_client, draft, cost, status):
    """The same price, billed later, is nothing to look at again, nor a lower one; a higher is."""
    other = Campaign.objects.create(text="x", purpose="alert", status="sent")
    bill = {"campaign": other, "size": 1, "status": "accepted", "segments_billed": 1}
    Frame.objects.create(
        **bill, number=1, request_id="a", cost="0.05", first_posted_at=timezone.now()
    )
    page = check(admin_client, draft)
    Frame.objects.create(
        **bill, number=2, request_id="b", cost=cost, first_posted_at=timezone.now()
    )
    launch(admin_client, draft, page)
    assert draft.status == status


def test_lists_that_keep_growing_are_no_traceback(admin_client, draft, monkeypatch):
    monkeypatch.setattr(snapshot, "FREEZING_TRIES", 0)
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
