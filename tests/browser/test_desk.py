"""The whole journey in a real browser, from a file of contacts to the result."""

import csv

import pytest
from selenium.webdriver.common.keys import Keys

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
DETAIL = "ContactField.objects.get_or_create(**values)\nprint('null')"
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
    page.write("id_new_list", "From the file")
    page.press("Look at the file")
    page.wait_for("What the columns of clients.csv are")
    assert page.barriers() == []
    page.press("Import these contacts")
    page.wait_for("3 rows were read.")
    assert page.barriers() == []
    assert page.complaints() == []

    text = "Bonjour {first_name|cher client}, c’est les soldes chez Martin, de 9h à 19h samedi !"
    compose(page, "Journey", text, three(301, "Ada", "Loïc", "Eve"))
    page.wait_for("Add “STOP au XXXXX”")
    page.press("Add “STOP au XXXXX”")
    page.wait_for("count as 2 SMS")
    page.press("Replace ’ by '")
    page.wait_for("counts as 1 SMS")
    assert page.barriers() == []
    pk = save(page)

    page.press("Save, check and send")
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
        page.press("Save, check and send")
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
        page.wait_for("To go on later, pause it instead")
        assert page.barriers() == []
        page.press("Cancel what has not left")
        page.wait_for("Status: Cancelled")
        assert page.site.python(STATUS, pk=pk) == "cancelled"
        page.press("Copy")
        page.wait_for("This is a copy")
        assert page.complaints() == []
    finally:
        page.site.tell_gateway("faults")


def test_what_to_write_where_a_detail_is_missing(page):
    page.site.python(DETAIL, key="ville", label="Ville")
    page.open(f"{CAMPAIGNS}add/")
    page.press("first name")
    page.wait_for("first name, where it is missing:")
    box = page.driver.find_element("css selector", ".octopush-fallbacks input")
    assert box.get_attribute("placeholder") == "leave the person out"
    box.send_keys("dear |{}you")
    text = page.field("id_text")
    assert text.get_attribute("value") == "{first_name|dear you}"
    assert page.driver.switch_to.active_element == box
    page.write("id_text", "{first_name|you} and {ville} and {first_name|you}")
    page.wait_for("Ville, where it is missing:")
    box = page.driver.find_element("css selector", ".octopush-fallbacks input")
    assert box.get_attribute("value") == "you"
    box.clear()
    box.send_keys("!")
    assert text.get_attribute("value") == "{first_name|!} and {ville} and {first_name|!}"
    page.write("id_text", "nothing")
    assert "where it is missing" not in page.words
    assert page.barriers() == []
    assert page.complaints() == []


def test_a_voice_message_is_counted_in_seconds(page):
    page.open(f"{CAMPAIGNS}add/?channel=voice_sms")
    page.write("id_text", "é" * 451)
    page.wait_for("451 of 1224 characters.")
    page.wait_for("Read aloud in about 31 seconds, billed as 2 × 30 seconds.")
    assert "STOP" not in page.driver.find_element("css selector", ".octopush-chips").text
    assert page.complaints() == []


def test_a_screen_reader_hears_the_count_when_typing_pauses(page):
    page.open(f"{CAMPAIGNS}add/")
    text, spoken = page.field("id_text"), page.field("octopush-count")
    assert spoken.get_attribute("aria-live") == "polite"
    described = text.get_attribute("aria-describedby").split()
    assert {"id_text_helptext", "octopush-count"} <= set(described)
    text.send_keys("a" * 161)
    # Chromedriver types faster than anybody pauses.
    assert "161" not in spoken.get_attribute("textContent")
    page.until(lambda: "161 characters: count as 2 SMS" in spoken.get_attribute("textContent"))


def test_sent_with_the_keyboard_alone(page):
    compose(page, "Keys", "Hello STOP au XXXXX", three(330, "Ada"), purpose="id_purpose_1")
    pk = save(page)
    page.open(f"{CAMPAIGNS}{pk}/check/")
    page.field("id_schedule_send_at_0").send_keys(Keys.ENTER)
    page.wait_for("Please correct the error below")
    assert page.site.python(STATUS, pk=pk) == "draft"
    page.tab_to("Send now to 1 person")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_for("Status: Sent", 60)


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
optout/add/ halt/add/ webhookevent/ tariff/ tariff/add/ contact/import/
"""


@pytest.mark.parametrize("path", PAGES.split())
def test_no_barriers(page, path):
    page.open(f"/admin/octopush_django/{path}")
    assert page.barriers() == []
    assert page.complaints() == []


def test_no_barriers_in_the_dark_in_french_on_a_small_screen(page):
    text = "Ça coûte {first_name|cher client}, le thé. STOP au XXXXX"
    compose(page, "Noir", text, three(340, "Ada", "{Eve}"))
    pk = save(page)
    page.choose("id_auto_optimize_text")
    page.wait_for("An estimate: the gateway may shorten the text.")
    with page.like(theme="dark", language="fr", width=480):
        for path in ("change/", "check/", "left-out/", "check/?who=nobody"):
            page.open(f"{CAMPAIGNS}{pk}/{path}")
            assert "Accueil" in page.words
            assert page.barriers() == []
            assert page.is_as_wide_as_the_window()
        page.open(f"{CAMPAIGNS}{pk}/check/")
        page.choose("id_acknowledged")
        page.press("Envoyer maintenant à 2 personnes")
        page.wait_for("État : Envoyée", 60)
        assert page.barriers() == []
        assert page.is_as_wide_as_the_window()
    assert page.complaints() == []
