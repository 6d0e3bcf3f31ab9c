"""French numbers overseas get marketing at the allowed hours of where they live."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from octopush_django import numbers
from octopush_django.audience.routes import overseas
from octopush_django.campaigns import preview_campaign
from octopush_django.client.answers import Answer
from octopush_django.models import Contact, ContactList, Frame
from octopush_django.sending import settlement
from octopush_django.sending.claims import claim_frames
from octopush_django.testing import outbox

from ..people import STOP, number, send

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
PEOPLE = {
    "": [number(i) for i in range(7)],
    "Indian/Reunion": ["+262692123456", "+262693123456"],
    "Indian/Mayotte": ["+262639012345"],
    "America/Martinique": ["+596696123456"],
    "Pacific/Tahiti": ["+68987123456"],
}


@pytest.fixture(autouse=True)
def _hours(settings):
    settings.OCTOPUSH_QUIET_HOURS = "mon-sat 08:00-20:00"
    settings.OCTOPUSH_FRAME_SIZE = 3
    settings.OCTOPUSH_PILOT_SIZE = 0


def promote(source="lists", **arguments):
    everybody = [address for addresses in PEOPLE.values() for address in addresses]
    values = {"text": f"Promo {STOP}", "purpose": "wholesale", **arguments}
    if source == "people":
        return send(recipients=everybody, **values)
    contact_list = ContactList.objects.create(name="Everywhere")
    contacts = Contact.objects.bulk_create(Contact(phone_number=a) for a in everybody)
    contact_list.contacts.set(contacts)
    return send(contact_lists=[contact_list], **values)


def at(day, clock, zone=PARIS):
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=zone)


def leave(now):
    """The numbers that leave at ``now``."""
    claims = claim_frames(64, now)
    settlement.settle([(c, Answer("accepted", ticket=f"t{c.frame_id}")) for c in claims])
    return {str(found) for claim in claims
            for found in Frame.objects.get(pk=claim.frame_id).recipients.values_list(
                "address", flat=True)}  # fmt: skip


@pytest.mark.time_machine("2030-11-25 10:00")
@pytest.mark.parametrize("source", ["lists", "people"])
def test_frames_are_cut_by_zone(source):
    campaign = promote(source)
    by_zone = Counter()
    for frame in campaign.frames.all():
        people = list(frame.recipients.values_list("address", flat=True))
        assert set(people) <= set(PEOPLE[frame.time_zone])
        assert len(people) == frame.size <= 3
        by_zone[frame.time_zone] += len(people)
    assert by_zone == {zone: len(people) for zone, people in PEOPLE.items()}
    sizes = campaign.frames.filter(time_zone="").order_by("number")
    assert list(sizes.values_list("size", flat=True)) == [2, 2, 3]
    assert list(campaign.frames.order_by("number").values_list("number", flat=True)) == list(
        range(1, 8)
    )


@pytest.mark.time_machine("2030-11-25 08:00")
def test_everybody_at_their_own_hours():
    """Monday 25 November 2030: Paris UTC+1, Réunion +4, Mayotte +3, Martinique -4, Tahiti -10."""
    campaign = promote()
    early = at("2030-11-25", "09:01")
    ashore = set(PEOPLE[""]) | set(PEOPLE["Indian/Reunion"]) | set(PEOPLE["Indian/Mayotte"])
    assert leave(early) == ashore
    campaign.refresh_from_db()
    assert (campaign.status, campaign.reason_code) == ("sending", "quiet_hours")
    assert leave(at("2030-11-25", "12:59")) == set()
    assert leave(at("2030-11-25", "13:00")) == set(PEOPLE["America/Martinique"])
    campaign.refresh_from_db()
    assert campaign.reason_code == "quiet_hours"
    assert leave(at("2030-11-25", "18:59")) == set()
    assert leave(at("2030-11-25", "19:00")) == set(PEOPLE["Pacific/Tahiti"])
    campaign.refresh_from_db()
    assert campaign.status == "sent"


@pytest.mark.time_machine("2030-11-25 00:30")
def test_nobody_waits_for_hours_where_all_are_due():
    campaign = send(
        text=f"Promo {STOP}", purpose="wholesale", recipients=[number(0), "+262692123456"]
    )
    assert claim_frames() == []
    campaign.refresh_from_db()
    assert campaign.reason_code == "quiet_hours"
    assert len(claim_frames(1, at("2030-11-25", "09:01"))) == 1
    campaign.refresh_from_db()
    assert campaign.reason_code == ""


@pytest.mark.time_machine("2030-11-25 10:00")
def test_the_check_page_says_so():
    promote(simulation=True)
    found = preview_campaign(
        text=f"Promo {STOP}", purpose="wholesale", sender="Shop", contact_lists=["Everywhere"]
    )
    [finding] = [finding for finding in found.findings if finding.code == "overseas"]
    assert str(finding.message).startswith("5 people have French numbers overseas")
    alert = preview_campaign(
        text="Hello", purpose="alert", sender="Shop", contact_lists=["Everywhere"]
    )
    assert "overseas" not in [finding.code for finding in alert.findings]


@pytest.mark.time_machine("2030-11-25 17:00")
def test_late_in_paris_is_too_late_in_reunion():
    promote()
    left = leave(at("2030-11-25", "18:00"))
    assert not left & set(PEOPLE["Indian/Reunion"])
    assert left & set(PEOPLE[""])
    # Eight in the morning in Réunion, six in the evening before in Tahiti.
    open_now = set(PEOPLE["Indian/Reunion"]) | set(PEOPLE["Pacific/Tahiti"])
    assert leave(at("2030-11-26", "05:00")) == open_now


@pytest.mark.time_machine("2030-11-25 10:00")
def test_the_pilot_is_of_the_site_s_own_zone(settings):
    settings.OCTOPUSH_PILOT_SIZE = 2
    campaign = promote()
    first = campaign.frames.get(number=1)
    assert (first.time_zone, first.size, first.recipients.count()) == ("", 2, 2)
    assert campaign.frames.filter(waits_for_pilot=True).count() == campaign.frames.count() - 1
    assert sum(f.recipients.count() for f in campaign.frames.all()) == 12
    assert all(f.recipients.count() == f.size for f in campaign.frames.all())


@pytest.mark.parametrize(
    "arguments", [{"purpose": "alert", "text": "Hello"}, {"channel": "rcs", "purpose": "alert"}]
)
def test_transactional_is_not_cut(arguments):
    campaign = promote(**arguments)
    assert set(campaign.frames.values_list("time_zone", flat=True)) == {""}
    assert campaign.frames.count() == 4
    assert outbox == []


def test_a_neighbour_is_not_french():
    """The Cook Islands share the first digits of Tahiti."""
    contact = Contact.objects.create(phone_number="+68270123")
    assert not Contact.objects.filter(overseas("phone_number"), pk=contact.pk).exists()
    contact.phone_number = "+68987123456"
    contact.save()
    assert Contact.objects.filter(overseas("phone_number"), pk=contact.pk).exists()


def test_every_zone_exists_and_the_longest_prefix_comes_first():
    prefixes = list(numbers.OVERSEAS_ZONES)
    for index, prefix in enumerate(prefixes):
        assert ZoneInfo(numbers.OVERSEAS_ZONES[prefix])
        assert not any(prefix.startswith(earlier) for earlier in prefixes[:index])
