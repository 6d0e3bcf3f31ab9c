"""How a campaign goes: by which call, with whose texts, and at whose hours."""

from functools import reduce
from operator import or_

from django.db.models import Case, CharField, Q, Value, When
from django.db.models.expressions import Combinable

from .. import numbers
from ..conf import conf
from ..models import Campaign, CampaignStatus, Channel
from ..rules import placeholders


def template_of(campaign: Campaign) -> placeholders.Template:
    """The text of ``campaign`` with its merge fields."""
    return placeholders.parse(campaign.text, html=campaign.options.get("body_format") == "html")


def has_own_texts(campaign: Campaign) -> bool:
    """Whether each person's text is made here: the multi-channel call merges nothing."""
    return goes_by_multi_channel(campaign) and bool(template_of(campaign).fallbacks)


def goes_by_multi_channel(campaign: Campaign) -> bool:
    """Whether a campaign goes by the multi-channel call. For an SMS the launch decides."""
    if campaign.channel != Channel.SMS:
        return True
    if campaign.status == CampaignStatus.DRAFT:
        return conf.sms_by_multi_channel
    return campaign.by_multi_channel


def overseas(field: str) -> Q:
    """Addresses in French territories with hours of their own."""
    prefixes = (Q(**{f"{field}__startswith": prefix}) for prefix in numbers.OVERSEAS_ZONES)
    return reduce(or_, prefixes)


def zone_of(field: str) -> Combinable:
    """The time zone of an address, where it is not that of the settings; else ""."""
    whens = (
        When(**{f"{field}__startswith": prefix, "then": Value(zone)})
        for prefix, zone in numbers.OVERSEAS_ZONES.items()
    )
    return Case(*whens, default=Value(""), output_field=CharField())


def keeps_local_hours(campaign: Campaign) -> bool:
    """Whether a campaign may leave at some hours only, which are those of each person."""
    return campaign.traits.family == "phone" and campaign.allowed_hours() is not None
