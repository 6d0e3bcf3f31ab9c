"""Whatever a developer gives: read where that makes sense, else refused by name."""

import json
from collections import deque
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy

from octopush_django.campaigns import preview_campaign, send_campaign
from octopush_django.exceptions import ComplianceError, InvalidCampaign
from octopush_django.models import Campaign, Contact, ContactField, ContactList, Recipient
from octopush_django.testing import outbox, send_due

from ..people import make_list, number, send
from ..shop.models import Customer

pytestmark = pytest.mark.django_db


def shop(people=2):
    return [
        Customer.objects.create(mobile=number(i), name=f"P{i}", points=i) for i in range(people)
    ]


def received():
    send_due()
    return [person for request in outbox for person in request["recipients"]]


def numbers():
    return [person["phone_number"] for person in received()]


# --- read ---------------------------------------------------------------------------------------


def test_a_manager_of_contacts():
    make_list(people=2)
    send(recipients=Contact.objects)
    assert numbers() == [number(0), number(1)]


def test_a_related_manager():
    send(audience=make_list(people=2).contacts)
    assert numbers() == [number(0), number(1)]


def test_a_manager_of_a_model_of_the_project():
    shop()
    send(recipients=Customer.objects, phone_field="mobile")
    assert numbers() == [number(0), number(1)]


def test_objects_of_a_model_of_the_project():
    customers = shop()
    send(
        text="{first_name}: {param1}", recipients=customers, phone_field="mobile",
        fields={"first_name": "name", "param1": "points"},
    )  # fmt: skip
    assert received() == [
        {"phone_number": number(0), "first_name": "P0", "param1": "0"},
        {"phone_number": number(1), "first_name": "P1", "param1": "1"},
    ]


def test_one_object():
    [customer] = shop(1)
    send(recipients=customer, phone_field="mobile")
    assert numbers() == [number(0)]


def test_flat_values():
    shop()
    send(recipients=Customer.objects.order_by("pk").values_list("mobile", flat=True))
    assert numbers() == [number(0), number(1)]


def test_values_of_one_column():
    shop(1)
    send(recipients=Customer.objects.values_list("mobile"))
    assert numbers() == [number(0)]


def test_dictionaries_of_a_queryset():
    from django.db.models import F

    shop(1)
    rows = Customer.objects.annotate(phone_number=F("mobile"), first_name=F("name"))
    send(text="{first_name}", recipients=rows.values("phone_number", "first_name"))
    assert received() == [{"phone_number": number(0), "first_name": "P0"}]


@pytest.mark.parametrize(
    "chosen",
    [lambda: Contact.objects.order_by("-pk")[:2], lambda: Contact.objects.all()[1:3],
     lambda: Contact.objects.filter(pk__gt=0).union(Contact.objects.filter(pk=0))],
    ids=["ordered", "sliced", "joined"],
)  # fmt: skip
@pytest.mark.parametrize("argument", ["audience", "recipients"])
def test_querysets_of_contacts_however_they_are_cut(chosen, argument):
    make_list(people=3)
    expected = {str(contact.phone_number) for contact in chosen()}
    send(**{argument: chosen()})
    assert set(numbers()) == expected


def test_fields_of_contacts_are_mapped_where_they_are_named():
    Contact.objects.create(phone_number=number(0), first_name="Ada", last_name="Lovelace")
    send(
        text="{first_name}", recipients=Contact.objects.all(), phone_field="phone_number",
        fields={"first_name": "last_name"},
    )  # fmt: skip
    assert received() == [{"phone_number": number(0), "first_name": "Lovelace"}]


def test_fields_of_contacts_are_never_ignored():
    Contact.objects.create(phone_number=number(0), first_name="Ada")
    with pytest.raises(InvalidCampaign) as refusal:
        send(recipients=Contact.objects.all(), fields={"first_name": "last_name"})
    assert refusal.value.field == "phone_field"


def test_a_contact_reached_by_another_of_its_fields():
    contact = Contact.objects.create(phone_number=number(0), last_name=number(5))
    send(recipients=[contact], phone_field="last_name")
    assert numbers() == [number(5)]


def test_a_contact_without_a_number_is_left_out_and_no_error():
    without = Contact.objects.create(email="ada@example.org")
    campaign = send(recipients=[without, Contact.objects.create(phone_number=number(0))])
    assert campaign.recipients.get(contact_id=without.pk).exclusion == "no_address"
    assert numbers() == [number(0)]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL stores no NUL")
@pytest.mark.parametrize("field", ["mobile", "name"])
def test_a_row_that_cannot_be_sent_is_refused(field):
    shop(1)
    Customer.objects.update(**{field: "a\x00b"})
    with pytest.raises(InvalidCampaign) as refusal:
        send(
            recipients=Customer.objects.all(), phone_field="mobile",
            fields={"first_name": "name"},
        )  # fmt: skip
    assert refusal.value.field == "recipients"
    assert not Campaign.objects.exists()


def test_numbers_as_numbers():
    send(recipients=[33612345678, 612345679])
    assert numbers() == ["+33612345678", "+33612345679"]


def test_zero_and_false_are_values():
    send(
        text="{param1} {param2} {param3}",
        recipients=[
            {"phone_number": number(0), "param1": 0, "param2": Decimal(0), "param3": False}
        ],
    )
    assert received()[0] == {
        "phone_number": number(0), "param1": "0", "param2": "0", "param3": "False",
    }  # fmt: skip


def test_zero_of_a_queryset_is_a_value():
    shop(1)
    send(
        text="{param1} points", recipients=Customer.objects.all(), phone_field="mobile",
        fields={"param1": "points"},
    )  # fmt: skip
    assert received()[0]["param1"] == "0"


def around_the_orm(phone, **values):
    """A contact as a sync of the project may write it."""
    contact = Contact.objects.create(phone_number=phone)
    Contact.objects.filter(pk=contact.pk).update(values=values)


@pytest.mark.parametrize("blank", ["\u00a0", "\t", "\u200b", "\n", "\u2800", "\ufeff \u00ad"])
def test_blanks_are_no_value(blank):
    """For literals and for contacts alike."""
    ContactField.objects.create(key="heure", label="Heure")
    person = {"phone_number": number(0), "heure": blank}
    given = {"text": "RDV {heure}", "purpose": "alert", "sender": "Shop"}
    around_the_orm(number(1), heure=blank)
    around_the_orm(number(2), heure=f"{blank}14 h{blank}")
    preview = preview_campaign(recipients=[person], audience=Contact.objects.all(), **given)
    assert (preview.count, preview.exclusions) == (1, {"missing_value": 2})
    send_campaign(recipients=[person], audience=Contact.objects.all(), **given)
    assert received() == [{"phone_number": number(2), "param1": "14 h"}]


@pytest.mark.parametrize("value", [float("nan"), "nan", "None", "NULL", "N/A"])
def test_words_for_nothing_are_a_finding(value):
    ContactField.objects.create(key="heure", label="Heure")
    given = {"text": "RDV {heure}", "purpose": "alert", "sender": "Shop"}
    person = {"phone_number": number(0), "heure": value}
    Contact.objects.create(phone_number=number(1), values={"heure": str(value)})
    for people in ({"recipients": [person]}, {"audience": Contact.objects.all()}):
        [finding] = [
            found for found in preview_campaign(**people, **given).findings
            if found.code == "value_looks_empty"
        ]  # fmt: skip
        assert finding.acknowledge
        assert "1 person" in str(finding.message)


def test_lazy_translations_are_texts():
    campaign = send(text=gettext_lazy("Hello"), name=gettext_lazy("Status"))
    campaign.refresh_from_db()
    assert (campaign.text, campaign.name) == ("Hello", "Status")


# --- refused ------------------------------------------------------------------------------------


def person(**values):
    return {"phone_number": number(0), **values}


REFUSED = {
    "half a character in the text": ("text", {"text": "a\ud83d"}),
    "NUL in the text": ("text", {"text": "a\x00b"}),
    "an invisible text": ("text", {"text": "\u200b"}),
    "a text of a mark": ("text", {"text": "\ufeff \u00ad"}),
    "no text": ("text", {"text": None}),
    "NUL in the name": ("name", {"name": "a\x00"}),
    "half a character in the name": ("name", {"name": "\ud83d"}),
    "NUL in the key": ("key", {"key": "a\x00"}),
    "half a character in the key": ("key", {"key": "\ud83d"}),
    "an empty key": ("key", {"key": ""}),
    "NUL in the sender": ("sender", {"sender": "Shop\x00"}),
    "half a character in a value": ("recipients", {"recipients": [person(param1="a\ud83d")]}),
    "NUL in a value": ("recipients", {"recipients": [person(param1="a\x00")]}),
    "NUL in a number": ("recipients", {"recipients": ["+33612345678\x00"]}),
    "nobody": ("recipients", {"recipients": [None]}),
    "nothing at all": ("recipients", {"recipients": 3.5}),
    "a truth": ("recipients", {"recipients": [True]}),
    "bytes": ("recipients", {"recipients": [b"+33612345678"]}),
    "a list in a list": ("recipients", {"recipients": [[number(0)]]}),
    "keys that are no names": ("recipients", {"recipients": [{1: 2}]}),
    "names mapped to nothing": ("fields", {"recipients": [], "fields": {"first_name": None}}),
    "fields that map nothing": ("fields", {"recipients": [], "fields": ["first_name"]}),
    "a field that is no name": ("phone_field", {"recipients": [], "phone_field": 3}),
    "a list that is none": ("contact_lists", {"recipients": None, "contact_lists": [3]}),
    "a list without a name": ("contact_lists", {"recipients": None, "contact_lists": ["a\x00"]}),
    "no queryset": ("audience", {"recipients": None, "audience": [1]}),
    "NUL in an option": ("list_name", {"options": {"list_name": "a\x00"}}),
    "an option that is no JSON": ("list_name", {"options": {"list_name": object()}}),
    "options that are none": ("options", {"options": ["list_name"]}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_sent_is_refused_by_name(name):
    field, arguments = REFUSED[name]
    with pytest.raises(InvalidCampaign) as refusal:
        send(**{"recipients": [number(0)], **arguments})
    assert refusal.value.field == field
    assert not Campaign.objects.exists()
    assert not Recipient.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"fields": ["first_name"]}, "fields: must map merge fields to fields of yours."),
        ({"phone_field": 3}, "phone_field: must be the name of a field."),
        ({"contact_lists": [3]}, "contact_lists: 3 is no list: give lists, or their names."),
        ({"audience": [1]}, "audience: must be a queryset of Contact."),
        ({"recipients": 3.5}, "recipients: 3.5 is no list of people."),
    ],
)
def test_what_is_refused_says_why(arguments, said):
    with pytest.raises(InvalidCampaign) as refusal:
        send(**{"recipients": [], **arguments})
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("phone_field", {}),
        ("phone_field", {"phone_field": "nope"}),
        ("phone_field", {"phone_field": "mobile__nope"}),
        ("fields", {"phone_field": "mobile", "fields": {"first_name": "nope"}}),
        ("fields", {"phone_field": "mobile", "fields": {"prenom": "nope"}}),
        ("fields", {"phone_field": "mobile", "fields": {"Prénom": "name"}}),
        ("fields", {"phone_field": "mobile", "fields": {"unsubscribe": "name"}}),
    ],
)
@pytest.mark.parametrize("way", ["queryset", "manager", "objects", "one"])
def test_a_field_that_does_not_exist_is_named(field, arguments, way):
    customers = shop()
    ways = {"queryset": Customer.objects.all(), "manager": Customer.objects,
            "objects": customers, "one": customers[0]}  # fmt: skip
    with pytest.raises(InvalidCampaign) as refusal:
        send(recipients=ways[way], **arguments)
    assert refusal.value.field == field
    assert not Campaign.objects.exists()


def test_rows_of_several_columns_are_no_addresses():
    shop()
    with pytest.raises(InvalidCampaign, match="values_list"):
        send(recipients=Customer.objects.values_list("mobile", "name"))
    assert not Campaign.objects.exists()


def test_a_list_given_as_a_recipient_says_where_it_belongs():
    with pytest.raises(InvalidCampaign, match="contact_lists"):
        send(recipients=[make_list()])


def test_a_list_that_is_not_saved():
    with pytest.raises(InvalidCampaign, match="not saved"):
        send(contact_lists=[ContactList(name="New")])


def _kind(value):
    return type(value).__name__


@pytest.mark.parametrize("text", ["Shop\n", "Shop ", " Shop", "Shöp"])
def test_a_sender_is_not_trimmed(text):
    from octopush_django.exceptions import ComplianceError

    with pytest.raises(ComplianceError) as refusal:
        send(sender=text)
    assert [finding.code for finding in refusal.value.findings] == ["sender_wrong"]


@pytest.mark.parametrize(
    "value",
    [
        b"abc", bytearray(b"abc"), memoryview(b"abc"), ["abc"], ("a",), {"a": 1}, {"a"},
        frozenset("a"), range(3), iter("abc"), {}.values(), deque("a"), len, object(), Contact,
        Contact.objects, 10**5000, float("inf"), Decimal("-inf"),
    ],
    ids=_kind,
)  # fmt: skip
def test_a_merge_value_is_a_text_a_number_or_a_date(value):
    with pytest.raises(InvalidCampaign, match=f"first_name is no text.*{type(value).__name__}"):
        send(
            text="Hello {first_name}",
            recipients=[{"phone_number": number(0), "first_name": value}],
        )


@pytest.mark.parametrize(
    "value",
    ["Nora", 12, 1.5, Decimal("1.50"), True, date(2026, 3, 2), time(9, 30), timedelta(hours=1),
     UUID(int=1), gettext_lazy("Hello"), None, Customer(name="Nora")],
    ids=_kind,
)  # fmt: skip
def test_whatever_says_what_it_is_is_a_value(value):
    people = [{"phone_number": number(0), "first_name": value}]
    assert send(text="Hello {first_name|you}", recipients=people).recipients.get()


@pytest.mark.parametrize(
    "wrong",
    [["0612345678"], ("0612345678",), {"0612345678"}, b"0612345678", 612345678.0, True, 10**5000,
     0, -33612345678, object(), Decimal(612345678)],
    ids=_kind,
)  # fmt: skip
@pytest.mark.parametrize("key", ["phone_number", "email"])
def test_an_address_in_a_mapping_is_a_text_or_a_number(wrong, key):
    channel = {"channel": "email", "options": {"email_from": "a@shop.fr", "subject": "x"}}
    channel = channel if key == "email" else {}
    with pytest.raises(InvalidCampaign, match=f"number 1 has a {type(wrong).__name__} for an add"):
        send(recipients=[{key: wrong}], **channel)
    assert not Campaign.objects.exists()


def test_an_address_of_an_object_is_a_text_or_a_number():
    with pytest.raises(InvalidCampaign, match="number 1 has a date"):
        send(recipients=[Customer(points=date(2026, 3, 2))], phone_field="points")


@pytest.mark.parametrize(
    "wrong", [None, 1.5, (number(0), "Nora"), [number(0)], object(), True, 10**5000], ids=_kind
)
def test_what_is_no_address_is_named_by_its_kind(wrong):
    with pytest.raises(InvalidCampaign, match=f"number 1 is no phone.*{type(wrong).__name__}"):
        send(recipients=[wrong])


def test_the_order_of_a_distinct_queryset_counts():
    if connection.vendor == "sqlite":
        pytest.skip("DISTINCT ON is PostgreSQL's")
    for index in range(3):
        Contact.objects.create(phone_number=number(index), last_name="Same")
    last = Contact.objects.order_by("last_name", "-pk").distinct("last_name")
    for given in ({"audience": last}, {"recipients": last}):
        assert send(**given).recipients.get().address == number(2)


@pytest.mark.parametrize("options", [{"list_name": float("nan")}, {"list_name": float("inf")}])
def test_options_are_values_of_json(options):
    with pytest.raises(InvalidCampaign, match="list_name: must be a value of JSON"):
        send(options=options)


def test_a_person_without_the_related_row_has_no_value():
    campaign = send()
    type(campaign).objects.filter(pk=campaign.pk).update(name=number(0))
    campaign.refresh_from_db()
    given = send(
        text="Hello {param1|you}", recipients=[campaign], phone_field="name",
        fields={"param1": "preparation__people_seen"},
    )  # fmt: skip
    assert '"param1": "you"' in given.recipients.get().payload


def test_rows_without_the_address_are_refused():
    Contact.objects.create(phone_number=number(0))
    with pytest.raises(InvalidCampaign, match="no phone_number; what is there: line_type"):
        send(recipients=Contact.objects.values("line_type"))


# --- merge fields of any name -------------------------------------------------------------------


def test_any_key_of_a_mapping_that_the_text_uses_is_a_merge_field():
    text = "{first_name|Hello}, {ville}: {heure} {param1}"
    campaign = send(
        text=text,
        recipients=[
            {"phone_number": number(0), "ville": "Nantes", "heure": 9, "param1": "x"},
            {"phone_number": number(1), "ville": "", "heure": "9 h", "param1": "y"},
            {"phone_number": number(2), "orders": [1, 2], "param1": "z", "heure": 1},
        ],
    )
    campaign.refresh_from_db()
    assert campaign.text == text
    send_due()
    [request] = outbox
    assert request["text"] == "{first_name}, {param2}: {param3} {param1}"
    assert request["recipients"] == [
        {"phone_number": number(0), "first_name": "Hello", "param1": "x",
         "param2": "Nantes", "param3": "9"},
    ]  # fmt: skip
    left_out = campaign.recipients.exclude(exclusion="").values_list("exclusion", flat=True)
    assert list(left_out) == ["missing_value", "missing_value"]
    assert preview_campaign(campaign).histogram == {1: 1}


@pytest.mark.parametrize(
    "people",
    [
        {"recipients": [{"phone_number": number(0), "ville": "Nantes"}]},
        {"recipients": [number(0)]},
        {
            "recipients": Customer.objects.all(),
            "phone_field": "mobile",
            "fields": {"ville": "name"},
        },
        {"recipients": Customer.objects.values("name")},
        {"audience": Contact.objects.all()},
    ],
)
def test_a_merge_field_that_nobody_has_is_refused(people):
    Contact.objects.create(phone_number=number(0), values={"ville": "Nantes"})
    for verb in (send_campaign, preview_campaign):
        with pytest.raises(InvalidCampaign, match=r"vile|phone_number") as refusal:
            verb(text="À {vile}", purpose="alert", sender="Shop", **people)
        assert refusal.value.field in ("text", "recipients")
    assert not Campaign.objects.exists()


def test_named_fields_of_contacts():
    ContactField.objects.create(key="ville", label="Ville")
    nantes = Contact.objects.create(phone_number=number(0), values={"ville": " Nantes "})
    Contact.objects.create(phone_number=number(1))
    for people in (
        {"audience": Contact.objects.all()},
        {"recipients": list(Contact.objects.all())},
    ):
        campaign = send(text="À {ville}", **people)
        received = campaign.recipients.get(exclusion="")
        assert received.contact_id == nantes.pk
        assert json.loads(received.payload) == {"phone_number": number(0), "param1": "Nantes"}
        assert campaign.recipients.exclude(exclusion="").get().exclusion == "missing_value"


def test_rows_of_values_bring_fields_of_any_name():
    shop(1)
    rows = Customer.objects.values("name", phone_number=F("mobile"))
    send(text="{name}!", recipients=rows)
    assert received() == [{"phone_number": number(0), "param1": "P0"}]


def test_a_sixth_personal_detail_is_refused():
    person = {"phone_number": number(0), **dict.fromkeys("abcdef", "x")}
    with pytest.raises(ComplianceError, match="5 personal details"):
        send(text="{a}{b}{c}{d}{e}{f}", recipients=[person])


def test_a_detail_of_contacts_is_none_of_people_given_by_code():
    ContactField.objects.create(key="town", label="Town")
    people = [{"phone_number": number(0), "twon": "Nantes"}]
    for text in ("{town}", "{town|your town}"):
        with pytest.raises(InvalidCampaign, match="town"):
            send(text=text, recipients=people)
    contact = Contact.objects.create(phone_number=number(1))
    assert send(text="{town|your town}", recipients=[contact]).recipients.get().exclusion == ""


def test_rows_of_values_that_are_cut_already():
    shop(3)
    rows = Customer.objects.values("name", phone_number=F("mobile"))[:2]
    assert send(text="{name}!", recipients=rows).recipients.count() == 2


@pytest.mark.parametrize(
    "recipients",
    [
        lambda: [{"phone_number": number(0), "ville": "Nantes"}],
        lambda: Customer.objects.values("mobile", "name"),
        lambda: Customer.objects.values_list("mobile", flat=True),
    ],
    ids=["mapping", "values", "values_list"],
)
@pytest.mark.parametrize(
    ("field", "arguments"),
    [("phone_field", {"phone_field": "mobile"}), ("fields", {"fields": {"first_name": "ville"}})],
)
def test_fields_of_what_has_keys_of_its_own_are_refused(recipients, field, arguments):
    shop()
    with pytest.raises(InvalidCampaign, match="by their own keys") as refusal:
        send(recipients=recipients(), **arguments)
    assert refusal.value.field == field
    assert not Campaign.objects.exists()


def test_mappings_may_stand_beside_objects():
    [customer] = shop(1)
    beside = {"phone_number": number(1), "first_name": "Luc"}
    send(text="Hello {first_name}", recipients=[customer, beside], phone_field="mobile",
         fields={"first_name": "name"})  # fmt: skip
    assert [(p["phone_number"], p["first_name"]) for p in received()] == [
        (number(0), "P0"), (number(1), "Luc"),
    ]  # fmt: skip
