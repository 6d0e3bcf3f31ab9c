"""The page of a campaign says why it stands, where no reason is stored."""

from datetime import timedelta

import pytest
from django.utils import timezone

from octopush_django.campaigns import pause_campaign
from octopush_django.models import Heartbeat

from ..desk import seen, url
from ..people import number, send, send_marketing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("minutes", "says"), [(None, "No worker has ever run here"), (1, ""), (5, "No worker has run")]
)
def test_no_worker_is_told_on_the_page(admin_client, minutes, says):
    campaign = send()
    if minutes is not None:
        beat_at = timezone.now() - timedelta(minutes=minutes)
        Heartbeat.objects.create(name=Heartbeat.WORKER, beat_at=beat_at)
    page = seen(admin_client.get(url("campaign_progress", campaign.pk)))
    assert says in page
    assert ("qcluster" in page) is bool(says)
    pause_campaign(campaign)
    assert "qcluster" not in seen(admin_client.get(url("campaign_progress", campaign.pk)))


def test_marketing_behind_transactional_messages_says_so(admin_client, settings):
    settings.OCTOPUSH_QUIET_HOURS = ""
    marketing = send_marketing()
    says = "Transactional messages leave first"
    assert says not in seen(admin_client.get(url("campaign_progress", marketing.pk)))
    alert = send(recipients=[number(9)])
    assert says in seen(admin_client.get(url("campaign_progress", marketing.pk)))
    assert says not in seen(admin_client.get(url("campaign_progress", alert.pk)))
