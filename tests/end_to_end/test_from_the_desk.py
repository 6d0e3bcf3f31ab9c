"""Every channel and kind of sending: admin, cluster, sandbox, and back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from .desk import Desk, words
from .processes import Installation

pytestmark = pytest.mark.processes

PARIS = ZoneInfo("Europe/Paris")
PEOPLE = """
contact_list = ContactList.objects.create(name=values["name"])
for number, first_name in values["people"]:
    contact, _ = Contact.objects.get_or_create(phone_number=number)
    contact.first_name = first_name
    contact.save()
    contact_list.contacts.add(contact)
print(json.dumps(contact_list.pk))
"""
STATE = """
campaign = Campaign.objects.get(pk=values["pk"])
print(json.dumps([campaign.status, campaign.reason]))
"""
TICKET = """
from octopush_django.sms import send_sms_now
frames = [send_sms_now("+33639980077", "Your code is 4711", key="login") for _ in range(2)]
print(json.dumps([frame.ticket for frame in frames]))
"""
SWEEP = "octopush_sweep"


@pytest.fixture(scope="module")
def site():
    with Installation() as installation:
        yield installation


@pytest.fixture(scope="module")
def desk(site):
    return Desk(site)


def people(site, name, *numbers):
    chosen = [(f"+33639980{number:03d}", f"P{number}") for number in numbers]
    return site.python(PEOPLE, name=name, people=chosen)


def requests_for(site, text):
    return [entry for entry in site.gateway()["log"] if entry["text"] == text]


def is_sent(site, pk):
    return lambda: site.python(STATE, pk=pk)[0] == "sent"


def test_low_cost_with_every_option(site, desk):
    pk = desk.compose(
        purpose="wholesale", text="{first_name}: sale. no PUB=STOP", sms_type="sms_low_cost",
        simulation="on", auto_optimize_text="on", auto_remove_blacklisted="on",
        list_name="Autumn", recipient_tracking="on",
        include=people(site, "low cost", 101, 102),
    )  # fmt: skip
    page = words(desk.check(pk))
    assert "2 people × 1 SMS" in page
    assert "0.01 EUR to leave out whom Octopush knows" in page
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [request] = requests_for(site, "{first_name}: sale. no PUB=STOP")
    assert len(request["request_id"]) == 36
    assert {k: v for k, v in request["envelope"].items() if k != "request_id"} == {
        "text": "{first_name}: sale. no PUB=STOP",
        "purpose": "wholesale",
        "type": "sms_low_cost",
        "sender": "Shop",
        "with_replies": False,
        "simulation_mode": True,
        "auto_optimize_text": True,
        "auto_remove_blacklisted_numbers": True,
        "list_name": "Autumn",
        "recipient_tracking": True,
    }
    assert request["bent"] == []


def test_transactional_needs_no_stop_mention(site, desk):
    pk = desk.compose(
        purpose="alert", text="Your parcel waits", include=people(site, "parcels", 111, 112)
    )
    assert "Transactional" in words(desk.check(pk))
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [request] = requests_for(site, "Your parcel waits")
    assert request["purpose"] == "alert"
    assert len(request["recipients"]) == 2


def test_a_ticket_at_once_beside_a_working_cluster(site):
    first, second = site.python(TICKET)
    [request] = requests_for(site, "Your code is 4711")
    assert first == second == request["ticket"]


def test_scheduled_by_this_site(site, desk):
    pk = desk.compose(purpose="alert", text="At its time", include=people(site, "later", 121))
    moment = datetime.now(PARIS) + timedelta(seconds=4)
    desk.press(pk, "_schedule", send_at_0=f"{moment:%Y-%m-%d}", send_at_1=f"{moment:%H:%M:%S}")
    assert site.python(STATE, pk=pk)[0] == "scheduled"
    assert requests_for(site, "At its time") == []

    def due():
        site.manage(SWEEP)
        return is_sent(site, pk)()

    site.wait_for(due, "its time has come")
    [request] = requests_for(site, "At its time")
    assert "send_at" not in request["envelope"]
    assert datetime.fromisoformat(request["at"]) >= moment.replace(microsecond=0)


@pytest.mark.parametrize(("count", "ends"), [(2, "cancelled"), (3, "sent")])
def test_scheduled_by_the_gateway_and_called_back(site, desk, count, ends):
    text = f"Kept by the gateway for {count}"
    numbers = range(130 + 10 * count, 130 + 10 * count + count)
    pk = desk.compose(
        purpose="alert", text=text, scheduler="gateway",
        include=people(site, f"gateway {count}", *numbers),
    )  # fmt: skip
    assert "whoever opts out after you press the button still receives it" in words(desk.check(pk))
    moment = (datetime.now(PARIS) + timedelta(hours=3)).replace(microsecond=0)
    desk.press(pk, "_schedule", send_at_0=f"{moment:%Y-%m-%d}", send_at_1=f"{moment:%H:%M:%S}")
    site.wait_for(is_sent(site, pk), "the gateway has it")
    [request] = requests_for(site, text)
    assert datetime.fromisoformat(request["envelope"]["send_at"]) == moment
    assert request["bent"] == []
    page = words(desk.get(f"/admin/octopush_django/campaign/{pk}/change/"))
    assert "Octopush has it and sends it on" in page
    answer = words(desk.do(pk, "cancel"))
    assert site.python(STATE, pk=pk)[0] == ends
    assert ("fewer than three people" in answer) == (ends == "sent")


def test_two_way(site, desk):
    abroad = site.python(PEOPLE, name="abroad", people=[("+32470123456", "Jan")])
    pk = desk.compose(
        purpose="alert", text="Shall we come?", with_replies="on",
        include=[people(site, "two-way", 191, 192), abroad],
    )  # fmt: skip
    page = words(desk.check(pk))
    assert "1 person has a number outside FR" in page
    assert "It cannot be sent like this" in page
    form = {"purpose": "alert", "text": "Shall we come?", "sender": "Shop",
            "sms_type": "sms_premium", "scheduler": "app", "with_replies": "on"}  # fmt: skip
    chosen = [site.python(PEOPLE, name="two-way again", people=[("+33639980191", "P")])]
    desk.post(f"/admin/octopush_django/campaign/{pk}/change/", **form, include=chosen)
    page = words(desk.check(pk))
    assert "people see a short number in place of the sender" in page
    assert "may charge more" in page
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [request] = requests_for(site, "Shall we come?")
    assert request["envelope"]["with_replies"] is True
    assert request["bent"] == []


STATES = """
states = Campaign.objects.get(pk=values["pk"]).recipients.with_state()
print(json.dumps(sorted(states.values_list("address", "state"))))
"""


def test_voice_on_mobiles_and_landlines(site, desk):
    chosen = site.python(
        PEOPLE, name="voices", people=[("+33639980201", "M"), ("+33199001234", "L")]
    )
    pk = desk.compose(
        "voice_sms", purpose="alert", text="Your parcel waits at the desk.",
        voice_gender="female", voice_language="fr-FR", get_back_pressed_keys="on", include=chosen,
    )  # fmt: skip
    page = words(desk.check(pk))
    assert "2 people × 1 block of 30 seconds" in page
    assert "Language fr-FR" in page
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [request] = requests_for(site, "Your parcel waits at the desk.")
    assert request["path"].endswith("multi-channel/send")
    assert request["ticket"].startswith("voice_")
    assert request["bent"] == []
    metadata = request["envelope"]["metadata"]
    assert metadata.pop("request_id") == request["request_id"]
    assert metadata == {"type": "voice_sms", "voice_gender": "female", "voice_language": "fr-FR",
                        "get_back_pressed_keys": True}  # fmt: skip
    site.wait_for(
        lambda: {state for _, state in site.python(STATES, pk=pk)} == {"delivered"},
        "the reports are in",
    )
    path = f"/admin/octopush_django/recipient/?campaign__id__exact={pk}"
    assert "22 s; keys: 1" in words(desk.get(path))


def test_a_voice_that_waits_at_the_gateway_is_called_back(site, desk):
    pk = desk.compose(
        "voice_sms", purpose="alert", text="Tomorrow at nine.", voice_gender="male",
        voice_language="fr-FR", scheduler="gateway", include=people(site, "voice later", 221),
    )  # fmt: skip
    moment = datetime.now(PARIS) + timedelta(hours=3)
    desk.press(pk, "_schedule", send_at_0=f"{moment:%Y-%m-%d}", send_at_1=f"{moment:%H:%M:%S}")
    site.wait_for(is_sent(site, pk), "the gateway has it")
    desk.do(pk, "cancel")
    assert site.python(STATE, pk=pk)[0] == "cancelled"


def test_a_voice_says_each_their_name(site, desk):
    """The call documents no merge fields: who hears the same goes together."""
    named = [("+33639980231", "Ada"), ("+33639980232", "Bob"), ("+33639980233", "Ada")]
    pk = desk.compose(
        "voice_sms", purpose="alert", text="{first_name}, your table is free.",
        voice_gender="female", voice_language="fr-FR",
        include=site.python(PEOPLE, name="names", people=named),
    )  # fmt: skip
    assert "2 of 2,000 at most" in words(desk.check(pk))
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [ada] = requests_for(site, "Ada, your table is free.")
    [bob] = requests_for(site, "Bob, your table is free.")
    assert sorted(ada["recipients"]) == ["+33639980231", "+33639980233"]
    assert bob["recipients"] == ["+33639980232"]
    assert ada["bent"] == bob["bent"] == []


MAILS = """
contact_list = ContactList.objects.create(name="mails")
for email in values["emails"]:
    contact_list.contacts.add(Contact.objects.create(email=email))
OptOut.objects.create(address="out@example.net", family="email")
print(json.dumps(contact_list.pk))
"""


def test_an_email(site, desk):
    emails = ["ada@example.net", "ADA@example.net", "Bob@example.net", "out@example.net"]
    pk = desk.compose(
        "email", purpose="wholesale", text="<p>Sale on Saturday</p>", email_from="news@shop.fr",
        name_from="The shop", subject="Sale", body_format="html", emailing_service="gateway",
        language="fr", stored_template="sale", include=site.python(MAILS, emails=emails),
    )  # fmt: skip
    page = words(desk.check(pk))
    assert "2 people × 1 e-mail" in page
    assert "Opted out: 1" in page
    assert "Same number or e-mail address as another person: 1" in page
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [request] = requests_for(site, "<p>Sale on Saturday</p>")
    assert request["ticket"].startswith("email_")
    assert request["bent"] == []
    assert sorted(request["recipients"]) == ["ada@example.net", "bob@example.net"]
    metadata = request["envelope"]["metadata"]
    assert metadata.pop("request_id") == request["request_id"]
    assert metadata == {
        "email_from": "news@shop.fr", "name_from": "The shop", "subject": "Sale",
        "body_format": "html", "emailing_service": "gateway", "language": "fr",
        "template_name": "sale",
    }  # fmt: skip
    site.wait_for(
        lambda: (
            {state for _, state in site.python(STATES, pk=pk)} >= {"delivered", "excluded"}
            and "accepted" not in {state for _, state in site.python(STATES, pk=pk)}
        ),
        "the reports are in",
    )


def test_the_account(site, desk):
    page = words(desk.get("/admin/octopush_django/campaign/status/"))
    assert "FR SMS Premium:" in page
    assert "EUR" in page
    printed = site.manage("octopush_account", "--set", "sender_for_sms_premium=Shop")
    assert "sender_for_sms_premium: Shop" in printed
    printed = site.manage("octopush_webhooks", "--set", site.site)
    assert "callback_url_for_deliveries: http://127.0.0.1" in printed
    assert "<secret>" in printed


def test_rcs_with_buttons(site, desk):
    pk = desk.compose(
        "rcs", purpose="alert", text="Your train is on time.", sender="",
        message_type="simple_text", buttons='[{"text": "Where is it?"}]',
        include=people(site, "rcs", 211, 212),
    )  # fmt: skip
    assert "2 people × 1 RCS" in words(desk.check(pk))
    desk.press(pk, "_send")
    site.wait_for(is_sent(site, pk), "the campaign is sent")
    [request] = requests_for(site, "Your train is on time.")
    assert request["bent"] == []
    assert request["envelope"]["metadata"]["actions"] == [{"text": "Where is it?"}]
    assert "sender" not in request["envelope"]
