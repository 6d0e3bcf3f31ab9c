"""Who must not get it any more is left out at the claim: by purpose, first call or repeat."""

import pytest
from django.utils import timezone

from octopush_django.campaigns import launch_campaign
from octopush_django.client.answers import Answer
from octopush_django.models import Campaign, Contact, ContactList, OptOut, Recipient, Reply
from octopush_django.sending.claims import claim_frames
from octopush_django.testing import outbox, send_due

from ..calls import SILENCE, answer, later
from ..people import STOP, make_list, number, send, send_marketing

pytestmark = pytest.mark.django_db

BOTH, MARKETING = ("alert", "wholesale"), ("wholesale",)


def refuse(contact):
    Contact.objects.filter(pk=contact.pk).update(consent="refused")


def leave_out(contact):
    contact.lists.add(ContactList.objects.get(name="Left out"))


def leave(contact):
    contact.lists.remove(ContactList.objects.get(name="Clients"))


def opt_out(contact):
    OptOut.objects.create(address=number(0))


def reply(contact):
    Reply.objects.create(address=number(0), text="plus de sms ?", reading="doubtful")


EVENTS = {
    # What happens, its code, for which purposes it counts, and whether on a repeat too.
    "deleted": (Contact.delete, "gone", BOTH, True),
    "left its lists": (leave, "left_lists", BOTH, False),
    "put into a list to leave out": (leave_out, "excluded_list", BOTH, False),
    "opted out": (opt_out, "opted_out", MARKETING, True),
    "a doubtful reply": (reply, "held_back", MARKETING, True),
    "refused": (refuse, "consent_refused", MARKETING, True),
}


@pytest.fixture(params=BOTH)
def campaign(request):
    """Approved for two people of a list, with a list to leave out that is empty as yet."""
    draft = Campaign.objects.create(
        text=f"Hello {STOP}", purpose=request.param, sender="Shop"
    )  # fmt: skip
    draft.include.add(make_list(people=2))
    draft.exclude.add(ContactList.objects.create(name="Left out"))
    return launch_campaign(draft)


def state_of(campaign, address=None):
    row = Recipient.objects.get(campaign=campaign, address=address or number(0))
    return row.exclusion, row.status


@pytest.mark.parametrize("name", EVENTS)
def test_at_the_first_call(campaign, name):
    happen, code, purposes, _on_repeat = EVENTS[name]
    happen(Contact.objects.get(phone_number=number(0)))
    [claim] = claim_frames()
    if campaign.purpose in purposes:
        assert number(0) not in claim.body.decode()
        assert state_of(campaign) == (code, "excluded")
    else:
        assert number(0) in claim.body.decode()
        assert state_of(campaign) == ("", "pending")
    assert number(1) in claim.body.decode()


@pytest.mark.parametrize("name", EVENTS)
def test_on_a_repeat(campaign, name):
    """They may have it already: only refusals and people who are gone are left out."""
    happen, code, purposes, on_repeat = EVENTS[name]
    answer(claim_frames(), SILENCE)
    happen(Contact.objects.get(phone_number=number(0)))
    with later(minutes=1):
        [claim] = claim_frames()
    is_left_out = on_repeat and campaign.purpose in purposes
    assert (number(0) not in claim.body.decode()) == is_left_out
    assert state_of(campaign)[0] == (code if is_left_out else "")
    attempt = campaign.frames.get().attempts.latest("fence")
    assert attempt.left_out == ([number(0)] if is_left_out else [])


def test_the_first_reason_counts(campaign):
    contact = Contact.objects.get(phone_number=number(0))
    refuse(contact)
    opt_out(contact)
    leave(contact)
    claim_frames()
    assert state_of(campaign)[0] == "left_lists"


def test_in_another_of_the_lists_is_enough():
    first, second = make_list(people=1), ContactList.objects.create(name="Second")
    second.contacts.set(first.contacts.all())
    campaign = send(contact_lists=[first, second])
    first.contacts.clear()
    [claim] = claim_frames()
    assert number(0) in claim.body.decode()
    assert state_of(campaign) == ("", "pending")


def test_a_contact_that_came_by_itself_belongs_to_no_list():
    """Beside a list, or alone: leaving lists tells nothing about who was chosen otherwise."""
    contact_list = make_list(people=2)
    alone = Contact.objects.get(phone_number=number(1))
    contact_list.contacts.remove(alone)
    itself = Contact.objects.filter(pk=alone.pk)
    for given in ({"recipients": [alone]}, {"recipients": itself}, {"audience": itself}):
        campaign = send(contact_lists=[contact_list], **given)
        claim_frames()
        assert state_of(campaign, number(1)) == ("", "pending")


def test_a_number_given_by_itself_is_neither_gone_nor_out_of_lists():
    campaign = send(contact_lists=[make_list(people=1)], recipients=["+33612345678"])
    [claim] = claim_frames()
    assert "+33612345678" in claim.body.decode()
    assert state_of(campaign, "+33612345678") == ("", "pending")


def test_a_number_given_by_itself_obeys_the_refusal_of_its_contact():
    campaign = send_marketing(recipients=[number(7), number(8)])
    Contact.objects.create(phone_number=number(7), consent="refused")
    claim_frames()
    assert state_of(campaign, number(7))[0] == "consent_refused"


def test_consent_that_is_withdrawn_where_the_setting_asks(settings):
    settings.OCTOPUSH_REQUIRE_CONSENT = True
    contact_list = make_list(people=2, consent="given")
    campaign = send_marketing(contact_lists=[contact_list])
    Contact.objects.filter(phone_number=number(0)).update(consent="unknown")
    claim_frames()
    assert state_of(campaign)[0] == "consent_unknown"


def test_a_doubtful_reply_holds_back_from_the_start_until_it_is_handled():
    make_list(people=2)
    held = Reply.objects.create(address=number(0), text="stop ?", reading="doubtful")
    for given in ({"audience": Contact.objects.all()}, {"recipients": [number(0), number(1)]}):
        campaign = send_marketing(**given)
        assert state_of(campaign)[0] == "held_back"
    Reply.objects.filter(pk=held.pk).update(handled_at=timezone.now())
    assert state_of(send_marketing(audience=Contact.objects.all()))[0] == ""


def test_a_doubtful_reply_that_was_handled_after_approval_holds_nobody_back():
    campaign = send_marketing(contact_lists=[make_list(people=1)])
    Reply.objects.create(
        address=number(0), text="stop ?", reading="doubtful", handled_at=timezone.now()
    )
    claim_frames()
    assert state_of(campaign) == ("", "pending")


def test_a_number_given_by_itself_whose_consent_is_no_longer_known(settings):
    settings.OCTOPUSH_REQUIRE_CONSENT = True
    for index in (7, 8):
        Contact.objects.create(phone_number=number(index), consent="given")
    campaign = send_marketing(recipients=[number(7), number(8)])
    Contact.objects.filter(phone_number=number(7)).update(consent="unknown")
    Contact.objects.filter(phone_number=number(8)).delete()
    claim_frames()
    assert state_of(campaign, number(7))[0] == "consent_unknown"
    assert state_of(campaign, number(8))[0] == "consent_unknown"


def test_consent_that_is_no_longer_known_stops_no_repeat(settings):
    settings.OCTOPUSH_REQUIRE_CONSENT = True
    campaign = send_marketing(contact_lists=[make_list(people=1, consent="given")])
    answer(claim_frames(), SILENCE)
    Contact.objects.update(consent="unknown")
    with later(minutes=1):
        [claim] = claim_frames()
    assert number(0) in claim.body.decode()
    assert state_of(campaign) == ("", "pending")


def test_each_campaign_is_judged_by_its_own_rules():
    """Claimed together: an alert, and marketing that goes to other lists."""
    first, second = make_list("First", people=2), ContactList.objects.create(name="Second")
    second.contacts.set(first.contacts.all())
    alert, promo = send(contact_lists=[first]), send_marketing(contact_lists=[second])
    OptOut.objects.create(address=number(0))
    first.contacts.remove(Contact.objects.get(phone_number=number(1)))
    assert len(claim_frames()) == 2
    assert [state_of(alert, number(i))[0] for i in (0, 1)] == ["", "left_lists"]
    assert [state_of(promo, number(i))[0] for i in (0, 1)] == ["opted_out", ""]


def test_who_was_left_out_keeps_the_first_reason(campaign):
    contact = Contact.objects.get(phone_number=number(0))
    leave(contact)
    answer(claim_frames(), Answer("unreachable", message="No route"))
    assert state_of(campaign) == ("left_lists", "excluded")
    contact.delete()
    with later(minutes=1):
        assert len(claim_frames()) == 1
    assert state_of(campaign) == ("left_lists", "excluded")
    assert campaign.frames.get().attempts.latest("fence").left_out == []


def test_by_e_mail_the_refusal_of_any_contact_of_the_address_counts():
    first = Contact.objects.create(email="ada@y.fr")
    Contact.objects.create(email="bob@y.fr")
    campaign = send(
        text="Promo", purpose="wholesale", channel="email", audience=Contact.objects.all(),
        options={"email_from": "shop@y.fr", "subject": "Hello"},
    )  # fmt: skip
    Contact.objects.create(email="ada@y.fr", phone_number=number(5), email_consent="refused")
    claim_frames()
    assert first.email == "ada@y.fr"
    assert state_of(campaign, "ada@y.fr")[0] == "consent_refused"


def test_many_frames_are_looked_at_by_a_few_queries(settings, django_assert_max_num_queries):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 1, 0
    send_marketing(contact_lists=[make_list(people=8)])
    refuse(Contact.objects.get(phone_number=number(0)))
    OptOut.objects.create(address=number(1))
    with django_assert_max_num_queries(16):
        assert len(claim_frames()) == 6


# --- an address that is another's by now -------------------------------------------------------


def sent_to():
    send_due()
    return {person["phone_number"] for request in outbox for person in request["recipients"]}


@pytest.mark.parametrize("changed_to", [None, number(50)])
@pytest.mark.parametrize("purpose", BOTH)
def test_a_number_that_was_corrected_is_not_used_any_more(purpose, changed_to):
    campaign = send(text=f"Hello {STOP}", purpose=purpose, contact_lists=[make_list(people=2)])
    contact = Contact.objects.get(phone_number=number(0))
    contact.phone_number, contact.email = changed_to, "ada@example.org"
    contact.save()
    assert sent_to() == {number(1)}
    assert campaign.recipients.get(address=number(0)).exclusion == "gone"


def test_a_refusal_of_the_true_owner_of_a_number_counts():
    """Corrected with one contact, and then entered with another, who refuses."""
    send_marketing(contact_lists=[make_list(people=2)])
    Contact.objects.filter(phone_number=number(0)).update(phone_number=number(50))
    Contact.objects.create(phone_number=number(0), consent="refused")
    assert sent_to() == {number(1)}


def test_two_contacts_that_swapped_numbers_both_drop_out():
    send_marketing(contact_lists=[make_list(people=3)])
    first, second = Contact.objects.filter(phone_number__in=[number(0), number(1)]).order_by("pk")
    Contact.objects.filter(pk=first.pk).update(phone_number=number(90))
    Contact.objects.filter(pk=second.pk).update(phone_number=number(0), consent="refused")
    Contact.objects.filter(pk=first.pk).update(phone_number=number(1))
    assert sent_to() == {number(2)}


EMAIL = {
    "channel": "email",
    "options": {"email_from": "news@shop-octave.fr", "subject": "News"},
    "sender": "",
}


CHANNELS = {"sms": ({}, "phone_number", "consent"), "email": (EMAIL, "email", "email_consent")}


@pytest.fixture(params=CHANNELS)
def approved(request):
    """Marketing by a channel for two people of a list, who have number, address and consents.

    With it, the field of their address and that of the consent which the channel needs.
    """
    message, field, consent = CHANNELS[request.param]
    contact_list = ContactList.objects.create(name="Clients")
    for index in range(2):
        contact_list.contacts.create(
            phone_number=number(index),
            email=f"p{index}@shop-octave.fr",
            consent="given",
            email_consent="given",
        )
    return send_marketing(contact_lists=[contact_list], **message), field, consent


@pytest.mark.parametrize(
    ("is_required", "answer_now", "code"),
    [
        (False, "refused", "consent_refused"),
        (True, "refused", "consent_refused"),
        (True, "unknown", "consent_unknown"),
    ],
)
@pytest.mark.parametrize("is_own", [True, False], ids=["own consent", "the other consent"])
def test_each_channel_looks_at_its_own_consent(
    approved, settings, is_required, answer_now, code, is_own
):
    settings.OCTOPUSH_REQUIRE_CONSENT = is_required
    campaign, field, consent = approved
    [other] = {"consent", "email_consent"} - {consent}
    contact = Contact.objects.get(phone_number=number(0))
    Contact.objects.filter(pk=contact.pk).update(**{consent if is_own else other: answer_now})
    [claim] = claim_frames()
    address = str(getattr(contact, field))
    assert (address in claim.body.decode()) != is_own
    assert state_of(campaign, address)[0] == (code if is_own else "")
    assert campaign.recipients.filter(exclusion="").count() == (1 if is_own else 2)


@pytest.mark.parametrize("event", ["deleted", "left"])
def test_a_shared_address_stays_while_one_of_its_contacts_does(event):
    contact_list = ContactList.objects.create(name="Clients")
    both = [Contact.objects.create(email="ada@shop-octave.fr", first_name=n) for n in "ab"]
    contact_list.contacts.set(both)
    campaign = send(contact_lists=[contact_list], **EMAIL)
    by_contact = campaign.recipients.get(exclusion="").contact
    by_contact.delete() if event == "deleted" else contact_list.contacts.remove(by_contact)
    send_due()
    assert campaign.recipients.filter(exclusion="").count() == 1
    assert len(outbox) == 1
    # The last of them takes the address along.
    second = send(contact_lists=[contact_list], **EMAIL)
    Contact.objects.all().delete()
    send_due()
    assert set(second.recipients.values_list("exclusion", flat=True)) == {"gone"}


def test_a_list_to_leave_out_counts_by_address_and_for_nobody_else():
    """E-mail: another contact of the address stands in the list, of nobody else one does."""
    draft = Campaign.objects.create(
        text="Hello", purpose="alert", sender="Shop", channel="email", options=EMAIL["options"]
    )
    clients, left_out = (ContactList.objects.create(name=name) for name in ("Clients", "Left out"))
    for name in "ab":
        clients.contacts.add(Contact.objects.create(email=f"{name}@shop-octave.fr"))
    draft.include.add(clients)
    draft.exclude.add(left_out)
    launch_campaign(draft)
    left_out.contacts.add(Contact.objects.create(email="a@shop-octave.fr", first_name="Twin"))
    claim_frames()
    found = dict(draft.recipients.values_list("address", "exclusion"))
    assert found == {"a@shop-octave.fr": "excluded_list", "b@shop-octave.fr": ""}


@pytest.mark.parametrize("reading", ["reply", "opt_out"])
def test_a_reply_that_is_not_doubtful_holds_nobody_back(reading):
    send_marketing(contact_lists=[make_list(people=1)])
    Reply.objects.create(address=number(0), text="Merci", reading=reading)
    assert sent_to() == {number(0)}
