"""What the check page shows of a draft: figures in words, and its text as somebody reads it."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from ..audience.routes import has_own_texts
from ..compose import examples
from ..compose.previews import Preview
from ..models import Campaign, Channel, Contact, Exclusion
from ..reports import credit
from ..rules.channels.voice import spoken_seconds
from ..rules.compliance import MOST_REQUESTS
from .channel_forms import FORMS
from .html_preview import harmless


def figures_of(campaign: Campaign, preview: Preview) -> dict[str, Any]:
    """Who and how much, in words."""
    is_sms = campaign.channel == Channel.SMS
    left = credit.ask(by_country=is_sms)
    labels = Contact.merge_fields() if preview.causes else {}
    causes = {
        units: [str(labels.get(name, name)) for name in names]
        for units, names in preview.causes.items()
    }
    return {
        "preview": preview,
        "exclusions": named(Exclusion, preview.exclusions),
        "histogram": [
            (_units(campaign, units), people, causes.get(units, []))
            for units, people in preview.histogram.items()
        ],
        "total": _units(campaign, preview.total_segments),
        "blocked": any(finding.level == "error" for finding in preview.findings),
        "credit": left.euros,
        "credit_unknown": left.why_not,
        "credit_in_sms": left.in_sms(campaign.sms_type),
        "credit_low": left.is_low,
        "short": left.euros is not None and (preview.cost or 0) > left.euros,
    }


def texts_of(
    campaign: Campaign, preview: Preview, example: examples.Example | None
) -> dict[str, Any]:
    """What the preview of the channel needs."""
    text = example.text if example else campaign.text
    html = harmless(text) if campaign.options.get("body_format") == "html" else None
    return {
        "channel_preview": campaign.traits.preview_template,
        "details": _details(campaign),
        "example": example,
        "units": _units(campaign, example.units) if example else "",
        "text": text,
        "html": html,
        "seconds": spoken_seconds(text),
        "requests": preview.requests if has_own_texts(campaign) else None,
        "most_requests": MOST_REQUESTS,
    }


def _units(campaign: Campaign, number: int) -> str:
    """So many of what is billed, in words."""
    words = {"number": number, "units": number_format(number, use_l10n=True, force_grouping=True)}
    return str(campaign.traits.unit_name % words)


def _details(campaign: Campaign) -> list[tuple[str, Any]]:
    """The channel's own options, as the form calls them."""
    form = FORMS[campaign.channel]
    shown = []
    for name in form.own_options:
        if (
            form.key_of(name) in campaign.options
            and form.key_of(name) not in campaign.traits.in_preview
        ):
            field, value = form.base_fields[name], campaign.options[form.key_of(name)]
            choices = getattr(field, "choices", ())
            label = next((label for key, label in choices if key == value), value)
            shown.append((str(field.label), _("yes") if label is True else label))
    return shown


def named(choices: Any, counted: Any) -> list[tuple[str, str, int]]:
    """Codes with their labels and figures."""
    return [(code, choices(code).label, number) for code, number in counted.items()]
