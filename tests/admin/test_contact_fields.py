"""Personal details of a site's own: named once, then typed, read and written in texts."""

import pytest

from octopush_django.models import Contact, ContactField

from ..desk import seen, url
from ..people import number

pytestmark = pytest.mark.django_db


def add(admin_client, **form):
    return admin_client.post(url("contactfield_add"), {"kind": "text", "key": "", **form})


def test_the_key_is_made_of_the_name(admin_client):
    add(admin_client, label="Code postal")
    field = ContactField.objects.get()
    assert (field.key, field.kind) == ("code_postal", "text")
    assert "{code_postal}" in seen(admin_client.get(url("contactfield_changelist")))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"label": "Prénom", "key": "first_name"}, "means something else in a text"),
        ({"label": "Parameter", "key": "param1"}, "means something else in a text"),
        ({"label": "Ville", "key": "Ville"}, "small letters"),
        ({"label": "2026"}, "small letters"),
        ({"label": "x" * 101}, "at most 100 characters"),
    ],
)
def test_a_key_that_cannot_stand_in_a_text_is_refused(admin_client, form, said):
    assert said in seen(add(admin_client, **form))
    assert not ContactField.objects.exists()


def test_a_second_detail_of_one_key_is_refused(admin_client):
    add(admin_client, label="Ville")
    assert "already exists" in seen(add(admin_client, label="ville"))


def test_key_and_kind_are_chosen_once(admin_client):
    field = ContactField.objects.create(key="points", label="Points", kind="number")
    form = {"label": "Points de fidélité", "key": "other", "kind": "text"}
    admin_client.post(url("contactfield_change", field.pk), form)
    field.refresh_from_db()
    assert (field.label, field.key, field.kind) == ("Points de fidélité", "points", "number")


@pytest.fixture
def details():
    ContactField.objects.create(key="ville", label="Ville")
    ContactField.objects.create(key="points", label="Points", kind="number")
    ContactField.objects.create(key="since", label="Client depuis", kind="date")


@pytest.mark.usefixtures("details")
def test_details_are_typed_with_the_contact(admin_client):
    form = {"phone_number": number(0), "value_ville": " Nantes ", "value_points": "1 250,5",
            "value_since": "31/12/2025"}  # fmt: skip
    admin_client.post(url("contact_add"), form)
    contact = Contact.objects.get()
    assert contact.values == {"ville": "Nantes", "points": "1 250,5", "since": "31/12/2025"}
    assert contact.comparables == {"points": 1250.5, "since": "2025-12-31"}
    assert (contact.consent, contact.email_consent) == ("unknown", "unknown")
    page = admin_client.get(url("contact_change", contact.pk)).content.decode()
    assert "Client depuis" in page
    assert 'value="31/12/2025"' in page
    admin_client.post(url("contact_change", contact.pk), {**form, "value_points": ""})
    contact.refresh_from_db()
    assert contact.values == {"ville": "Nantes", "since": "31/12/2025"}
    assert contact.comparables == {"since": "2025-12-31"}


@pytest.mark.usefixtures("details")
def test_a_value_of_another_kind_is_an_error_at_its_field(admin_client):
    form = {"phone_number": number(0), "value_points": "many", "value_since": "31/02/2026"}
    page = seen(admin_client.post(url("contact_add"), form))
    assert "“many” is not a number: write it like 1250 or 19,90." in page
    assert "“31/02/2026” is not a date" in page
    assert not Contact.objects.exists()


@pytest.mark.usefixtures("details")
def test_what_a_form_does_not_know_stays(admin_client):
    contact = Contact.objects.create(phone_number=number(0), values={"gone": "x", "ville": "Lyon"})
    admin_client.post(
        url("contact_change", contact.pk), {"phone_number": number(0), "value_ville": "Brest"}
    )
    contact.refresh_from_db()
    assert contact.values == {"gone": "x", "ville": "Brest"}


def test_values_written_in_code_are_texts():
    ContactField.objects.create(key="points", label="Points", kind="number")
    contact = Contact(phone_number=number(0), values={"points": 5, "none": None, "blank": " "})
    Contact.objects.bulk_create([contact])
    contact.refresh_from_db()
    assert (contact.values, contact.comparables) == ({"points": "5"}, {"points": 5})
    contact.values = {"points": "7"}
    Contact.objects.bulk_update([contact], ["values"])
    contact.refresh_from_db()
    assert contact.comparables == {"points": 7}
    contact.values = {}
    contact.save(update_fields=["values"])
    contact.refresh_from_db()
    assert contact.comparables == {}
