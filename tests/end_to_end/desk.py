"""A marketer at the admin, over HTTP: composes, checks, presses a button."""

import re
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

CAMPAIGNS = "/admin/octopush_django/campaign/"
MAKE_USER = """
from django.contrib.auth.models import User
User.objects.create_superuser("ada", password="a-long-password")
print("null")
"""


class Desk:
    """One logged-in browser, without JavaScript."""

    def __init__(self, site):
        self.site, self.jar = site, CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))
        site.python(MAKE_USER)
        self.get("/admin/login/")
        self.post("/admin/login/?next=/admin/", username="ada", password="a-long-password")

    def get(self, path):
        return self._open(path, None)

    def post(self, path, **fields):
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        data = urlencode({**fields, "csrfmiddlewaretoken": token}, doseq=True).encode()
        return self._open(path, data)

    def compose(self, channel="sms", **fields):
        """Save a draft; returns its key."""
        form = {"name": "", "sender": "Shop", "sms_type": "sms_premium", "scheduler": "app"}
        page = self.post(
            f"{CAMPAIGNS}add/?channel={channel}", **{**form, "_continue": "", **fields}
        )
        found = re.search(rf"{CAMPAIGNS}(\d+)/change/", self.url)
        assert found, words(page)
        return int(found[1])

    def check(self, pk):
        return self.get(f"{CAMPAIGNS}{pk}/check/")

    def press(self, pk, button, **fields):
        """Press a button of the check page, as it stands now."""
        page = self.check(pk)
        mark = re.search(r'name="fingerprint" value="(\w+)"', page)[1]
        fields = {button: "", "acknowledged": "on", **fields}
        return self.post(f"{CAMPAIGNS}{pk}/check/", fingerprint=mark, **fields)

    def do(self, pk, verb):
        return self.post(f"{CAMPAIGNS}{pk}/{verb}/do/", sure="yes")

    def _open(self, path, data):
        try:
            with self.opener.open(f"{self.site.site}{path}", data=data, timeout=60) as answer:
                self.url = answer.url
                return answer.read().decode()
        except HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {words(error.read().decode())}") from None


def words(page):
    """What a page says, without its markup."""
    body = page[page.find("<body") :]
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())
