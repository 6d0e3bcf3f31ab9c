"""Which column is what: by its title in five languages, by its cells, and what is asked."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.contacts.columns.decisions import UnknownColumn, UnknownField
from octopush_django.contacts.columns.fields import FIELDS, KEY_PATTERN, RESERVED
from octopush_django.contacts.columns.guessing import understand


def each(text):
    """The titles or cells of a table: ``|`` or the end of a line stands between them."""
    return [part.strip() for part in text.replace("\n", "|").split("|")]


MOBILES = ("0639981002", "06 39 98 10 03", "+33639981004")
OWN = ""
PEOPLE = {
    "Téléphone": ["0639981001"] * 3,
    "E-mail": ["nora@example.org"] * 3,
}


def read(title, cells, beside=("Téléphone", "E-mail"), **options):
    """The field of a column beside others, "" if it is the site's own, and what is asked."""
    columns = [*(PEOPLE[name][: len(cells)] for name in beside), list(cells)]
    found = understand([*beside, title], list(zip(*columns, strict=True)), **options)
    [column] = [column for column in found.columns if column.index == len(beside)]
    return column.field if column.field in FIELDS else OWN, found.questions


def field(title, cells, **options):
    found, questions = read(title, cells, **options)
    assert not questions, questions
    return found


def code(title, cells, **options):
    """The one question's code."""
    [question] = read(title, cells, **options)[1]
    assert title in question.message
    return question.code


def files(header, *rows, **options):
    return understand(header, rows, **options)


def fields(found):
    return [column.field for column in found.columns]


# --- titles ----------------------------------------------------------------------------------

NUMBER_TITLES = each(
    """Téléphone|Tél.|TEL|N° tél.|Numéro de téléphone|Numéro de téléphone mobile
    N° de portable|Tél. portable|Tel. Portable 1|TELPORTABLE|telephoneportable
    numerodetelephone|No mobile|GSM|Portable|Tél. mobile (perso)|Mobile|Mobile Phone
    mobile_phone|MobilePhone|Cell|Cell phone|phonenumber|Phone Number|Phone 1 - Value
    billing_phone|SMS Phone Number|SMS|Person - Phone - Mobile|Home Phone|Handy
    Handynummer|Mobilnummer|Mobiltelefonnummer|Telefonnummer|Rufnummer|Festnetz|Natel
    Móvil|Teléfono móvil|Nº de teléfono|Número de móvil|Tlf. fijo|Celular|Cellulare
    Numero di cellulare|Telefono|Telefono cellulare|Default Address Phone
    Téléphone (domicile)|Téléphone fixe|MSISDN|WhatsApp|Téléphones|Téléphone du client
    landline_number"""
)
EMAIL_TITLES = each(
    """E-mail|Email|EMAIL|e_mail|Mail|Courriel|Adresse e-mail|Adresse mail
    Adresse de messagerie|Adresse électronique|Email Address|emailaddress
    E-mail 1 - Value|E-mail-Adresse|Emailadresse|Mél.|Correo electrónico|Correo
    Indirizzo e-mail|Posta elettronica|Email du client|billing_email
    Person - Email - Work|Mails|E-mail (perso)"""
)
FIRST_NAMES = each(
    """Prénom|PRENOM|Prénoms|Prénom du client|Client - Prénom|Prénom (facturation)
    First Name|firstname|FirstName|first_name|Given Name|Forename|Vorname|Nombre|Nome
    billing_first_name|FNAME|Contact First Name|Nombre de pila|Prénom *|First"""
)
LAST_NAMES = each(
    """Nom|NOM|Nom de famille|Nom du client|Client - Nom|Last Name|lastname|LastName
    Surname|Family Name|Nachname|Familienname|Cognome|Apellido|Apellidos|Apellido 1
    LNAME|Nom d'usage|billing_last_name|Last"""
)


@pytest.mark.parametrize("title", NUMBER_TITLES)
def test_titles_of_numbers(title):
    assert field(title, MOBILES, beside=("E-mail",)) == "phone_number"
    assert field(title, ["", ""], beside=("E-mail",)) == "phone_number"


@pytest.mark.parametrize("title", EMAIL_TITLES)
def test_titles_of_addresses(title):
    assert field(title, ["nora@example.org", "-"], beside=("Téléphone",)) == "email"
    assert field(title, ["", ""], beside=("Téléphone",)) == "email"


@pytest.mark.parametrize(
    ("title", "expected"),
    [(title, "first_name") for title in FIRST_NAMES]
    + [(title, "last_name") for title in LAST_NAMES],
)
def test_titles_of_names(title, expected):
    assert field(title, ["Nora", "Luc"]) == expected


@pytest.mark.parametrize(
    "title",
    ["Phonetic First Name", "Middle Name", "Deuxième prénom", "Prénom 2", "Maiden Name",
    "Nom complet",
     "Nom de naissance", "Nom de jeune fille", "Given Name Yomi", "Company Name",
     "Nom de la boutique",
     "Nom du produit", "Nom et prénom", "Nom d'utilisateur", "Prénom du conjoint", "Full Name",
     "Name", "Account Name", "Nickname", "File As", "Segundo apellido", "Organization Name",
     "Last Active", "First visit", "Phone 1 - Type", "Phone 1 - Label", "E-mail 1 - Label"],
)  # fmt: skip
def test_what_must_not_be_mistaken_for_a_name(title):
    assert field(title, ["Nora", "Luc"]) == OWN


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


def test_a_name_of_which_sort_is_unsaid_is_the_last_beside_a_first():
    row = ["Nora", "Petit", "0639981001"]
    assert fields(files(["Vorname", "Name", "Handy"], row))[:2] == ["first_name", "last_name"]
    row = ["Nora Petit", "Nora", "Petit", "0639981001"]
    names = ["name", "first_name", "last_name"]
    assert fields(files(["Name", "Given Name", "Family Name", "Mobile"], row))[:3] == names


def test_the_plainest_of_several_names_is_used():
    found = files(["Shipping First Name", "First Name", "Phone"], ["Ann", "Nora", "0639981001"])
    assert fields(found) == ["shipping_first_name", "first_name", "phone_number"]


@given(
    st.sampled_from([*NUMBER_TITLES, *EMAIL_TITLES, *FIRST_NAMES, *LAST_NAMES]),
    st.sampled_from([str.upper, str.lower, str.title, lambda title: f"  {title} :",
                     lambda title: title.replace(" ", "_"), lambda title: title.replace(" ", "-"),
                     lambda title: title.replace("é", "e").replace("ó", "o").replace("è", "e")]),
)  # fmt: skip
def test_case_accents_and_punctuation_do_not_matter(title, spell):
    expected = files([title], ["", ""]).columns[0].field
    assert files([spell(title)], ["", ""]).columns[0].field == expected


# --- cells -----------------------------------------------------------------------------------


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


# --- consent ---------------------------------------------------------------------------------

CONSENTS = {
    "consent": """Accord SMS|Consentement|Consentement SMS|Accepts SMS Marketing|SMS opt-in
Opt-in|OPT_IN
        SMS Marketing Consent|sms_optin|smsoptin|RGPD|GDPR consent|J'accepte de recevoir des SMS
        Autorisation SMS|Abonné SMS|Newsletter SMS|Opt-in mobile|Receive text messages opt-in
        Einwilligung|Einwilligung SMS|Zustimmung|Consenso SMS|Consentimiento|Acepta SMS
        Opt-in (oui/non)|Souhaite recevoir nos offres par SMS|acceptssmsmarketing""",
    "email_consent": """Accord mailing|Accepts Email Marketing|Newsletter|Lettre d'informations
        Lettre d'information|Email opt-in|Optin email|Email Subscription Status|Infolettre
        Abonné newsletter|DOUBLE_OPT-IN|Zustimmung E-Mail|Newsletteranmeldung|Accord mail
        newsletter_sub|SendPromotionalEmails|Consenso e-mail|Emailing""",
    "refusal": """Désinscrit|STOP|STOP SMS|Blacklisté|Liste noire|Opt-out|Opted out|Unsubscribed
        isunsubscribed|Ne pas contacter|Ne plus contacter|Do not contact|donotcall|Do Not Call
        Refuse SMS|SMS Opt Out|No SMS|do_not_sms|N'accepte pas les SMS|Pas de publicité|Bloctel
        Ne souhaite pas recevoir d'offres|Non abonné|Not subscribed|Opposition SMS|Abgemeldet
        Keine Werbung|Baja|Disiscritto|Date de désinscription|SMS blacklisted|Ne pas démarcher""",
    "email_refusal": """Désabonné e-mail|Email Opt Out|HasOptedOutOfEmail|hasoptedoutofemail
        Unsubscribed from all email|do_not_email|No mail|Désinscription newsletter
        Opted out of email: Marketing Information|Email blacklisted|Pas de newsletter""",
    OWN: """Offres partenaires|Partner offers|Opt-in partenaires|Optin SMS partenaires
    Accord courrier|Fax Opt Out
        Opt-out courrier|WhatsApp opt-in|Direct mail opt-in|NPAI|Tax Exempt|Activé|Sans contact""",
}  # fmt: skip
CASES = [(title, expected) for expected, text in CONSENTS.items() for title in each(text)]


@pytest.mark.parametrize(("title", "expected"), CASES)
def test_titles_of_consent(title, expected):
    assert field(title, ["oui", "non", ""]) == expected


@pytest.mark.parametrize(("title", "expected"), CASES)
def test_titles_of_consent_in_capitals(title, expected):
    assert field(title.upper(), ["1", "0", ""]) == expected


@pytest.mark.parametrize(
    "title",
    ["Accord e-mail et SMS", "Consentement SMS et e-mail", "Désabonné SMS et e-mail", "Marketing",
     "Accepts Marketing", "Abonné", "Inscription", "Promotions", "Offres", "Accord photo",
     "Accord parental", "Opt-in téléphone", "Accord téléphone", "Compte bloqué", "Refus photo",
     "J'accepte la newsletter et les SMS", "Abonné/Désabonné", "Opt-in/Opt-out", "SMS",
     "Rappel SMS", "Opt-in validé", "E-mails",
     "Accepte les rappels SMS",
     "Nos offres et celles de nos partenaires",
     "Consentement transmission", "Téléphone (oui/non)", "Raison du refus",
     "Retrait du consentement"],
)  # fmt: skip
def test_what_smells_of_consent_and_is_unclear_is_asked(title):
    assert code(title, ["oui", "non"]) == "consent"


@pytest.mark.parametrize(
    "title", ["Consentement", "Accord SMS", "Newsletter", "Désinscrit", "STOP"]
)
@pytest.mark.parametrize(
    "cells",
    [["bof", "peut-être"], ["2", "2"], ["oui", "bof", "bof"], MOBILES[:2], ["a@example.org"]],
)
def test_cells_that_are_neither_yes_nor_no_are_asked(title, cells):
    assert code(title, cells) == "consent"


def test_one_stray_cell_is_left_to_its_row():
    assert field("Consentement", ["oui", "non", "bof"]) == "consent"
    assert field("Consentement", ["oui", "bof"]) == "consent"
    assert code("Consentement", ["oui", "bof", "peut-être"]) == "consent"
    assert code("Consentement", ["bof"]) == "consent"


def test_the_question_shows_the_cells_that_were_not_understood():
    [question] = read("Accord SMS", ["oui", "bof", "2"])[1]
    assert "“bof”, “2”" in question.message
    assert "oui" not in question.message
    assert question.choices == ("consent", "email_consent", "refusal", "email_refusal", "ignore")


def test_without_numbers_it_is_the_consent_to_e_mail():
    assert field("Consentement", ["oui"], beside=("E-mail",)) == "email_consent"
    assert field("Désinscrit", ["oui"], beside=("E-mail",)) == "email_refusal"
    assert field("STOP SMS", ["oui"], beside=("E-mail",)) == "refusal"
    assert field("Abonné", ["oui"], beside=("E-mail",)) == "email_consent"
    assert field("Abonné", ["oui"], beside=("Téléphone",)) == "consent"
    assert code("Accord photo", ["oui"], beside=("Téléphone",)) == "consent"


def test_beside_consent_to_sms_the_one_of_no_channel_is_asked_about():
    row = ["0639981001", "nora@example.org", "oui", "oui"]
    header = ["Téléphone", "E-mail", "Accord SMS", "RGPD"]
    [question] = files(header, row).questions
    assert (question.title, question.code) == ("RGPD", "consent")


def test_dates_and_sources_of_no_channel_are_asked_about_where_both_are_told():
    header = ["Téléphone", "E-mail", "Accord SMS", "Accord mailing", "Date de consentement"]
    row = ["0639981001", "nora@example.org", "oui", "non", "05/01/2026"]
    [question] = files(header, row).questions
    assert question.choices == ("consented_at", "email_consented_at", "ignore")
    row = ["0639981001", "nora@example.org", "oui", "non", "salon"]
    [question] = files([*header[:4], "Origine de consentement"], row).questions
    assert question.choices == ("consent_source", "email_consent_source", "ignore")
    header = ["Téléphone", "E-mail", "Newsletter", "Date de consentement"]
    row = ["0639981001", "nora@example.org", "oui", "05/01/2026"]
    assert fields(files(header, row))[2:] == ["email_consent", "email_consented_at"]


@pytest.mark.parametrize("title", ["Inscrit", "Inscription", "Accepté", "Autorisation", "Signup"])
def test_vague_words_are_asked_about_even_without_addresses(title):
    assert code(title, ["oui", "non"], beside=("Téléphone",)) == "consent"


def test_the_reason_of_a_refusal_may_be_all_that_is_said_of_it():
    people = ["0639981001", "nora@example.org"]
    header = ["Téléphone", "E-mail", "Newsletter", "Motif de désinscription"]
    [question] = files(header, [*people, "oui", "trop de messages"]).questions
    assert (question.title, question.code) == ("Motif de désinscription", "consent")
    header[2] = "Désinscrit"
    assert not files(header, [*people, "oui", "trop de messages"]).questions


def test_states_are_consent_by_their_cells():
    states = ["abonné", "désabonné", "abonné"]
    assert field("Statut", states, beside=("Téléphone",)) == "consent"
    assert field("Statut SMS", states) == "consent"
    assert field("Email status", ["Subscribed", "Unsubscribed"]) == "email_consent"
    assert code("Statut", states) == "consent"
    assert code("Statut", ["actif", "désabonné"], beside=("Téléphone",)) == "consent"
    assert code("Notes", ["a appelé", "STOP SMS"]) == "consent"
    assert field("Statut", ["actif", "inactif"]) == OWN
    assert field("État", ["Livré", "Refusé"]) == OWN


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Date d'inscription", OWN), ("Inscription", OWN), ("Member since", OWN), ("Inscrit le", OWN),
     ("Abonnement", OWN), ("Date de création", OWN), ("Sign Up", OWN),
     ("Date de consentement", "consented_at"), ("Opt-in date", "consented_at"),
     ("Consent timestamp", "consented_at"), ("consented_at", "consented_at"),
     ("Data consenso", "consented_at"), ("Date opt-in SMS", "consented_at"),
     ("Date optin email", "email_consented_at"), ("newsletter_date_add", "email_consented_at"),
     ("Newsletter", "email_consented_at"), ("Date de désabonnement", "refusal"),
     ("Désinscrit", "refusal"), ("Email unsubscribed at", "email_refusal")],
)  # fmt: skip
def test_dates(title, expected):
    assert field(title, ["2026-01-05", "05/01/2026", ""]) == expected


def test_dates_under_a_title_of_consent_are_asked_about():
    [question] = read("SMS opt-in", ["2026-01-05", ""])[1]
    assert question.choices == ("consented_at", "email_consented_at", "ignore")
    assert code("Date de consentement", ["oui", "non"]) == "consent"
    assert code("Date d'inscription", ["oui", "non"]) == "consent"
    assert field("Date d'inscription", ["45000", "45001"]) == OWN


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Origine de consentement", "consent_source"), ("Consent source", "consent_source"),
     ("SMS Marketing Consent Source", "consent_source"), ("Email consent source",
     "email_consent_source"),
     ("Source d'inscription", OWN), ("Lead Source", OWN), ("Marketing channel", OWN)],
)  # fmt: skip
def test_sources(title, expected):
    assert field(title, ["salon", "site web"]) == expected


# --- countries -------------------------------------------------------------------------------


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


# --- doubles, nothing, names of our own ---------------------------------------------------------


def test_two_columns_of_one_title_that_differ_are_asked_about():
    header = ["Prénom", "prenom", "Téléphone"]
    [question] = files(header, ["Nora", "Luc", "0639981001"]).questions
    assert (question.code, question.index) == ("two_columns", 1)
    assert question.choices == ("first_name", "ignore")
    assert not files(header, ["Nora", "Nora", "0639981001"]).questions
    found = files(header, ["", "Nora", "0639981001"])
    assert not found.questions
    assert found.of("first_name") == (1, 0)
    header = ["Opt-in", "Opt-in", "Téléphone"]
    assert [q.code for q in files(header, ["oui", "non", "0639981001"]).questions] == [
        "two_columns"
    ]


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


def test_keys_of_fields_of_the_site_s_own():
    header = [
        "Code postal",
        "Référence",
        "1er achat",
        "Имя",
        "",
        "Notes",
        "Notes",
        "param1",
        "Tel",
        "x" * 90,
    ]
    row = ["59000", "1", "2026", "a", "b", "c", "d", "e", "0639981001", "f", "beyond the header"]
    assert fields(files(header, row)) == [
        "code_postal", "reference_2", "column_1er_achat", "column_4", "column_5", "notes",
        "notes_2",
        "param1_2", "phone_number", "x" * 50, "column_11",
    ]  # fmt: skip


def test_fields_that_the_site_has_get_the_columns_of_their_name():
    known = {"ville": "Ville", "points": "Points de fidélité", "stop": "STOP"}
    header = ["VILLE", "points de fidelite", "Points", "STOP", "Tel"]
    found = files(header, ["Lille", "3", "4", "oui", "0639981001"], known=known)
    assert fields(found) == ["ville", "points", "points_2", "refusal", "phone_number"]
    assert found.columns[0].reason == "a field of yours has this name"


def test_a_field_that_the_site_has_is_not_asked_about_again_unless_it_says_yes_or_no():
    options = {"beside": ("Téléphone",), "known": {"abonnement": "Abonnement"}}
    assert field("Abonnement", ["Annuel", "Mensuel"], **options) == OWN
    assert code("Abonnement", ["Annuel", "désabonné"], **options) == "consent"


# --- what a person says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Accord photo ?", "accord photo", "ACCORD-PHOTO", "1", "column_2"]
)
def test_what_a_person_says_wins(name):
    header, row = ["Tel", "Accord photo ?"], ["0639981001", "oui"]
    assert files(header, row).questions
    found = files(header, row, said={name: "consent"})
    assert fields(found) == ["phone_number", "consent"]
    assert found.columns[1].reason == "said by you"
    assert not found.questions


def test_a_person_may_name_fields_of_the_site():
    header, row = ["Tel", "Prénom", "Truc", "Points"], ["0639981001", "Nora", "x", "3"]
    said = {"Prénom": "ignore", "Truc": "my_field", "Points": "Points de fidélité"}
    found = files(header, row, said=said, known={"points_2": "Points de fidélité"})
    assert fields(found) == ["phone_number", "ignore", "my_field", "points_2"]


def test_a_guess_yields_to_what_is_said():
    header, row = ["Tel", "Prénom", "Alias"], ["0639981001", "Nora", "Nono"]
    assert fields(files(header, row, said={"Alias": "first_name"})) == [
        "phone_number", "prenom", "first_name",
    ]  # fmt: skip


def test_a_title_goes_before_a_place():
    header, row = ["Tel", "1", "0"], ["0639981001", "a", "b"]
    assert fields(files(header, row, said={"0": "last_name"})) == [
        "phone_number", "column_2", "last_name",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Teléfono", "9", "-1", "", "column_0"])
def test_an_unknown_column(name):
    with pytest.raises(UnknownColumn, match="“Tel”"):
        files(["Tel"], ["0639981001"], said={name: "email"})


@pytest.mark.parametrize(
    "field", ["Téléphone", "", "param1", "reference", "unsubscribe", "a b", "1a"]
)
def test_an_unknown_field(field):
    with pytest.raises(UnknownField, match="phone_number"):
        files(["Tel"], ["0639981001"], said={"Tel": field})


# --- whatever the file -------------------------------------------------------------------------

WORDS = st.sampled_from(
    [*NUMBER_TITLES, *EMAIL_TITLES, *FIRST_NAMES, *(title for title, _ in CASES)]
)
CELLS = st.sampled_from(
    ["", "oui", "non", "0639981001", "a@example.org", "CH", "41", "05/01/2026", "STOP"]
)


@given(
    st.lists(st.text(max_size=20) | WORDS, max_size=8),
    st.lists(st.lists(st.text(max_size=20) | CELLS, max_size=9), max_size=4),
)
def test_every_column_comes_out_once_and_nothing_raises(header, rows):
    found = understand(header, rows)
    width = max([len(header), *map(len, rows)])
    expected = [
        index
        for index in range(width)
        if any(row[index].strip() for row in [header, *rows] if index < len(row))
    ]
    assert [column.index for column in found.columns] == expected
    own = [column.field for column in found.columns if column.field not in FIELDS]
    assert len(set(own)) == len(own)
    assert all(re.fullmatch(KEY_PATTERN, key) and key not in RESERVED for key in own)
    assert all(column.reason for column in found.columns)
    assert all(question.message and question.choices for question in found.questions)
    is_reachable = found.of("phone_number") or found.of("email")
    assert is_reachable or found.questions


@pytest.mark.parametrize("mark", ["a", " ", "@", "0", "1 ", "a@", "(", "-", "<", ";", "+33 "])
def test_cells_without_end_take_no_time(mark):
    cell = mark * 100_000
    found = understand([cell, "Tel", "Accord SMS", "Pays"], [[cell] * 4] * 20)
    assert len(found.columns) >= 3


@given(st.lists(WORDS, min_size=1, max_size=6, unique=True), st.data())
def test_what_is_said_of_a_place_always_wins(header, data):
    rows = [data.draw(st.lists(CELLS, min_size=len(header), max_size=len(header)))]
    index = data.draw(st.integers(0, len(header) - 1))
    said = data.draw(st.sampled_from([*FIELDS, "my_field"]))
    found = understand(header, rows, said={f"column_{index + 1}": said})
    assert found.columns[index].field == said
    assert all(question.index != index for question in found.questions)


@pytest.mark.parametrize(
    "title",
    ["Consentement SMS retiré", "Opt-in SMS annulé", "Abonnement SMS résilié",
     "Sans publicité SMS", "Fin d'abonnement SMS", "Werbesperre", "SMS-Werbeverbot",
     "Einwilligungswiderruf SMS",
     "Consenso SMS revocato", "Consentimiento SMS cancelado", "SMS consent expired",
     "Newsletter résiliée", "Date de retrait du consentement SMS"],
)  # fmt: skip
def test_a_consent_that_a_word_turns_round_is_asked_about(title):
    assert code(title, ["oui", "non"]) == "consent"


def test_a_place_is_no_title():
    found = files(["Column0", "Column1"], ["0639981001", "0639981002"], said={0: "ignore"})
    assert [column.field for column in found.columns] == ["ignore", "phone_number"]


def test_the_same_file_finds_the_details_that_it_made():
    header, row = ["Mobile", "Note", "Note", ""], ["0639981001", "a", "b", "c"]
    first = files(header, row)
    made = {column.field: column.title or column.field for column in first.columns}
    again = files(header, row, known={key: made[key] for key in made if key != "phone_number"})
    assert [column.field for column in again.columns] == [column.field for column in first.columns]


def test_a_detail_of_an_odd_key_is_no_consent():
    found = files(
        ["Mobile", "Partenaires"], ["0639981001", "oui"], known={"consent": "Partenaires"}
    )
    assert found.columns[1].field == "partenaires"
