"""Which columns are names or details of the site's own, and what a person says of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.contacts.columns.decisions import UnknownColumn, UnknownField
from octopush_django.contacts.columns.fields import FIELDS, KEY_PATTERN, RESERVED
from octopush_django.contacts.columns.guessing import understand

from .guessed import (
    CASES,
    EMAIL_TITLES,
    FIRST_NAMES,
    LAST_NAMES,
    NUMBER_TITLES,
    OWN,
    code,
    field,
    fields,
    files,
)

# --- names ---------------------------------------------------------------------------------------


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


# --- details, and two columns of one title -------------------------------------------------------


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


def test_the_same_file_finds_the_details_that_it_made():
    header, row = ["Mobile", "Note", "Note", ""], ["0639981001", "a", "b", "c"]
    first = files(header, row)
    made = {column.field: column.title or column.field for column in first.columns}
    again = files(header, row, known={key: made[key] for key in made if key != "phone_number"})
    assert [column.field for column in again.columns] == [column.field for column in first.columns]


# --- what a person says --------------------------------------------------------------------------


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


def test_a_place_is_no_title():
    found = files(["Column0", "Column1"], ["0639981001", "0639981002"], said={0: "ignore"})
    assert [column.field for column in found.columns] == ["ignore", "phone_number"]


# --- whatever the file ---------------------------------------------------------------------------


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
