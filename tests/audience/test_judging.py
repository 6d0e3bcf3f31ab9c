"""Everybody is left out for one reason, by the documented order; in SQL and Python alike."""

import json
from itertools import combinations

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from octopush_django.audience import judging
from octopush_django.audience.given import Person, read_recipients
from octopush_django.audience.groups import groups_of
from octopush_django.conf import REAL_BACKEND
from octopush_django.exceptions import InvalidCampaign
from octopush_django.models import Campaign, Contact, ContactList, OptOut, Reply
from octopush_django.rules import placeholders

pytestmark = pytest.mark.django_db

TEXT = "{first_name} {param1|rien}"


@pytest.fixture
def excluded():
    return ContactList.objects.create(name="Excluded")


def rules(excluded=(), **changes):
    values = {
        "marketing": True,
        "fallbacks": placeholders.parse(TEXT).fallbacks,
        "excluded_lists": [contact_list.pk for contact_list in excluded],
        **changes,
    }
    return judging.Rules(**values)


CASES = {
    "": {"phone_number": "+33612345678", "first_name": "Ana"},
    "no_address": {"email": "a@example.org"},
    "invalid": {"phone_number": "+33700123456"},
    "test_number": {"phone_number": "+33639980011"},
    "not_mobile": {"phone_number": "+33123456789"},
    "excluded_list": {"phone_number": "+33612345671", "first_name": "Ana"},
    "opted_out": {"phone_number": "+33612345672", "first_name": "Ana"},
    "consent_refused": {"phone_number": "+33612345673", "consent": "refused"},
    "missing_value": {"phone_number": "+33612345674", "consent": "given"},
    "value_too_long": {"phone_number": "+33612345675", "first_name": "x" * 51},
}


def contacts(excluded):
    made = {}
    for code, values in CASES.items():
        made[code] = contact = Contact(**values)
        contact.resolve_line_type()
        # Around the canonical field: a shape that the database takes, but no number in use.
        Contact.objects.bulk_create([contact])
    made["excluded_list"].lists.add(excluded)
    OptOut.objects.create(address=CASES["opted_out"]["phone_number"])
    return made


def in_sql(chosen, chosen_rules):
    judged = judging.judge_contacts(chosen, chosen_rules)
    return dict(judged.values_list("pk", "exclusion"))


def in_python(people, chosen_rules):
    stream = judging.judge_people(people, chosen_rules, lambda addresses: set())
    return {person.contact_id: str(person.exclusion) for chunk in stream for person in chunk}


def as_person(contact):
    names = {name: getattr(contact, name) for name in placeholders.NAMES}
    values = {**contact.values, **names}
    raw = Contact.objects.filter(pk=contact.pk).values_list("phone_number", flat=True).get()
    return Person(str(raw or ""), values, contact.pk)


def test_every_reason_in_sql_and_in_python(excluded):
    made = contacts(excluded)
    chosen = rules([excluded], test_numbers_allowed=False)
    expected = {contact.pk: code for code, contact in made.items()}
    assert in_sql(Contact.objects.all(), chosen) == expected
    assert in_python(map(as_person, made.values()), chosen) == expected


def test_a_value_may_have_fifty_characters():
    contact = Contact.objects.create(phone_number="+33612345678", first_name="é" * 50)
    assert in_sql(Contact.objects.all(), rules()) == {contact.pk: ""}
    assert in_python([as_person(contact)], rules()) == {contact.pk: ""}


def test_the_first_reason_counts(excluded):
    contact = Contact.objects.create(phone_number="+33199004515", consent="refused")
    contact.lists.add(excluded)
    OptOut.objects.create(address="+33199004515")
    orders = [
        (rules([excluded], test_numbers_allowed=False), "test_number"),
        (rules([excluded]), "not_mobile"),
    ]
    for chosen, code in orders:
        assert in_sql(Contact.objects.all(), chosen) == {contact.pk: code}
        assert in_python([as_person(contact)], chosen) == {contact.pk: code}


def test_transactional_reaches_who_refused_marketing(excluded):
    made = contacts(excluded)
    exclusions = in_sql(Contact.objects.all(), rules(marketing=False, fallbacks={}))
    for code in ("opted_out", "consent_refused", "missing_value"):
        assert exclusions[made[code].pk] == ""


def test_unknown_consent_where_the_setting_asks():
    contact = Contact.objects.create(phone_number="+33612345678", first_name="Ana")
    chosen = rules(require_consent=True)
    assert in_sql(Contact.objects.all(), chosen) == {contact.pk: "consent_unknown"}
    assert in_python([as_person(contact)], chosen) == {contact.pk: "consent_unknown"}


def test_test_numbers_stay_out_only_where_people_can_be_reached():
    from octopush_django.conf import conf

    assert not conf.reaches_people
    with override_settings(OCTOPUSH_BACKEND=REAL_BACKEND):
        assert conf.reaches_people
        with override_settings(OCTOPUSH_BASE_URL="http://127.0.0.1:8025/v1/public"):
            assert not conf.reaches_people


def test_payloads_hold_only_what_the_text_uses():
    Contact.objects.create(phone_number="+33612345678", first_name='Zoé "x"', last_name="No")
    chosen = rules()
    judged = judging.judge_contacts(Contact.objects.all(), chosen)
    [in_database] = judged.annotate(p=judging.payload_in_sql(chosen)).values_list("p", flat=True)
    expected = {"phone_number": "+33612345678", "first_name": 'Zoé "x"', "param1": "rien"}
    assert json.loads(in_database) == expected
    person = Person("0612345678", {"first_name": 'Zoé "x"'})
    [[judged_person]] = judging.judge_people([person], chosen, lambda addresses: set())
    assert json.loads(judged_person.payload) == expected


def test_names_that_take_the_same_room_are_counted_together():
    """A million names become some thirty lengths."""
    for index, name in enumerate(["Ana", "Bob", "Zoé", "Ève", "Sophie"]):
        Contact.objects.create(phone_number=f"+3361234567{index}", first_name=name)
    campaign = Campaign(text="{first_name}", purpose="alert")
    judged = judging.judge_contacts(Contact.objects.all(), judging.Rules.of(campaign, []))
    groups = groups_of(campaign, judged)
    # È is outside the alphabet: that name has a group of its own.
    assert sorted(group.people for group in groups) == [1, 1, 3]


def test_numbers_changed_around_the_orm_are_looked_up_again():
    contact = Contact.objects.create(phone_number="+33123456789", first_name="Ana")
    Contact.objects.filter(pk=contact.pk).update(phone_number="+33612345678")
    assert in_sql(Contact.objects.all(), rules()) == {contact.pk: ""}


def test_duplicates_within_and_across_chunks(monkeypatch):
    monkeypatch.setattr(judging, "CHUNK", 2)
    people = [Person(text, {}) for text in ("0612345678", "+33612345678", "0612345678")]
    taken = set()
    exclusions = []
    chosen = rules(fallbacks={})
    for chunk in judging.judge_people(people, chosen, taken.intersection):
        exclusions += [str(person.exclusion) for person in chunk]
        taken |= {person.address for person in chunk if not person.exclusion}
        assert len(chunk) <= 2
    assert exclusions == ["", "duplicate", "duplicate"]


def test_a_foreign_queryset_is_mapped_and_judged():
    User.objects.create(username="0612345678", first_name="Ana")
    User.objects.create(username="rubbish")
    fields = {"first_name": "first_name"}
    found = read_recipients(User.objects.order_by("pk"), "username", fields, "phone", fields)
    [chunk] = judging.judge_people(found.people(), rules(), lambda addresses: set())
    assert [str(person.exclusion) for person in chunk] == ["", "invalid"]


@pytest.mark.parametrize(
    ("recipients", "field"),
    [(["abc"], "recipients"), ([{"phone": "0612345678", "first_name": "x"}], "recipients"),
     ([{"first_name": "x"}], "recipients"), ([None], "recipients")],
)  # fmt: skip
def test_a_wrong_literal_raises_and_names_its_place(recipients, field):
    with pytest.raises(InvalidCampaign, match="number 1") as refusal:
        read_recipients(recipients, None, None, "phone", ())
    assert refusal.value.field == field


def test_a_queryset_needs_its_fields_named():
    with pytest.raises(InvalidCampaign, match="phone_field: name the field"):
        read_recipients(User.objects.all(), None, None, "phone", ())
    with pytest.raises(InvalidCampaign, match="Prénom"):
        read_recipients(User.objects.all(), "username", {"Prénom": "first_name"}, "phone", ())


def test_a_list_to_leave_out_counts_for_an_alert_to_bare_numbers(excluded):
    listed = Contact.objects.create(phone_number="+33612345678")
    listed.lists.add(excluded)
    person = Person("06 12 34 56 78", {})
    chosen = rules([excluded], marketing=False, fallbacks={})
    assert in_python([person], chosen) == {None: "excluded_list"}
    assert in_sql(Contact.objects.all(), chosen) == {listed.pk: "excluded_list"}


@pytest.mark.parametrize("consents", [("refused", "given"), ("given", "refused")])
def test_of_contacts_with_one_address_a_refusal_wins(consents):
    for consent in consents:
        Contact.objects.create(email="ada@example.com", email_consent=consent)
    chosen = rules(fallbacks={}, family="email")
    assert in_python([Person("ada@example.com", {})], chosen) == {None: "consent_refused"}


@pytest.mark.parametrize("consents", [("unknown", "given"), ("given", "unknown")])
def test_of_contacts_with_one_address_consent_counts(consents):
    for consent in consents:
        Contact.objects.create(email="ada@example.com", email_consent=consent)
    chosen = rules(fallbacks={}, family="email", require_consent=True)
    assert in_python([Person("ada@example.com", {})], chosen) == {None: ""}


@pytest.mark.parametrize("blanks", ["\u00a0", " ", "\t\u200b"])
@pytest.mark.parametrize("place", ["before", "after", "around"])
def test_blanks_around_a_value_are_not_sent(blanks, place):
    name = {"before": f"{blanks}Ada", "after": f"Ada{blanks}", "around": f"{blanks}Ada{blanks}"}
    Contact.objects.create(phone_number="+33612345678", first_name=name[place])
    chosen = rules()
    judged = judging.judge_contacts(Contact.objects.all(), chosen)
    [payload] = judged.annotate(p=judging.payload_in_sql(chosen)).values_list("p", flat=True)
    assert json.loads(payload)["first_name"] == "Ada"


ORDER = ["excluded_list", "opted_out", "held_back", "consent_refused", "missing_value"]


@pytest.mark.parametrize(("first", "second"), list(combinations(ORDER, 2)))
def test_of_two_reasons_the_first_in_the_order_counts(excluded, first, second):
    values = {"phone_number": "+33612345678", "first_name": "Ana"}
    if "missing_value" in (first, second):
        values["first_name"] = ""
    if "consent_refused" in (first, second):
        values["consent"] = "refused"
    contact = Contact.objects.create(**values)
    if "excluded_list" in (first, second):
        contact.lists.add(excluded)
    if "opted_out" in (first, second):
        OptOut.objects.create(address="+33612345678")
    if "held_back" in (first, second):
        Reply.objects.create(address="+33612345678", text="stop ?", reading="doubtful")
    chosen = rules([excluded])
    assert in_sql(Contact.objects.all(), chosen) == {contact.pk: first}
    assert in_python([as_person(contact)], chosen) == {contact.pk: first}
