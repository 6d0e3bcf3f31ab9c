"""What the desk does, and not only shows: actions, forms, downloads; with each permission."""

import contextlib

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from octopush_django.models import (
    Campaign,
    Contact,
    ContactImport,
    ContactList,
    Frame,
    Halt,
    OptOut,
    Reply,
)

from ..desk import url
from ..people import number, send_marketing
from .test_contacts import export

pytestmark = pytest.mark.django_db

CSV = "Prénom;Téléphone\nZoé;06 99 12 34 56\n".encode()
IMPORTED = "+33699123456"


@pytest.fixture(autouse=True)
def world(draft):
    Halt.objects.create(reason="A wrong price")
    Reply.objects.create(address=number(0), text="Oui", received_at=timezone.now())
    ContactList.objects.create(name="In no campaign")
    sent = send_marketing(recipients=[number(50)])
    sent.frames.update(status="undecided")


def act(client, model, action, rows):
    data = {"action": action, "_selected_action": [row.pk for row in rows], "post": "yes"}
    return client.post(url(f"{model}_changelist"), data)


def draft_of():
    return Campaign.objects.get(status="draft")


def lift_halts(client):
    act(client, "halt", "lift", Halt.objects.all())
    return not Halt.objects.active().exists()


def mark_handled(client):
    act(client, "reply", "mark_handled", Reply.objects.all())
    return not Reply.objects.filter(handled_at=None).exists()


def delete_selected(model, name):
    def delete(client):
        act(client, name, "delete_selected", [model.objects.latest("pk")])
        return model.objects.count()

    def is_one_less(client):
        before = model.objects.count()
        return delete(client) < before

    return is_one_less


def send_now(client):
    answer = act(client, "campaign", "send_now", [draft_of()])
    return answer.status_code == 302 and "/check/" in answer["Location"]


def press_send(client):
    page = client.get(url("campaign_check", draft_of().pk))
    if page.status_code != 200:
        fingerprint = ""
    else:
        fingerprint = page.context["send_form"].initial["fingerprint"]
    data = {"_send": "", "fingerprint": fingerprint}
    client.post(url("campaign_check", draft_of().pk), data)
    return not Campaign.objects.filter(status="draft").exists()


def press_verb(client):
    sending = Campaign.objects.get(status="sending")
    client.post(url("campaign_verb", sending.pk, "pause"))
    return Campaign.objects.filter(status="paused").exists()


def decide(client):
    client.post(url("frame_decide", Frame.objects.get().pk), {"was_sent": "yes", "sent": ""})
    return Frame.objects.filter(status="accepted").exists()


def lift_opt_out(client):
    client.post(url("optout_lift", OptOut.objects.get().pk), {"reason": "Signed form of 3 May"})
    return not OptOut.objects.exists()


def add_opt_out(client):
    data = {"address": number(9), "family": "phone", "evidence": "called us"}
    client.post(url("optout_add"), data)
    return OptOut.objects.count() == 2


def halt(client):
    client.post(url("halt_add"), {"reason": "stop"})
    return Halt.objects.count() == 2


def add_price(client):
    data = {"channel": "sms", "sms_type": "sms_premium", "euros": "0.05"}
    client.post(url("tariff_add"), data)
    from octopush_django.models import Tariff

    return Tariff.objects.exists()


def download_contacts(client):
    with contextlib.suppress(TypeError):  # the page of a refusal has no form to press
        answer = export(client, "csv")
        return answer.status_code == 200 and number(0).encode() in answer.content
    answer = client.post(url("contact_export"), {"resource": 0, "format": "0"})
    return answer.status_code == 200


def download_left_out(client):
    answer = client.get(url("campaign_left_out", draft_of().pk) + "?download")
    return answer.status_code == 200 and b"+336" in b"".join(answer)


def import_contacts(client):
    upload = SimpleUploadedFile("c.csv", CSV)
    data = {"import_file": upload, "new_list": "Clients"}
    page = client.post(url("contact_import"), data, follow=True)
    if page.status_code == 200:
        client.post(page.request["PATH_INFO"], {"column_0": "phone_number", "import": "1"})
    return Contact.objects.filter(phone_number=IMPORTED).exists()


def download_refused(client):
    run = ContactImport.objects.create(
        file_name="c.csv", refused_rows=b"line;reason", state="done"
    )
    answer = client.get(url("contactimport_refused", run.pk))
    return answer.status_code == 200 and answer.content == b"line;reason"


DEEDS = [
    # what is done, permissions held beside the one that is tried, which ones open the door
    (lift_halts, {"view_halt"}, {"halt"}),
    (halt, set(), {"halt"}),
    (mark_handled, {"view_reply"}, {"change_reply"}),
    (delete_selected(Contact, "contact"), {"view_contact"}, {"delete_contact"}),
    (delete_selected(ContactList, "contactlist"), {"view_contactlist"}, {"delete_contactlist"}),
    (send_now, {"view_campaign"}, {"send_campaign", "send_transactional"}),
    (press_send, set(), {"send_campaign", "send_transactional"}),
    (press_verb, set(), {"send_campaign", "send_transactional"}),
    (decide, {"view_frame"}, {"decide_frame"}),
    (lift_opt_out, {"view_optout", "delete_optout"}, {"lift_optout"}),
    (add_opt_out, set(), {"add_optout"}),
    (add_price, set(), {"add_tariff"}),
    (download_contacts, {"view_contact"}, {"export_contact"}),
    (download_left_out, {"send_campaign"}, {"export_contact"}),
    (import_contacts, {"add_contact", "view_contact"}, {"change_contact"}),
    (import_contacts, {"change_contact", "view_contact"}, {"add_contact"}),
    (download_refused, {"view_contactimport"}, {"export_contact"}),
]


@pytest.mark.parametrize(
    ("deed", "held", "opens"),
    DEEDS,
    ids=[f"{deed.__name__}-{'+'.join(sorted(opens))}" for deed, _, opens in DEEDS],
)
def test_every_deed_asks_for_its_permission(client, deed, held, opens):
    shown = [model._meta.model_name for model in admin.site._registry]
    ours = Permission.objects.filter(
        content_type__app_label="octopush_django", content_type__model__in=shown
    )
    user = User.objects.create_user("ada", is_staff=True)
    did = set()
    for permission in ours.exclude(codename__in=held):
        user.user_permissions.set([permission, *ours.filter(codename__in=held)])
        client.force_login(user)
        with transaction.atomic():
            if deed(client):
                did.add(permission.codename)
            transaction.set_rollback(True)
    assert did == opens


@pytest.mark.parametrize(
    "deed", dict.fromkeys(deed for deed, _, _ in DEEDS), ids=lambda deed: deed.__name__
)
def test_nobody_does_a_deed_without_logging_in(client, deed):
    client.logout()
    assert not deed(client)
