"""The desk: what a marketer sees, and what no click may do."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from octopush_django.models import Campaign, Contact, ContactList, Halt, OptOut, Reply
from octopush_django.testing import deliver, outbox, reply, send_due

from ..people import STOP, make_list, number, send

pytestmark = pytest.mark.django_db


def client_with(client, *codenames):
    user = User.objects.create_user("marketer", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="octopush_django", codename__in=codenames
        )
    )
    client.force_login(user)
    return client


COMPOSE = ("view_campaign", "add_campaign", "change_campaign", "view_contactlist")


@pytest.fixture
def draft():
    campaign = Campaign.objects.create(
        name="Autumn", text=f"Promo {STOP}", purpose="wholesale", sender="Shop"
    )
    campaign.include.add(make_list(people=3, consent="given"))
    return campaign


def url(name, *args):
    return reverse(f"admin:octopush_django_{name}", args=args)


def check_page(client, campaign):
    return client.get(url("campaign_check", campaign.pk))


def fingerprint(page):
    return re.search(rb'name="fingerprint" value="(\w+)"', page.content)[1].decode()


def press_send(client, campaign, page, **more):
    data = {"fingerprint": fingerprint(page), "_send": "", "acknowledged": "on", **more}
    return client.post(url("campaign_check", campaign.pk), data, follow=True)


def text_of(page):
    return re.sub(r"<[^>]+>", " ", page.content.decode())


# --- the journey --------------------------------------------------------------------------------


def test_compose_check_send_watch(admin_client, draft):
    contact_list = ContactList.objects.get()
    form = {"name": "Winter", "purpose": "wholesale", "text": f"Bonjour {{first_name}} {STOP}",
            "sender": "Shop", "sms_type": "sms_premium", "scheduler": "app",
            "include": [contact_list.pk]}  # fmt: skip
    page = admin_client.post(url("campaign_add"), form, follow=True)
    assert page.status_code == 200
    campaign = Campaign.objects.get(name="Winter")
    assert campaign.created_by.username == "admin"
    page = admin_client.get(url("campaign_change", campaign.pk))
    assert "Save, check and send" in page.content.decode()
    OptOut.objects.create(address=number(0))
    page = check_page(admin_client, campaign)
    seen = " ".join(text_of(page).split())
    for expected in ("2 people", "Opted out: 1", "Chosen: 3", "2 people × 1 SMS",
                     "Not known yet", "1,000.00 EUR", "Europe/Paris"):  # fmt: skip
        assert expected in seen
    assert outbox == []
    page = press_send(admin_client, campaign, page)
    assert "On its way" in text_of(page)
    send_due()
    deliver(campaign.recipients.get(address=number(1)))
    reply(campaign, number(2), "Oui !")
    seen = " ".join(text_of(admin_client.get(url("campaign_change", campaign.pk))).split())
    for expected in ("Status: Sent", "Delivered 1 1", "Opted out 1", "Replies 1",
                     "the check page expected 2"):  # fmt: skip
        assert expected in seen
    assert "Oui !" in text_of(admin_client.get(url("reply_changelist")))
    assert len(outbox) == 1


def test_schedule_and_cancel(admin_client, draft):
    page = check_page(admin_client, draft)
    when = timezone.localtime() + timedelta(days=1)
    data = {"fingerprint": fingerprint(page), "_schedule": "",
            "send_at_0": f"{when:%Y-%m-%d}", "send_at_1": f"{when:%H:%M:%S}"}  # fmt: skip
    admin_client.post(url("campaign_check", draft.pk), data)
    draft.refresh_from_db()
    assert draft.status == "scheduled"
    assert abs(draft.send_at - when) < timedelta(seconds=1)
    asked = text_of(admin_client.post(url("campaign_verb", draft.pk, "cancel")))
    assert "It has not left for anybody yet." in asked
    assert "would still get it, and then will not" in asked
    draft.refresh_from_db()
    assert draft.status == "scheduled"
    admin_client.post(url("campaign_verb", draft.pk, "cancel"), {"sure": "yes"})
    draft.refresh_from_db()
    assert draft.status == "cancelled"
    assert draft.reason == "admin cancelled it before its time. Nobody got it."
    assert "admin" in draft.reason


def test_scheduling_needs_a_time(admin_client, draft):
    page = check_page(admin_client, draft)
    data = {"fingerprint": fingerprint(page), "_schedule": ""}
    page = admin_client.post(url("campaign_check", draft.pk), data)
    assert "required" in text_of(page)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_if_anything_changed_the_page_is_shown_again(admin_client, draft):
    page = check_page(admin_client, draft)
    draft.include.get().contacts.add(Contact.objects.create(phone_number="0612345678"))
    page = press_send(admin_client, draft, page)
    assert "Something changed" in text_of(page)
    assert "4 people" in text_of(page)
    draft.refresh_from_db()
    assert draft.status == "draft"
    press_send(admin_client, draft, page)
    draft.refresh_from_db()
    assert draft.status == "sending"


def test_pressing_twice_sends_once(admin_client, draft):
    page = check_page(admin_client, draft)
    press_send(admin_client, draft, page)
    second = press_send(admin_client, draft, page)
    assert second.status_code == 200
    send_due()
    assert len(outbox) == 1


def test_what_is_forbidden_cannot_be_sent(admin_client, draft):
    Campaign.objects.update(text="Promo without the mention")
    page = check_page(admin_client, draft)
    assert b'name="_send"' not in page.content
    assert "STOP au XXXXX" in text_of(page)
    mark = page.context["preview"].fingerprint
    admin_client.post(url("campaign_check", draft.pk), {"_send": "", "fingerprint": mark})
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_form_names_the_problem_at_its_field(admin_client):
    form = {
        "purpose": "wholesale",
        "text": "Promo",
        "sender": "a b",
        "sms_type": "sms_premium",
        "scheduler": "app",
    }
    page = admin_client.post(url("campaign_add"), form)
    errors = page.context["adminform"].form.errors
    assert set(errors) == {"text", "sender"}
    assert not Campaign.objects.exists()


# --- what no click may do -----------------------------------------------------------------------


@pytest.mark.parametrize("action", ["send_now", "schedule"])
def test_actions_open_the_page_and_send_nothing(admin_client, draft, action):
    data = {"action": action, "_selected_action": [draft.pk]}
    answer = admin_client.post(url("campaign_changelist"), data)
    assert answer.url == url("campaign_check", draft.pk)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_get_changes_nothing(admin_client, draft):
    campaign = send(recipients=[number(9)])
    before = list(Campaign.objects.order_by("pk").values())
    for pattern in admin.site.get_urls():
        for name in [p.name for p in getattr(pattern, "url_patterns", []) if p.name]:
            if not name.startswith("octopush_django"):
                continue
            for args in ([], [draft.pk], [campaign.pk], [campaign.pk, "cancel"]):
                try:
                    address = reverse(f"admin:{name}", args=args)
                except Exception:
                    continue
                assert admin_client.get(address).status_code < 500, address
    assert list(Campaign.objects.order_by("pk").values()) == before
    assert outbox == []


def test_composing_is_not_sending(client, draft):
    client = client_with(client, *COMPOSE)
    assert client.get(url("campaign_change", draft.pk)).status_code == 200
    assert check_page(client, draft).status_code == 403
    assert client.post(url("campaign_check", draft.pk), {"_send": ""}).status_code == 403
    assert client.post(url("campaign_verb", draft.pk, "cancel")).status_code == 403
    page = client.get(url("campaign_changelist"))
    assert b"send_now" not in page.content


def test_transactional_is_a_permission_of_its_own(client, draft):
    client = client_with(client, *COMPOSE, "send_campaign")
    assert check_page(client, draft).status_code == 200
    Campaign.objects.update(purpose="alert")
    assert check_page(client, draft).status_code == 403


def test_a_launched_campaign_is_read_only(admin_client, draft):
    press_send(admin_client, draft, check_page(admin_client, draft))
    form = {
        "name": "changed",
        "purpose": "alert",
        "text": "changed",
        "sms_type": "sms_premium",
        "scheduler": "app",
    }
    answer = admin_client.post(url("campaign_change", draft.pk), form)
    assert "your change came too late" in text_of(admin_client.get(answer["Location"]))
    assert admin_client.post(url("campaign_delete", draft.pk), {"post": "yes"}).status_code == 403
    page = admin_client.get(url("campaign_change", draft.pk))
    assert b'name="text"' not in page.content


@pytest.mark.parametrize(
    "name", ["recipient", "frame", "sendattempt", "webhookevent", "reply", "halt"]
)
def test_history_is_read_only(admin_client, draft, name):
    press_send(admin_client, draft, check_page(admin_client, draft))
    send_due()
    deliver(draft.recipients.first())
    reply(draft, number(0), "Oui")
    Halt.objects.create(reason="x")
    page = admin_client.get(url(f"{name}_changelist"))
    assert page.status_code == 200
    assert b"delete_selected" not in page.content
    row = admin.site._registry[
        next(m for m in admin.site._registry if m._meta.model_name == name)
    ].model.objects.first()
    assert admin_client.get(url(f"{name}_change", row.pk)).status_code == 200
    assert admin_client.post(url(f"{name}_change", row.pk), {}).status_code == 403
    assert admin_client.post(url(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403
    if name != "halt":
        assert admin_client.get(url(f"{name}_add")).status_code == 403


def test_every_action_declares_its_permission():
    for model_admin in admin.site._registry.values():
        if model_admin.opts.app_label != "octopush_django":
            continue
        for name in model_admin.actions or ():
            action = getattr(model_admin, name)
            assert getattr(action, "allowed_permissions", None), name


def test_import_and_export_need_their_permissions(client):
    client = client_with(client, "view_contact")
    assert client.get(url("contact_import")).status_code == 403
    assert client.get(url("contact_export")).status_code == 403


# --- contacts, opt-outs, replies ----------------------------------------------------------------


def test_a_contact_is_typed_in_any_spelling(admin_client):
    form = {"phone_number": "06 12 34 56 78", "consent": "given"}
    admin_client.post(url("contact_add"), form)
    assert str(Contact.objects.get().phone_number) == "+33612345678"
    page = admin_client.post(url("contact_add"), {"phone_number": "0611", "consent": "given"})
    assert "“0611” is not a phone number" in text_of(page)
    page = admin_client.get(url("contact_changelist"), {"q": "06.12.34.56.78"})
    assert "+33612345678" in text_of(page)


def test_lifting_an_opt_out_needs_permission_and_reason(client, admin_client):
    record = OptOut.objects.create(address="0612345678")
    other = client_with(client, "view_optout", "add_optout", "delete_optout")
    assert other.get(url("optout_lift", record.pk)).status_code == 403
    assert other.post(url("optout_delete", record.pk), {"post": "yes"}).status_code == 403
    admin_client.post(url("optout_lift", record.pk), {"reason": "x"})
    assert OptOut.objects.exists()
    admin_client.post(url("optout_lift", record.pk), {"reason": "Signed form of 3 May"})
    assert not OptOut.objects.exists()


def test_an_opt_out_can_be_added_in_any_spelling(admin_client):
    form = {"address": "06 12 34 56 78", "family": "phone", "evidence": "called us"}
    admin_client.post(url("optout_add"), form)
    assert OptOut.objects.get().address == "+33612345678"


def test_replies_are_escaped_and_can_be_handled(admin_client, draft):
    reply(None, number(0), "<script>alert(1)</script>")
    page = admin_client.get(url("reply_changelist"))
    assert b"<script>alert(1)" not in page.content
    data = {"action": "mark_handled", "_selected_action": [Reply.objects.get().pk]}
    admin_client.post(url("reply_changelist"), data)
    assert Reply.objects.get().handled_by.username == "admin"


def test_the_kill_switch(admin_client):
    send()
    admin_client.post(url("halt_add"), {"reason": "wrong text"})
    send_due()
    assert outbox == []
    data = {"action": "lift", "_selected_action": [Halt.objects.get().pk]}
    admin_client.post(url("halt_changelist"), data)
    send_due()
    assert len(outbox) == 1


def test_the_status_page(admin_client):
    page = text_of(admin_client.get(reverse("admin:octopush_django_status")))
    assert "No worker has ever run here" in page
    assert "Tasks queued" in page


def test_the_public_page_of_the_example(client, enqueued):
    page = client.post("/", {"order": "7", "phone_number": "06 12 34 56 78", "first_name": "Ana"})
    assert page.status_code == 302
    client.post("/", {"order": "7", "phone_number": "06 12 34 56 78"})
    send_due()
    [request] = outbox
    assert request["text"] == "{first_name}, your order {param1} has left our shop."
    page = client.post("/", {"order": "8", "phone_number": "01 23 45 67 89"})
    assert "not_mobile" in page.content.decode()


def test_another_keeper_of_the_schedule_is_looked_at_again(admin_client, draft):
    page = check_page(admin_client, draft)
    Campaign.objects.filter(pk=draft.pk).update(scheduler="gateway")
    seen = press_send(admin_client, draft, page).content.decode()
    assert "Something changed since you looked" in seen
    draft.refresh_from_db()
    assert draft.status == "draft"


# --- channels -----------------------------------------------------------------------------------


VOICE = {"purpose": "alert", "text": "Your parcel waits.", "sender": "ParcelDesk",
         "scheduler": "app", "voice_gender": "female", "voice_language": "fr-FR",
         "get_back_pressed_keys": "on"}  # fmt: skip
RCS = {"purpose": "alert", "text": "Your train is on time.", "sender": "", "scheduler": "app",
       "message_type": "simple_text", "buttons": '[{"text": "Where is it?"}]'}  # fmt: skip


MAIL = {"purpose": "alert", "text": "<p>Hello {first_name}</p><script>alert(1)</script>",
        "sender": "Shop", "scheduler": "app", "email_from": "News@shop.fr", "subject": "News",
        "body_format": "html", "emailing_service": "gateway"}  # fmt: skip


def compose(client, channel, form):
    form = {"include": [make_list(name=channel).pk], **form}
    page = client.post(f"{url('campaign_add')}?channel={channel}", form, follow=True)
    assert page.redirect_chain, page.context["adminform"].form.errors
    return Campaign.objects.get()


@pytest.mark.parametrize(
    ("channel", "form", "shown", "hidden"),
    [
        ("sms", {}, "sms_type", "voice_gender"),
        ("voice_sms", VOICE, "voice_gender", "sms_type"),
        ("rcs", RCS, "message_type", "auto_optimize_text"),
        ("email", {}, "subject", "sms_type"),
    ],
)
def test_a_form_shows_the_fields_of_its_channel_alone(admin_client, channel, form, shown, hidden):
    page = admin_client.get(f"{url('campaign_add')}?channel={channel}").content.decode()
    assert f'name="{shown}"' in page
    assert f'name="{hidden}"' not in page


@pytest.mark.parametrize("channel", ["sms", "voice_sms", "rcs", "email"])
def test_every_field_is_explained(admin_client, channel):
    page = admin_client.get(f"{url('campaign_add')}?channel={channel}")
    fields = page.context["adminform"].form.fields
    shown = {name: field for name, field in fields.items() if not field.widget.is_hidden}
    assert [name for name, field in shown.items() if not field.help_text] == []


def test_a_voice_from_the_desk(admin_client):
    campaign = compose(admin_client, "voice_sms", VOICE)
    page = check_page(admin_client, campaign)
    assert "3 people × 1 block of 30 seconds" in page.content.decode()
    press_send(admin_client, campaign, page)
    send_due()
    [request] = outbox
    assert request["path"] == "multi-channel/send"
    own_id = request["metadata"].pop("request_id")
    assert own_id == campaign.frames.get().request_id
    assert request["metadata"] == {
        "type": "voice_sms", "voice_gender": "female", "voice_language": "fr-FR",
        "get_back_pressed_keys": True,
    }  # fmt: skip
    frozen = admin_client.get(url("campaign_change", campaign.pk))
    assert frozen.status_code == 200
    assert b"fr-FR" in frozen.content


def test_an_rcs_from_the_desk(admin_client):
    campaign = compose(admin_client, "rcs", RCS)
    draft_again = admin_client.get(url("campaign_change", campaign.pk)).content.decode()
    assert "Where is it?" in draft_again
    press_send(admin_client, campaign, check_page(admin_client, campaign))
    send_due()
    assert outbox[0]["metadata"]["actions"] == [{"text": "Where is it?"}]
    assert "sender" not in outbox[0]
    assert admin_client.get(url("campaign_change", campaign.pk)).status_code == 200


def test_simple_buttons_and_a_simple_card(admin_client):
    """The usual case needs no JSON, and comes back as it was written."""
    simple = {**RCS, "buttons": "", "button_texts": "Yes\r\n\r\n No "}
    campaign = compose(admin_client, "rcs", simple)
    assert campaign.options["actions"] == [{"text": "Yes"}, {"text": "No"}]
    page = admin_client.get(url("campaign_change", campaign.pk))
    form = page.context["adminform"].form
    assert (form["button_texts"].initial, form["buttons"].initial) == ("Yes\nNo", None)
    card = {
        **simple,
        "message_type": "rich_card",
        "button_texts": "",
        "card_title": "Platform 4",
        "card_image": "https://shop.fr/4.png",
        "include": [str(pk) for pk in campaign.include.values_list("pk", flat=True)],
    }
    answer = admin_client.post(url("campaign_change", campaign.pk), card)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    campaign.refresh_from_db()
    wanted = {"title": "Platform 4", "media_url": "https://shop.fr/4.png"}
    assert campaign.options == {"message_type": "rich_card", "cards": [wanted]}
    form = admin_client.get(url("campaign_change", campaign.pk)).context["adminform"].form
    assert (form["card_title"].initial, form["cards"].initial) == ("Platform 4", None)
    seen = check_page(admin_client, campaign).content.decode()
    assert "Platform 4" in seen


def test_an_email_from_the_desk(admin_client):
    people = ContactList.objects.create(name="mails")
    for address in ("ada@shop.fr", "Ada@shop.fr", "bob@shop.fr"):
        people.contacts.add(Contact.objects.create(email=address, first_name=address[:3]))
    campaign = compose(admin_client, "email", {**MAIL, "include": [people.pk]})
    page = check_page(admin_client, campaign)
    seen = page.content.decode()
    assert "2 people × 1 e-mail" in seen
    assert "Same number or e-mail address as another person: 1" in seen
    assert "2 of 2,000 at most" in seen
    frame = seen[seen.index("<iframe") : seen.index("</iframe>")]
    assert " sandbox " in frame
    assert "alert(1)" not in frame
    assert "&lt;p&gt;Hello ada&lt;/p&gt;" in frame
    assert "<script>alert(1)" not in seen
    press_send(admin_client, campaign, page)
    send_due()
    texts = sorted(request["text"] for request in outbox)
    assert texts[0] == "<p>Hello ada</p><script>alert(1)</script>"
    assert outbox[0]["metadata"]["subject"] == "News"
    frozen = admin_client.get(url("campaign_change", campaign.pk)).content.decode()
    assert "News@shop.fr" in frozen


@pytest.mark.parametrize(
    ("channel", "form", "field"),
    [
        (
            "voice_sms",
            {**VOICE, "voice_language": "sv-SE", "voice_gender": "male"},
            "voice_gender",
        ),
        ("voice_sms", {**VOICE, "text": "{prenom}"}, "text"),
        ("rcs", {**RCS, "buttons": "not json"}, "buttons"),
        ("rcs", {**RCS, "buttons": '{"a": 1}'}, "buttons"),
        ("rcs", {**RCS, "message_type": "rich_card", "buttons": ""}, "cards"),
        ("rcs", {**RCS, "button_texts": "Yes"}, "button_texts"),
        ("email", {**MAIL, "email_from": "shop"}, "email_from"),
        ("email", {**MAIL, "subject": "For {first_name}"}, "subject"),
        ("email", {**MAIL, "stored_template": "a\u2028b"}, "stored_template"),
        ("email", {**MAIL, "text": "x" * 1225}, "text"),
    ],
)
def test_the_form_of_a_channel_names_the_problem_at_its_field(admin_client, channel, form, field):
    page = admin_client.post(f"{url('campaign_add')}?channel={channel}", form)
    assert field in page.context["adminform"].form.errors
    assert not Campaign.objects.exists()
