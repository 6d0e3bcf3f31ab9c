"""Make the pictures of the docs: a site of its own, a real campaign, real pages.

Needs Chromium and its driver; usage: python docs/screenshots.py
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.browser.page import CAMPAIGNS, Page
from tests.end_to_end.processes import Installation

IMAGES = Path(__file__).parent / "images"
SETTING = """
contact_list = ContactList.objects.create(name="Clients")
names = ["Ada", "Maximilienne", "Nora", "Ilan", "", "Sacha", "Camille", "Alix"]
for index, name in enumerate(names * 30):
    contact = Contact.objects.create(phone_number=f"+3363998{index:04d}", first_name=name)
    contact_list.contacts.add(contact)
for index in (3, 40, 77):
    OptOut.objects.create(address=f"+3363998{index:04d}")
text = ("Bonjour {first_name}, c’est les soldes chez Martin : -20% samedi de 9h à 19h, et un thé "
        "vous attend. STOP au XXXXX")
campaign = Campaign.objects.create(
    name="Saturday", text=text, purpose="wholesale", sender="Martin"
)
campaign.include.add(contact_list)
print(json.dumps(campaign.pk))
"""


def main():
    IMAGES.mkdir(exist_ok=True)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome")
    for switch in ("--headless=new", "--no-sandbox", "--window-size=1200,1250", "--lang=en"):
        options.add_argument(switch)
    with Installation(DEBUG="True") as site:
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            take(site, Page(site, driver), driver)
        finally:
            driver.quit()


def take(site, page, driver):
    page.log_in()
    pk = site.python(SETTING)
    page.open(f"{CAMPAIGNS}{pk}/change/")
    page.wait_for("Replace")
    driver.save_screenshot(str(IMAGES / "compose.png"))
    page.open(f"{CAMPAIGNS}{pk}/check/")
    driver.save_screenshot(str(IMAGES / "check.png"))
    page.press("Send now to")
    page.wait_for("Status: Sent", 60)
    page.wait_for("Delivered\n207", 60)
    driver.save_screenshot(str(IMAGES / "progress.png"))


if __name__ == "__main__":
    main()
