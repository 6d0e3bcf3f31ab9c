"""Campaigns made from a campaign: a copy to work on, a test to look at."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .audience.routes import template_of
from .campaigns import launch_campaign, send_campaign
from .compose.drafts import FLAGS
from .exceptions import InvalidCampaign
from .models import Campaign, Channel, Purpose, SmsType
from .models.campaigns import account_of
from .rules.addresses import FIELDS

MOST_TESTS = 5
LONGEST_NAME = 200
COPIED = (
    "channel", "sms_type", "purpose", "sender", "text", "with_replies", "simulation",
    "auto_optimize_text", "auto_remove_blacklisted", "scheduler",
)  # fmt: skip


def copy_campaign(campaign: Campaign, *, by: Any = None, key: str | None = None) -> Campaign:
    """A new draft with the same text, lists and options."""
    with transaction.atomic():
        copy = Campaign.objects.create(
            **{name: getattr(campaign, name) for name in COPIED},
            key=key,
            name=(_("Copy of %(campaign)s") % {"campaign": campaign})[:LONGEST_NAME],
            options=campaign.options,
            created_by=account_of(by),
        )
        copy.include.set(campaign.include.all())
        copy.exclude.set(campaign.exclude.all())
    return copy


def simulate(campaign: Campaign, *, by: Any = None, once: str = "") -> Campaign:
    """Let the gateway check all of ``campaign`` and pretend: nobody receives anything.

    A campaign of its own, which points to the simulated one. A second call with the same
    ``once`` returns the first simulation. Raises what :func:`launch_campaign` raises.
    """
    key = _key(campaign, once, "simulation")
    try:
        with transaction.atomic():
            copy = copy_campaign(campaign, by=by, key=key)
            copy.name = (_("Simulation: %(campaign)s") % {"campaign": campaign})[:LONGEST_NAME]
            copy.simulation, copy.tested = True, campaign
            copy.save()
            return launch_campaign(copy, by=by)
    except IntegrityError:
        first = Campaign.objects.filter(key=key).first() if key else None
        if first is None:
            raise
        return first


def send_test(
    campaign: Campaign,
    to: Sequence[str],
    values: Mapping[str, str],
    *,
    by: Any = None,
    once: str = "",
) -> Campaign:
    """Send the text of ``campaign`` to one to five addresses, with the ``values`` of somebody.

    A campaign of its own, which points to the tested one: the same rules, its own bill, and
    outside the figures of the tested one. A second call with the same ``once`` and addresses
    returns the first test. Raises what :func:`send_campaign` raises.
    """
    if not 1 <= len(to) <= MOST_TESTS:
        said = _("Name one to %(most)d addresses.") % {"most": MOST_TESTS}
        raise InvalidCampaign("to", said)
    key = FIELDS[campaign.traits.family]
    # Also where nobody is there as whom to write: fallbacks stand in then.
    values = {**dict.fromkeys(template_of(campaign).fields, ""), **values}
    flags = {name: True for name, ours in FLAGS.items() if getattr(campaign, ours)}
    with transaction.atomic():
        test = send_campaign(
            text=campaign.text,
            purpose=Purpose(campaign.purpose),
            recipients=[{**values, key: address} for address in to],
            name=(_("Test: %(campaign)s") % {"campaign": campaign})[:LONGEST_NAME],
            key=_key(campaign, once, "test", *to),
            channel=Channel(campaign.channel),
            sms_type=SmsType(campaign.sms_type),
            sender=campaign.sender,
            with_replies=campaign.with_replies,
            simulation=campaign.simulation,
            created_by=by,
            options={**campaign.options, **flags},
        )
        Campaign.objects.filter(pk=test.pk).update(tested=campaign)
        test.tested = campaign
    return test


def _key(campaign: Campaign, once: str, *what: str) -> str | None:
    """The key that is the same for a second click on the same page; None where nobody clicks."""
    if not once:
        return None
    made_of = json.dumps([campaign.pk, once, *what])
    return hashlib.sha256(made_of.encode()).hexdigest()
