"""The public verbs, as a developer calls them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.utils import timezone

from octopush_django import campaigns, lifecycle, signals, sweep, tasks
from octopush_django.campaigns import (
    cancel_campaign,
    halt,
    launch_campaign,
    lift_halts,
    pause_campaign,
    preview_campaign,
    resume_campaign,
    schedule_campaign,
    send_campaign,
    start_due,
)
from octopush_django.compose import previews
from octopush_django.exceptions import (
    ComplianceError,
    EmptyAudience,
    InvalidCampaign,
    KeyConflict,
    NotAllowedNow,
)
from octopush_django.models import Campaign, Contact, OptOut, Recipient, Tariff
from octopush_django.reports import figures
from octopush_django.testing import outbox, send_due

from .people import STOP, make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db


MAIL = {"email_from": "news@shop.fr", "subject": "News"}


def draft(**values):
    lists = values.pop("lists", None) or [make_list()]
    campaign = Campaign.objects.create(
        **{"text": "Hello", "purpose": "alert", "sender": "Shop", **values}
    )
    campaign.include.set(lists)
    return campaign


# --- send_campaign ------------------------------------------------------------------------------


def test_it_sends_what_was_asked():
    campaign = send(
        text="{first_name|Hello}, order {param1}.",
        recipients=[{"phone_number": "06 12 34 56 78", "param1": "7"}],
    )
    assert outbox == []
    send_due()
    [request] = outbox
    assert request["recipients"] == [
        {"phone_number": "+33612345678", "first_name": "Hello", "param1": "7"}
    ]
    assert request["text"] == "{first_name}, order {param1}."
    assert (request["purpose"], request["type"]) == ("alert", "sms_premium")
    assert request["auto_optimize_text"] is False
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("sent", "")
    assert campaign.finished_at


def test_every_kind_of_source():
    contact = Contact.objects.create(phone_number="0612345678", first_name="Ana")
    for recipients in ("0612345678", ["0612345678"], contact, [contact], Contact.objects.all(),
                       {"phone_number": "0612345678"}, (n for n in ["0612345678"])):  # fmt: skip
        assert send(recipients=recipients).recipients.get().address == "+33612345678"
    assert send(audience=Contact.objects.all()).recipients.count() == 1
    user = User.objects.create(username="0612345678")
    assert send(recipients=User.objects.filter(pk=user.pk), phone_field="username")


def test_lists_by_object_or_name():
    contact_list = make_list("Gold")
    assert send(contact_lists=[contact_list]).recipients.count() == 3
    assert send(contact_lists="Gold").recipients.count() == 3
    with pytest.raises(InvalidCampaign, match="Silver"):
        send(contact_lists=["Silver"])


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"purpose": "transactional"}, "purpose"),
        ({"sms_type": "premium"}, "sms_type"),
        ({"channel": "pigeon"}, "channel"),
        ({"scheduler": "cron"}, "scheduler"),
        ({"recipients": ["abc"]}, "recipients"),
        ({"recipients": None, "contact_lists": None}, "recipients"),
        ({"audience": User.objects.all()}, "audience"),
        ({"with_replies": "yes"}, "with_replies"),
        ({"simulation": "False"}, "simulation"),
        ({"send_at": datetime(2031, 1, 1)}, "send_at"),
        ({"send_at": "2031-01-01"}, "send_at"),
        ({"options": {"colour": 1}}, "options"),
        ({"key": ""}, "key"),
        ({"text": None}, "text"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arguments, field):
    with pytest.raises(InvalidCampaign) as refusal:
        send(**arguments)
    assert refusal.value.field == field
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"text": 5}, "text: must be text."),
        ({"name": "a\x00"}, "name: holds NUL or half a character, which cannot be sent."),
        ({"purpose": "sale"}, "purpose: must be one of alert, wholesale; 'sale' is not."),
        ({"simulation": "yes"}, "simulation: must be True or False, not 'yes'."),
        ({"options": ["x"]}, "options: must map names to values."),
        (
            {"options": {"list_name": "a\x00"}},
            "list_name: holds NUL or half a character, which cannot be sent.",
        ),
        (
            {"channel": "email", "options": MAIL, "with_replies": True},
            "with_replies: is for sms, rcs.",
        ),
        ({"key": "k" * 201}, "key: must have 1 to 200 characters."),
        (
            {"send_at": datetime(2999, 5, 4, 9, 30, tzinfo=UTC)},
            "send_at: Saturday 4 May 2999 09:30 (UTC) is more than a year ahead.",
        ),
    ],
)
def test_a_wrong_argument_says_what_would_be_right(arguments, said):
    with pytest.raises(InvalidCampaign) as refusal:
        send(**arguments)
    assert str(refusal.value) == said


def test_a_key_may_have_200_characters():
    assert send(key="k" * 200).key == "k" * 200


def test_the_past_and_the_far_future_are_refused():
    for days in (-1, 400):
        with pytest.raises(InvalidCampaign):
            send(send_at=timezone.now() + timedelta(days=days))


def test_purpose_has_no_default():
    with pytest.raises(TypeError):
        send_campaign(text="Hello", recipients=["0612345678"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [({"purpose": "wholesale"}, "stop_missing"), ({"sender": "Company X"}, "sender_wrong"),
     ({"text": "{Oops}"}, "placeholder"), ({"text": ""}, "text_missing"),
     ({"text": "x" * 1225}, "text_too_long")],
)  # fmt: skip
def test_what_the_rules_forbid_is_refused(arguments, code):
    with pytest.raises(ComplianceError) as refusal:
        send(**arguments)
    [finding] = refusal.value.findings
    assert (finding.code, str(refusal.value)) == (code, finding.message)
    assert not Campaign.objects.exists()


def test_nobody_to_send_to_is_refused():
    Contact.objects.create(phone_number="0123456789")
    with pytest.raises(EmptyAudience) as refusal:
        send(recipients=Contact.objects.all())
    assert refusal.value.exclusions == {"not_mobile": 1}
    assert not Campaign.objects.exists()
    assert not Recipient.objects.exists()


def test_a_key_makes_a_repeat_return_the_first():
    first = send(key="order-7")
    again = send(key="order-7", sender="not even looked at")
    assert again == first
    assert (first.created_now, again.created_now) == (True, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "other"),
    [("text", "Bye"), ("purpose", "wholesale"), ("channel", "voice_sms")],
)
def test_a_key_stands_for_one_message(field, other):
    first = send(key="order-7")
    with pytest.raises(KeyConflict, match=field) as conflict:
        send(**{"key": "order-7", field: other})
    assert (conflict.value.campaign, conflict.value.field) == (first, field)
    assert Campaign.objects.count() == 1


def test_a_lost_race_for_a_key_returns_the_winner(monkeypatch):
    """The other call commits between our look-up and our insert."""
    original = campaigns.drafts.draft
    winners = []

    def meanwhile(given):
        made = original(given)
        if not winners:
            winners.append(None)
            winners[0] = send(key="order-7")
        return made

    monkeypatch.setattr(campaigns.drafts, "draft", meanwhile)
    with transaction.atomic():
        assert send(key="order-7") == winners[0]
        assert Campaign.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_view_sends_nothing(enqueued):
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    assert enqueued == []
    assert not Campaign.objects.exists()
    with transaction.atomic():
        send()
        assert enqueued == []
    assert enqueued == [("octopush_django.tasks.send_frames",)]


@pytest.mark.django_db(transaction=True)
def test_the_async_twin():
    async def view():
        try:
            return await campaigns.asend_campaign(
                text="Hi", purpose="alert", recipients=["0612345678"]
            )
        finally:
            await sync_to_async(connections.close_all)()

    assert asyncio.run(view()).status == "sending"


def test_the_sender_comes_from_the_settings(settings):
    settings.OCTOPUSH_SENDER = "Octave"
    assert send(sender=None).sender == "Octave"


def test_simulation_can_be_forced(settings):
    settings.OCTOPUSH_SIMULATION = True
    campaign = send(simulation=False)
    assert campaign.simulation
    send_due()
    assert outbox[0]["simulation_mode"] is True


def test_signals_are_sent_and_a_raising_receiver_loses_nothing(
    django_capture_on_commit_callbacks,
):
    seen = []

    def note(signal, **kwargs):
        seen.append((signal, kwargs))
        raise RuntimeError("receivers may fail")

    watched = (signals.campaign_launched, signals.frame_accepted, signals.campaign_finished)
    for signal in watched:
        signal.connect(note)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            campaign = send()
            send_due()
    finally:
        for signal in watched:
            signal.disconnect(note)
    assert [signal for signal, _ in seen] == list(watched)
    assert seen[1][1]["ticket"] == campaign.frames.get().ticket


# --- launch, schedule, pause, resume, cancel ----------------------------------------------------


def test_launch_happens_once():
    campaign = draft()
    same = Campaign.objects.get(pk=campaign.pk)
    launch_campaign(campaign)
    with pytest.raises(NotAllowedNow, match="Sending"):
        launch_campaign(same)
    send_due()
    assert len(outbox) == 1


def test_launch_records_who():
    user = User.objects.create(username="marketer")
    campaign = launch_campaign(draft(), by=user)
    campaign.refresh_from_db()
    assert campaign.launched_by == user
    assert campaign.launched_at


def test_a_scheduled_campaign_waits_and_drops_who_opts_out():
    when = timezone.now() + timedelta(hours=3)
    campaign = send_marketing(contact_lists=[make_list()], send_at=when)
    assert campaign.status == "scheduled"
    send_due()
    start_due()
    assert outbox == []
    OptOut.objects.create(address=number(1))
    with time_machine.travel(when + timedelta(minutes=1)):
        assert start_due() == 1
        assert start_due() == 0
        send_due()
    assert [p["phone_number"] for p in outbox[0]["recipients"]] == [number(0), number(2)]
    dropped = campaign.recipients.get(address=number(1))
    assert (dropped.exclusion, dropped.status) == ("opted_out", "excluded")


@pytest.mark.django_db(transaction=True)
def test_a_schedule_that_is_moved_while_another_begins_keeps_its_new_time():
    when = timezone.now() + timedelta(hours=1)
    first, second = (send(recipients=[number(index)], send_at=when) for index in (0, 1))
    others = {first.pk: second, second.pk: first}

    def move_the_other(campaign, **_kwargs):
        schedule_campaign(others[campaign.pk], when + timedelta(days=1))

    signals.campaign_launched.connect(move_the_other)
    try:
        with time_machine.travel(when):
            assert start_due() == 1
    finally:
        signals.campaign_launched.disconnect(move_the_other)
    assert set(Campaign.objects.values_list("status", flat=True)) == {"sending", "scheduled"}


def test_too_late_waits_for_a_person():
    when = timezone.now() + timedelta(hours=1)
    campaign = send(send_at=when)
    with time_machine.travel(when + timedelta(hours=3)):
        assert start_due() == 0
        campaign.refresh_from_db()
        assert (campaign.status, campaign.reason_code) == ("paused", "late")
        resume_campaign(campaign)
        send_due()
    assert len(outbox) == 1


def test_a_schedule_can_be_moved_but_not_into_the_past():
    campaign = send(send_at=timezone.now() + timedelta(hours=1))
    later = timezone.now() + timedelta(hours=9)
    schedule_campaign(campaign, later)
    campaign.refresh_from_db()
    assert campaign.send_at == later
    with pytest.raises(InvalidCampaign):
        schedule_campaign(campaign, timezone.now() - timedelta(hours=1))


def test_the_gateways_own_clock_hands_over_at_once():
    when = timezone.now() + timedelta(hours=2)
    campaign = send(send_at=when, scheduler="gateway")
    assert campaign.status == "sending"
    send_due()
    sent = datetime.fromisoformat(outbox[0]["send_at"])
    assert sent == when.replace(microsecond=0)


def test_pause_stops_and_resume_goes_on(settings):
    settings.OCTOPUSH_FRAME_SIZE = 2
    settings.OCTOPUSH_PILOT_SIZE = 0
    campaign = send(contact_lists=[make_list(people=6)])
    pause_campaign(campaign)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("paused", "person")
    send_due()
    assert outbox == []
    resume_campaign(campaign)
    send_due()
    assert len(outbox) == 3
    with pytest.raises(NotAllowedNow):
        pause_campaign(campaign)


def test_cancel_leaves_what_has_not_left(settings):
    settings.OCTOPUSH_FRAME_SIZE = 2
    settings.OCTOPUSH_PILOT_SIZE = 1
    campaign = send(contact_lists=[make_list(people=9)])
    from octopush_django.sending import worker_loop

    worker_loop.run_once()  # the pilot
    cancel_campaign(campaign)
    send_due()
    assert len(outbox) == 1
    assert (campaign.status, campaign.finished_at is not None) == ("cancelled", True)
    assert campaign.reason == "Somebody cancelled it."
    assert figures.totals(campaign).departure == figures.Departure(1, 0, 8)
    states = set(campaign.recipients.with_state().values_list("state", flat=True))
    assert states == {"accepted", "cancelled"}
    with pytest.raises(NotAllowedNow):
        resume_campaign(campaign)


def test_a_large_campaign_is_cancelled_at_once_and_its_people_withdrawn_by_a_worker(
    settings, monkeypatch, enqueued, django_capture_on_commit_callbacks
):
    settings.OCTOPUSH_FRAME_SIZE = 2
    settings.OCTOPUSH_PILOT_SIZE = 0
    monkeypatch.setattr(lifecycle, "WITHDRAWN_AT_ONCE", 1)
    campaign = send(contact_lists=[make_list(people=6)])
    with django_capture_on_commit_callbacks(execute=True):
        cancel_campaign(campaign)
    assert set(campaign.frames.values_list("status", flat=True)) == {"cancelled"}
    assert figures.totals(campaign).states == {"cancelled": 6}
    written = campaign.recipients.filter(status="cancelled")
    assert written.count() == 2
    assert enqueued[-1] == ("octopush_django.tasks.withdraw_people",)
    monkeypatch.setattr(tasks, "LONGEST", -1)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.withdraw_people()
    assert written.count() == 4
    assert enqueued.count(("octopush_django.tasks.withdraw_people",)) == 2
    send_due()
    sweep.sweep()
    assert written.count() == 6
    assert not tasks.withdraw_people()
    assert outbox == []


def test_halt_stops_everything_at_once():
    campaign = send()
    record = halt("wrong price list")
    send_due()
    assert outbox == []
    campaign.refresh_from_db()
    assert (campaign.reason_code, campaign.reason) == ("halted", record.reason)
    lift_halts()
    send_due()
    assert len(outbox) == 1


# --- preview ------------------------------------------------------------------------------------


def test_preview_counts_and_stores_nothing():
    contact_list = make_list(people=4, consent="given")
    Contact.objects.filter(phone_number=number(3)).update(first_name="x" * 45)
    OptOut.objects.create(address=number(0))
    text = "y" * 110 + " {first_name} " + STOP
    arguments = {"text": text, "purpose": "wholesale", "contact_lists": [contact_list],
                 "recipients": [number(1), "0612345678"], "sender": "Shop"}  # fmt: skip
    preview = preview_campaign(**arguments)
    assert preview.count == 3
    assert preview.exclusions == {"opted_out": 1, "missing_value": 2}
    assert preview.histogram == {1: 2, 2: 1}
    assert preview.total_segments == 4
    assert [finding.code for finding in preview.findings] == ["missing_value"]
    assert preview.cost is None
    assert not Campaign.objects.exists()
    campaign = send_campaign(**arguments)
    assert campaign.recipients.filter(exclusion="").count() == preview.count
    assert preview_campaign(campaign).histogram == preview.histogram
    assert preview_campaign(campaign).exclusions == preview.exclusions


def test_preview_of_a_draft_and_its_fingerprint():
    campaign = draft(lists=[make_list(people=2)])
    before = preview_campaign(campaign)
    assert before.count == 2
    assert preview_campaign(campaign).fingerprint == before.fingerprint
    campaign.include.first().contacts.add(Contact.objects.create(phone_number="0612345678"))
    assert preview_campaign(campaign).fingerprint != before.fingerprint


def test_a_preview_that_is_renewed_is_the_same_while_nothing_changes():
    campaign = draft()
    Tariff.objects.create(euros="0.05")
    seen = preview_campaign(campaign)
    assert seen.cost == Decimal("0.15")
    assert previews.renewed(campaign, seen) == seen


def test_preview_tells_who_has_too_long_a_detail():
    people = [
        {"phone_number": number(index), "first_name": "x" * (50 + index)} for index in (0, 1)
    ]
    preview = preview_campaign(
        text="Hello {first_name}", purpose="alert", sender="Shop", recipients=people
    )
    assert preview.exclusions == {"value_too_long": 1}
    [finding] = preview.findings
    assert (finding.code, str(finding.message)[:8]) == ("value_too_long", "1 person")


def test_preview_tells_what_forbids_sending():
    preview = preview_campaign(text="Promo", purpose="wholesale", recipients=["0123456789"])
    assert [finding.code for finding in preview.findings] == ["stop_missing", "nobody"]
    late = preview_campaign(
        text="Hi", purpose="alert", scheduler="gateway", recipients=["0123456789"]
    )
    # What forbids it comes before what is only to be known.
    assert [finding.code for finding in late.findings] == ["nobody", "gateway_schedule"]


def test_the_price_is_that_of_the_last_bill(monkeypatch):
    from octopush_django.backends import locmem

    plain = locmem.accept

    def with_sms(request):
        from dataclasses import replace

        return replace(plain(request), number_of_sms=len(request["recipients"]))

    monkeypatch.setattr(locmem, "accept", with_sms)
    send()
    send_due()
    preview = preview_campaign(text="x" * 161, purpose="alert", recipients=["0612345678"])
    assert str(preview.cost) == "0.0980"


def test_excluded_lists_win():
    included, excluded = make_list(people=3), make_list("Not these", people=0)
    excluded.contacts.add(included.contacts.order_by("pk").first())
    campaign = draft(lists=[included])
    campaign.exclude.add(excluded)
    launch_campaign(campaign)
    assert campaign.recipients.filter(exclusion="excluded_list").count() == 1
    assert campaign.recipients.filter(exclusion="").count() == 2


def test_payloads_are_json_of_the_documented_keys():
    campaign = send(text="{first_name|x}", contact_lists=[make_list(people=1)])
    payload = json.loads(campaign.recipients.get().payload)
    assert set(payload) == {"phone_number", "first_name"}


def test_what_was_seen_is_what_is_sent(draft):
    seen = preview_campaign(draft)
    draft.include.first().contacts.add(
        Contact.objects.create(phone_number=number(9), first_name="Z")
    )
    with pytest.raises(NotAllowedNow, match="Who receives it"):
        launch_campaign(draft, seen=seen.acknowledge())
    draft.refresh_from_db()
    assert (draft.status, draft.recipients.count()) == ("draft", 0)
    launch_campaign(draft, seen=preview_campaign(draft).acknowledge())
    assert (draft.expected_units, draft.status) == (
        preview_campaign(draft).total_segments,
        "sending",
    )


def schedule(campaign, **arguments):
    return schedule_campaign(campaign, timezone.now() + timedelta(days=1), **arguments)


@pytest.mark.parametrize("change", ["more", "fewer"])
@pytest.mark.parametrize("verb", [launch_campaign, schedule])
def test_other_people_than_were_seen_are_refused(draft, change, verb):
    seen = preview_campaign(draft).acknowledge()
    contacts = draft.include.first().contacts
    if change == "more":
        contacts.add(Contact.objects.create(phone_number=number(9), first_name="Z"))
    else:
        contacts.first().delete()
    with pytest.raises(NotAllowedNow, match="Who receives it"):
        verb(draft, seen=seen)
    draft.refresh_from_db()
    assert (draft.status, draft.recipients.count()) == ("draft", 0)


@pytest.mark.parametrize("verb", [launch_campaign, schedule])
@pytest.mark.parametrize(
    ("field", "value"),
    [("channel", "rcs"), ("text", f"Other {STOP}"), ("purpose", "alert"),
     ("sms_type", "sms_low_cost"), ("sender", "Other"), ("with_replies", True),
     ("simulation", True), ("auto_optimize_text", True), ("auto_remove_blacklisted", True),
     ("scheduler", "gateway"), ("options", {"list_name": "x"})],
)  # fmt: skip
def test_what_was_changed_behind_an_object_is_not_sent(draft, verb, field, value):
    Campaign.objects.filter(pk=draft.pk).update(**{field: value})
    with pytest.raises(NotAllowedNow):
        verb(draft)
    assert Campaign.objects.get().status == "draft"


def test_what_must_be_acknowledged_is_asked_for(draft):
    Campaign.objects.filter(pk=draft.pk).update(text=f"Bonjour %first_name% {STOP}")
    draft.refresh_from_db()
    seen = preview_campaign(draft)
    assert [finding.code for finding in seen.unread] == ["foreign_field"]
    with pytest.raises(NotAllowedNow, match="%first_name%"):
        launch_campaign(draft, seen=seen)
    launch_campaign(draft, seen=seen.acknowledge())
    assert draft.status == "sending"
