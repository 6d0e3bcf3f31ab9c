"""E-mail: addresses in one spelling, one message per address, its own opt-outs."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from octopush_django.audience import judging
from octopush_django.audience.given import Person
from octopush_django.campaigns import preview_campaign, send_campaign
from octopush_django.exceptions import InvalidCampaign
from octopush_django.models import Contact, ContactField, ContactList, OptOut
from octopush_django.rules.addresses import (
    EMAIL_PATTERN,
    TEST_EMAIL_PATTERN,
    canonical_email,
    is_test,
)
from octopush_django.sending import claims
from octopush_django.testing import deliver, outbox, send_due

OPTIONS = {"email_from": "news@shop.fr", "subject": "News"}


def send(**arguments):
    values = {"text": "Hello", "purpose": "wholesale", "sender": "Shop", "channel": "email",
              "options": OPTIONS, **arguments}  # fmt: skip
    return send_campaign(**values)


def preview(**arguments):
    values = {"text": "Hello", "purpose": "wholesale", "sender": "Shop", "channel": "email",
              "options": OPTIONS, **arguments}  # fmt: skip
    return preview_campaign(**values)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" Ada@Example.ORG ", "ada@example.org"),
        ("o'neill+news@mail.co.uk", "o'neill+news@mail.co.uk"),
        ("ada@localhost", None),
        ("ada@@example.org", None),
        ("ada@-example.org", None),
        ("ada b@example.org", None),
        ("Ada <ada@example.org>", None),
        ('"ada"@example.org', None),
        ("ada@exämple.org", None),
        ("ada@example.org\n", "ada@example.org"),
        ("ada@example.org\nbcc:x@y.fr", None),
        (f"{'a' * 65}@example.org", None),
        (f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 20}.org", None),
        ("", None),
    ],
)
def test_the_one_spelling_of_an_address(text, canonical):
    assert canonical_email(text) == canonical


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["ada@example.org", "a@b", "x@y.fr", "x@sub.example.com", "a@x.test", "É@y.fr",
                "ada@myexample.org", "a..b@c.d", "a@b.c-"],
)  # fmt: skip
def test_the_patterns_are_read_alike_by_the_database(address):
    contact = Contact.objects.create(email=address)
    found = Contact.objects.filter(pk=contact.pk)
    stored = found.get().email
    is_one = canonical_email(stored) is not None
    assert found.filter(email__regex=EMAIL_PATTERN).exists() == is_one
    assert found.filter(email__regex=TEST_EMAIL_PATTERN).exists() == is_test(stored, "email")


@pytest.mark.django_db
def test_an_address_is_stored_in_small_letters_on_every_way():
    Contact.objects.create(email=" Ada@Shop.FR ")
    Contact.objects.bulk_create([Contact(email="Bob@Shop.fr")])
    contact = Contact.objects.get(email="ADA@shop.fr")
    contact.email = "Ada2@Shop.fr"
    contact.save()
    Contact.objects.filter(email="bob@shop.fr").update(email="BOB2@shop.fr")
    stored = sorted(Contact.objects.values_list("email", flat=True))
    assert stored == ["ada2@shop.fr", "bob2@shop.fr"]
    raw = f"UPDATE {Contact._meta.db_table} SET email = 'Bob@shop.fr'"
    from django.db import connection

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(raw)


# --- who receives it -----------------------------------------------------------------------------

CASES = {
    "": {"email": "ana@shop.fr", "first_name": "Ana"},
    "no_address": {"phone_number": "+33612345670", "first_name": "Ana"},
    "invalid": {"email": "ana@shop", "first_name": "Ana"},
    "test_number": {"email": "ana@example.org", "first_name": "Ana"},
    "excluded_list": {"email": "excluded@shop.fr", "first_name": "Ana"},
    "opted_out": {"email": "out@shop.fr", "first_name": "Ana"},
    "consent_refused": {"email": "no@shop.fr", "email_consent": "refused"},
    "missing_value": {"email": "who@shop.fr"},
    "value_too_long": {"email": "long@shop.fr", "first_name": "x" * 51},
    "duplicate": {"email": "Ana@SHOP.fr", "first_name": "Anna"},
}


@pytest.fixture
def made():
    excluded = ContactList.objects.create(name="Excluded")
    contacts = {code: Contact.objects.create(**values) for code, values in CASES.items()}
    contacts["excluded_list"].lists.add(excluded)
    OptOut.objects.create(address="Out@shop.fr", family="email")
    return contacts


def rules(**changes):
    values = {"marketing": True, "fallbacks": {"first_name": None}, "family": "email",
              "excluded_lists": list(ContactList.objects.values_list("pk", flat=True)),
              "test_numbers_allowed": False, **changes}  # fmt: skip
    return judging.Rules(**values)


def in_sql(chosen):
    judged = judging.judge_contacts(Contact.objects.all(), chosen)
    return dict(judged.values_list("pk", "exclusion"))


def in_python(chosen):
    contacts = Contact.objects.order_by("pk")
    people = [Person(c.email, {"first_name": c.first_name}, c.pk) for c in contacts]
    stream = judging.judge_people(people, chosen, lambda addresses: set())
    return {person.contact_id: str(person.exclusion) for chunk in stream for person in chunk}


@pytest.mark.django_db
def test_every_reason_in_sql_and_in_python(made):
    expected = {contact.pk: code for code, contact in made.items()}
    assert in_sql(rules()) == expected
    assert in_python(rules()) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("asked", [False, True])
def test_what_holds_for_one_contact_of_an_address_holds_for_all(made, asked):
    """Two rows of one person: a refusal wins, then a consent, then the first row."""
    no = Contact.objects.create(email="ana@shop.fr", first_name="A", email_consent="refused")
    other = Contact.objects.create(email="excluded@shop.fr", first_name="E", email_consent="given")
    unknown = Contact.objects.create(email="new@shop.fr", first_name="N")
    given = Contact.objects.create(email="new@shop.fr", first_name="N", email_consent="given")
    chosen = rules(require_consent=asked)
    exclusions = in_sql(chosen)
    assert exclusions == in_python(chosen)
    assert exclusions[made[""].pk] == exclusions[no.pk] == "consent_refused"
    assert exclusions[other.pk] == "excluded_list"
    assert (exclusions[unknown.pk], exclusions[given.pk]) == ("", "duplicate")


@pytest.mark.django_db
def test_a_first_contact_that_is_left_out_gives_way_to_the_next():
    Contact.objects.create(email="ana@shop.fr")
    second = Contact.objects.create(email="ana@shop.fr", first_name="Ana")
    exclusions = in_sql(rules())
    assert exclusions == in_python(rules())
    assert exclusions[second.pk] == ""


# --- sending -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_message_per_address_whatever_the_source():
    contact_list = ContactList.objects.create(name="Clients")
    for address in ("ada@shop.fr", "Ada@shop.fr", "bob@shop.fr"):
        contact_list.contacts.add(Contact.objects.create(email=address))
    campaign = send(contact_lists=[contact_list], recipients=["BOB@shop.fr", "eve@shop.fr"])
    send_due()
    [request] = outbox
    assert request["recipients"] == [
        {"email": "ada@shop.fr"}, {"email": "bob@shop.fr"}, {"email": "eve@shop.fr"},
    ]  # fmt: skip
    assert campaign.recipients.filter(exclusion="duplicate").count() == 2


@pytest.mark.django_db
def test_preview_and_campaign_say_the_same(made):
    contact_list = ContactList.objects.create(name="All")
    contact_list.contacts.set(Contact.objects.all())
    arguments = {"text": "Bonjour {first_name}", "contact_lists": [contact_list],
                 "recipients": [{"email": "Ana@shop.fr", "first_name": "Ana"}]}  # fmt: skip
    before = preview(**arguments)
    campaign = send(**arguments)
    after = preview_campaign(campaign)
    assert (before.count, before.exclusions) == (after.count, after.exclusions)
    assert before.exclusions["duplicate"] == 2
    assert before.histogram == after.histogram == {1: before.count}
    assert before.requests == after.requests


@pytest.mark.django_db
def test_who_opts_out_by_mail_is_left_alone_there_only():
    both = {"phone_number": "+33612345678", "email": "ada@shop.fr"}
    OptOut.objects.create(address="ADA@shop.fr", family="email")
    refused = preview(recipients=[both])
    assert (refused.count, refused.exclusions) == (0, {"opted_out": 1})
    sms = preview_campaign(text="Hi STOP au XXXXX", purpose="wholesale", sender="Shop",
                           recipients=[both])  # fmt: skip
    assert sms.count == 1


@pytest.mark.django_db
def test_an_opt_out_after_the_snapshot_is_read_before_it_leaves():
    campaign = send(recipients=["ada@shop.fr", "bob@shop.fr"])
    OptOut.objects.create(address="ada@shop.fr", family="email")
    [claim] = claims.claim_frames()
    assert b"ada@shop.fr" not in claim.body
    assert campaign.recipients.get(address="ada@shop.fr").exclusion == "opted_out"


@pytest.mark.django_db
def test_a_report_by_mail_finds_its_recipient():
    campaign = send(recipients=["Ada@shop.fr"])
    send_due()
    deliver(campaign.recipients.get(), "OPENED")
    assert campaign.recipients.get().status == "delivered"


@pytest.mark.django_db
def test_a_foreign_queryset_maps_its_address():
    User.objects.create(username="1", email="Ada@shop.fr", first_name="Ada")
    fields = {"email": "email", "first_name": "first_name"}
    send(recipients=User.objects.all(), fields=fields, text="{first_name}")
    send_due()
    assert (outbox[0]["text"], outbox[0]["recipients"]) == ("Ada", [{"email": "ada@shop.fr"}])
    with pytest.raises(InvalidCampaign, match="fields"):
        send(recipients=User.objects.all(), phone_field="username")


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["+33612345678", {"phone_number": "+33612345678"}, "ada"])
def test_a_literal_without_address_is_refused(wrong):
    with pytest.raises(InvalidCampaign, match=r"e-mail address|no email"):
        send(recipients=[wrong])


# --- a text of one's own -----------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("source", ["lists", "people", "both"])
def test_who_reads_the_same_goes_together(source, settings):
    settings.OCTOPUSH_FRAME_SIZE = 3
    names = ["Ada", "Bob", "Ada", "Ada", "Ada", "Bob", ""]
    people = [(f"p{i}@shop.fr", name) for i, name in enumerate(names)]
    cut = {"lists": len(people), "people": 0, "both": 4}[source]
    contact_list = ContactList.objects.create(name="Clients")
    for address, name in people[:cut]:
        contact_list.contacts.add(Contact.objects.create(email=address, first_name=name))
    arguments = {
        "contact_lists": [contact_list] if cut else None,
        "recipients": [{"email": a, "first_name": n, "discount": ""} for a, n in people[cut:]]
        or None,
        "text": 'Hi {first_name|you "all"}, 100 % {discount|off}!',
    }
    ContactField.objects.create(key="discount", label="Discount")
    before = preview(**arguments)
    campaign = send(**arguments)
    send_due()
    expected = {}
    for address, name in people:
        text = f"Hi {name or 'you ' + chr(34) + 'all' + chr(34)}, 100 % off!"
        expected.setdefault(text, []).append({"email": address})
    got = {}
    for request in outbox:
        got.setdefault(request["text"], []).extend(request["recipients"])
    assert got == expected
    assert before.requests == len(outbox) == campaign.frames.count() == 4
    assert sorted(len(request["recipients"]) for request in outbox) == [1, 2, 2, 2]
    campaign.refresh_from_db()
    assert campaign.status == "sent"
    assert preview_campaign(campaign).histogram == {1: 7}
    payload = campaign.recipients.get(address="p0@shop.fr").payload
    assert json.loads(payload) == {"email": "p0@shop.fr"}


@pytest.mark.django_db
@pytest.mark.parametrize("from_lists", [True, False])
def test_a_name_is_no_markup(from_lists):
    name = '<a href="//x">&amp;O\'Neill'
    contact = Contact.objects.create(email="a@shop.fr", first_name=name)
    source = {"audience": Contact.objects.all()} if from_lists else {"recipients": [contact]}
    send(text="<p>{first_name}</p>", options={**OPTIONS, "body_format": "html"}, **source)
    send_due()
    [request] = outbox
    escaped = "&lt;a href=&quot;//x&quot;&gt;&amp;amp;O&#x27;Neill"
    assert request["text"] == f"<p>{escaped}</p>"


@pytest.mark.django_db
@pytest.mark.parametrize("from_lists", [True, False])
def test_too_many_texts_are_refused_before_anything_is_stored(from_lists, monkeypatch):
    from octopush_django.exceptions import ComplianceError
    from octopush_django.models import Campaign, Frame
    from octopush_django.rules import compliance

    monkeypatch.setattr(compliance, "MOST_REQUESTS", 3)
    people = [{"email": f"p{i}@shop.fr", "first_name": f"N{i}"} for i in range(6)]
    if from_lists:
        contact_list = ContactList.objects.create(name="Clients")
        for person in people:
            contact_list.contacts.add(Contact.objects.create(**person))
        source = {"contact_lists": [contact_list]}
    else:
        source = {"recipients": people}
    [finding] = preview(text="{first_name}", **source).findings
    assert (finding.code, finding.level) == ("too_many_texts", "error")
    with pytest.raises(ComplianceError, match="request"):
        send(text="{first_name}", **source)
    assert not Campaign.objects.exists()
    assert not Frame.objects.exists()


@pytest.mark.django_db
def test_a_text_that_a_name_makes_too_long_is_refused():
    from octopush_django.exceptions import ComplianceError

    person = {"email": "a@shop.fr", "first_name": "x" * 50}
    text = "y" * 1180 + "{first_name}"
    [finding] = preview(text=text, recipients=[person]).findings
    assert finding.code == "text_too_long"
    with pytest.raises(ComplianceError, match="1230"):
        send(text=text, recipients=[person])


@pytest.mark.django_db
def test_a_pilot_of_texts_holds_the_others(settings):
    settings.OCTOPUSH_PILOT_SIZE = 1
    people = [{"email": f"p{i}@shop.fr", "first_name": f"N{i}"} for i in range(4)]
    campaign = send(text="{first_name}", recipients=people)
    assert len(claims.claim_frames()) == 1
    assert campaign.frames.filter(waits_for_pilot=True).count() == 3
