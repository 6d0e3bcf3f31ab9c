"""Where the setting asks for consent: whom marketing and transactional messages reach."""

import pytest

from octopush_django.models import Contact, ContactList
from octopush_django.testing import outbox, send_due

from ..people import STOP, number, send

pytestmark = pytest.mark.django_db

CONSENTS = ["given", "unknown", "refused"]
SMS = {"text": f"Hello {STOP}"}
EMAIL = {"text": "Hello", "channel": "email", "sender": "",
         "options": {"email_from": "news@shop-octave.fr", "subject": "News"}}  # fmt: skip
CHANNELS = {"sms": (SMS, "phone_number", "consent"), "email": (EMAIL, "email", "email_consent")}


@pytest.fixture(autouse=True)
def _consent_is_required(settings):
    settings.OCTOPUSH_REQUIRE_CONSENT = True


@pytest.fixture(params=CHANNELS)
def channel(request):
    return CHANNELS[request.param]


@pytest.fixture
def people(channel):
    """A list of one contact of each consent to ``channel``, and of the other one to the other."""
    _message, _field, consent = channel
    other = "email_consent" if consent == "consent" else "consent"
    contact_list = ContactList.objects.create(name="Clients")
    for index, status in enumerate(CONSENTS):
        contact_list.contacts.create(
            phone_number=number(index),
            email=f"{status}@shop-octave.fr",
            **{consent: status, other: "refused" if status == "given" else "given"},
        )
    return contact_list


WAYS = {
    "lists": lambda people, field: {"contact_lists": [people]},
    "audience": lambda people, field: {"audience": Contact.objects.all()},
    "contacts": lambda people, field: {"recipients": list(Contact.objects.order_by("pk"))},
    "addresses": lambda people, field: {"recipients": _addresses(field)},
    "mappings": lambda people, field: {"recipients": [{field: to} for to in _addresses(field)]},
}


def _addresses(field):
    return [str(address) for address in Contact.objects.order_by("pk").values_list(field, flat=1)]


def reached(campaign, field, names):
    """Who was sent to, and who was left out at approval and why; ``names``: address -> name."""
    # Before the claim, which looks again and would leave out whom the approval let in.
    left_out = list(campaign.recipients.exclude(exclusion="").values_list("address", "exclusion"))
    send_due()
    sent = {person[field] for request in outbox for person in request["recipients"]}
    return {names[to] for to in sent}, {names[to]: why for to, why in left_out}


def by_consent(field):
    return dict(zip(_addresses(field), CONSENTS, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_a_transactional_message_reaches_everybody(channel, people, way):
    message, field, _consent = channel
    campaign = send(**message, purpose="alert", **WAYS[way](people, field))
    assert reached(campaign, field, by_consent(field)) == (set(CONSENTS), {})


@pytest.mark.parametrize("way", WAYS)
def test_marketing_reaches_only_who_agreed(channel, people, way):
    message, field, _consent = channel
    campaign = send(**message, purpose="wholesale", **WAYS[way](people, field))
    left_out = {"unknown": "consent_unknown", "refused": "consent_refused"}
    assert reached(campaign, field, by_consent(field)) == ({"given"}, left_out)


@pytest.mark.parametrize(
    ("purpose", "left_out"), [("alert", {}), ("wholesale", {"stranger": "consent_unknown"})]
)
def test_of_an_address_of_no_contact_consent_is_unknown(channel, purpose, left_out):
    message, field, consent = channel
    known = Contact.objects.create(
        phone_number=number(0), email="given@shop-octave.fr", **{consent: "given"}
    )
    addresses = {
        str(getattr(known, field)): "known",
        {"phone_number": number(9), "email": "stranger@shop-octave.fr"}[field]: "stranger",
    }
    campaign = send(**message, purpose=purpose, recipients=list(addresses))
    assert reached(campaign, field, addresses) == (
        set(addresses.values()) - set(left_out),
        left_out,
    )
