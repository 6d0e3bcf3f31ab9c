"""What leaves, against one golden file per kind of sending that the gateway documents.

The files hold our own texts in the documented fields, names and nesting; the sandbox, which reads
strictly, must find nothing in them that the gateway would bend.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from octopush_django.campaigns import preview_campaign, send_campaign
from octopush_django.exceptions import ComplianceError, InvalidCampaign
from octopush_django.sandbox import rules
from octopush_django.testing import outbox, send_due

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2030-11-25 10:00")]

GOLDEN = Path(__file__).parents[1] / "files" / "golden"
SMS, MULTI = "sms-campaign/send", "multi-channel/send"
AT = datetime(2031, 5, 5, 14, 0, 0, 999, tzinfo=UTC)
NORA = {"phone_number": "06 12 34 56 01", "first_name": "Nora", "last_name": "Petit",
        "param3": "Mme"}  # fmt: skip
VOICE = {"voice_gender": "female", "voice_language": "fr-FR"}
MAIL = {"email_from": "news@shop.fr", "subject": "News"}

SENDINGS = {
    "sms": {
        "text": "{param3} {first_name} {last_name}: sale on Saturday. STOP au XXXXX",
        "purpose": "wholesale", "sender": "Boutique",
        "recipients": [NORA, {**NORA, "phone_number": "+33612345602", "first_name": "Ilan",
                              "param3": "M."}],
    },
    "low_cost": {
        "text": "Sale on Saturday. no PUB=STOP", "purpose": "wholesale", "sender": "Boutique",
        "sms_type": "sms_low_cost", "simulation": True, "recipients": ["0612345601"],
        "options": {"auto_optimize_text": True, "auto_remove_blacklisted_numbers": True,
                    "list_name": "Saturday", "recipient_tracking": True},
    },
    "transactional": {
        "text": "Your table is held until eight.", "purpose": "alert", "sender": "Bistrot",
        "recipients": ["0612345601"],
    },
    "scheduled": {
        "text": "See you at {param1}. STOP au XXXXX", "purpose": "wholesale", "sender": "Bistrot",
        "send_at": AT, "scheduler": "gateway",
        "recipients": [{"phone_number": "+33612345601", "param1": "18:40"}],
    },
    "two_way": {
        "text": "{first_name}, shall we come on Monday? STOP au XXXXX", "purpose": "wholesale",
        "sender": "12345", "with_replies": True,
        "recipients": [{"phone_number": "+33612345601", "first_name": "Nora"}],
    },
    "voice": {
        "text": "Your parcel waits at the desk.", "purpose": "alert", "sender": "ParcelDesk",
        "channel": "voice_sms", "send_at": AT, "scheduler": "gateway",
        "recipients": ["0612345601", "01 42 68 68 68"],
        "options": {**VOICE, "get_back_pressed_keys": True, "list_name": "voices"},
    },
    "rcs": {
        "text": "Your train is on time.", "purpose": "alert", "channel": "rcs", "sender": None,
        "with_replies": True, "recipients": ["0612345601"],
        "options": {"actions": [{"text": "Where is it?"}]},
    },
    "rcs_card": {
        "text": "Your train", "purpose": "alert", "channel": "rcs", "sender": "TrainAgent",
        "recipients": ["0612345601"],
        "options": {"message_type": "rich_card", "cards": [{"title": "Platform 4"}]},
    },
    "sms_by_multi_channel": {
        "text": "{first_name}: sale on Saturday. STOP au XXXXX", "purpose": "wholesale",
        "sender": "Boutique", "sms_type": "sms_premium", "recipients": [NORA],
        "options": {"auto_optimize_text": True, "list_name": "Saturday",
                    "recipient_tracking": True},
    },
    "email": {
        "text": "Invoice 418 is ready.", "purpose": "alert", "channel": "email",
        "sender": "Billing", "send_at": AT, "scheduler": "gateway",
        "recipients": ["Client@shop.fr", "other@shop.fr"],
        "options": {"email_from": "billing@shop.fr", "name_from": "Billing desk",
                    "subject": "Invoice 418", "template_name": "invoice", "list_name": "May"},
    },
    "email_html": {
        "text": "<p>Bonjour {first_name} !</p>", "purpose": "wholesale", "channel": "email",
        "sender": "Boutique", "recipients": [{"email": "nora@shop.fr", "first_name": "Nora"}],
        "options": {"email_from": "news@shop.fr", "subject": "Soldes d’été", "body_format": "html",
                    "emailing_service": "mailbox", "language": "fr"},
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", SENDINGS)
def test_what_leaves_is_what_is_documented(kind, settings):
    settings.OCTOPUSH_SENDER = None
    settings.OCTOPUSH_SMS_BY_MULTI_CHANNEL = kind == "sms_by_multi_channel"
    send_campaign(**SENDINGS[kind])
    send_due()
    [request] = outbox
    path = request.pop("path")
    del request["ticket"]
    own_id = request.get("metadata", request).pop("request_id")
    assert len(own_id) == 36
    wanted = json.loads((GOLDEN / f"{kind}.json").read_text())
    moment = request.pop("send_at", None), wanted.pop("send_at", None)
    assert request == wanted
    if any(moment):
        assert datetime.fromisoformat(moment[0]) == datetime.fromisoformat(moment[1])
    assert path == (MULTI if "channel" in wanted else SMS)


@pytest.mark.parametrize("kind", SENDINGS)
def test_the_sandbox_finds_nothing_to_bend(kind):
    document = json.loads((GOLDEN / f"{kind}.json").read_text())
    document.get("metadata", document)["request_id"] = "a-1"
    read = rules.read_multi if "channel" in document else rules.read_sms
    assert read(document, datetime(2030, 1, 1, tzinfo=UTC)).bent == []


@pytest.mark.parametrize(
    ("channel", "options", "field"),
    [
        ("voice_sms", {}, "voice_language"),
        ("voice_sms", {**VOICE, "voice_language": "fr"}, "voice_language"),
        ("voice_sms", {**VOICE, "voice_gender": "F"}, "voice_gender"),
        ("voice_sms", {"voice_gender": "male", "voice_language": "sv-SE"}, "voice_gender"),
        ("voice_sms", {**VOICE, "get_back_pressed_keys": 1}, "get_back_pressed_keys"),
        ("voice_sms", {**VOICE, "cards": [{"a": 1}]}, "options"),
        ("rcs", {"message_type": "card"}, "message_type"),
        ("rcs", {"message_type": "rich_card"}, "cards"),
        ("rcs", {"message_type": "rich_card", "cards": []}, "cards"),
        ("rcs", {"message_type": "rich_card", "cards": ["a"]}, "cards"),
        ("rcs", {"cards": [{"a": 1}]}, "cards"),
        ("rcs", {"actions": {"a": 1}}, "actions"),
        ("rcs", {"message_type": "rich_card", "cards": [{"a": 1}], "actions": [{"b": 2}]},
         "actions"),
        ("sms", VOICE, "options"),
        ("email", {}, "email_from"),
        ("email", {**MAIL, "email_from": "shop"}, "email_from"),
        ("email", {**MAIL, "subject": " "}, "subject"),
        ("email", {**MAIL, "subject": "x" * 1001}, "subject"),
        ("email", {**MAIL, "subject": "Sale\nBcc: you@shop.fr"}, "subject"),
        ("email", {**MAIL, "subject": "For {first_name}"}, "subject"),
        ("email", {**MAIL, "name_from": "a\r\nb"}, "name_from"),
        ("email", {**MAIL, "body_format": "HTML"}, "body_format"),
        ("email", {**MAIL, "emailing_service": "smtp"}, "emailing_service"),
        ("email", {**MAIL, "language": "french"}, "language"),
        ("email", {**MAIL, "voice_gender": "male"}, "options"),
    ],
)  # fmt: skip
def test_what_a_channel_does_not_have_is_refused(channel, options, field):
    with pytest.raises(InvalidCampaign) as refusal:
        send_campaign(text="Hi", purpose="alert", recipients=["0612345601"], sender="Shop",
                      channel=channel, options=options)  # fmt: skip
    assert refusal.value.field == field


def test_the_launch_decides_by_which_call_an_sms_goes(settings):
    """People are frozen for one call: a setting that changes before they leave changes nothing."""
    arguments = {"text": "{first_name}!", "purpose": "alert", "sender": "Shop",
                 "recipients": [NORA]}  # fmt: skip
    plain = send_campaign(**arguments)
    settings.OCTOPUSH_SMS_BY_MULTI_CHANNEL = True
    routed = send_campaign(**arguments)
    settings.OCTOPUSH_SMS_BY_MULTI_CHANNEL = False
    send_due()
    assert [(request["path"], request["text"]) for request in outbox] == [
        (SMS, "{first_name}!"),
        (MULTI, "Nora!"),
    ]
    assert [frame.status for c in (plain, routed) for frame in c.frames.all()] == ["accepted"] * 2


def test_a_voice_says_each_their_name():
    people = [{"phone_number": f"061234560{i}", "first_name": n} for i, n in enumerate("ABA")]
    send_campaign(text="{first_name}!", purpose="alert", recipients=people, sender="Shop",
                  channel="voice_sms", options=VOICE)  # fmt: skip
    send_due()
    said = {request["text"]: len(request["recipients"]) for request in outbox}
    assert said == {"A!": 2, "B!": 1}


def test_braces_that_are_no_field_are_refused_on_any_channel():
    with pytest.raises(ComplianceError, match="braces"):
        send_campaign(text="{Name}!", purpose="alert", recipients=[NORA], sender="Shop",
                      channel="voice_sms", options=VOICE)  # fmt: skip


def test_nobody_replies_to_a_voice():
    with pytest.raises(InvalidCampaign):
        send_campaign(text="Hi", purpose="alert", recipients=[NORA], sender="Shop",
                      channel="voice_sms", options=VOICE, with_replies=True)  # fmt: skip


def test_a_landline_gets_a_voice_but_no_rcs():
    arguments = {"text": "Hi", "purpose": "alert", "recipients": ["0142686868"], "sender": "Shop"}
    voice = preview_campaign(**arguments, channel="voice_sms", options=VOICE)
    assert (voice.count, dict(voice.histogram)) == (1, {1: 1})
    rcs = preview_campaign(**arguments, channel="rcs")
    assert (rcs.count, dict(rcs.exclusions)) == (0, {"not_mobile": 1})


def test_no_price_is_invented_for_another_channel():
    options = {**VOICE, "auto_remove_blacklisted_numbers": True}
    preview = preview_campaign(text="Hi", purpose="alert", recipients=["0612345601"],
                               sender="Shop", channel="voice_sms", options=options)  # fmt: skip
    assert preview.surcharge == 0


def test_a_long_voice_takes_several_blocks():
    preview = preview_campaign(text="word " * 100, purpose="alert", recipients=["0612345601"],
                               sender="Shop", channel="voice_sms", options=VOICE)  # fmt: skip
    assert dict(preview.histogram) == {2: 1}  # 500 characters, some 34 seconds
