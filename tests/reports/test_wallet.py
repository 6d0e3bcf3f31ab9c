"""What a page asks about the credit: all of it within a few seconds, or not known."""

from decimal import Decimal

import pytest

from octopush_django.backends.locmem import LocMemBackend
from octopush_django.exceptions import GatewayUnreachable
from octopush_django.reports import credit

WORTH = {"FR": {"premium_sms": Decimal(640), "low_cost_sms": Decimal(9)}, "BE": {"x": Decimal(1)}}


@pytest.fixture
def gateway(monkeypatch):
    """Its clock, the limits that were set, and what it is asked."""
    seen = {"now": 100.0, "limits": [], "asked": []}

    def credits(self):
        seen["asked"].append("credits")
        return WORTH

    monkeypatch.setattr(credit.time, "monotonic", lambda: seen["now"])
    monkeypatch.setattr(LocMemBackend, "answer_within", lambda self, s: seen["limits"].append(s))
    monkeypatch.setattr(LocMemBackend, "check_credits", credits)
    monkeypatch.setattr(LocMemBackend, "close", lambda self: seen["asked"].append("closed"))
    return seen


def slow(monkeypatch, gateway, seconds):
    balance = LocMemBackend.check_balance

    def later(self):
        gateway["now"] += seconds
        return balance(self)

    monkeypatch.setattr(LocMemBackend, "check_balance", later)


def test_the_second_question_gets_what_the_first_left(gateway, monkeypatch):
    slow(monkeypatch, gateway, 5)
    found = credit.ask(by_country=True)
    assert found.euros == Decimal(1000)
    assert found.in_sms("sms_premium") == {"FR": Decimal(640)}
    assert gateway["limits"] == [credit.PATIENCE, credit.PATIENCE - 5]


def test_nothing_more_is_asked_when_the_time_is_over(gateway, monkeypatch):
    slow(monkeypatch, gateway, credit.PATIENCE)
    found = credit.ask(by_country=True)
    assert (found.euros, found.units) == (Decimal(1000), {})
    assert gateway["asked"] == ["closed"]


def test_only_what_is_wanted_is_asked(gateway):
    assert credit.ask() == credit.Credit(Decimal(1000))
    assert gateway["asked"] == ["closed"]


def test_an_answer_that_fails(gateway, monkeypatch, settings):
    def fails(self):
        raise GatewayUnreachable("No way there.")

    monkeypatch.setattr(LocMemBackend, "check_credits", fails)
    assert credit.ask(by_country=True) == credit.Credit(Decimal(1000))
    monkeypatch.setattr(LocMemBackend, "check_balance", fails)
    assert credit.ask(by_country=True) == credit.Credit(None, "No way there.")
    settings.OCTOPUSH_BACKEND = "nowhere.at.all"
    assert "OCTOPUSH_BACKEND" in credit.ask().why_not
