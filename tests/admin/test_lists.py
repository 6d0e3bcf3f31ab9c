"""Lists in use, contacts written around the desk, and addresses of pages that hold anything."""

import csv

import pytest
from django.db import connection
from django.db.models import ProtectedError

from octopush_django.campaigns import launch_campaign, preview_campaign
from octopush_django.contacts.importer import import_contacts
from octopush_django.contacts.tables.files import without_formula
from octopush_django.copies import copy_campaign
from octopush_django.models import Campaign, Contact, ContactList
from octopush_django.sweep import sweep

from ..desk import seen, url
from ..people import make_list

pytestmark = pytest.mark.django_db


@pytest.fixture
def left_out():
    return ContactList.objects.create(name="Left out")


@pytest.fixture
def using(draft, left_out):
    draft.exclude.add(left_out)
    return draft


def press_delete(client, contact_list):
    return client.post(url("contactlist_delete", contact_list.pk), {"post": "yes"}, follow=True)


def delete_selected(client, contact_list):
    data = {"action": "delete_selected", "_selected_action": contact_list.pk, "post": "yes"}
    return client.post(url("contactlist_changelist"), data, follow=True)


@pytest.mark.parametrize("delete", [press_delete, delete_selected])
@pytest.mark.parametrize("role", ["include", "exclude"])
@pytest.mark.parametrize("status", ["draft", "scheduled", "sending", "paused"])
def test_a_list_in_use_is_not_deleted(admin_client, using, delete, role, status):
    Campaign.objects.filter(pk=using.pk).update(status=status, reason_code="person")
    chosen = getattr(using, role).first()
    page = delete(admin_client, chosen)
    assert ContactList.objects.filter(pk=chosen.pk).exists()
    assert "Autumn" in seen(page)
    for way in (chosen.delete, ContactList.objects.filter(pk=chosen.pk).delete):
        with pytest.raises(ProtectedError) as refusal:
            way()
        assert refusal.value.args[0].startswith(f"The list “{chosen}” is used by “Autumn”")


@pytest.mark.parametrize("delete", [press_delete, delete_selected])
@pytest.mark.parametrize("status", ["sent", "failed", "cancelled"])
def test_a_list_that_nobody_waits_for_is_deleted_and_its_people_stay(
    admin_client, using, delete, status
):
    Campaign.objects.filter(pk=using.pk).update(status=status)
    chosen, people = using.include.first(), Contact.objects.count()
    delete(admin_client, chosen)
    assert not ContactList.objects.filter(pk=chosen.pk).exists()
    assert Contact.objects.count() == people


def test_the_page_sums_up(admin_client, django_assert_max_num_queries):
    contact_list = make_list(people=300)
    with django_assert_max_num_queries(20):
        page = admin_client.get(url("contactlist_delete", contact_list.pk))
    assert "Clients: 300 contacts leave the list and stay among the contacts." in seen(page)
    assert "relationship" not in seen(page)


def test_a_copy_keeps_its_lists_to_leave_out(using, left_out):
    assert list(copy_campaign(using).exclude.all()) == [left_out]


# --- contacts written by SQL --------------------------------------------------------------------


def written_by_sql(contact_list, people):
    table, members = Contact._meta.db_table, Contact.lists.through._meta.db_table
    chosen = contact_list.contacts.values_list("pk", flat=True)[:people]
    keys = ", ".join(map(str, chosen))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET line_type = '' WHERE id IN ({keys})")
    assert members
    return set(chosen)


def unresolved():
    return Contact.objects.filter(line_type="", phone_number__isnull=False).count()


def test_only_the_lines_at_stake_are_found_out(draft):
    written_by_sql(draft.include.first(), 4)
    others = ContactList.objects.create(name="Others")
    for index in range(3):
        others.contacts.add(Contact.objects.create(phone_number=f"+3361234567{index}"))
    written_by_sql(others, 3)
    preview_campaign(draft)
    assert unresolved() == 3
    sweep()
    assert unresolved() == 0


@pytest.mark.django_db(transaction=True)
def test_what_was_found_out_stays_though_the_launch_is_refused(draft, monkeypatch):
    from octopush_django.audience import snapshot

    def refuse(*arguments):
        raise RuntimeError("the request was given up")

    written_by_sql(draft.include.first(), 4)
    monkeypatch.setattr(snapshot, "freeze", refuse)
    with pytest.raises(RuntimeError):
        launch_campaign(draft)
    assert unresolved() == 0


# --- pages and files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    ["campaign", "contact", "contactlist", "optout", "recipient", "frame", "sendattempt", "halt",
     "reply", "webhookevent", "tariff"],
)  # fmt: skip
@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "id__exact=%00", "%00=1"])
def test_nul_in_the_address_of_a_list_is_a_bad_request(admin_client, page, query):
    answer = admin_client.get(f"{url(f'{page}_changelist')}?{query}")
    assert answer.status_code == 400


@pytest.mark.parametrize("page", ["campaign", "contact", "contactlist", "frame", "reply"])
@pytest.mark.parametrize("key", ["abc", "%00", "9" * 30, "-1", "1 OR 1=1"])
def test_a_key_that_is_none_is_no_error(admin_client, page, key):
    answer = admin_client.get(f"/admin/octopush_django/{page}/{key}/change/")
    assert answer.status_code in (302, 400, 404)
    check = admin_client.get(f"/admin/octopush_django/campaign/{key}/check/")
    assert check.status_code in (302, 400, 404)


@pytest.mark.parametrize("query", ["who=%00", "person=%00", "after=abc", "then=%00,abc", "q=%00"])
def test_odd_questions_to_the_check_page(admin_client, draft, query):
    for page in ("campaign_check", "campaign_left_out"):
        assert admin_client.get(f"{url(page, draft.pk)}?{query}").status_code == 200


def test_refused_rows_hold_no_formula(tmp_path):
    path, refused = tmp_path / "people.csv", tmp_path / "refused.csv"
    path.write_text("Téléphone;Nom\nabc;=HYPERLINK(1)\n12;@SUM(A1)\n13;-2+3\n14;+33\n")
    import_contacts(path, "Clients", refused_path=refused)
    rows = list(csv.reader(refused.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [row[-1] for row in rows[1:]] == ["'=HYPERLINK(1)", "'@SUM(A1)", "'-2+3", "+33"]


@pytest.mark.parametrize("text", ["=1+1", "@A1", "\t=1", "\r=1", "+1+1", "-1+1"])
def test_formulas_are_defused(text):
    assert without_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "+33612345678", "+33 (0)6 12", "-12", "1-2", "a=b"])
def test_what_is_no_formula_stays(text):
    assert without_formula(text) == text
