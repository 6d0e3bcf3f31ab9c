"""The messy file, in every dialect, gives the same contacts."""

import csv
import gc
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from openpyxl import Workbook

from octopush_django import numbers
from octopush_django.contacts import importer
from octopush_django.contacts.importer import import_contacts
from octopush_django.contacts.tables.files import UnreadableFile
from octopush_django.models import Contact, ContactList, OptOut

pytestmark = pytest.mark.django_db

FILE = Path(__file__).parents[1] / "files" / "contacts-fr.csv"
HEADER = ["Prénom", "Nom", "Téléphone", "E-mail", "Ville", "Consentement", "Date de consentement"]


def everybody():
    fields = ("phone_number", "email", "first_name", "last_name", "values", "consent",
              "consented_at", "line_type")  # fmt: skip
    rows = Contact.objects.values_list(*fields)
    return sorted([tuple(str(value) for value in row) for row in rows])


def load(tmp_path, path=FILE):
    return import_contacts(path, "Clients", refused_path=tmp_path / "refused.csv")


def rows_of(path):
    with path.open(encoding="cp1252", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def write(path, rows, encoding="utf-8", delimiter=","):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def _marked(rows):
    """The rows with a byte order mark before the first header."""
    [first, *others], *rest = rows
    return [[f"\ufeff{first}", *others], *rest]


def workbook(path, rows):
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_the_shared_file(tmp_path):
    report = load(tmp_path)
    assert (report.rows, report.created, report.refused, report.repeated) == (2000, 1815, 71, 114)
    assert dict(report.refusals) == {"bad_number": 51, "spreadsheet_number": 11, "no_address": 9}
    assert report.consent_withdrawn == 15
    assert Contact.objects.filter(lists__name="Clients").count() == 1815
    assert report.columns["Ville"] == "ville"


def test_first_names_stay_and_any_refusal_wins(tmp_path):
    load(tmp_path)
    expected = {}
    for row in rows_of(FILE)[1:]:
        number = numbers.canonical(row[2])
        if number:
            first, refused = expected.get(number, (row[0], False))
            expected[number] = (first, refused or row[5].strip().lower() == "non")
    found = {
        str(number): (first, consent == "refused")
        for number, first, consent in Contact.objects.values_list(
            "phone_number", "first_name", "consent"
        )
    }
    assert found == expected


def test_importing_again_changes_nothing(tmp_path):
    load(tmp_path)
    before = everybody()
    report = load(tmp_path)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 1815)
    assert everybody() == before


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("utf8-semicolon.csv", lambda path, rows: write(path, rows, delimiter=";")),
        ("utf8-comma.csv", lambda path, rows: write(path, rows)),
        ("utf8-bom-tab.tsv", lambda path, rows: write(path, rows, "utf-8-sig", "\t")),
        ("utf16-tab.txt", lambda path, rows: write(path, rows, "utf-16", "\t")),
        ("utf16-be.txt", lambda path, rows: write(path, _marked(rows), "utf-16-be", "\t")),
        ("book.xlsx", workbook),
    ],
)
def test_every_dialect_gives_the_same_contacts(tmp_path, name, make):
    load(tmp_path)
    expected = everybody()
    Contact.objects.all().delete()
    report = load(tmp_path, make(tmp_path / name, rows_of(FILE)))
    assert report.refused == 71
    assert everybody() == expected


def test_refused_rows_are_kept_with_line_and_reason(tmp_path):
    report = load(tmp_path)
    with report.refused_path.open(encoding="utf-8-sig", newline="") as file:
        refused = list(csv.reader(file, delimiter=";"))
    assert refused[0] == ["line", "reason", *HEADER]
    assert len(refused) == 1 + 71
    source = rows_of(FILE)
    for line, reason, *cells in refused[1:]:
        assert source[int(line) - 1] == cells
        assert reason.endswith(".")
    assert any("rounded" in row[1] for row in refused)


def test_an_address_alone_is_a_contact(tmp_path):
    path = write(tmp_path / "a.csv", [["Email", "Mobile"], ["A@example.org", ""], ["", "  "]])
    report = load(tmp_path, path)
    assert (report.created, report.without_number, report.refused) == (1, 1, 0)
    assert Contact.objects.get().email == "a@example.org"
    assert load(tmp_path, path).unchanged == 1


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("06 12", "bad_number"), ("6,39981E+08", "spreadsheet_number")],
)
def test_bad_numbers_are_refused_even_with_an_address(tmp_path, cell, kind):
    path = write(tmp_path / "a.csv", [["mail", "tel"], ["a@example.org", cell]])
    assert dict(load(tmp_path, path).refusals) == {kind: 1}


def test_what_is_neither_yes_nor_no_is_refused(tmp_path):
    rows = [["tel", "consent"], ["0612345678", "perhaps"], ["0612345679", "VRAI"]]
    report = load(tmp_path, write(tmp_path / "a.csv", rows))
    assert dict(report.refusals) == {"bad_consent": 1}
    assert Contact.objects.get().consent == "given"


def test_a_refusal_in_the_database_survives_any_file(tmp_path):
    Contact.objects.create(phone_number="0612345678", consent="refused")
    OptOut.objects.create(address="0612345678")
    load(tmp_path, write(tmp_path / "a.csv", [["tel", "consent"], ["0612345678", "oui"]]))
    assert Contact.objects.get().consent == "refused"
    assert OptOut.objects.count() == 1


def test_new_values_win_over_old_ones_and_empty_cells_do_not(tmp_path):
    Contact.objects.create(phone_number="0612345678", first_name="Old", last_name="Kept")
    rows = [["tel", "prenom", "nom"], ["0612345678", "New", ""]]
    assert load(tmp_path, write(tmp_path / "a.csv", rows)).updated == 1
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name) == ("New", "Kept")


def test_a_file_without_numbers_is_not_imported(tmp_path):
    with pytest.raises(UnreadableFile, match="Téléphone"):
        load(tmp_path, write(tmp_path / "a.csv", [["Prénom"], ["Zoé"]]))
    with pytest.raises(UnreadableFile):
        load(tmp_path, tmp_path / "missing.csv")
    assert not ContactList.objects.exists()


def test_a_last_letter_of_western_europe_is_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("tel;prenom\n0612345678;Ren\xe9".encode("cp1252"))
    load(tmp_path, path)
    assert Contact.objects.get().first_name == "Ren\xe9"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x00", b"tel\n\x00\x00\n", b"PK\x03\x04 not a zip", b"tel\r0612345678\r",
     b'tel\n"0612345678\n', b"tel;x\n" + b";" * 400, b"tel\n" + b"9" * 20_000, b"\xff\xfe"],
)  # fmt: skip
def test_rubbish_never_gives_a_traceback(tmp_path, content):
    path = tmp_path / "rubbish.csv"
    path.write_bytes(content)
    with suppress(UnreadableFile):
        load(tmp_path, path)
    assert not Contact.objects.exclude(phone_number="0612345678").exists()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(importer, "SLICE", 250)

    def peak(first, people):
        rows = ([f"0{first + i}", f"P{i}"] for i in range(people))
        path = write(tmp_path / "big.csv", [["tel", "prenom"], *rows])
        gc.collect()
        tracemalloc.start()
        load(tmp_path, path)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(600_000_000, 1000)
    # Both are longer than what is read at once.
    small, large = peak(610_000_000, 20_000), peak(620_000_000, 45_000)
    # Twenty-five thousand rows more would take seven million bytes at least.
    assert large < small + 1_000_000, (small, large)
