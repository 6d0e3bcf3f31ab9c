import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.audience import snapshot
from octopush_django.audience.frame_sizes import frame_sizes
from octopush_django.campaigns import launch_campaign
from octopush_django.exceptions import EmptyAudience
from octopush_django.models import Campaign, Contact, Frame, Recipient

from ..people import make_list, number, send, send_marketing


@pytest.mark.parametrize(
    ("total", "pilot", "sizes"),
    [(1, 50, [1]), (500, 50, [500]), (501, 50, [250, 251]), (900, 0, [450, 450]),
     (1000, 50, [500, 500]), (1001, 0, [333, 334, 334]), (1465, 50, [50, 471, 472, 472]),
     (0, 50, [])],
)  # fmt: skip
def test_cut(total, pilot, sizes):
    assert list(frame_sizes(total, 500, pilot)) == sizes


@given(st.integers(0, 20_000), st.integers(1, 500), st.integers(0, 500))
def test_cuts_are_even_and_whole(total, size, pilot):
    frames = frame_sizes(total, size, pilot)
    assert sum(frames) == total
    assert len(list(frames)) == len(frames)
    assert all(1 <= people <= size for people in frames)
    even = list(frames)[1:] if frames.pilot else list(frames)
    assert not even or max(even) - min(even) <= 1


@pytest.mark.django_db
@pytest.mark.parametrize("pilot", [0, 3])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("people", [15, 31])
def test_rows_fall_into_the_frames_as_cut(settings, pilot, streamed, people):
    settings.OCTOPUSH_FRAME_SIZE = 7
    settings.OCTOPUSH_PILOT_SIZE = pilot
    if streamed:
        campaign = send(recipients=[number(i) for i in range(people)])
    else:
        campaign = send(contact_lists=[make_list(people=people)])
    first, *others = campaign.frames.order_by("number")
    found = [frame.recipients.count() for frame in (first, *others)]
    sizes = list(frame_sizes(people, 7, pilot))
    assert found == [frame.size for frame in (first, *others)] == sizes
    assert not campaign.recipients.filter(frame=None).exists()
    assert (first.is_pilot, first.waits_for_pilot) == (bool(pilot), False)
    assert {(frame.is_pilot, frame.waits_for_pilot) for frame in others} == {(False, bool(pilot))}


@pytest.mark.django_db
def test_lists_and_people_together_once_each():
    campaign = send(
        contact_lists=[make_list(people=3), make_list("Others", people=2)],
        recipients=[number(0), "0612345678", "06 12 34 56 78"],
    )
    addresses = campaign.recipients.filter(exclusion="").values_list("address", flat=True)
    assert sorted(addresses) == sorted([*map(number, range(5)), "+33612345678"])
    assert campaign.recipients.filter(exclusion="duplicate").count() == 2
    assert campaign.frames.get().size == 6


@pytest.mark.django_db
def test_lists_and_an_audience_together():
    contact_list = make_list(people=2)
    other = Contact.objects.create(phone_number="0612345678")
    campaign = send(contact_lists=[contact_list], audience=Contact.objects.filter(pk=other.pk))
    assert campaign.recipients.count() == 3


@pytest.mark.django_db
def test_a_contact_in_two_lists_is_one_recipient():
    first, second = make_list(people=2), make_list("Second", people=0)
    second.contacts.set(first.contacts.all())
    campaign = send(contact_lists=[first, second])
    assert campaign.recipients.count() == 2


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_the_audience(django_assert_max_num_queries):
    small, large = make_list(people=10), make_list("Large", people=900)
    with django_assert_max_num_queries(40) as first:
        send(contact_lists=[small])
    with django_assert_max_num_queries(40) as second:
        send(contact_lists=[large])
    assert len(second.captured_queries) == len(first.captured_queries)


@pytest.mark.django_db
def test_request_ids_are_the_frames_own_and_repeatable():
    from octopush_django.models.sending import request_id_of

    campaign = send(contact_lists=[make_list(people=501)])
    ids = list(Frame.objects.order_by("number").values_list("request_id", flat=True))
    assert ids == [request_id_of(campaign.uuid, n, 1) for n in (1, 2)]
    assert len({request_id.replace("-", "") for request_id in ids}) == 2
    assert request_id_of(campaign.uuid, 1, 2) not in ids


@pytest.mark.django_db
def test_a_draft_without_lists_goes_to_nobody():
    campaign = Campaign.objects.create(text="Hi", purpose="alert", sender="Shop")
    with pytest.raises(EmptyAudience):
        launch_campaign(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"


@pytest.mark.django_db
def test_people_added_later_are_not_taken_in():
    contact_list = make_list(people=2)
    send_marketing(contact_lists=[contact_list])
    contact_list.contacts.add(Contact.objects.create(phone_number="0612345678"))
    assert Recipient.objects.count() == 2


@pytest.mark.django_db
def test_streamed_people_are_written_without_reading_those_before(monkeypatch):
    """Each chunk is one insert: the unique constraint tells who is there already."""
    monkeypatch.setattr("octopush_django.audience.judging.CHUNK", 2)
    contact_list = make_list(people=3)
    people = [number(index) for index in (0, 1, 5, 6, 5, 7, 2, 8, 9, 7)]
    with CaptureQueriesContext(connection) as statements:
        campaign = send(contact_lists=[contact_list], recipients=people)
    table = f'"{Recipient._meta.db_table}"'
    reads = [q["sql"] for q in statements.captured_queries if f"FROM {table}" in q["sql"]]
    assert len(reads) <= 2, reads
    rows = Recipient.objects.filter(campaign=campaign).order_by("pk")
    assert {row.address for row in rows if not row.exclusion} == {
        number(index) for index in (0, 1, 2, 5, 6, 7, 8, 9)
    }
    twice = sorted(row.address for row in rows if row.exclusion == "duplicate")
    assert twice == [number(index) for index in (0, 1, 2, 5, 7)]
    left = [row for row in rows if row.exclusion]
    assert {(row.status, row.payload, row.frame_id) for row in left} == {("excluded", "", None)}


@pytest.mark.django_db
def test_lists_that_grow_while_they_are_frozen_are_frozen_once_more(settings, monkeypatch):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 2, 0
    contact_list = make_list(people=2)
    insert, tries = snapshot._insert_contacts, []

    def growing(*args):
        if not tries:
            contact_list.contacts.add(
                *Contact.objects.bulk_create(
                    Contact(phone_number=number(100 + index)) for index in range(12)
                )
            )
        tries.append(True)
        insert(*args)

    monkeypatch.setattr(snapshot, "_insert_contacts", growing)
    campaign = send(contact_lists=[contact_list])
    assert len(tries) == 2
    assert campaign.recipients.filter(exclusion="", frame__isnull=False).count() == 14
    assert campaign.recipients.count() == sum(campaign.frames.values_list("size", flat=True)) == 14


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "sqlite", reason="a setting of PostgreSQL")
def test_the_callers_transaction_keeps_its_memory_for_sorts():
    def work_mem():
        with connection.cursor() as cursor:
            cursor.execute("SHOW work_mem")
            return cursor.fetchone()

    before = work_mem()
    send_marketing(contact_lists=[make_list(people=3)])
    assert work_mem() == before


@pytest.mark.django_db
def test_the_pilot_is_of_the_largest_group(settings):
    """Texts made here: the bill of a rare name would prove little."""
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 3, 2
    for index, name in enumerate(["A", *["B"] * 8]):
        Contact.objects.create(phone_number=number(index), first_name=name)
    campaign = send(
        text="Hello {first_name}", channel="voice_sms", audience=Contact.objects.all(),
        options={"voice_gender": "female", "voice_language": "fr-FR"},
    )  # fmt: skip
    assert campaign.frames.get(is_pilot=True).size == 2
