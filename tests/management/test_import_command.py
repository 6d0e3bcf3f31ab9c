"""``octopush_import``: each option is heard, on a terminal and without one."""

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from octopush_django.models import Contact, ContactImport, ContactList

pytestmark = pytest.mark.django_db

MOBILE = "0639981001"


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Run the command on a file as a shell does, in a directory of its own; what it prints."""
    monkeypatch.chdir(tmp_path)

    def load(content, *options, encoding="utf-8"):
        (tmp_path / "people.csv").write_text(content, encoding=encoding)
        if "--list" not in options:
            options = ("--list", "Clients", *options)
        out = StringIO()
        call_command("octopush_import", "people.csv", *options, stdout=out, stderr=out)
        return out.getvalue()

    return load


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on which a person answers yes; the questions that were asked."""
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "yes")
    return asked


def test_the_list_is_the_one_that_is_named(load):
    ContactList.objects.create(name="Clients")
    load(f"Tel\n{MOBILE}\n", "--list", "Salon de Lille")
    assert list(Contact.objects.get().lists.values_list("name", flat=True)) == ["Salon de Lille"]
    assert ContactImport.objects.get().contact_list.name == "Salon de Lille"


@pytest.mark.parametrize("column", ["Alias", "1"], ids=["by title", "by index"])
def test_a_column_is_what_is_said_of_it(load, column):
    content = f"Tel;Alias\n{MOBILE};Nono\n"
    load(content)
    assert Contact.objects.get().first_name == ""
    load(content, "--column", f"{column}=first_name")
    assert Contact.objects.get().first_name == "Nono"


def test_every_column_that_is_said_is_heard(load):
    content = f"Tel;Alias;Clan;Ville\n{MOBILE};Nono;Petit;Lille\n"
    load(content, "--column", "Alias=first_name", "--column", "2=last_name",
         "--column", "Ville=ignore")  # fmt: skip
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name, contact.values) == ("Nono", "Petit", {})


def test_a_title_may_hold_the_mark_that_separates_it_from_its_field(load):
    load(f"Tel;Alias=nom\n{MOBILE};Nono\n", "--column", "Alias=nom=first_name")
    assert Contact.objects.get().first_name == "Nono"


def test_the_country_is_where_numbers_without_one_are_from(load):
    load("Tel\n079 123 45 67\n", "--country", "CH")
    assert Contact.objects.get().phone_number == "+41791234567"


@pytest.mark.parametrize(("encoding", "name"), [("cp850", "François"), ("mac_roman", "Franáois")])
def test_the_encoding_is_the_one_that_is_said(load, encoding, name):
    content = f"Tel;Prenom\n{MOBILE};François\n"
    with pytest.raises(CommandError):
        load(content, encoding="cp850")
    load(content, "--encoding", encoding, encoding="cp850")
    assert Contact.objects.get().first_name == name


def test_refused_rows_go_where_it_is_said_and_nowhere_else(load, tmp_path):
    (tmp_path / "kept").mkdir()
    printed = load(f"Tel\n{MOBILE}\nabc\n", "--refused", "kept/wrong.csv")
    with (tmp_path / "kept" / "wrong.csv").open(encoding="utf-8-sig", newline="") as file:
        _titles, [line, _reason, cell] = csv.reader(file, delimiter=";")
    assert (line, cell) == ("3", "abc")
    assert "kept/wrong.csv" in printed
    assert {path.name for path in tmp_path.iterdir()} == {"people.csv", "kept"}


def test_a_dry_run_says_what_would_happen_and_stores_nothing(load):
    printed = load(f"Tel\n{MOBILE}\n", "--dry-run")
    assert "Nothing was imported. What would happen:" in printed
    assert "1 contacts are new" in printed
    for model in (Contact, ContactImport, ContactList):
        assert not model.objects.exists()


def test_without_a_dry_run_nothing_is_said_of_one(load):
    assert "Nothing was imported" not in load(f"Tel\n{MOBILE}\n")
    assert Contact.objects.exists()


def test_on_a_terminal_a_person_is_asked_about_the_list_that_is_named(load, terminal):
    load(f"Tel\n{MOBILE}\n", "--list", "Salon de Lille")
    assert terminal == ["Import into “Salon de Lille”? [y/N] "]
    assert Contact.objects.exists()


def test_on_a_terminal_a_no_stores_nothing(load, terminal, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(CommandError, match="Nothing was done"):
        load(f"Tel\n{MOBILE}\n")
    assert not Contact.objects.exists()


@pytest.mark.parametrize(("option", "stored"), [("--yes", 1), ("--dry-run", 0)])
def test_on_a_terminal_nobody_is_asked_who_said_yes_or_wants_a_dry_run(
    load, terminal, option, stored
):
    printed = load(f"Tel\n{MOBILE}\n", option)
    assert terminal == []
    assert "Tel → phone_number (" not in printed
    assert Contact.objects.count() == stored


@pytest.mark.parametrize(
    ("content", "options", "shown"),
    [
        (f"Tel;Alias\n{MOBILE};Nono\n", ("--column", "1=first_name"), "Alias → first_name (said"),
        ("Mail;X\na@b.org;0470123456\n", ("--country", "BE"), "X → phone_number ("),
        (f"Tel;Prenom\n{MOBILE};François\n", ("--encoding", "cp850"), "Prenom → first_name ("),
    ],
    ids=["column", "country", "encoding"],
)
def test_on_a_terminal_the_columns_are_shown_as_the_options_have_them(
    load, terminal, content, options, shown
):
    printed = load(content, *options, encoding="cp850")
    assert shown in printed
    assert printed.index(shown) < printed.index("rows read")
