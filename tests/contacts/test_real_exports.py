"""Files as other tools write them, with invented people."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from octopush_django.contacts.importer import UndecidedColumns, import_contacts
from octopush_django.contacts.tables.files import UnreadableFile
from octopush_django.models import Contact, ContactField

FILES = Path(__file__).parents[1] / "files" / "imports"
NORA, LUC = "+33639981001", "+33639981002"

pytestmark = pytest.mark.django_db


def load(path, tmp_path, **told):
    return import_contacts(path, "Clients", refused_path=tmp_path / "refused.csv", **told)


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    return path


def people(*fields):
    return list(Contact.objects.order_by("pk").values_list(*fields))


def by_name():
    return {contact.first_name: contact for contact in Contact.objects.all()}


@pytest.mark.parametrize("name", ["hubspot-en", "hubspot-fr", "google-new", "google-old"])
def test_the_mobile_of_several_numbers_is_taken(tmp_path, name):
    load(FILES / f"{name}.csv", tmp_path)
    assert people("phone_number", "first_name", "last_name") == [
        (NORA, "Nora", "Petit"), (LUC, "Luc", "Roy"),
    ]  # fmt: skip


def test_a_column_named_sms_holds_numbers_and_opt_in_is_an_e_mail_matter(tmp_path):
    load(FILES / "brevo.csv", tmp_path)
    assert people("phone_number", "consent", "email_consent") == [
        (NORA, "unknown", "given"), (LUC, "unknown", "unknown"),
    ]  # fmt: skip
    assert by_name()["Nora"].values["ville"] == "Lille"


def test_consents_of_a_till(tmp_path):
    report = load(FILES / "cegid.csv", tmp_path)
    nora, luc = by_name()["Nora"], by_name()["Luc"]
    assert (nora.consent, nora.email_consent) == ("given", "refused")
    assert (luc.consent, luc.email_consent) == ("refused", "given")
    assert nora.consent_source == "Accord SMS: Oui"
    assert nora.phone_number == NORA
    assert report.columns["Tél. domicile"] == "phone_number"


def test_consents_of_a_shop(tmp_path):
    load(FILES / "shopify.csv", tmp_path)
    nora, luc = by_name()["Nora"], by_name()["Luc"]
    assert (nora.phone_number, nora.consent, nora.email_consent) == (NORA, "refused", "given")
    assert (luc.phone_number, luc.consent, luc.email_consent) == (LUC, "given", "refused")
    assert nora.values["default_address_zip"] == "59000"


def test_a_file_of_e_mail_addresses_alone(tmp_path):
    load(FILES / "prestashop.csv", tmp_path)
    [nora] = Contact.objects.all()
    assert (nora.phone_number, nora.email) == (None, "nora@example.org")
    assert (nora.consent, nora.email_consent) == ("unknown", "given")
    assert nora.values["offres_partenaires"] == "0"


def test_a_calling_code_of_its_own_column(tmp_path):
    load(FILES / "mailing-tool-country-code.csv", tmp_path)
    numbers = {name: str(contact.phone_number) for name, contact in by_name().items()}
    assert numbers == {"Lea": "+41791234567", "Tom": "+32470123456", "Nora": NORA}


@pytest.mark.parametrize("country", ["CH", "Suisse", "Switzerland", "+41"])
def test_a_country_in_words(tmp_path, country):
    rows = f"Téléphone;Pays\n079 123 45 67;{country}\n06 39 98 10 01;FR\n"
    load(write(tmp_path, rows), tmp_path)
    assert people("phone_number") == [("+41791234567",), (NORA,)]


def test_a_country_for_the_whole_file(tmp_path):
    path = write(tmp_path, "Handynummer\n079 123 45 67\n")
    load(path, tmp_path, country="ch")
    assert people("phone_number") == [("+41791234567",)]
    with pytest.raises(UnreadableFile, match="XX is no country"):
        load(path, tmp_path, country="xx")


def test_a_country_that_nobody_knows_refuses_the_row(tmp_path):
    known = "".join(f"06399811{i:02d};FR\n" for i in range(50))
    rows = f"Téléphone;Pays\n0639981001;Atlantis\n{LUC};Atlantis\n{known}"
    told = {"Pays": "country"}
    report = load(write(tmp_path, rows), tmp_path, columns=told)
    assert dict(report.refusals) == {"bad_country": 1}
    assert people("phone_number")[0] == (LUC,)
    assert len(people("phone_number")) == 51


@pytest.mark.parametrize(
    ("word", "consent"),
    [("Opt-in", "given"), ("accepté", "given"), ("subscribed", "given"),
     ("désinscrit", "refused"), ("Non abonné", "refused"), ("unsubscribed", "refused"),
     ("STOP SMS", "refused"), ("", "unknown")],
)  # fmt: skip
def test_consent_as_people_write_it(tmp_path, word, consent):
    load(write(tmp_path, f"Téléphone;Consentement\n0639981001;{word}\n0639981002;oui\n"), tmp_path)
    assert people("consent") == [(consent,), ("given",)]


@pytest.mark.parametrize("title", ["Désinscrit", "STOP", "Blacklisté", "Opt-out", "Unsubscribed"])
@pytest.mark.parametrize(("cell", "consent"), [("oui", "refused"), ("non", "unknown"),
                                               ("X", "refused"), ("", "unknown")])  # fmt: skip
def test_a_column_may_say_the_contrary(tmp_path, title, cell, consent):
    load(write(tmp_path, f"Téléphone;{title}\n0639981001;{cell}\n0639981002;oui\n"), tmp_path)
    assert people("consent") == [(consent,), ("refused",)]


def test_a_column_that_smells_of_consent_stops_the_import(tmp_path):
    path = write(tmp_path, "Téléphone;RGPD\n0639981001;niveau 2\n0639981002;niveau 3\n")
    with pytest.raises(UndecidedColumns) as stop:
        load(path, tmp_path)
    [question] = stop.value.questions
    assert (question.title, question.code) == ("RGPD", "consent")
    assert not Contact.objects.exists()
    assert not ContactField.objects.exists()
    load(path, tmp_path, columns={"RGPD": "ignore"})
    assert people("phone_number", "values") == [(NORA, {}), (LUC, {})]


def test_date_source_and_words_of_a_consent_are_kept(tmp_path):
    rows = ("Téléphone;Consentement;Date de consentement;Origine de consentement\n"
            "0639981001;oui;05/01/2026;salon\n0639981002;oui;;\n")  # fmt: skip
    load(write(tmp_path, rows), tmp_path)
    nora, luc = Contact.objects.order_by("pk")
    assert nora.consented_at == datetime(2026, 1, 5, tzinfo=ZoneInfo("Europe/Paris"))
    assert nora.consent_source == "salon"
    assert (luc.consented_at, luc.consent_source) == (None, "Consentement: oui")


@pytest.mark.parametrize(
    ("titles", "field", "cells", "stored", "left_out"),
    [
        ("Nom d'usage;Nom", "last_name", ";Petit", "Petit", {}),
        ("Nom d'usage;Nom", "last_name", "Roy;Petit", "Roy", {("Nom", "second"): 1}),
        ("Nom d'usage;Nom", "last_name", "Roy;Roy", "Roy", {}),
        ("Mail pro;Mail", "email", "-;nora@example.org", "nora@example.org",
         {("Mail pro", "bad_email"): 1}),
        ("Mail pro;Mail", "email", "nora@example.org;n@example.org", "nora@example.org",
         {("Mail", "second"): 1}),
        ("Mail pro;Mail", "email", "nora@example.org;Nora@Example.org", "nora@example.org", {}),
        ("Ville;Commune", "ville", "Lille;Lyon", {"ville": "Lille"},
         {("Commune", "second"): 1}),
        ("Ville;Commune", "ville", ";Lyon", {"ville": "Lyon"}, {}),
        ("Vu le;Date", "consented_at", "hier;05/01/2026",
         datetime(2026, 1, 5, tzinfo=ZoneInfo("Europe/Paris")), {("Vu le", "bad_date"): 1}),
        ("Origine;Lieu", "consent_source", ";salon", "salon", {}),
    ],
)  # fmt: skip
def test_of_several_columns_of_one_kind_the_first_that_says_something_counts(
    tmp_path, titles, field, cells, stored, left_out
):
    path = write(tmp_path, f"Téléphone;Optin;{titles}\n0639981001;oui;{cells}\n")
    told = {"Optin": "consent", **dict.fromkeys(titles.split(";"), field)}
    report = load(path, tmp_path, columns=told)
    column = "values" if field == "ville" else field
    assert (people(column), dict(report.left_out)) == ([(stored,)], left_out)


def test_a_row_that_ends_early_has_no_more_cells(tmp_path):
    load(write(tmp_path, f"Téléphone;Prénom;Ville\n{NORA};Nora\n{LUC};Luc;Lyon\n"), tmp_path)
    assert people("first_name", "values") == [("Nora", {}), ("Luc", {"ville": "Lyon"})]


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        ("Téléphone;Email\n0639981001;-\n", ("Email", "bad_email")),
        ("Téléphone;Email\n0639981001;a@example.org, b@example.org\n", ("Email", "bad_email")),
        (f"Téléphone;Notes\n0639981001;{'n' * 256}\n", ("Notes", "too_long")),
        (f"Téléphone;Prénom\n0639981001;{'n' * 101}\n", ("Prénom", "too_long")),
        ("Téléphone;Consentement;Date de consentement\n0639981001;oui;hier\n",
         ("Date de consentement", "bad_date")),
    ],
)  # fmt: skip
def test_a_side_cell_that_is_wrong_is_left_out_and_the_person_comes_in(tmp_path, rows, left_out):
    told = {"Date de consentement": "consented_at"} if "Date" in rows else {}
    report = load(write(tmp_path, rows), tmp_path, columns=told)
    assert dict(report.left_out) == {left_out: 1}
    assert (report.created, report.refused) == (1, 0)
    assert people("phone_number", "email", "first_name", "values") == [(NORA, "", "", {})]


def test_a_number_or_date_that_cannot_be_compared_is_left_out(tmp_path):
    ContactField.objects.create(key="points", label="Points", kind="number")
    rows = "Téléphone;Points\n0639981001;1 250,5\n0639981002;beaucoup\n"
    report = load(write(tmp_path, rows), tmp_path)
    assert dict(report.left_out) == {("Points", "no_number"): 1}
    assert people("values", "comparables") == [
        ({"points": "1 250,5"}, {"points": 1250.5}), ({}, {}),
    ]  # fmt: skip


def test_a_row_with_more_cells_than_titles_is_refused(tmp_path):
    rows = "Nom,Téléphone,Ville\nPetit,0639981001,Lille\nRoy, Luc,0639981002,Lyon\n"
    report = load(write(tmp_path, rows), tmp_path)
    assert dict(report.refusals) == {"too_many_cells": 1}
    assert people("phone_number") == [(NORA,)]


def test_refused_rows_are_mended_and_come_in(tmp_path):
    rows = "Téléphone;Prénom;Note\n0639981001;Nora;=1+1\nrubbish;Luc;-x\n0639;Ann;a\n"
    report = load(write(tmp_path, rows), tmp_path)
    assert (report.created, report.refused) == (1, 2)
    mended = report.refused_path.read_text("utf-8-sig")
    mended = mended.replace(";rubbish;", ";0639981002;").replace(";0639;", ";0639981003;")
    path = tmp_path / "mended.csv"
    path.write_text(mended)
    report = import_contacts(path, "Clients", refused_path=tmp_path / "again.csv")
    assert (report.created, report.refused, report.refused_path) == (2, 0, None)
    assert by_name()["Luc"].values == {"note": "-x"}
    assert set(ContactField.objects.values_list("key", flat=True)) == {"note"}


def test_reasons_are_in_the_language_of_who_imports(tmp_path):
    with translation.override("fr"):
        report = load(write(tmp_path, "Téléphone;Prénom\nabc;Luc\n0639981001;Nora\n"), tmp_path)
    [header, row] = report.refused_path.read_text("utf-8-sig").splitlines()
    assert header == "ligne;motif;Téléphone;Prénom"
    assert "n’est pas un numéro de téléphone" in row


def test_cells_as_the_spreadsheet_shows_them(tmp_path):
    load(FILES / "formats.xlsx", tmp_path)
    assert people("values") == [({"remise": "20%", "prix": "19,90 €", "code_postal": "01000"},)]


def test_a_workbook_under_any_name(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes((FILES / "whole-numbers.xlsx").read_bytes())
    report = load(path, tmp_path)
    assert report.created == 3
    assert by_name()["Nora"].values["rdv"] == "02/03/2026 14:30"


def test_hidden_rows_get_a_word(tmp_path):
    report = load(FILES / "hidden-row.xlsx", tmp_path)
    assert report.created == 2
    [remark] = report.remarks
    assert "hidden" in remark


def test_two_columns_without_a_title_are_told_apart(tmp_path):
    report = load(
        write(tmp_path, ";;Prénom\n0639981001;Lille;Nora\n0639981002;Lyon;Luc\n"), tmp_path
    )
    assert report.columns == {
        "column_1": "phone_number", "column_2": "column_2", "Prénom": "first_name",
    }  # fmt: skip
    assert ContactField.objects.get().label == "column_2"


def test_a_refusal_counts_though_another_cell_is_not_understood(tmp_path):
    rows = (
        "Téléphone;Accord SMS;STOP\n0639981001;à vérifier;oui\n0639981002;oui;\n0639981003;non;\n"
    )
    told = {"Accord SMS": "consent", "STOP": "refusal"}
    report = load(write(tmp_path, rows), tmp_path, columns=told)
    assert (report.refused, people("consent")) == (0, [("refused",), ("given",), ("refused",)])


def test_the_same_columns_again_make_no_new_details(tmp_path):
    path = write(tmp_path, "Mobile;Note;Note;\n0639981001;a;b;c\n0639981002;d;e;f\n")
    load(path, tmp_path)
    before = people("values")
    report = load(path, tmp_path)
    assert (report.unchanged, people("values")) == (2, before)
    assert ContactField.objects.count() == 3


def test_a_row_of_a_thousand_cells_makes_no_thousand_details(tmp_path):
    rows = "Mobile;Nom\n" + "\n".join("0639981001;" + ";".join("x" * 1000) for _ in range(3))
    report = load(write(tmp_path, rows), tmp_path)
    assert dict(report.refusals) == {"too_many_cells": 3}
    assert not ContactField.objects.exists()


@pytest.mark.parametrize("key", ["consent", "refusal", "country", "ignore"])
def test_no_detail_has_the_key_of_something_else_in_a_file(key):
    with pytest.raises(ValidationError, match="means something else"):
        ContactField(key=key, label="Partenaires").full_clean()


def test_of_a_refused_row_no_cell_is_left_out(tmp_path):
    rows = (
        "tel;Email;consent\n;not an address;\n0639981001;-;perhaps\n0639981002;a@example.org;oui\n"
    )
    report = load(write(tmp_path, rows), tmp_path)
    assert (report.created, report.refused, dict(report.left_out)) == (1, 2, {})
