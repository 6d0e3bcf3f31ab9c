"""Nobody else's number: every way of giving people, under every format of the phone library.

What counts is what the gateway was asked: the log of the sandbox, over real HTTP.
"""

import pytest
from phonenumber_field.phonenumber import PhoneNumber

from octopush_django.campaigns import preview_campaign
from octopush_django.models import Contact, ContactList, OptOut
from octopush_django.opt_outs import is_opted_out, opt_out
from octopush_django.rules.addresses import as_written
from octopush_django.sandbox import Sandbox
from octopush_django.testing import send_due

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


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(callbacks=False) as running:
        yield running


@pytest.fixture
def sent_to(sandbox, settings):
    """Send what is due to the sandbox; tell to which numbers it was asked to send."""
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.octopush.OctopushBackend"
    settings.OCTOPUSH_BASE_URL = sandbox.base_url
    settings.OCTOPUSH_API_LOGIN, settings.OCTOPUSH_API_KEY = "ops@example.org", "key"
    before = len(sandbox.account.log)

    def send_and_read():
        send_due()
        asked = sandbox.account.log[before:]
        assert all(entry["accepted"] for entry in asked)
        return {number for entry in asked for number in entry["recipients"]}

    return send_and_read


def objects(numbers=ALL):
    return [PhoneNumber.from_string(number) for number in sorted(numbers)]


def kept(stored):
    """Stored without its country, a foreign number is lost before we see it (check W032)."""
    return {FRENCH, FICTION} if stored == "NATIONAL" else ALL


def contacts():
    for number in objects():
        Contact.objects.create(phone_number=number)
    return Contact.objects.all()


def contact_list():
    contact_list = ContactList.objects.create(name="All")
    contact_list.contacts.set(contacts())
    return contact_list


def customers(stored):
    for number in kept(stored):
        Customer.objects.create(mobile=number)
    return Customer.objects.all()


WAYS = {
    "text": lambda: {"recipients": sorted(ALL)},
    "the library's objects": lambda: {"recipients": objects()},
    "objects in mappings": lambda: {"recipients": [{"phone_number": one} for one in objects()]},
    "contacts": lambda: {"recipients": list(contacts())},
    "a queryset of contacts": lambda: {"recipients": contacts()},
    "their manager": lambda: contacts() and {"recipients": Contact.objects},
    "values of contacts": lambda: {"recipients": contacts().values("phone_number")},
    "one column of contacts": lambda: {
        "recipients": contacts().values_list("phone_number", flat=True)
    },
    "an audience": lambda: {"audience": contacts()},
    "a list": lambda: {"contact_lists": [contact_list()]},
    "the name of a list": lambda: contact_list() and {"contact_lists": ["All"]},
    "a list and an audience": lambda: {
        "contact_lists": [contact_list()],
        "audience": Contact.objects.all(),
    },
}
OF_THE_PROJECT = {
    "a queryset": lambda rows: {"recipients": rows, "phone_field": "mobile"},
    "objects": lambda rows: {"recipients": list(rows), "phone_field": "mobile"},
    "a manager": lambda rows: {"recipients": Customer.objects, "phone_field": "mobile"},
    "by fields": lambda rows: {"recipients": rows, "fields": {"phone_number": "mobile"}},
    "one column": lambda rows: {"recipients": rows.values_list("mobile", flat=True)},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_gateway_is_asked_for_these_people_and_no_others(stored, sent_to, way):
    send(**WAYS[way]())
    assert sent_to() == ALL


@pytest.mark.parametrize("way", OF_THE_PROJECT)
def test_customers_of_the_project(stored, sent_to, way):
    send(**OF_THE_PROJECT[way](customers(stored)))
    assert sent_to() == kept(stored)


def test_who_receives_it_already_is_known_in_both_ways(stored, sent_to):
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
    campaign = send(
        text="Call {param1}",
        recipients=[{"phone_number": FRENCH, "param1": objects([SPANISH])[0]}],
    )
    assert SPANISH in campaign.recipients.get().payload


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
