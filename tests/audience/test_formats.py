"""Nobody else's number: the library's objects, under every format that its settings know."""

import json

import pytest
from phonenumber_field.phonenumber import PhoneNumber

from octopush_django.campaigns import preview_campaign
from octopush_django.client.messages import SMS_PATH
from octopush_django.models import Contact, ContactList, OptOut
from octopush_django.opt_outs import is_opted_out, opt_out
from octopush_django.rules.addresses import as_written
from octopush_django.testing import outbox, send_due

from ..people import make_list, send
from ..shop.models import Customer

pytestmark = pytest.mark.django_db

FORMATS = ["E164", "INTERNATIONAL", "NATIONAL", "RFC3966"]
SPANISH, FRENCH, REUNION, FICTION = "+34612345678", "+33612345678", "+262692123456", "+33639980011"
ALL = {SPANISH, FRENCH, REUNION, FICTION}


@pytest.fixture(autouse=True, params=FORMATS)
def shown(request, settings):
    settings.PHONENUMBER_DEFAULT_FORMAT = request.param


@pytest.fixture(params=FORMATS)
def stored(request, settings):
    settings.PHONENUMBER_DB_FORMAT = request.param
    return request.param


def objects(numbers=ALL):
    return [PhoneNumber.from_string(number) for number in sorted(numbers)]


def sent_to():
    send_due()
    assert {request["path"] for request in outbox} == {SMS_PATH}
    return {person["phone_number"] for request in outbox for person in request["recipients"]}


def test_objects(stored):
    send(recipients=objects())
    assert sent_to() == ALL


def test_objects_in_mappings(stored):
    send(recipients=[{"phone_number": number} for number in objects()])
    assert sent_to() == ALL


def test_contacts(stored):
    for number in ALL:
        Contact.objects.create(phone_number=number)
    send(recipients=list(Contact.objects.all()))
    assert sent_to() == ALL


def test_a_queryset_of_contacts(stored):
    for number in objects():
        Contact.objects.create(phone_number=number)
    send(recipients=Contact.objects.all())
    assert sent_to() == ALL


def test_a_list(stored):
    contact_list = ContactList.objects.create(name="All")
    for number in objects():
        contact_list.contacts.add(Contact.objects.create(phone_number=number))
    send(contact_lists=[contact_list])
    assert sent_to() == ALL


def test_customers_of_the_project(stored):
    """Stored without its country, a foreign number is lost before we see it (check W032)."""
    kept = {FRENCH, FICTION} if stored == "NATIONAL" else ALL
    for number in kept:
        Customer.objects.create(mobile=number)
    send(recipients=Customer.objects.all(), phone_field="mobile")
    assert sent_to() == kept


def test_who_receives_it_already_is_known_in_both_ways(stored):
    contact_list = make_list(people=0)
    contact_list.contacts.add(Contact.objects.create(phone_number=SPANISH))
    given = {"contact_lists": [contact_list], "recipients": objects([SPANISH])}
    preview = preview_campaign(text="x", purpose="alert", sender="Shop", **given)
    assert (preview.count, preview.exclusions) == (1, {"duplicate": 1})
    send(**given)
    assert sent_to() == {SPANISH}


def test_refusals_and_lists_to_leave_out_hold_for_objects(stored):
    Contact.objects.create(phone_number=SPANISH, consent="refused")
    preview = preview_campaign(
        text="x STOP au XXXXX", purpose="wholesale", sender="Shop", recipients=objects([SPANISH])
    )
    assert preview.exclusions == {"consent_refused": 1}


def test_a_value_is_written_as_e164(stored):
    send(
        text="Call {param1}",
        recipients=[{"phone_number": FRENCH, "param1": objects([SPANISH])[0]}],
    )
    send_due()
    assert json.loads(json.dumps(outbox[0]))["recipients"][0]["param1"] == SPANISH


def test_opt_outs(stored):
    [number] = objects([SPANISH])
    assert opt_out(number).address == SPANISH
    assert is_opted_out(number)
    assert is_opted_out("+34 612 34 56 78")
    assert not is_opted_out(FRENCH)
    assert OptOut.objects.create(address=objects([REUNION])[0]).address == REUNION


def test_line_types(stored):
    for number in objects():
        Contact.objects.create(phone_number=number)
    assert set(Contact.objects.values_list("line_type", flat=True)) == {"mobile"}


def test_an_extension_is_no_number_for_an_sms():
    assert as_written(PhoneNumber.from_string("+33 1 23 45 67 89 ext. 9")).startswith("tel:")
