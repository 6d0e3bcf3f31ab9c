"""Prices are entered as people write them."""

from decimal import Decimal

import pytest

from octopush_django.models import Tariff

from ..desk import url

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("typed", "euros"), [("0,05", "0.05"), ("0.05", "0.05"), (" 1,2345 ", "1.2345"), ("2", "2")]
)
def test_a_price_with_a_comma_or_a_point(admin_client, typed, euros, language):
    given = {"channel": "sms", "sms_type": "sms_premium", "euros": typed}
    admin_client.post(url("tariff_add"), given, headers={"Accept-Language": language})
    assert Tariff.objects.get().euros == Decimal(euros)


@pytest.mark.parametrize("typed", ["1,000.50", "0,05 €", "0", "-1", "nan", "0,00001", ""])
def test_what_is_no_price_is_refused(admin_client, typed):
    given = {"channel": "sms", "sms_type": "sms_premium", "euros": typed}
    page = admin_client.post(url("tariff_add"), given)
    assert page.context["errors"]
    assert not Tariff.objects.exists()


def test_the_browser_takes_the_comma(admin_client):
    page = admin_client.get(url("tariff_add")).content.decode()
    assert 'inputmode="decimal"' in page
    assert 'type="number" name="euros"' not in page
