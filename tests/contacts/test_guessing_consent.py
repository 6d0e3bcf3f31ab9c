"""Which columns are consent or its refusal, its date or its source, and what is asked."""

import pytest

from .guessed import CASES, MOBILES, OWN, code, field, fields, files, read


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


def test_a_detail_of_an_odd_key_is_no_consent():
    found = files(
        ["Mobile", "Partenaires"], ["0639981001", "oui"], known={"consent": "Partenaires"}
    )
    assert found.columns[1].field == "partenaires"
