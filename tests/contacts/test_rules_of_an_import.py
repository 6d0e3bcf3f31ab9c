"""The same rules in every slice, after a kill, and against what is known."""

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from octopush_django.contacts import importer
from octopush_django.contacts.importer import import_contacts
from octopush_django.contacts.tables.files import UnreadableFile
from octopush_django.models import Contact, ContactField, ContactImport, ContactList

from ..people import number

HEADER = ["Téléphone", "Email", "Prénom", "Ville", "Accord SMS", "Date de consentement SMS"]
PARIS = ZoneInfo("Europe/Paris")


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


@pytest.fixture
def load(tmp_path):
    def load(rows, header=HEADER, **told):
        path = write(tmp_path / "file.csv", [header, *rows])
        return import_contacts(path, "Clients", refused_path=tmp_path / "refused.csv", **told)

    return load


def stored():
    fields = ("phone_number", "email", "first_name", "values", "consent", "consented_at")
    rows = Contact.objects.values_list(*fields)
    return sorted([(str(row[0] or ""), *row[1:]) for row in rows], key=lambda row: row[:2])


# --- a plain reading of the same rules ----------------------------------------------------------


class Plainly:
    """What contacts there should be: one row after the other, as slowly as can be."""

    def __init__(self):
        self.contacts = []

    def begin(self):
        self.met = []

    def find(self, phone, email):
        if phone:
            return next((one for one in self.contacts if one["phone"] == phone), None)
        with_email = [one for one in self.contacts if one["email"] == email]
        return next((one for one in with_email if not one["phone"]), next(iter(with_email), None))

    def take(self, phone, email, name, ville, consent, date):
        if not phone and not email:
            return
        status = {"oui": "given", "non": "refused", "": "unknown"}[consent]
        at = datetime.strptime(date, "%d/%m/%Y").replace(tzinfo=PARIS) if date else None
        one = self.find(phone, email)
        if one is None:
            one = {"phone": phone, "email": "", "name": "", "values": {}, "consent": "unknown",
                   "at": None}  # fmt: skip
            self.contacts.append(one)
        is_first = one not in self.met
        if is_first:
            self.met.append(one)
            one["email"] = email or one["email"]
            one["name"] = name or one["name"]
            one["values"] = {**one["values"], **({"ville": ville} if ville else {})}
        if status == "refused" and not phone:
            for other in self.contacts:
                if other["email"] == email and other["consent"] != "refused":
                    other["consent"], other["at"] = "refused", at
        if status == "unknown" or one["consent"] == "refused":
            return
        if status == "refused" or (is_first and one["consent"] != status):
            one["consent"], one["at"] = status, at
        elif is_first and at and (one["at"] is None or at > one["at"]):
            one["at"] = at

    def stored(self):
        rows = ((one["phone"], one["email"], one["name"], one["values"], one["consent"], one["at"])
                for one in self.contacts)  # fmt: skip
        return sorted(rows, key=lambda row: row[:2])


PHONES = st.sampled_from(["", number(1), number(2), number(3)])
EMAILS = st.sampled_from(["", "a@example.org", "b@example.org"])
ROWS = st.lists(
    st.tuples(
        PHONES, EMAILS, st.sampled_from(["", "Ada", "Eve"]),
        st.sampled_from(["", "Lille", "Lyon"]), st.sampled_from(["", "oui", "non"]),
        st.sampled_from(["", "05/01/2026", "06/01/2026"]),
    ),
    max_size=8,
)  # fmt: skip


class TestAgainstThePlainReading(TestCase):
    @given(st.lists(ROWS, min_size=1, max_size=3), st.integers(1, 3))
    def test_any_files_after_each_other(self, files, size):
        from tempfile import TemporaryDirectory

        plainly = Plainly()
        fields = ["phone_number", "email", "first_name", "ville", "consent", "consented_at"]
        told = dict(zip(HEADER, fields, strict=True))
        before, importer.SLICE = importer.SLICE, size
        try:
            for rows in files:
                plainly.begin()
                rows = [row for row in rows if any(row)]  # lines without a cell are no rows
                for start in range(0, len(rows), size):
                    # Within a slice people with a number come first.
                    for row in sorted(rows[start : start + size], key=lambda row: not row[0]):
                        plainly.take(*row)
                with TemporaryDirectory() as directory:
                    path = write(Path(directory) / "file.csv", [HEADER, *rows])
                    import_contacts(path, "Clients", columns=told,
                                    refused_path=Path(directory) / "r.csv")  # fmt: skip
        finally:
            importer.SLICE = before
        assert stored() == plainly.stored()
        members = Contact.objects.filter(lists__name="Clients").count()
        assert members == Contact.objects.count()


# --- slices, kills, and what is in the way ------------------------------------------------------


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(importer, "SLICE", 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_slices")
def test_the_first_row_gives_the_names_across_slices(load):
    names = (("Nora", "oui"), ("", ""), ("Noa", ""), ("Eve", "non"))
    rows = [[number(1), "", name, "", consent, ""] for name, consent in names]
    rows[1][0] = number(2)
    report = load(rows)
    assert stored()[0] == (number(1), "", "Nora", {}, "refused", None)
    assert (report.created, report.repeated, report.consent_withdrawn) == (2, 2, 1)


class Killed(BaseException):
    pass


@pytest.mark.django_db
@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("slices", [0, 1, 2, 3])
def test_a_killed_import_says_so_and_is_finished_by_doing_it_again(load, monkeypatch, slices):
    names = ["Ada", "Bob", "Cid", "Dan", "Eve", "Fay"]
    rows = [[number(i % 5), "", name, "", "", ""] for i, name in enumerate(names)]
    store, calls = importer.store, []

    def killed(*args):
        if len(calls) == slices:
            raise Killed
        calls.append(1)
        return store(*args)

    monkeypatch.setattr(importer, "store", killed)
    if slices < 3:
        with pytest.raises(Killed):
            load(rows)
        run = ContactImport.objects.get()
        assert (run.state, run.report.get("rows", 0)) == ("running", 2 * slices)
        assert Contact.objects.count() == 2 * slices
    monkeypatch.setattr(importer, "store", store)
    load(rows)
    assert [row[2] for row in stored()] == ["Ada", "Bob", "Cid", "Dan", "Eve"]
    assert ContactImport.objects.latest("pk").state == "done"


@pytest.mark.django_db
@pytest.mark.usefixtures("small_slices")
def test_a_file_that_breaks_midway_is_reported(tmp_path):
    path = tmp_path / "file.csv"
    good = "".join(f"{number(i)};Ada\n" for i in range(1100))
    path.write_text(f'Téléphone;Prénom\n{good}{number(2000)};"Ada\n{number(2001)};Eve\n')
    with pytest.raises(UnreadableFile, match=r"line 1102.* rows before it \(\d+\) were") as error:
        import_contacts(path, "Clients", refused_path=tmp_path / "r.csv")
    run = ContactImport.objects.get()
    assert run.state == "failed"
    assert str(run.report["rows"]) in str(error.value)
    assert Contact.objects.filter(lists__name="Clients").count() == run.report["created"]
    assert not Contact.objects.filter(first_name__contains=";").exists()


@pytest.mark.django_db
def test_a_dry_run_tells_and_changes_nothing(load):
    Contact.objects.create(phone_number=number(1), first_name="Old")
    rows = [[number(1), "", "Nora", "", "", ""], [number(2), "", "Luc", "", "", ""],
            ["x", "", "", "", "", ""]]  # fmt: skip
    report = load(rows, dry_run=True)
    assert (report.created, report.updated, report.refused) == (1, 1, 1)
    assert stored() == [(number(1), "", "Old", {}, "unknown", None)]
    assert not ContactList.objects.exists()
    assert not ContactImport.objects.exists()


@pytest.mark.django_db
def test_a_later_file_brings_newer_evidence_and_undoes_no_refusal(load):
    load([[number(1), "", "", "", "oui", "05/01/2026"]])
    load([[number(1), "", "", "", "oui", "04/01/2026"]])
    assert f"{Contact.objects.get().consented_at.astimezone(PARIS):%d/%m}" == "05/01"
    load([[number(1), "", "", "", "oui", "07/01/2026"]])
    assert f"{Contact.objects.get().consented_at.astimezone(PARIS):%d/%m}" == "07/01"
    load([[number(1), "", "", "", "non", ""]])
    load([[number(1), "", "", "", "oui", "09/01/2026"]])
    contact = Contact.objects.get()
    assert (contact.consent, contact.consented_at) == ("refused", None)
    assert contact.consent_source == "Accord SMS: non"


def day(text):
    return datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=PARIS) if text else None


GIVEN, REFUSED = ("given", "05/01/2026", "salon"), ("refused", "05/01/2026", "salon")


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "email_"])
@pytest.mark.parametrize(
    ("known", "row", "afterwards"),
    [
        (("unknown", "", ""), ("oui", "07/01/2026", "site"), ("given", "07/01/2026", "site")),
        (("given", "", ""), ("oui", "", "site"), ("given", "", "site")),
        (GIVEN, ("oui", "07/01/2026", "site"), ("given", "07/01/2026", "site")),
        (GIVEN, ("oui", "04/01/2026", "site"), GIVEN),
        (GIVEN, ("oui", "", "site"), GIVEN),
        (GIVEN, ("", "07/01/2026", "site"), GIVEN),
        (GIVEN, ("non", "04/01/2026", "site"), ("refused", "04/01/2026", "site")),
        (REFUSED, ("oui", "07/01/2026", "site"), REFUSED),
        (REFUSED, ("non", "07/01/2026", "site"), REFUSED),
    ],
)
def test_a_consent_has_date_and_source_of_the_row_that_decides(
    load, prefix, known, row, afterwards
):
    names = [f"{prefix}{name}" for name in ("consent", "consented_at", "consent_source")]
    for number_or_none in (number(1), None):
        contact = Contact(phone_number=number_or_none, email="" if number_or_none else "a@b.org")
        for name, value in zip(names, (known[0], day(known[1]), known[2]), strict=True):
            setattr(contact, name, value)
        contact.save()
    told = {name: name for name in names}
    load([[number(1), "", *row], ["", "a@b.org", *row]], header=["tel", "email", *names],
         columns=told)  # fmt: skip
    expected = (afterwards[0], day(afterwards[1]), afterwards[2])
    assert list(Contact.objects.values_list(*names)) == [expected, expected]


EVERYTHING = {
    "email": "nora@b.org", "first_name": "Nora", "last_name": "Petit", "points": "1 250",
    "consent": "oui", "consented_at": "05/01/2026", "consent_source": "salon",
    "email_consent": "non", "email_consented_at": "06/01/2026", "email_consent_source": "site",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("phone", [number(1), ""], ids=["by number", "by e-mail"])
@pytest.mark.parametrize("is_known", [False, True])
def test_all_that_a_row_says_is_stored(load, phone, is_known):
    ContactField.objects.create(key="points", label="Points", kind="number")
    if is_known:
        Contact.objects.create(
            phone_number=phone or None,
            email="nora@b.org",
            first_name="Old",
            last_name="Old",
            values={"points": "7"},
        )
    columns = {name: name for name in ("phone_number", *EVERYTHING)}
    load([[phone, *EVERYTHING.values()]], header=list(columns), columns=columns)
    names = [name for name in EVERYTHING if name != "points"]
    contact = Contact.objects.get()
    assert {name: getattr(contact, name) for name in names} == {
        **{name: EVERYTHING[name] for name in names}, "consent": "given",
        "consented_at": day("05/01/2026"), "email_consent": "refused",
        "email_consented_at": day("06/01/2026"),
    }  # fmt: skip
    assert (contact.values, contact.comparables) == ({"points": "1 250"}, {"points": 1250})


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("field", ["consent", "email_consent"])
def test_a_later_row_withdraws_either_consent(load, monkeypatch, size, field):
    monkeypatch.setattr(importer, "SLICE", size)
    rows = [[number(1), "oui"], [number(1), "non"]]
    report = load(rows, header=["tel", field], columns={field: field})
    assert getattr(Contact.objects.get(), field) == "refused"
    assert report.repeated == 1
    assert report.consent_withdrawn == 1


@pytest.mark.django_db
def test_numbers_and_details_of_others_stay(load):
    Contact.objects.create(
        phone_number=number(1), email="nora@example.org", values={"points": "7"}, consent="given"
    )
    load([["", "nora@example.org", "Zoe", "Lille", "", ""]])
    assert stored() == [
        (number(1), "nora@example.org", "Zoe", {"points": "7", "ville": "Lille"}, "given", None)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b"])
def test_a_list_without_a_proper_name_is_refused(load, tmp_path, name):
    path = write(tmp_path / "file.csv", [["Téléphone"], [number(1)]])
    with pytest.raises(UnreadableFile, match="1 to 100 characters"):
        import_contacts(path, name)
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_a_refusal_by_e_mail_reaches_every_number_of_the_address(load):
    load([["", "ada@example.org", "", "", "", ""]])
    load([[number(1), "ada@example.org", "", "", "oui", ""],
          [number(2), "ada@example.org", "", "", "oui", ""]])  # fmt: skip
    load([["", "ada@example.org", "", "", "non", ""]])
    assert {row[4] for row in stored()} == {"refused"}


@pytest.mark.django_db
@pytest.mark.parametrize("phone", [None, number(1)], ids=["without a number", "with a number"])
def test_who_is_found_by_an_address_alone_comes_into_the_list(load, phone):
    known = Contact.objects.create(phone_number=phone, email="nora@example.org")
    Contact.objects.create(email="luc@example.org")
    Contact.objects.create(phone_number=number(2))
    report = load([["", "nora@example.org", "", "", "", ""], ["", "new@example.org", *[""] * 4]])
    assert (report.created, report.unchanged) == (1, 1)
    made = Contact.objects.get(email="new@example.org")
    assert set(Contact.objects.filter(lists__name="Clients")) == {known, made}


@pytest.mark.django_db
def test_of_two_contacts_of_an_address_the_one_without_a_number_comes_into_the_list(load):
    Contact.objects.create(phone_number=number(1), email="nora@example.org")
    bare = Contact.objects.create(email="nora@example.org")
    load([["", "nora@example.org", "", "", "", ""]])
    assert list(Contact.objects.filter(lists__name="Clients")) == [bare]


@pytest.mark.django_db
@pytest.mark.parametrize("dry_run", [False, True])
def test_refused_rows_of_a_dry_run_are_counted_and_not_written(tmp_path, monkeypatch, dry_run):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "file.csv", [["Téléphone"], [number(1)], ["x"]])
    report = import_contacts(path, "Clients", dry_run=dry_run)
    assert (report.refused, dict(report.refusals)) == (1, {"bad_number": 1})
    assert report.refused_path == (None if dry_run else Path("file.refused.csv"))
    assert (tmp_path / "file.refused.csv").exists() != dry_run


@pytest.mark.django_db
def test_refused_rows_of_a_dry_run_go_where_they_are_wanted(tmp_path):
    path = write(tmp_path / "file.csv", [["Téléphone"], [number(1)], ["x"]])
    wanted = tmp_path / "wanted.csv"
    assert import_contacts(path, "A", dry_run=True, refused_path=wanted).refused_path == wanted
    assert ";x" in wanted.read_text("utf-8-sig")


@pytest.mark.django_db
@pytest.mark.parametrize("country", [41, 0, False, b"CH", ["CH"], {}])
def test_a_country_that_is_no_text_is_refused_in_the_same_words(load, country):
    with pytest.raises(UnreadableFile) as refusal:
        load([[number(1), "", "", "", "", ""]], country=country)
    said = f"{str(country).upper()} is no country: write two letters, such as CH."
    assert (str(refusal.value), refusal.value.code) == (said, "country")
    assert not ContactImport.objects.exists()


@pytest.mark.django_db
def test_a_country_that_is_not_said_is_that_of_the_settings(load):
    load([["0639980001", "", "", "", "", ""]], country="")
    load([["0639980002", "", "", "", "", ""]], country=None)
    assert [row[0] for row in stored()] == ["+33639980001", "+33639980002"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", [None, 41, b"Clients", ["Clients"]])
def test_a_name_of_a_list_that_is_no_text_is_refused_in_the_same_words(tmp_path, name):
    path = write(tmp_path / "file.csv", [["Téléphone"], [number(1)]])
    with pytest.raises(UnreadableFile, match="must have 1 to 100 characters") as refusal:
        import_contacts(path, name, refused_path=tmp_path / "refused.csv")
    assert refusal.value.code == "list_name"
    assert not ContactList.objects.exists()


@pytest.mark.django_db
def test_a_translated_name_of_a_list_is_a_text(tmp_path):
    path = write(tmp_path / "file.csv", [["Téléphone"], [number(1)]])
    import_contacts(path, gettext_lazy("Clients"), refused_path=tmp_path / "refused.csv")
    assert ContactList.objects.get().name == "Clients"


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["missing/refused.csv", "."])
def test_a_place_where_refused_rows_cannot_go_is_refused_at_once(tmp_path, place):
    path = write(tmp_path / "file.csv", [["Téléphone"], [number(1)], ["x"]])
    with pytest.raises(UnreadableFile, match="cannot be written"):
        import_contacts(path, "Clients", refused_path=tmp_path / place)
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()
