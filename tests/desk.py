"""The desk in Django's test client: pages by name, and what they say."""

import re

from django.urls import reverse

from octopush_django.models import Campaign, Contact, ContactList, OptOut

from .people import STOP, number


def url(page, *args):
    return reverse(f"admin:octopush_django_{page}", args=args)


def seen(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def make_draft():
    """Four contacts of a list, of whom one has no name and one opted out."""
    campaign = Campaign.objects.create(
        name="Autumn",
        text=f"C’est l’été, {{first_name}} ! {STOP}",
        purpose="wholesale",
        sender="Shop",
    )
    contact_list = ContactList.objects.create(name="Clients")
    for index, name in enumerate(["Ada", "Maximilienne", "", "Eve"]):
        contact = Contact.objects.create(
            phone_number=number(index), first_name=name, last_name="Lovelace"
        )
        contact_list.contacts.add(contact)
    OptOut.objects.create(address=number(3))
    campaign.include.add(contact_list)
    return campaign


def check(client, campaign, query=""):
    return client.get(url("campaign_check", campaign.pk) + query)


def launch(client, campaign, page):
    data = {"_send": "", "fingerprint": page.context["send_form"].initial["fingerprint"]}
    answer = client.post(url("campaign_check", campaign.pk), data, follow=True)
    campaign.refresh_from_db()
    return seen(answer)
