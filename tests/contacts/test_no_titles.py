"""A file whose first line is a person: nobody in it is taken for a title and lost."""

import csv

import pytest

from octopush_django.contacts.importer import UndecidedColumns, import_contacts
from octopush_django.models import Contact

from ..people import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    def load(rows, columns):
        path = tmp_path / "file.csv"
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)
        refused = tmp_path / "refused.csv"
        return import_contacts(path, "Clients", columns=columns, refused_path=refused)

    return load


def people():
    rows = Contact.objects.order_by("pk").values_list("first_name", "phone_number", "email")
    return [(first_name, str(phone or ""), email) for first_name, phone, email in rows]


@pytest.mark.parametrize(
    ("said", "first", "second", "found"),
    [
        ({1: "phone_number"}, "06 10 00 00 00", "0610000001", [number(0), number(1)]),
        ({"column_2": "phone_number"}, "610000000", "610000001", [number(0), number(1)]),
        ({"+33610000000": "phone_number"}, "+33610000000", "", [number(0)]),
        ({1: "email"}, "nora@example.org", "luc@example.org", ["nora@example.org",
                                                              "luc@example.org"]),
    ],
)  # fmt: skip
def test_the_first_person_comes_in_like_the_others(load, said, first, second, found):
    report = load([["Nora", first], ["Luc", second]], {**said, 0: "first_name"})
    assert [phone or email for _name, phone, email in people()] == found
    assert people()[0][0] == "Nora"
    assert (report.rows, report.created, report.refused) == (2, len(found), 2 - len(found))
    assert set(report.columns) == {"column_1", "column_2"}


def test_it_is_asked_first_and_nothing_is_imported(load):
    with pytest.raises(UndecidedColumns, match="imported like the others"):
        load([["Nora", "0610000000"], ["Luc", "0610000001"]], {})
    assert not Contact.objects.exists()


def test_a_detail_of_a_column_without_a_title_is_called_by_its_place(load):
    load([["Nantes", "0610000000"], ["Brest", "0610000001"]], {1: "phone_number"})
    assert list(Contact.objects.order_by("pk").values_list("values", flat=True)) == [
        {"column_1": "Nantes"}, {"column_1": "Brest"},
    ]  # fmt: skip


def test_refused_rows_have_no_person_above_them(load, tmp_path):
    load([["Nora", "0610000000"], ["Luc", "06"], ["Ada", "0610000002"]],
         {1: "phone_number", 0: "first_name"})  # fmt: skip
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        titles, row = csv.reader(file, delimiter=";")
    assert (titles[2:], row[0], row[2:]) == (["", ""], "2", ["Luc", "06"])
