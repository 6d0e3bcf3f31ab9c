"""What a person does with a browser, and what a screen reader or a strict policy would say."""

import time
from contextlib import contextmanager

from axe_core_python.selenium import Axe
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

MAKE_USER = """
from django.contrib.auth.models import User
if not User.objects.filter(username="marie").exists():
    User.objects.create_superuser("marie", password="a-long-password")
print("null")
"""
CAMPAIGNS = "/admin/octopush_django/campaign/"


class Page:
    """One browser window."""

    def __init__(self, site, driver):
        self.site, self.driver = site, driver

    def log_in(self):
        self.site.python(MAKE_USER)
        self.open("/admin/login/?next=/admin/")
        self.write("id_username", "marie")
        self.write("id_password", "a-long-password")
        self.driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()
        # Another page opened too soon would cut the log-in off.
        WebDriverWait(self.driver, 20).until(
            lambda driver: driver.find_elements(By.ID, "logout-form")
        )

    def open(self, path):
        self.driver.get(f"{self.site.site}{path}")

    @property
    def words(self):
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except (NoSuchElementException, StaleElementReferenceException):
            return ""  # Between two pages there is none.

    def field(self, name):
        return self.driver.find_element(By.ID, name)

    def write(self, name, text):
        field = self.field(name)
        field.clear()
        # Chromedriver types no characters beyond the BMP: let the page hear of all alike.
        self.driver.execute_script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            field, text,
        )  # fmt: skip

    def choose(self, name):
        self.driver.execute_script("arguments[0].click()", self.field(name))

    def press(self, label):
        """Press the button or link of this name."""
        try:
            self._press(label)
        except StaleElementReferenceException:
            self._press(label)  # The page renewed itself before it was pressed.

    def _press(self, label):
        for element in self.driver.find_elements(By.CSS_SELECTOR, "button, a, input[type=submit]"):
            said = (element.text or element.get_attribute("value") or "").strip()
            if said.lower().startswith(label.lower()) and element.is_displayed():
                self.driver.execute_script("arguments[0].click()", element)
                return
        raise NoSuchElementException(f"{label!r} is not in:\n{self.words}")

    def wait_for(self, text, seconds=20):
        end = time.monotonic() + seconds
        while text not in self.words:
            assert time.monotonic() < end, f"{text!r} is not in:\n{self.words}"
            time.sleep(0.1)

    def until(self, true, seconds=20):
        WebDriverWait(self.driver, seconds).until(lambda _driver: true())

    def tab_to(self, label, most=200):
        """Press Tab until the button or link of this name has the focus."""
        for _ in range(most):
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
            if self.driver.switch_to.active_element.text.startswith(label):
                return
        raise NoSuchElementException(f"{label!r} cannot be reached by Tab")

    @contextmanager
    def like(self, *, theme, language, width):
        """For a while, the browser of somebody with other wishes."""
        before = self.driver.get_window_size()
        self._prefer(theme, language)
        self.driver.set_window_size(width, before["height"])
        try:
            yield
        finally:
            self._prefer("light", "en")
            self.driver.set_window_size(before["width"], before["height"])

    def _prefer(self, theme, language):
        tell = self.driver.execute_cdp_cmd
        tell("Network.enable", {})
        tell("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": language}})
        scheme = {"name": "prefers-color-scheme", "value": theme}
        tell("Emulation.setEmulatedMedia", {"features": [scheme]})

    def is_as_wide_as_the_window(self):
        """Whether nothing has to be scrolled sideways."""
        return self.script(
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )

    def script(self, code, *values):
        return self.driver.execute_script(code, *values)

    def complaints(self):
        """What the browser's console says: errors of scripts, of the content policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "favicon" not in entry["message"]]  # fmt: skip

    def forget_complaints(self):
        self.driver.get_log("browser")

    def barriers(self):
        """What axe finds: rule and place."""
        found = Axe().run(self.driver)["violations"]
        places = [(v["id"], node["html"][:150]) for v in found for node in v["nodes"]]
        # Django's own list chooser puts its "remove all" between the items of a list.
        return [(rule, html) for rule, html in places if "select2-selection__rendered" not in html]
