"""A refusal outlives its contact, and counts for every address that a row names."""

import csv

import pytest

from octopush_django.contacts.importer import import_contacts
from octopush_django.models import Contact, ContactList, OptOut
from octopush_django.opt_outs import is_opted_out

from ..people import number

pytestmark = pytest.mark.django_db

HEADER = ["Mobile", "Email", "Accord SMS", "Newsletter"]
ADA, BEN = "ada@shop.fr", "ben@shop.fr"


@pytest.fixture
def load(tmp_path):
    def load(*rows, header=HEADER, **told):
        path = tmp_path / "file.csv"
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter=";").writerows([header, *rows])
        return import_contacts(path, "Clients", refused_path=tmp_path / "refused.csv", **told)

    return load


def refusing(**values):
    return Contact.objects.create(
        **{"phone_number": number(1), "email": ADA, "consent": "refused",
           "email_consent": "refused", "consent_source": "salon", **values}
    )  # fmt: skip


# --- contacts who go, or change -----------------------------------------------------------------

GO = {
    "deleted": lambda contact: contact.delete(),
    "deleted together": lambda contact: Contact.objects.filter(pk=contact.pk).delete(),
    "deleted by the list": lambda contact: contact.lists.get().contacts.all().delete(),
}


@pytest.mark.parametrize("way", GO)
def test_a_refusal_outlives_deletion_and_import(way, load):
    ContactList.objects.create(name="Others").contacts.add(refusing())
    other = Contact.objects.create(phone_number=number(2), email=BEN, consent="given")
    GO[way](Contact.objects.get(email=ADA))
    load([number(1), ADA, "oui", "oui"])
    assert is_opted_out(number(1))
    assert is_opted_out(ADA)
    assert set(OptOut.objects.values_list("source", "evidence")) == {
        ("consent", "salon"), ("consent", ""),
    }  # fmt: skip
    other.delete()
    assert OptOut.objects.count() == 2


CHANGE = {
    "saved": lambda contact, **values: save(contact, **values),
    "saved in part": lambda contact, **values: save(contact, update_fields=values, **values),
    "updated": lambda contact, **values: Contact.objects.filter(pk=contact.pk).update(**values),
    "updated together": lambda contact, **values: Contact.objects.bulk_update(
        [changed(contact, **values)], list(values)
    ),
}


def changed(contact, **values):
    for name, value in values.items():
        setattr(contact, name, value)
    return contact


def save(contact, update_fields=None, **values):
    changed(contact, **values).save(update_fields=update_fields and list(update_fields))


@pytest.mark.parametrize("way", CHANGE)
def test_an_address_that_refused_stays_refused_when_its_contact_gets_another(way):
    contact = refusing()
    CHANGE[way](contact, phone_number=number(3), email=BEN)
    assert set(OptOut.objects.values_list("address", flat=True)) == {number(1), ADA}
    contact.refresh_from_db()
    assert (contact.consent, contact.email_consent) == ("refused", "refused")


@pytest.mark.parametrize("way", CHANGE)
def test_nothing_is_noted_of_an_address_that_stays(way):
    CHANGE[way](refusing(), phone_number=number(1), email=ADA, first_name="Ada")
    CHANGE[way](Contact.objects.get(), phone_number=number(1), consent="given")
    assert not OptOut.objects.exists()


def test_whoever_refused_nothing_leaves_nothing_behind():
    refusing(consent="given", email_consent="unknown").delete()
    assert not OptOut.objects.exists()


def test_only_the_way_that_was_refused_is_noted():
    refusing(consent="given").delete()
    assert list(OptOut.objects.values_list("family", "address")) == [("email", ADA)]


def test_a_refusal_is_kept_of_more_people_than_one_look_takes():
    Contact.objects.bulk_create(
        Contact(phone_number=number(index), consent="refused") for index in range(1_001)
    )
    Contact.objects.all().delete()
    assert OptOut.objects.count() == 1_001


# --- files --------------------------------------------------------------------------------------


def test_a_file_that_changes_an_address_leaves_the_old_one_refused(load):
    refusing(consent="given", email_consent_source="par courrier")
    report = load([number(1), BEN, "", ""])
    contact = Contact.objects.get()
    assert (contact.email, contact.email_consent) == (BEN, "refused")
    assert list(OptOut.objects.values_list("address", "family", "source", "evidence")) == [
        (ADA, "email", "consent", "par courrier")
    ]
    assert report.opted_out == 1
    assert load([number(1), BEN, "", ""]).opted_out == 0


@pytest.mark.parametrize("between", [0, 6_000])
def test_an_address_of_a_later_row_that_refuses(load, between):
    Contact.objects.create(email=BEN, email_consent="given")
    many = [[number(index), "", "", ""] for index in range(10, 10 + between)]
    report = load([number(1), ADA, "", "oui"], *many, [number(1), BEN, "", "non"])
    assert not is_opted_out(ADA)
    assert list(OptOut.objects.values_list("address", "source", "evidence")) == [
        (BEN, "import", "file.csv: Newsletter: non")
    ]
    assert report.opted_out == 1
    assert Contact.objects.get(email=ADA).email_consent == "refused"


def test_every_number_and_address_of_a_row_that_refuses(load):
    header = ["Mobile", "Mobile 2", "Email", "Email 2", "Accord SMS", "Newsletter"]
    told = {0: "phone_number", 1: "phone_number", 2: "email", 3: "email"}
    report = load(
        [number(1), number(2), ADA, BEN, "non", "non"],
        [number(3), number(4), "c@shop.fr", "d@shop.fr", "oui", ""],
        header=header, columns=told,
    )  # fmt: skip
    assert set(OptOut.objects.values_list("address", flat=True)) == {number(2), BEN}
    assert report.opted_out == 2
    assert Contact.objects.get(phone_number=number(1)).consent == "refused"
    assert report.left_out == {("Mobile 2", "second"): 2, ("Email 2", "second"): 2}


def test_a_row_whose_number_is_wrong_refuses_by_its_address(load):
    Contact.objects.create(phone_number=number(5), email=ADA, consent="given",
                           email_consent="given")  # fmt: skip
    report = load(["06 12", ADA, "non", "non"], ["06 13", BEN, "oui", "oui"])
    assert (report.refused, report.opted_out, report.created) == (2, 1, 0)
    assert Contact.objects.get().consent == "refused"
    assert is_opted_out(ADA)
    assert not is_opted_out(BEN)


def test_a_dry_run_notes_nothing(load):
    Contact.objects.create(phone_number=number(5), email=ADA, consent="given")
    assert load(["06 12", ADA, "non", "non"], dry_run=True).opted_out == 1
    assert not OptOut.objects.exists()
    assert Contact.objects.get().consent == "given"


# --- what says nothing, and is told -------------------------------------------------------------


@pytest.mark.parametrize("told", [{1: "consented_at"}, {1: "consented_at", 2: "consent"}])
def test_a_date_of_no_consent_is_told(load, told):
    header = ["Mobile", "Vu le", "Accord"]
    columns = {2: "ignore", **told}
    report = load(
        [number(1), "05/01/2026", ""], [number(2), "", ""], header=header, columns=columns
    )
    assert report.left_out == {("Vu le", "no_consent"): 1}


def test_a_second_number_that_is_none_keeps_nobody_out(load):
    report = load([number(1), "néant"], [number(2), ""], header=["Mobile", "Mobile 2"],
                  columns={0: "phone_number", 1: "phone_number"})  # fmt: skip
    assert (report.created, report.refused) == (2, 0)
    assert report.left_out == {("Mobile 2", "bad_number"): 1}
