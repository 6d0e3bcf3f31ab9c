"""What one SMS costs: by the newest bill that people paid, or by what somebody entered since."""

from decimal import Decimal

import pytest

from octopush_django.client.answers import Answer
from octopush_django.models import Campaign, Frame, Tariff
from octopush_django.reports.prices import last_price
from octopush_django.sending import settlement
from octopush_django.sending.claims import claim_frames

from ..people import make_list, number, send

pytestmark = pytest.mark.django_db


def bill(cost, sms=1, **arguments):
    campaign = send(**arguments)
    paid = Answer("accepted", http_status=201, ticket=f"sms_{campaign.pk}", number_of_contacts=1,
                  total_cost=Decimal(cost), number_of_sms=sms)  # fmt: skip
    settlement.settle([(claim_frames()[0], paid)])
    return campaign


def price(**values):
    found = last_price(Campaign(text="Hello", purpose="alert", **values))
    return found and found.euros


def test_the_newest_bill_tells_the_price_of_one():
    bill("0.05")
    bill("0.12", sms=3)
    assert price() == Decimal("0.04")


def test_it_is_known_whether_somebody_entered_it():
    bill("0.05")
    assert last_price(Campaign()).by_bill
    Tariff.objects.create(euros="0.06")
    assert not last_price(Campaign()).by_bill


def test_a_simulation_is_no_bill():
    bill("0.05")
    bill("9", simulation=True)
    assert price() == Decimal("0.05")


def test_an_estimate_is_no_bill():
    bill("0.05")
    bill("9")
    Frame.objects.filter(cost=9).update(cost_is_estimate=True)
    assert price() == Decimal("0.05")


def test_another_type_or_channel_has_another_price():
    bill("0.05")
    assert price(sms_type="sms_low_cost") is None
    assert price(channel="email") is None


def test_the_newer_of_bill_and_entry_counts():
    Tariff.objects.create(euros="0.07")
    assert price() == Decimal("0.07")
    bill("0.05")
    assert price() == Decimal("0.05")
    Tariff.objects.create(euros="0.06")
    assert price() == Decimal("0.06")


def test_an_estimate_keeps_fractions_of_a_cent(settings):
    settings.OCTOPUSH_FRAME_SIZE, settings.OCTOPUSH_PILOT_SIZE = 3, 0
    campaign = send(contact_lists=[make_list(people=6)])
    first, _second = claim_frames()
    paid = Answer("accepted", http_status=201, ticket="sms_1", number_of_contacts=3,
                  total_cost=Decimal("0.0333"), number_of_sms=3)  # fmt: skip
    settlement.settle([(first, paid)])
    other = campaign.frames.get(number=2)
    assert other.estimated_cost() == Decimal("0.0333")
    other.size = 1
    assert other.estimated_cost() == Decimal("0.0111")
    assert send(recipients=[number(9)]).frames.get().estimated_cost() is None
