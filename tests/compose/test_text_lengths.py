"""What a campaign will cost: exact over real values, with the reason, and what could be saved."""

import random
from collections import Counter

import pytest

from octopush_django import segments
from octopush_django.campaigns import preview_campaign
from octopush_django.compose import text_lengths
from octopush_django.models import Contact, ContactField, ContactList
from octopush_django.rules import placeholders

pytestmark = pytest.mark.django_db

NAMES = ["Ana", "Zoé", "Jean-Baptiste", "Ça", "Loïc", "O'Neill", "x" * 50, "é" * 50, "", "👍",
         "€€", "a\nb", "Anne Sophie", "[x]", "ê" * 40, "¡!", "N° 1", "\\"]  # fmt: skip


def people(count, seed):
    chance = random.Random(seed)
    contact_list = ContactList.objects.create(name="All")
    ContactField.objects.create(key="ville", label="Ville")
    contacts = Contact.objects.bulk_create(
        Contact(
            phone_number=f"+336{10_000_000 + i:08d}",
            first_name=chance.choice(NAMES),
            values={"ville": "".join(chance.choices("aaabcé€ê", k=chance.randrange(50)))},
        )
        for i in range(count)
    )  # fmt: skip
    contact_list.contacts.set(contacts)
    return contact_list, contacts


def preview(text, **arguments):
    values = {"purpose": "alert", "sender": "Shop", **arguments}
    return preview_campaign(text=text, **values)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["Bonjour {first_name|à vous}, " + "x" * 100 + " {ville|ç}",
     "{ville|rien}{first_name|€}" + "y" * 250, "{first_name|vous} c’est {ville|là}"],
)  # fmt: skip
def test_the_histogram_is_that_of_brute_force(text):
    contact_list, contacts = people(10_000, seed=text)
    template = placeholders.parse(text)
    expected = Counter()
    for contact in contacts:
        stored = {"first_name": contact.first_name, **contact.values}
        values = {
            name: stored.get(name) or fallback for name, fallback in template.fallbacks.items()
        }
        expected[segments.count(template.render(values)).segments] += 1
    found = preview(text, contact_lists=[contact_list])
    assert dict(found.histogram) == dict(sorted(expected.items()))
    literal = preview(text, recipients=contacts)
    assert (literal.histogram, literal.causes, literal.savings) == (
        found.histogram, found.causes, found.savings,
    )  # fmt: skip


def recipients(*names):
    return [
        {"phone_number": f"+336{10_000_000 + i:08d}", "first_name": name, "ville": "here"}
        for i, name in enumerate(names)
    ]


def test_the_reason_is_named():
    text = "x" * 150 + "{first_name} {ville}"
    found = preview(text, recipients=recipients("Al", "Maximilienne"))
    assert found.histogram == {1: 1, 2: 1}
    assert found.causes == {2: ["first_name"]}
    assert preview("{first_name}", recipients=recipients("ê" * 50)).causes == {}
    assert preview("x" * 158 + "{first_name}", recipients=recipients("Ada")).causes == {
        2: ["first_name"]
    }
    assert preview("y" * 60 + "{first_name}", recipients=recipients("ê" * 50)).causes == {
        2: ["first_name"]
    }


def test_the_reason_of_most_people_comes_first():
    long = "Maximilienne"
    names = [("Al", long), (long, "Al"), (long + "!", "Al")]
    given = [
        {"phone_number": f"+3362000000{index}", "first_name": first, "last_name": last}
        for index, (first, last) in enumerate(names)
    ]
    found = preview("x" * 150 + "{last_name}{first_name}", recipients=given)
    assert found.causes == {2: ["first_name", "last_name"]}


def test_the_limits_hold_with_personal_details_too():
    long = preview("x" * 1190 + "{first_name}", recipients=recipients("y" * 40))
    assert [finding.code for finding in long.findings] == ["text_too_long"]
    text = "x" * 150 + "{first_name}"
    low = preview(text, sms_type="sms_low_cost", recipients=recipients("Maximilienne", "Al"))
    assert [(f.code, f.level) for f in low.findings] == [("low_cost_too_long", "error")]
    fine = preview(text, sms_type="sms_low_cost", recipients=recipients("Al"))
    assert fine.findings == []


def test_what_each_character_costs():
    text = "C’est l’été, {first_name|l’ami} : " + "x" * 60 + " ê"
    found = preview(text, recipients=recipients("Ana", "", "Loïc"))
    assert found.histogram == {2: 3}
    assert [(s.characters, s.plain, s.segments) for s in found.savings] == [
        ("’", "'", 0), ("ê", "e", 0), ("’ê", "'e", 2),
    ]  # fmt: skip
    assert preview("Plain {first_name}", recipients=recipients("Ana")).savings == []


def test_people_who_read_the_same_each_count():
    for index in range(2):
        Contact.objects.create(phone_number=f"+3362000000{index}", first_name="Ana")
    everybody = Contact.objects.all()
    text = "C’est {first_name} : " + "x" * 60
    assert [saving.segments for saving in preview(text, audience=everybody).savings] == [2]
    Contact.objects.update(first_name="{Ana}")
    [finding] = preview("{first_name}", audience=everybody, recipients=recipients("a}")).findings
    assert str(finding.message).startswith("3 people")
    Contact.objects.update(first_name="nan")
    [finding] = preview("{first_name}", audience=everybody, recipients=recipients("NULL")).findings
    assert "3 people" in str(finding.message)


def savings(text):
    found = preview(text, recipients=recipients("Ana", "Loïc")).savings
    return [(s.characters, s.plain, s.segments) for s in found]


def test_all_together_is_what_can_be_replaced():
    text = "½ ê 👍 " + "x" * 66
    assert savings(text) == [("½", "1/2", 0), ("ê", "e", 0), ("👍", "", 0), ("½ê", "1/2e", 0)]
    assert savings("ê\u200b " + "x" * 68) == [
        ("ê", "e", 0),
        ("\u200b", "", 2),
        ("ê\u200b", "e", 2),
    ]
    # Nothing but one of the characters can be replaced: that has its button.
    assert [characters for characters, _, _ in savings("ê 👍 Ж")] == ["ê", "👍", "Ж"]
    # A power in one place, a square metre in another.
    assert savings("2² m")[0] == ("²", "", 0)
    assert savings("2² m²") == [("²", "2", 0)]


def test_all_together_are_more_than_have_a_button():
    text = "".join(chr(0x1D5D4 + n) for n in range(20)) + "x" * 40
    *single, last = savings(text)
    assert (len(single), last[0], last[1], last[2]) == (10, text[:20], "ABCDEFGHIJKLMNOPQRST", 2)
    assert segments.without(text, last[0]) == segments.simplified(text)
    most = "".join(map(chr, range(0xFF01, 0xFF5F))) + "①②③④⑤⑥"
    assert len(most) == text_lengths.MOST_AT_ONCE
    assert (len(savings(most)), len(savings(most + "⑦"))) == (11, 10)


def test_how_a_character_is_named():
    found = preview("\u00a0👍\u200b’", recipients=recipients("Ana")).savings
    assert [(s.shown, s.invisible) for s in found[:4]] == [
        ("U+00A0", False), ("👍", False), ("U+200B", True), ("’", False),
    ]  # fmt: skip
