"""Contacts in through the admin: the file, its columns, the report; every button pressed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from octopush_django.contacts import importer
from octopush_django.models import Contact, ContactField, ContactImport, ContactList

from ..desk import seen, url
from ..people import number

FILES = Path(__file__).parents[1] / "files" / "imports"

pytestmark = pytest.mark.django_db


def upload(client, content, name="clients.csv", **form):
    """Press "Look at the file"; the page that comes then."""
    if isinstance(content, str):
        content = content.encode()
    data = {"import_file": SimpleUploadedFile(name, content), "new_list": "Clients", **form}
    return client.post(url("contact_import"), data, follow=True)


def chosen(page):
    """What the page proposes for each column."""
    return {row["name"]: row["chosen"] for row in page.context["form"].rows}


def press_import(client, page, **columns):
    address = page.request["PATH_INFO"]
    return client.post(address, {**chosen(page), **columns, "import": "Import"}, follow=True)


def test_from_the_file_to_the_report(admin_client):
    content = "Prénom;Téléphone;Consentement;Ville\nZoé;06 39 98 10 01;oui;Lille\nMax;abc;non;\n"
    page = upload(admin_client, content.encode("cp1252"))
    assert "Everybody comes into the list “Clients”" in seen(page)
    assert "06 39 98 10 01" in seen(page)
    assert "New personal detail “Ville”" in seen(page)
    assert not Contact.objects.exists()
    page = press_import(admin_client, page)
    assert "2 rows were read. 1 contact is new." in seen(page)
    assert "1 row was refused no phone number (1)" in seen(page)
    contact = Contact.objects.get(lists__name="Clients")
    assert (contact.phone_number, contact.first_name, contact.consent, contact.values) == (
        "+33639981001", "Zoé", "given", {"ville": "Lille"},
    )  # fmt: skip
    run = ContactImport.objects.get()
    assert (run.state, run.file, run.created_by.username) == ("done", None, "admin")
    answer = admin_client.get(url("contactimport_refused", run.pk))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="clients.refused.csv"'
    assert "Max;abc;non" in answer.content.decode("utf-8-sig")
    assert "clients.csv" in seen(admin_client.get(url("contactimport_changelist")))


def test_a_workbook(admin_client):
    page = upload(admin_client, (FILES / "whole-numbers.xlsx").read_bytes(), "int.xlsx")
    press_import(admin_client, page)
    assert Contact.objects.count() == 3


def test_an_empty_cell_changes_nothing(admin_client):
    Contact.objects.create(phone_number="+33639981001", first_name="Nora",
                           email="nora@example.org", consent="given")  # fmt: skip
    page = upload(admin_client, "Téléphone;Prénom;Consentement;Email\n0639981001;;;\n")
    page = press_import(admin_client, page, column_2="consent", column_3="email")
    contact = Contact.objects.get()
    assert (contact.first_name, contact.email, contact.consent) == (
        "Nora", "nora@example.org", "given",
    )  # fmt: skip
    assert "1 contact was known as it is." in seen(page)


def test_a_question_is_asked_until_it_is_answered(admin_client):
    page = upload(admin_client, "Téléphone;RGPD\n0639981001;niveau 2\n0639981002;niveau 3\n")
    assert chosen(page)["column_1"] == ""
    assert "Please say what it is." in seen(page)
    page = press_import(admin_client, page)
    assert "“RGPD”" in seen(page)
    assert not Contact.objects.exists()
    press_import(admin_client, page, column_1="ignore")
    assert Contact.objects.count() == 2
    assert not ContactField.objects.exists()


def test_what_a_person_says_of_a_column_counts(admin_client):
    ContactField.objects.create(key="ville", label="Ville")
    page = upload(admin_client, "Téléphone;Magasin\n0639981001;Lille\n")
    press_import(admin_client, page, column_1="ville")
    assert Contact.objects.get().values == {"ville": "Lille"}


def test_accents_that_may_be_read_in_two_ways(admin_client):
    page = upload(admin_client, "Tel;Prenom\n0639981001;François\n".encode("cp850"))
    assert "François (cp850)" in seen(page)
    assert "Franáois (mac_roman)" in seen(page)
    page = admin_client.post(page.request["PATH_INFO"], {"encoding": "cp850"})
    press_import(admin_client, page, encoding="cp850")
    assert Contact.objects.get().first_name == "François"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The submitted file is empty."),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "This is a picture."),
        ("Prénom;Ville\nAda;Lille\n", "No column holds phone numbers"),
        ('Téléphone;Prénom\n0639981001;"Luc\n0639981002;Ann\n', "line 2"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(admin_client, content, said):
    page = upload(admin_client, content)
    assert said in seen(page)
    assert "Traceback" not in page.content.decode()
    assert not Contact.objects.exists()
    # One that can be read waits for an answer to its question.
    assert ContactImport.objects.exists() == ("No column" in said)


def test_a_file_that_breaks_midway_leaves_its_report_and_its_refused_rows(
    admin_client, monkeypatch
):
    monkeypatch.setattr(importer, "SLICE", 200)
    good = "".join(f"{number(i)};Ada\n" for i in range(1100))
    content = f'Téléphone;Prénom\nrubbish;Max\n{good}{number(2000)};"Eve\n{number(2001)};Eve\n'
    page = press_import(admin_client, upload(admin_client, content))
    assert "mend the file and import it again" in seen(page)
    run = ContactImport.objects.get()
    assert (run.state, run.file, run.finished_at is None) == ("failed", None, False)
    page = seen(admin_client.get(url("contactimport_change", run.pk)))
    assert f"{run.report['rows']} rows were read." in page
    assert "Download them with their reasons" in page
    answer = admin_client.get(url("contactimport_refused", run.pk))
    assert "rubbish;Max" in answer.content.decode("utf-8-sig")


def test_a_new_file_takes_the_place_of_the_one_that_waits_and_of_no_other(
    admin_client, admin_user, django_user_model
):
    other = django_user_model.objects.create_superuser("other")
    for name, state, by in (("done", "done", admin_user), ("abandoned", "waiting", admin_user),
                            ("of somebody else", "waiting", other)):  # fmt: skip
        ContactImport.objects.create(file_name=name, state=state, created_by=by)
    upload(admin_client, f"Téléphone\n{number(1)}\n", "new")
    names = set(ContactImport.objects.values_list("file_name", flat=True))
    assert names == {"done", "of somebody else", "new"}


def test_a_row_with_fewer_cells_than_titles_is_shown_as_it_is(admin_client):
    page = upload(admin_client, f"Téléphone;Ville\n{number(1)}\n{number(2)};{'x' * 99}\n")
    examples = [row["examples"] for row in page.context["form"].rows]
    assert examples == [[number(1), number(2)], ["x" * 60]]


def test_the_country_of_the_site_is_proposed_and_taken_where_none_is_written(
    admin_client, settings
):
    settings.PHONENUMBER_DEFAULT_REGION = "CH"
    assert 'value="CH"' in admin_client.get(url("contact_import")).content.decode()
    press_import(admin_client, upload(admin_client, "Téléphone\n079 123 45 67\n", country=""))
    assert Contact.objects.get().phone_number == "+41791234567"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"new_list": ""}, "Choose a list, or name a new one."),
        ({"country": "XX"}, "Write two letters"),
        ({"import_file": ""}, "This field is required."),
    ],
)
def test_a_form_that_is_not_filled_in(admin_client, form, said):
    assert said in seen(upload(admin_client, "Téléphone\n0639981001\n", **form))
    assert not ContactImport.objects.exists()


def test_a_file_over_the_limit(admin_client, settings):
    settings.OCTOPUSH_IMPORT_LIMIT = 1_000_000
    page = upload(admin_client, "Téléphone\n" + "0639981001\n" * 100_000)
    assert "more than 1 MB" in seen(page)


def test_a_list_that_there_is_and_another_country(admin_client):
    chosen_list = ContactList.objects.create(name="Suisse")
    page = upload(admin_client, "Handynummer\n079 123 45 67\n", new_list="", country="ch",
                  contact_list=chosen_list.pk)  # fmt: skip
    press_import(admin_client, page)
    assert str(chosen_list.contacts.get().phone_number) == "+41791234567"


def test_pressed_twice_it_is_imported_once(admin_client):
    page = upload(admin_client, f"Téléphone\n{number(1)}\n")
    first = press_import(admin_client, page)
    again = press_import(admin_client, page)
    assert first.redirect_chain[-1] == again.redirect_chain[-1]
    assert ContactImport.objects.count() == 1


def test_nobody_decides_on_the_file_of_somebody_else(admin_client, django_user_model):
    other = django_user_model.objects.create_superuser("other")
    run = ContactImport.objects.create(
        file_name="x", file=b"T\xe9l\n", state="waiting", created_by=other, options={}
    )
    address = url("contact_import_columns", run.pk)
    assert admin_client.get(address).status_code == 404
    assert admin_client.post(address, {"import": "1"}).status_code == 404


def test_what_is_exported_can_be_imported(admin_client, client):
    ContactField.objects.create(key="ville", label="Ville")
    Contact.objects.create(
        phone_number="+33639981001", first_name="Nora", last_name="Petit",
        values={"ville": "Lille"}, email="nora@example.org",
        consent="refused", consent_source="salon",
        consented_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        email_consent="given", email_consent_source="site",
        email_consented_at=datetime(2026, 7, 6, 22, 30, tzinfo=UTC),
    )  # fmt: skip
    form = admin_client.get(url("contact_export")).context["form"]
    kinds = {title: value for value, title in form.fields["format"].choices}
    fields = {name: True for name in form.fields if name.startswith("contactresource_")}
    answer = admin_client.post(
        url("contact_export"), {**fields, "resource": 0, "format": kinds["csv"]}
    )
    names = ("phone_number", "first_name", "last_name", "values", "email",
             "consent", "consent_source", "consented_at",
             "email_consent", "email_consent_source", "email_consented_at")  # fmt: skip
    before = list(Contact.objects.values_list(*names))
    Contact.objects.all().delete()
    press_import(admin_client, upload(admin_client, answer.content))
    assert list(Contact.objects.values_list(*names)) == before


@pytest.mark.parametrize("title", ["Optin", "Désinscrit"])
def test_what_the_page_shows_is_what_is_imported(admin_client, title):
    """An answer to one column does not change another one behind the page."""
    rows = "a@example.org;639981001;oui\nb@example.org;639981002;oui\n"
    page = upload(admin_client, f"Email;Perso;{title}\n{rows}")
    shown = chosen(page)
    press_import(admin_client, page, column_1="phone_number")
    run = ContactImport.objects.get()
    assert run.state == "done"
    assert run.report["columns"][title] == shown["column_2"]


def test_choices_that_no_page_offers_get_a_sentence(admin_client):
    for column, value in (
        ("column_0", "param1"),
        ("column_0", "a\x00b"),
        ("column_0", "DROP TABLE"),
    ):
        page = upload(admin_client, "Téléphone\n0639981001\n")
        answer = press_import(admin_client, page, **{column: value})
        assert "is no field" in seen(answer)
    assert not Contact.objects.exists()


def test_an_import_begins_once(admin_client):
    page = upload(admin_client, "Téléphone\n0639981001\n")
    ContactImport.objects.update(state="running")
    press_import(admin_client, page)
    assert not Contact.objects.exists()


def test_a_file_without_titles_shows_its_first_person_and_keeps_them(admin_client):
    page = upload(admin_client, "Nora;0639981001\nLuc;0639981002\n")
    assert "this line is imported like the others" in seen(page)
    assert "Column 1 Nora Luc" in seen(page)
    page = press_import(admin_client, page, column_0="first_name", column_1="phone_number")
    assert "2 rows were read. 2 contacts are new." in seen(page)
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Nora", "Luc"}


def test_other_addresses_of_who_refuses_are_told(admin_client):
    page = upload(admin_client, "Mobile;Mobile 2;Accord SMS\n0639981001;0639981002;non\n")
    page = press_import(admin_client, page)
    assert "1 other address of people who refuse advertising was noted as opted out" in seen(page)
    assert "Mobile 2: the person has another one already (1)" in seen(page)
