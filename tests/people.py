"""Contacts and campaigns for tests, made by the verbs that users call."""

from django.db import connection

from octopush_django.campaigns import send_campaign
from octopush_django.models import Contact, ContactList

STOP = "STOP au XXXXX"


def number(index):
    return f"+336{10_000_000 + index:08d}"


def make_list(name="Clients", people=3, **values):
    contact_list = ContactList.objects.create(name=name)
    first = Contact.objects.count()
    contacts = Contact.objects.bulk_create(
        Contact(phone_number=number(first + i), first_name=f"P{first + i}", **values)
        for i in range(people)
    )
    contact_list.contacts.set(contacts)
    return contact_list


def send(**arguments):
    values = {"text": "Hello", "purpose": "alert", "sender": "Shop", **arguments}
    if not {"recipients", "contact_lists", "audience"} & set(values):
        values["recipients"] = [number(0)]
    return send_campaign(**values)


def send_marketing(**arguments):
    return send(**{"text": f"Promo {STOP}", "purpose": "wholesale", **arguments})


def in_own_connection(work, *args):
    """For a thread of a test."""
    try:
        return work(*args)
    finally:
        connection.close()
