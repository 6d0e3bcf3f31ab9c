"""A price that somebody entered, beside those of bills."""

from decimal import Decimal

import pytest
from django.utils import timezone

from octopush_django import copies
from octopush_django.models import Frame, Tariff
from octopush_django.reports import prices

from ..desk import check, launch, seen, url

pytestmark = pytest.mark.django_db


def test_a_price_that_was_entered(admin_client, draft):
    page = check(admin_client, draft)
    assert "Not known yet" in seen(page)
    path = page.context["enter_price"]
    assert f"for={draft.pk}" in path
    data = {"channel": "sms", "sms_type": "sms_premium", "euros": "0"}
    assert "greater than or equal to 0.0001" in seen(admin_client.post(path, data))
    page = admin_client.post(path, {**data, "euros": "0.05"}, follow=True)
    assert page.context["campaign"] == draft
    assert "about 0.10 EUR, by the price entered on" in seen(page)
    assert page.context["preview"].cost == Decimal("0.10")
    tariff = Tariff.objects.get()
    assert tariff.created_by.username == "admin"
    change = admin_client.post(url("tariff_change", tariff.pk), {**data, "euros": "9"})
    assert change.status_code == 403
    launch(admin_client, draft, page)
    assert (draft.expected_units, draft.expected_cost) == (2, Decimal("0.1"))
    # A later bill wins; then a later entry.
    Frame.objects.filter(campaign=draft).update(
        status="accepted", cost="0.16", segments_billed=4, first_posted_at=timezone.now()
    )
    other = copies.copy_campaign(draft)
    assert prices.last_price(other).euros == Decimal("0.04")
    Tariff.objects.create(euros="0.06")
    Tariff.objects.create(euros="1", sms_type="sms_low_cost")
    assert prices.last_price(other).euros == Decimal("0.06")
