"""The pages of an import are for whoever may both add contacts and change them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile

from octopush_django.models import Contact, ContactImport, ContactList

from ..desk import url
from ..people import number

pytestmark = pytest.mark.django_db

CONTENT = f"Téléphone\n{number(1)}\n".encode()
NEEDED = {"add_contact", "change_contact"}
NOT_ENOUGH = [set(), {"add_contact"}, {"change_contact"}, {"view_contact", "delete_contact"},
              {"add_contactimport", "change_contactimport", "view_contactimport"}]  # fmt: skip
PAGES = ["contact_import", "contact_import_columns"]
REPORTS = ["contactimport_changelist", "contactimport_change", "contactimport_refused"]


def _named(held):
    return "+".join(sorted(held)) or "nothing"


@pytest.fixture
def sign_in(client):
    """Let somebody of the staff with some permissions sign in."""

    def sign_in(held):
        user = User.objects.create_user("lea", is_staff=True)
        own = Permission.objects.filter(content_type__app_label="octopush_django")
        user.user_permissions.set(own.filter(codename__in=held))
        client.force_login(user)
        return user

    return sign_in


def waiting(user):
    """A file of theirs that waits for what its columns are."""
    return ContactImport.objects.create(
        file_name="before.csv", file=CONTENT, state="waiting", created_by=user,
        refused_rows=b"line;reason", options={"list": "Clients", "country": "FR"},
    )  # fmt: skip


def address_of(page, run):
    has_no_key = page in ("contact_import", "contactimport_changelist")
    return url(page) if has_no_key else url(page, run.pk)


def form_of(page):
    """What a person sends who presses the button of the page."""
    if page == "contact_import":
        upload = SimpleUploadedFile("new.csv", CONTENT)
        return {"import_file": upload, "new_list": "Clients", "country": "FR"}
    return {"column_0": "phone_number", "import": "Import"}


def stored():
    runs = ContactImport.objects.values_list("file_name", "state", "contact_list__name")
    return list(runs), Contact.objects.count(), ContactList.objects.count()


@pytest.mark.parametrize("held", NOT_ENOUGH, ids=_named)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", PAGES)
def test_without_both_permissions_nothing_is_shown_and_nothing_stored(
    client, sign_in, page, method, held
):
    run = waiting(sign_in(held))
    data = form_of(page) if method == "post" else {}
    assert getattr(client, method)(address_of(page, run), data).status_code == 403
    assert stored() == ([("before.csv", "waiting", None)], 0, 0)


def test_with_both_permissions_a_file_comes_in(client, sign_in):
    run = waiting(sign_in(NEEDED))
    for page in PAGES:
        assert client.get(address_of(page, run)).status_code == 200
    answer = client.post(url("contact_import"), form_of("contact_import"))
    run = ContactImport.objects.get()
    columns = address_of("contact_import_columns", run)
    assert (answer.status_code, answer["Location"]) == (302, columns)
    assert stored() == ([("new.csv", "waiting", None)], 0, 0)
    assert client.post(columns, form_of("contact_import_columns")).status_code == 302
    assert stored() == ([("new.csv", "done", "Clients")], 1, 1)


@pytest.mark.parametrize("held", NOT_ENOUGH[:4], ids=_named)
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", REPORTS)
def test_without_both_permissions_reports_and_refused_rows_stay_closed(
    client, sign_in, page, method, held
):
    run = waiting(sign_in(held))
    assert getattr(client, method)(address_of(page, run)).status_code == 403


@pytest.mark.parametrize("page", REPORTS)
def test_with_both_permissions_reports_and_refused_rows_are_open(client, sign_in, page):
    run = waiting(sign_in(NEEDED))
    assert client.get(address_of(page, run)).status_code == 200


@pytest.mark.parametrize("held", [{"add_contact"}, {"change_contact"}, NEEDED], ids=_named)
def test_the_button_is_there_for_whoever_may_press_it(client, sign_in, held):
    sign_in({*held, "view_contact"})
    page = client.get(url("contact_changelist")).content.decode()
    assert (f"href='{url('contact_import')}'" in page) == (held == NEEDED)
