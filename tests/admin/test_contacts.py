"""Contacts on the desk: whose number it is, and what leaves as a file."""

from io import BytesIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from octopush_django.models import Contact, ContactList

from ..desk import seen, url
from ..people import STOP
from .test_two_tabs import save, tab

pytestmark = pytest.mark.django_db

FORMATS = ["E164", "INTERNATIONAL", "NATIONAL", "RFC3966"]
FOREIGN = ["+32470123456", "+447400123456", "+34612345678", "+262692123456"]


@pytest.mark.parametrize("shown", FORMATS)
@pytest.mark.parametrize("number", [*FOREIGN, "+33612345678", "+33639980011"])
def test_a_contact_that_is_saved_keeps_its_number(admin_client, settings, shown, number):
    settings.PHONENUMBER_DEFAULT_FORMAT = shown
    contact = Contact.objects.create(phone_number=number, first_name="Ada")
    address = url("contact_change", contact.pk)
    form = admin_client.get(address).context["adminform"].form
    # What a browser posts back is what it shows.
    fields = {name: form[name].value() or "" for name in form.fields}
    fields["lists"] = []
    assert str(form["phone_number"]).count(number) == 1
    answer = admin_client.post(address, {**fields, "first_name": "Eve"})
    assert answer.status_code == 302
    contact.refresh_from_db()
    assert (contact.phone_number.as_e164, contact.first_name) == (number, "Eve")


@pytest.mark.parametrize("shown", FORMATS)
def test_a_list_of_contacts_shows_whole_numbers(admin_client, settings, shown):
    settings.PHONENUMBER_DEFAULT_FORMAT = shown
    for number in FOREIGN:
        Contact.objects.create(phone_number=number)
    page = seen(admin_client.get(url("contact_changelist")))
    assert all(number in page for number in FOREIGN)


def export(client, kind):
    """Press the button of the export page with what it proposes."""
    page = client.get(url("contact_export"))
    form = page.context["form"]
    kinds = {title: value for value, title in form.fields["format"].choices}
    fields = {name: True for name in form.fields if name.startswith("contactresource_")}
    return client.post(url("contact_export"), {**fields, "resource": 0, "format": kinds[kind]})


@pytest.fixture
def exported():
    Contact.objects.create(
        phone_number="+34612345678", first_name="=1+1", last_name="Été", email="ada@shop.example"
    )


def test_contacts_leave_as_csv(admin_client, exported):
    answer = export(admin_client, "csv")
    assert answer.status_code == 200
    text = answer.content.decode("utf-8-sig")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "+34612345678" in text
    assert "'=1+1" in text
    assert "Été" in text


def test_contacts_leave_as_a_workbook(admin_client, exported):
    answer = export(admin_client, "xlsx")
    assert answer.status_code == 200
    rows = list(load_workbook(BytesIO(answer.content)).active.values)
    row = dict(zip(*rows, strict=True))
    assert row["phone_number"] == "+34612345678"
    assert row["first_name"] == "'=1+1"


def test_refused_rows_are_not_written_over_the_file(tmp_path):
    file = tmp_path / "contacts.csv"
    file.write_text("phone\n0612345678\nrubbish\n")
    with pytest.raises(CommandError, match="need a file of their own"):
        call_command("octopush_import", str(file), "--list", "New", "--refused", str(file))
    assert file.read_text() == "phone\n0612345678\nrubbish\n"
    assert not ContactList.objects.exists()


def test_a_draft_that_was_sent_from_another_tab(admin_client, draft):
    """No bare 403: what was written is not lost."""
    fields = tab(admin_client, draft)
    type(draft).objects.filter(pk=draft.pk).update(status="sending")
    answer = save(admin_client, draft, {**fields, "text": f"Too late {STOP}"})
    page = seen(admin_client.get(answer["Location"]))
    assert "your change came too late" in page
    assert f"This is the text that you wrote: Too late {STOP}" in page
    draft.refresh_from_db()
    assert draft.status == "sending"
    assert "Too late" not in draft.text
