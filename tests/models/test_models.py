from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from phonenumber_field.phonenumber import PhoneNumber

from octopush_django.models import (
    Alarm,
    Campaign,
    Contact,
    ContactField,
    ContactList,
    Exclusion,
    Frame,
    FrameStatus,
    OptOut,
    Place,
    Recipient,
    SendAttempt,
)
from octopush_django.models.contacts import has_address
from octopush_django.models.fields import validate_phone_number
from octopush_django.opt_outs import opt_out

pytestmark = pytest.mark.django_db


def campaign(**values):
    return Campaign.objects.create(text="x", purpose="alert", **values)


def frame(**values):
    values.setdefault("campaign", None)
    values["campaign"] = values["campaign"] or campaign()
    return Frame.objects.create(
        **{"number": 1, "request_id": f"r{Frame.objects.count()}", "size": 1, **values}
    )


def refused(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_migrations_are_complete():
    call_command("makemigrations", "octopush_django", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("text", ["0612345678", "+33 6 12 34 56 78", "33612345678"])
def test_a_contact_holds_the_canonical_number(text):
    contact = Contact.objects.create(phone_number=text)
    contact.refresh_from_db()
    assert str(contact.phone_number) == "+33612345678"
    assert contact.line_type == "mobile"
    assert Contact.objects.get(phone_number="06.12.34.56.78") == contact
    refused(lambda: Contact.objects.create(phone_number="+33612345678"))


def test_test_numbers_are_contacts():
    contact = Contact(phone_number="06 39 98 00 11")
    contact.full_clean()
    contact.save()
    assert str(Contact.objects.get().phone_number) == "+33639980011"


@pytest.mark.parametrize("text", ["abc", "0611", "06399800111"])
def test_rubbish_is_stopped_by_the_model_and_by_the_database(text):
    with pytest.raises(ValidationError, match=text):
        Contact(phone_number=text).full_clean()
    refused(lambda: Contact.objects.create(phone_number=text))


@pytest.mark.parametrize("value", ["06 12", PhoneNumber(raw_input="06 12")])
def test_what_is_no_number_is_named(value):
    with pytest.raises(ValidationError) as refusal:
        validate_phone_number(value)
    assert refusal.value.code == "invalid_phone_number"
    assert refusal.value.messages[0].startswith("“06 12” is not a phone number.")


def test_the_line_is_saved_with_its_number():
    contact = Contact.objects.create(phone_number="0612345678")
    contact.phone_number = "0142686868"
    contact.save(update_fields=["phone_number"])
    contact.refresh_from_db()
    assert contact.line_type == "landline"


def test_a_form_asks_for_a_number_or_an_address():
    Contact(phone_number="0612345678").full_clean()
    Contact(email="ada@shop.fr").full_clean()
    with pytest.raises(ValidationError, match=r"Enter a phone number or an e-mail address\."):
        Contact(first_name="Ada").full_clean()


def test_the_database_itself_holds_the_shape():
    table = Contact._meta.db_table
    contact = Contact.objects.create(phone_number="+33612345678")

    def write():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET phone_number = '0612' WHERE id = {contact.pk}")

    refused(write)


def test_a_contact_has_a_number_or_an_address():
    Contact.objects.create(email="a@example.org")
    Contact.objects.create(email="b@example.org")
    refused(lambda: Contact.objects.create(first_name="Nobody"))


def test_the_line_type_follows_every_way_of_writing():
    contact = Contact.objects.create(phone_number="+33612345678")
    Contact.objects.filter(pk=contact.pk).update(phone_number="+33123456789")
    contact.refresh_from_db()
    assert contact.line_type == ""
    Contact.objects.all().resolve_line_types()
    contact.refresh_from_db()
    assert contact.line_type == "landline"
    contact.phone_number = "+33612345678"
    contact.save(update_fields=["phone_number"])
    assert contact.line_type == "mobile"
    contact.phone_number = "+33123456780"
    Contact.objects.bulk_update([contact], ["phone_number"])
    contact.refresh_from_db()
    assert contact.line_type == "landline"


def test_list_names_are_unique():
    ContactList.objects.create(name="A")
    refused(lambda: ContactList.objects.create(name="A"))


def test_an_opt_out_is_canonical_and_unique():
    OptOut.objects.create(address="06 12 34 56 78")
    assert OptOut.objects.get().address == "+33612345678"
    refused(lambda: OptOut.objects.create(address="+33612345678"))
    OptOut.objects.create(address="A@Example.org", family="email")
    assert OptOut.objects.filter(address="a@example.org").exists()
    refused(lambda: OptOut.objects.create(address="nonsense"))


def test_an_opt_out_has_a_known_source():
    with pytest.raises(ValidationError, match="person"):
        opt_out("0612345678", source="mars")
    assert not OptOut.objects.exists()


def test_an_opt_out_survives_contact_and_list():
    contact = Contact.objects.create(phone_number="+33612345678")
    OptOut.objects.create(address="+33612345678", campaign=campaign())
    contact.delete()
    ContactList.objects.all().delete()
    Campaign.objects.all().delete()
    assert OptOut.objects.count() == 1


def test_a_paused_campaign_says_why():
    refused(lambda: campaign(status="paused"))
    campaign(status="paused", reason_code="person")


@pytest.mark.parametrize("field", ["status", "channel", "sms_type", "scheduler"])
def test_a_campaign_holds_known_values(field):
    refused(lambda: campaign(**{field: "lost"}))


@pytest.mark.parametrize("field", ["status", "exclusion"])
def test_a_recipient_holds_known_values(field):
    refused(lambda: Recipient.objects.create(campaign=campaign(), **{field: "lost"}))


def test_the_exclusions_are_those_documented_ones_in_their_order():
    assert [code for code in Exclusion.values if code] == (
        "no_address invalid test_number not_mobile gone left_lists excluded_list opted_out "
        "held_back consent_refused consent_unknown not_in_service too_often vetoed "
        "missing_value value_too_long duplicate"
    ).split()


def test_a_frame_has_a_known_status():
    refused(lambda: frame(status="lost"))


@pytest.mark.parametrize("status", ["pending", "uncertain"])
def test_a_frame_that_waits_has_a_turn(status):
    refused(lambda: frame(status=status, next_action_at=None))


@pytest.mark.parametrize("size", [0, 501])
def test_a_frame_has_1_to_500(size):
    refused(lambda: frame(size=size))


def test_a_frame_is_numbered_once_and_its_request_id_is_its_own():
    first = frame()
    refused(lambda: frame(campaign=first.campaign, request_id="other"))
    refused(lambda: frame(request_id=first.request_id))


def test_a_number_receives_a_campaign_once():
    c = campaign()
    Recipient.objects.create(campaign=c, address="+33612345678")
    refused(lambda: Recipient.objects.create(campaign=c, address="+33612345678"))
    Recipient.objects.create(campaign=c, address="+33612345678", exclusion="duplicate")


def test_one_open_attempt_per_frame():
    f = frame()
    SendAttempt.objects.create(frame=f, fence=1)
    refused(lambda: SendAttempt.objects.create(frame=f, fence=2))
    SendAttempt.objects.update(outcome="uncertain")
    SendAttempt.objects.create(frame=f, fence=2)
    refused(lambda: SendAttempt.objects.create(frame=f, fence=2, outcome="accepted"))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a plan of PostgreSQL")
def test_many_e_mail_addresses_are_looked_up_by_their_index():
    """More than 100 values in a list: the planner proves the condition of the index no more."""
    addresses = [f"ada{i}@y.fr" for i in range(101)]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Contact.objects.filter(has_address("email", addresses)).explain()
    assert "octopush_contact_email" in plan


STATES = {
    "pending": "pending",
    "sending": "pending",
    "uncertain": "pending",
    "undecided": "pending",
    "accepted": "accepted",
    "refused": "cancelled",
    "cancelled": "cancelled",
    "empty": "cancelled",
}


@pytest.mark.parametrize("status", FrameStatus.values)
def test_what_people_see_of_somebody_without_a_report(status):
    told = frame(status=status)
    for number, reported in (("+33612345678", "pending"), ("+33612345679", "delivered")):
        Recipient.objects.create(
            campaign=told.campaign, frame=told, address=number, status=reported
        )
    states = Recipient.objects.with_state().order_by("address").values_list("state", flat=True)
    assert list(states) == [STATES[status], "delivered"]


def test_a_place_is_free_when_its_lease_is_over():
    now = timezone.now()
    Place.objects.create(pool="loops", number=1)
    for number, minutes in ((2, -1), (3, 1)):
        held_until = now + timedelta(minutes=minutes)
        Place.objects.create(pool="loops", number=number, held_until=held_until)
    free = Place.objects.all().free(now).order_by("number")
    assert list(free.values_list("number", flat=True)) == [1, 2]


def test_alarms_are_told_once_and_apart():
    alarms = Alarm.objects.all()
    assert [alarms.begin("credit"), alarms.begin("credit"), alarms.begin("worker")] == [
        True, False, True,
    ]  # fmt: skip
    alarms.end("credit")
    assert alarms.begin("worker") is False
    assert alarms.begin("credit") is True


@pytest.mark.parametrize(
    "values", [None, "x", [], [("town", "Nantes")], {1: "x"}, {"town": ["Nantes"]},
               {"town": "a\x00b"}, {"town": "\ud83d"}, {"a\x00": "b"}, {"town": float("inf")}],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize(
    "store",
    [
        lambda contact: contact.save(),
        lambda contact: contact.full_clean(),
        lambda contact: Contact.objects.bulk_create([contact]),
    ],
    ids=["save", "full_clean", "bulk_create"],
)
def test_details_that_are_none_are_refused_by_name(values, store):
    with pytest.raises(ValidationError) as refusal:
        store(Contact(phone_number="+33612345678", values=values))
    assert set(refusal.value.message_dict) == {"values"}
    assert not Contact.objects.exists()


def test_the_key_of_a_personal_detail_is_made_of_its_name():
    assert ContactField.objects.create(label="Code postal").key == "code_postal"


@pytest.mark.parametrize("label", ["Имя", "Unsubscribe", "Consent"])
def test_a_name_that_makes_no_key_is_refused_by_name(label):
    with pytest.raises(ValidationError) as refusal:
        ContactField.objects.create(label=label)
    assert set(refusal.value.message_dict) == {"key"}
    assert not ContactField.objects.exists()
