"""Which columns reach people: numbers, addresses and countries, by title and by cells."""

import pytest

from .guessed import EMAIL_TITLES, MOBILES, NUMBER_TITLES, OWN, code, field, fields, files, read

# --- titles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", NUMBER_TITLES)
def test_titles_of_numbers(title):
    assert field(title, MOBILES, beside=("E-mail",)) == "phone_number"
    assert field(title, ["", ""], beside=("E-mail",)) == "phone_number"


@pytest.mark.parametrize("title", EMAIL_TITLES)
def test_titles_of_addresses(title):
    assert field(title, ["nora@example.org", "-"], beside=("Téléphone",)) == "email"
    assert field(title, ["", ""], beside=("Téléphone",)) == "email"


@pytest.mark.parametrize(
    "title",
    ["Fax", "Télécopie (bureau)", "Business Fax", "Téléphone du conjoint", "Assistant's Phone",
     "Emergency Contact Phone", "Company Main Phone", "Téléphone société", "Contact Owner Phone",
     "Carte fidélité", "N° commande", "Numéro STOP"],
)  # fmt: skip
def test_numbers_of_somebody_else_are_not_used(title):
    assert read(title, MOBILES)[0] == OWN


@pytest.mark.parametrize(
    "title", ["E-mail Display Name", "Nom complet de l'adresse de messagerie",
    "Email du commercial",
              "Contact owner email"]
)  # fmt: skip
def test_addresses_of_somebody_else_are_not_used(title):
    assert field(title, ["ann@example.org", "ann@example.org"]) == OWN


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title", ["", "Colonne 3", "Perso", "Machin", "WhatsUp", "Numéro", "Contact"]
)
def test_mobile_numbers_are_numbers_under_any_title(title):
    assert field(title, MOBILES) == "phone_number"


@pytest.mark.parametrize("title", ["", "Colonne 3", "Identifiant", "Login", "Subscriber"])
def test_addresses_are_addresses_under_any_title(title):
    assert field(title, ["nora@example.org", "luc@example.org"]) == "email"


@pytest.mark.parametrize(
    ("title", "cells"),
    [("N° commande", ["612345678", "612345679"]), ("Numéro client", ["1001", "1002"]),
     ("EAN", ["3612345678901", "3612345678902"]), ("SIRET", ["73282932000074"]),
     ("Code postal", ["59000", "06000"]), ("", ["612345678", "612345679"]),
     ("Inconnu", ["0639981001", "Lille"]), ("Naissance", ["05/01/1980", "06.01.1981"]),
     ("Total", ["0612,50", "0712,50"]), ("Offres", ["12", "3.50"]),
     ("Phone verified on", ["2026-01-05", "2026-01-06"]),
     ("Horodatage", ["1767607200", "1767607201"])],
)  # fmt: skip
def test_other_figures_are_no_numbers(title, cells):
    assert field(title, cells) == OWN


@pytest.mark.parametrize(
    ("title", "cells"),
    [("Phone type", ["Mobile", "Home"]), ("Phone 1 - Label", ["* ", ""]),
     ("Mobile", ["nora@example.org", "luc@example.org"]), ("Téléphone 2", ["05/01/1980", ""])],
)  # fmt: skip
def test_a_title_of_numbers_above_something_else_is_none(title, cells):
    assert field(title, cells) != "phone_number"


def test_numbers_that_are_all_wrong_are_told_row_by_row():
    assert field("Téléphone", ["06 12", "abc"], beside=("E-mail",)) == "phone_number"


def test_numbers_of_other_countries_and_bad_ones_leave_the_title_its_word():
    assert field("Phone", ["470123456", "791234567"], beside=()) == "phone_number"
    assert field("Téléphone", ["3,364E+10", ""], beside=()) == "phone_number"


@pytest.mark.parametrize(
    ("title", "cells"),
    [("Machin", ["639981002", "639981003"]), ("Numéro", ["639981002", "639981003"]),
     ("Carte fidélité", MOBILES), ("N° commande", MOBILES)],
)  # fmt: skip
def test_likely_numbers_are_asked_about_where_there_are_no_others(title, cells):
    assert code(title, cells, beside=("E-mail",)) == "number"
    assert field(title, cells) == OWN


def test_mobile_titles_go_first_then_the_share_of_mobiles_then_the_order_of_the_file():
    header = ["Default Address Phone", "WhatsApp", "Phone", "Home phone", "Mobile", "SMS"]
    landline, mobile = "0199001001", "0639981001"
    found = files(header, [mobile, mobile, landline, mobile, mobile, mobile])
    assert found.of("phone_number") == (4, 5, 3, 2, 0, 1)
    assert found.of("email") == ()


def test_several_numbers_and_addresses_under_one_title_are_all_used():
    found = files(
        ["Tel", "Tel", "Mail", "Mail"], ["0639981001", "0639981002", "", "a@example.org"]
    )
    assert found.of("phone_number") == (0, 1)
    assert found.of("email") == (2, 3)
    assert not found.questions


# --- countries -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "cells", "expected"),
    [("Pays", ["CH", "FR"], "country"), ("Land", ["Schweiz", "D"], "country"),
     ("País", ["España", ""], "country"), ("Paese", ["Italia"], "country"),
     ("Country", ["", ""], "country"), ("Country code", ["CH", "FR"], "country"),
     ("Business Country/Region", ["France"], "country"), ("Mailing Country", ["France"],
     "country"),
     ("Country code", ["41", "32", "33"], "calling_code"), ("Indicatif", ["+41", "33"],
     "calling_code"),
     ("Phone country code", ["0041"], "calling_code"), ("Indicatif", ["CH"], "country"),
     ("Vorwahl", ["+41", "0049"], "calling_code"), ("Prefix", ["Mr", "Mrs"], OWN),
     ("Name Prefix", ["Dr", ""], OWN), ("Nationalité", ["Suisse"], OWN), ("Bundesland",
     ["Bayern"], OWN),
     ("Pays de naissance", ["Suisse"], OWN), ("Region", ["Nord"], OWN)],
)  # fmt: skip
def test_countries(title, cells, expected):
    assert field(title, cells) == expected


@pytest.mark.parametrize(
    ("title", "cells"),
    [("Country", ["Neverland", "Oz"]), ("id_country", ["8", "19"]), ("id_country", ["1", "1"]),
    ("Indicatif", ["A1", "B2"]),
     ("Vorwahl", ["030", "089"])],
)  # fmt: skip
def test_countries_that_are_not_understood_are_asked_about(title, cells):
    assert code(title, cells) == "country"


def test_no_country_is_asked_for_numbers_that_have_their_own():
    found = files(["Phone", "Country"], ["+33639981001", "Oz"])
    assert fields(found) == ["phone_number", "country_2"]
    assert not found.questions


def test_of_two_countries_the_one_of_the_number_goes_first():
    header = ["shipping_country", "billing_country", "billing_phone"]
    found = files(header, ["CH", "FR", "0639981001"])
    assert found.of("country") == (1, 0)
    assert not found.questions


def test_two_countries_that_differ_are_asked_about():
    header = ["Téléphone", "Pays facturation", "Pays livraison"]
    [question] = files(header, ["0639981001", "France", "Suisse"]).questions
    assert (question.code, question.index) == ("country", 2)
    assert "Pays facturation" in question.message
    assert not files(header, ["0639981001", "France", "FR"], ["0639981001", "", "CH"]).questions


# --- files that reach nobody ---------------------------------------------------------------------


def test_a_file_that_reaches_nobody():
    [question] = files(["Ville", "Code"], ["Lille", "12"]).questions
    assert (question.code, question.index) == ("nothing_to_reach", -1)
    assert "“Ville”, “Code”" in question.message
    assert "Write “Téléphone” or “E-mail”" in question.message
    assert question.choices == ("phone_number", "email")
    assert [question.code for question in files([]).questions] == ["nothing_to_reach"]


@pytest.mark.parametrize("person", ["0639981001", "nora@example.org", "+33 6 39 98 10 01"])
def test_a_first_line_that_is_a_person_is_no_line_of_titles(person):
    [question] = files(["Nora", person], ["Luc", "0639981002"]).questions
    assert (question.code, question.index) == ("no_titles", 1)
    assert person in question.message
    assert not files(["Nora", person], ["Luc", MOBILES[0]], said={"1": "phone_number"}).questions


def test_the_company_s_number_is_asked_about_only_if_there_is_no_other_way():
    assert code("Téléphone société", ["0199001001"], beside=()) == "number"
    assert field("Téléphone société", ["0199001001"], beside=("E-mail",)) == OWN
