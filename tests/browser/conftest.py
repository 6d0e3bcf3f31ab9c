"""A real Chromium on a real site. Without Chromium these tests are skipped, in CI they fail."""

import os
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.end_to_end.processes import Installation

from .page import Page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


def pytest_collection_modifyitems(items):
    if (CHROMIUM and DRIVER) or os.environ.get("CI"):
        return
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="no Chromium here (Debian: chromium-driver)"))


@pytest.fixture(scope="package")
def site():
    # One call at a time and small batches, so that there is something to watch.
    environment = {
        "DEBUG": "True",
        "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
        "OCTOPUSH_FRAME_SIZE": "2",
        "OCTOPUSH_CONCURRENCY": "1",
    }
    with Installation(**environment) as installation:
        yield installation


@pytest.fixture(scope="package")
def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or "chromium"
    for switch in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                   "--window-size=1280,1000", "--lang=en", "--disable-gpu"):  # fmt: skip
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER or "chromedriver"))
    yield driver
    driver.quit()


@pytest.fixture(scope="package")
def logged_in(site, chromium):
    """The marketer Ada, who may do everything."""
    page = Page(site, chromium)
    page.log_in()
    return page


@pytest.fixture
def page(logged_in):
    logged_in.forget_complaints()
    return logged_in
