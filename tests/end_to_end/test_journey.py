"""The main job on real input: the sandbox's own log against our tables."""

import csv
from collections import Counter
from decimal import Decimal
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from octopush_django import numbers

from .processes import ROOT, Installation

pytestmark = pytest.mark.processes

FILE = "tests/files/contacts-fr.csv"

SEND = """
campaign = send_campaign(
    text=values["text"], purpose=values["purpose"], contact_lists=["Clients"], with_replies=True
)
print(json.dumps(campaign.pk))
"""
STATE = """
campaign = Campaign.objects.get(pk=values["pk"])
waiting = WebhookEvent.objects.exclude(state="applied").count()
print(json.dumps([campaign.status, campaign.reason, waiting]))
"""
RESULT = """
from octopush_django.reports.figures import totals
campaign = Campaign.objects.get(pk=values["pk"])
figures = totals(campaign)
print(json.dumps({
    "people": figures.people,
    "excluded": figures.excluded,
    "states": figures.states,
    "segments": figures.segments,
    "cost": str(figures.cost),
    "frames": list(campaign.frames.order_by("number").values_list("size", flat=True)),
    "tickets": list(campaign.frames.values_list("ticket", flat=True)),
    "sent_to": list(campaign.recipients.filter(exclusion="").values_list("address", flat=True)),
    "replies": campaign.replies.count(),
    "opt_outs": sorted(OptOut.objects.values_list("address", flat=True)),
    "unmatched": WebhookEvent.objects.exclude(state="applied").count(),
    "open_attempts": SendAttempt.objects.filter(outcome="").count(),
}))
"""


@pytest.fixture(scope="module")
def site():
    with Installation() as installation:
        installation.manage(
            "octopush_import", FILE, "--list", "Clients",
            "--refused", str(installation.directory / "refused.csv"),
        )  # fmt: skip
        yield installation


def mobiles_of_the_file():
    """Read the file as simply as can be: mobile -> whether any row refuses."""
    refused = {}
    with (ROOT / FILE).open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            number = numbers.canonical(row["Téléphone"])
            if number and number.startswith("+336"):
                says_no = row["Consentement"].strip().lower() == "non"
                refused[number] = refused.get(number, False) or says_no
    return refused


def send_and_wait(site, purpose, text):
    before = len(site.gateway()["log"])
    pk = site.python(SEND, purpose=purpose, text=text)

    def is_over():
        status, _reason, waiting = site.python(STATE, pk=pk)
        return status in ("sent", "failed") and not waiting and site.gateway()["idle"]

    def reports_taken():
        return (site.directory / "site.log").stat().st_size

    site.wait_for(is_over, "the campaign is over", 60, progress=reports_taken)
    return site.python(RESULT, pk=pk), site.gateway()["log"][before:]


def test_every_mobile_once_and_nobody_who_said_no(site):
    mobiles = mobiles_of_the_file()

    result, log = send_and_wait(site, "alert", "Bonjour {first_name}, votre colis est parti.")
    assert_same(result, log)
    assert Counter(sent(log)) == Counter(list(mobiles))
    assert result["excluded"] == {"not_mobile": 29}
    opted_out = set(result["opt_outs"])

    text = "Bonjour {first_name}, 20% de remise samedi. STOP au XXXXX"
    result, log = send_and_wait(site, "wholesale", text)
    assert_same(result, log)
    allowed = {number for number, refused in mobiles.items() if not refused} - opted_out
    assert Counter(sent(log)) == Counter(list(allowed))
    assert site.gateway()["bent"] == []
    assert "sentinel-key-end-to-end" not in everything_logged(site)


def sent(log):
    return [number for entry in log if entry["accepted"] for number in entry["recipients"]]


def assert_same(result, log):
    """What we say and what the gateway was asked are the same, to the cent."""
    accepted = [entry for entry in log if entry["accepted"]]
    assert sorted(result["sent_to"]) == sorted(sent(log))
    assert result["people"] == len(sent(log))
    assert Decimal(result["cost"]) == sum(Decimal(entry["cost"]) for entry in accepted)
    assert result["segments"] == sum(entry["units"] for entry in accepted)
    assert sorted(result["tickets"]) == sorted(entry["ticket"] for entry in accepted)
    assert max(result["frames"]) <= 500
    assert max(result["frames"][1:]) - min(result["frames"][1:]) <= 1
    assert sum(result["states"].values()) == result["people"]
    assert result["unmatched"] == 0
    assert result["open_attempts"] == 0


def everything_logged(site):
    return "".join(log.read_text() for log in site.directory.glob("*.log"))


def test_the_public_page_sends_under_atomic_requests(site):
    """A visitor of the example site presses the button twice: one SMS, over the real cluster."""
    before = len(site.gateway()["log"])
    jar = CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    form = {"order": "A-418", "phone_number": "06 39 98 00 42", "first_name": "Nora"}
    for _ in range(2):
        opener.open(f"{site.site}/", timeout=10).read()
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        data = urlencode({**form, "csrfmiddlewaretoken": token}).encode()
        assert b"on its way" in opener.open(f"{site.site}/", data=data, timeout=10).read()
    site.wait_for(lambda: len(site.gateway()["log"]) > before, "the page's SMS has left")
    log = site.gateway()["log"][before:]
    assert sent(log) == ["+33639980042"]
    assert log[0]["text"] == "{first_name}, your order {param1} has left our shop."
