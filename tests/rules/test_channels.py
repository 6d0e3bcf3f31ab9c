"""What the gateway does beyond sending: replies, and services that it charges for."""

from decimal import Decimal

import pytest

from octopush_django.campaigns import preview_campaign
from octopush_django.exceptions import ComplianceError, InvalidCampaign
from octopush_django.models import Campaign, Contact
from octopush_django.testing import outbox, send_due

from ..people import make_list, number, send

pytestmark = pytest.mark.django_db

# --- replies -------------------------------------------------------------------------------------


BELGIAN = "+32470123456"


def test_replies_are_for_the_countries_of_the_setting(settings):
    with pytest.raises(ComplianceError) as refusal:
        send(recipients=[number(0), BELGIAN], with_replies=True)
    assert [finding.code for finding in refusal.value.findings] == ["replies_abroad"]
    assert not Campaign.objects.exists()
    settings.OCTOPUSH_TWO_WAY_COUNTRIES = ["FR", "BE"]
    assert send(recipients=[number(0), BELGIAN], with_replies=True).status == "sending"


def test_the_preview_counts_who_could_not_reply():
    contact_list = make_list(people=3)
    contact_list.contacts.add(Contact.objects.create(phone_number=BELGIAN))
    arguments = {"text": "Hi", "purpose": "alert", "sender": "Shop", "with_replies": True}
    lists = preview_campaign(contact_lists=[contact_list], **arguments)
    literal = preview_campaign(recipients=[number(0), BELGIAN], **arguments)
    for preview in (lists, literal):
        [finding] = [f for f in preview.findings if f.code == "replies_abroad"]
        assert (finding.level, str(finding.message)[:8]) == ("error", "1 person")
        assert {"sender_replaced", "replies_price"} <= {f.code for f in preview.findings}
    assert preview_campaign(recipients=[number(0)], **arguments).count == 1


def test_where_no_country_can_reply_nobody_can(settings):
    settings.OCTOPUSH_TWO_WAY_COUNTRIES = []
    arguments = {"text": "Hi", "purpose": "alert", "sender": "Shop", "with_replies": True}
    for given in (
        {"contact_lists": [make_list(people=2)]},
        {"recipients": [number(8), number(9)]},
    ):
        findings = preview_campaign(**given, **arguments).findings
        [finding] = [found for found in findings if found.code == "replies_abroad"]
        assert str(finding.message).startswith("2 people")


# --- what the gateway does for money -------------------------------------------------------------


def test_options_of_the_gateway_by_its_own_names():
    send(options={"auto_remove_blacklisted_numbers": True, "auto_optimize_text": True,
                  "list_name": "May", "recipient_tracking": True})  # fmt: skip
    send_due()
    [request] = outbox
    assert request["auto_remove_blacklisted_numbers"] is True
    assert request["auto_optimize_text"] is True
    assert (request["list_name"], request["recipient_tracking"]) == ("May", True)


@pytest.mark.parametrize("wrong", [{"auto_optimize_text": "yes"}, {"unheard_of": 1}])
def test_wrong_options_are_refused(wrong):
    with pytest.raises(InvalidCampaign):
        send(options=wrong)


def test_leaving_out_whom_the_gateway_knows_is_paid_by_the_request(settings):
    settings.OCTOPUSH_FRAME_SIZE = 10
    settings.OCTOPUSH_PILOT_SIZE = 0
    arguments = {"text": "Hi", "purpose": "alert", "sender": "Shop",
                 "recipients": [number(i) for i in range(25)]}  # fmt: skip
    preview = preview_campaign(options={"auto_remove_blacklisted_numbers": True}, **arguments)
    assert preview.surcharge == Decimal("0.03")
    assert preview_campaign(**arguments).surcharge == 0
