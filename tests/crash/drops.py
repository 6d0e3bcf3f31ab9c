"""People who must not get it any more, changed while it is sent: one for each reason."""

import json
from contextlib import suppress

from django.utils import timezone

from octopush_django.models import Campaign, Contact, ContactList, Reply, SendAttempt

from .people import number

REASONS = {3: "consent_refused", 5: "gone", 6: "excluded_list", 8: "left_lists", 9: "held_back"}
LEFT_OUT = "Left out"


def drop_when(due, record):
    """Change everybody of ``REASONS`` once, and write down when that was done.

    ``due``: "early" for at once, "late" for after the first silence: then it counts on a repeat.
    """
    if due == "late" and not SendAttempt.objects.filter(outcome="uncertain").exists():
        return
    if not due:
        return
    with suppress(FileExistsError):
        file = record.open("x")
        for index, reason in REASONS.items():
            CHANGES[reason](number(index))
        moment = timezone.now().isoformat()
        with file:
            json.dump({number(index): [code, moment] for index, code in REASONS.items()}, file)


def _leave(phone_number):
    for campaign in Campaign.objects.all():
        for contact_list in campaign.include.all():
            contact_list.contacts.remove(Contact.objects.get(phone_number=phone_number))


def _reply(phone_number):
    Reply.objects.create(
        address=phone_number, text="Stopper ?", reading="doubtful", received_at=timezone.now()
    )


CHANGES = {
    "consent_refused": lambda phone_number: Contact.objects.filter(
        phone_number=phone_number
    ).update(consent="refused"),
    "gone": lambda phone_number: Contact.objects.filter(phone_number=phone_number).delete(),
    "excluded_list": lambda phone_number: ContactList.objects.get(name=LEFT_OUT).contacts.add(
        Contact.objects.get(phone_number=phone_number)
    ),
    "left_lists": _leave,
    "held_back": _reply,
}
