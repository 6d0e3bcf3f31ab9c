"""The whole journey in a real browser, from a file of contacts to the result."""

import csv

import pytest

from .page import CAMPAIGNS

pytestmark = pytest.mark.browser

PEOPLE = """
contact_list, _ = ContactList.objects.get_or_create(name=values["name"])
for number, first_name in values["people"]:
    contact, _ = Contact.objects.get_or_create(phone_number=number)
    contact.first_name = first_name
    contact.save()
    contact_list.contacts.add(contact)
print(json.dumps(contact_list.pk))
"""
NEWEST = "print(json.dumps(Campaign.objects.latest('pk').pk))"
JOIN = """
contact = Contact.objects.create(phone_number="+33639980399", first_name="Late")
ContactList.objects.get(name=values["name"]).contacts.add(contact)
print("null")
"""
STATUS = "print(json.dumps(Campaign.objects.get(pk=values['pk']).status))"


def choose_list(page, pk, name):
    """What the list chooser does when somebody clicks a list."""
    page.script(
        "const o = new Option(arguments[1], arguments[0], true, true);"
        "document.getElementById('id_include').append(o);",
        pk, name,
    )  # fmt: skip


def compose(page, name, text, people, purpose="id_purpose_1"):
    chosen = page.site.python(PEOPLE, name=name, people=people)
    page.open(f"{CAMPAIGNS}add/")
    page.write("id_name", name)
    page.choose(purpose)
    page.write("id_text", text)
    choose_list(page, chosen, name)


def save(page):
    page.press("Save and continue")
    return page.site.python(NEWEST)


def three(start, *names):
    return [(f"+33639980{start + i:03d}", name) for i, name in enumerate(names)]


def test_from_the_file_to_the_result(page, tmp_path):
    file = tmp_path / "clients.csv"
    with file.open("w", newline="") as handle:
        csv.writer(handle, delimiter=";").writerows(
            [["Prénom", "Téléphone", "Consentement"], ["Ada", "06 39 98 03 01", "oui"],
             ["Loïc", "06 39 98 03 02", "oui"], ["Eve", "06 39 98 03 03", "non"]]
        )  # fmt: skip
    page.open("/admin/octopush_django/contact/import/")
    assert page.barriers() == []
    page.field("id_import_file").send_keys(str(file))
    page.press("Submit")
    page.wait_for("Confirm import")
    page.press("Confirm import")
    page.wait_for("Import finished")
    # The import pages are the library's, which styles in place: blocked, and nothing is lost.
    page.forget_complaints()

    text = "Bonjour {first_name|cher client}, c’est les soldes chez Martin, de 9h à 19h samedi !"
    compose(page, "Journey", text, three(301, "Ada", "Loïc", "Eve"))
    page.wait_for("Add “STOP au XXXXX”")
    page.press("Add “STOP au XXXXX”")
    page.wait_for("count as 2 SMS")
    page.press("Replace ’ by '")
    page.wait_for("counts as 1 SMS")
    assert page.barriers() == []
    pk = save(page)

    page.press("Check and send")
    page.wait_for("2 people")
    assert "Refused marketing: 1" in page.words
    assert "1 person × 2 SMS, because of: first name" in page.words
    assert "Bonjour Ada, c'est les soldes" in page.words
    page.press("Next person")
    page.wait_for("Bonjour Loïc")
    assert page.barriers() == []

    page.site.python(JOIN, name="Journey")
    page.press("Send now to 2 people")
    page.wait_for("Something changed since you looked")
    assert page.site.python(STATUS, pk=pk) == "draft"
    page.press("Send now to 3 people")
    page.wait_for("On its way")
    page.wait_for("Status: Sent", 60)
    page.wait_for("Delivered\n3", 60)
    assert page.barriers() == []
    assert page.complaints() == []


def test_watched_paused_resumed_and_cancelled(page):
    page.site.tell_gateway("faults", fault="delay", seconds=1.5, times=-1)
    try:
        people = three(310, *"ABCDEFGHIJKL")
        compose(page, "Slowly", "Your order has left.", people, purpose="id_purpose_0")
        pk = save(page)
        page.press("Check and send")
        page.wait_for("does each of them wait for this message?")
        page.press("Send now to 12 people")
        page.wait_for("Tick that you have read it")
        page.choose("id_acknowledged")
        page.press("Send now to 12 people")
        page.wait_for("Status: Sending")
        page.press("Pause")
        page.wait_for("Status: Paused")
        assert "marie paused it" in page.words
        page.press("Resume")
        page.wait_for("Status: Sending")
        page.press("Cancel what has not left")
        page.wait_for("Status: Cancelled")
        assert page.site.python(STATUS, pk=pk) == "cancelled"
        page.press("Copy")
        page.wait_for("This is a copy")
        assert page.complaints() == []
    finally:
        page.site.tell_gateway("faults")


MAIL = """
contact = Contact.objects.create(email="ada@example.net")
contact_list = ContactList.objects.create(name="Mails")
contact_list.contacts.add(contact)
campaign = Campaign.objects.create(
    channel="email", purpose="alert", sender="Shop",
    text="<h1>Hello</h1><script>parent.document.title = 'owned'</script>"
         "<p onclick='alert(1)' style='color: red'><img src='//evil.example/x.png'>Sale</p>",
    options={"subject": "News", "email_from": "news@shop.fr", "body_format": "html"},
)
campaign.include.add(contact_list)
print(json.dumps(campaign.pk))
"""


def test_a_hostile_mail_is_shown_and_does_nothing(page):
    page.open(f"{CAMPAIGNS}{page.site.python(MAIL)}/check/")
    frame = page.driver.find_element("css selector", "iframe")
    page.driver.switch_to.frame(frame)
    try:
        assert page.words.splitlines() == ["Hello", "[…]Sale"]
    finally:
        page.driver.switch_to.default_content()
    assert page.driver.title.startswith("Check before sending")
    assert page.barriers() == []
    assert page.complaints() == []


PAGES = """
campaign/ campaign/add/ campaign/add/?channel=voice_sms campaign/add/?channel=rcs
campaign/add/?channel=email campaign/status/ contactlist/ recipient/ frame/ reply/ optout/
optout/add/ halt/add/ webhookevent/
"""


@pytest.mark.parametrize("path", PAGES.split())
def test_no_barriers(page, path):
    page.open(f"/admin/octopush_django/{path}")
    assert page.barriers() == []
    assert page.complaints() == []
