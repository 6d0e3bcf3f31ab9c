"""People are told before the credit runs out: once for each fall."""

from decimal import Decimal

import django
import pytest
from django.core import mail

from octopush_django import signals
from octopush_django.backends.locmem import LocMemBackend
from octopush_django.exceptions import GatewayUnreachable
from octopush_django.models import Frame
from octopush_django.reports import alerts, credit
from octopush_django.sweep import sweep
from octopush_django.testing import send_due

from ..people import send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limit(settings):
    settings.OCTOPUSH_LOW_CREDIT = 50
    ada = "ada@example.org"
    settings.MANAGERS = [ada] if django.VERSION >= (6, 0) else [("Ada", ada)]


def bill(left, **arguments):
    send(**arguments)
    send_due()
    Frame.objects.filter(pk=Frame.objects.latest("pk").pk).update(residual_credit=Decimal(left))


def test_nobody_is_told_while_there_is_enough():
    bill(50)
    assert not credit.watch()
    sweep()
    assert mail.outbox == []


def test_a_backend_without_an_account_knows_no_credit(settings):
    settings.OCTOPUSH_BACKEND = "octopush_django.backends.console.ConsoleBackend"
    assert credit.ask(by_country=True) == credit.Credit(None)


def test_each_fall_is_told_once(django_capture_on_commit_callbacks):
    heard = []
    signals.credit_low.connect(lambda **kwargs: heard.append(kwargs["amount"]), weak=False)
    with django_capture_on_commit_callbacks(execute=True):
        for left in (49, 30, 200, 40):
            bill(left)
            sweep()
            sweep()
    assert heard == [Decimal(49), Decimal(40)]
    assert [message.to for message in mail.outbox] == [["ada@example.org"]] * 2
    assert "49.00 EUR" in mail.outbox[0].subject


def test_a_simulation_tells_nothing():
    bill(1, simulation=True)
    assert not credit.watch()


def test_without_a_limit_nobody_is_told(settings):
    settings.OCTOPUSH_LOW_CREDIT = 0
    bill(1)
    assert not credit.watch()


def test_an_e_mail_that_fails_does_not_stop_the_sweep(settings, monkeypatch):
    def fail(*args):
        raise OSError("no mail server")

    monkeypatch.setattr(alerts, "mail_managers", fail)
    bill(1)
    sweep()
    assert not credit.watch()


def test_the_status_page_shows_what_is_left(admin_client, monkeypatch):
    units = {"FR": {"premium_sms": Decimal(640)}}
    monkeypatch.setattr(LocMemBackend, "check_credits", lambda backend: units)
    page = admin_client.get("/admin/octopush_django/campaign/status/").content.decode()
    assert "1,000.00 EUR" in page
    assert "SMS Premium: 640" in page


def test_a_gateway_that_is_away_leaves_the_status_page_up(admin_client, monkeypatch):
    def fail(backend):
        raise GatewayUnreachable("no route")

    monkeypatch.setattr(LocMemBackend, "check_balance", fail)
    page = admin_client.get("/admin/octopush_django/campaign/status/")
    assert page.status_code == 200
    assert "no route" in page.content.decode()
