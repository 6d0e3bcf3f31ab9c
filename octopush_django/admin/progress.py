"""The page of a campaign that was launched: how far it is, and what to do about what failed."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ..compose.hours import leaves_from
from ..models import (
    Campaign,
    CampaignStatus,
    Exclusion,
    FrameStatus,
    Halt,
    Preparation,
    RecipientStatus,
)
from ..reports import figures
from ..reports.pace import pace
from ..sending.gateway_schedule import waits_at_gateway
from ..status import worker_problem
from .figures import named

UNDER_WAY = (CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.CANCELLED)
WHAT_TO_DO = {
    "BAD_DESTINATION": _("The number does not exist. Correct or delete the contact."),
    "BLACKLISTED_NUMBER": _("They opted out at Octopush. They are left out from now on."),
    "NOT_ALLOWED": _("Octopush may not send there. Ask Octopush about the country."),
    "NOT_DELIVERED": _("The operator could not deliver it: phone off for days, or no network."),
    "NOT_DELIVERABLE": _("Nobody could be reached there."),
    "BUSY": _("The line was engaged. A message to them may work later."),
    "REFUSED": _("The call was rejected."),
    "EXPIRED": _("The phone was off or out of reach until it expired."),
    "ANTI_FLOODING": _("They got too many messages in a short time."),
    "SPAM_PRESUMPTION": _("It was taken for spam. Look at the text and the sender."),
}
"""The gateway's words for a failure, in plain ones."""


class ProgressPages(admin.ModelAdmin):  # type: ignore[type-arg]
    """The part of the campaign admin after the decision."""

    def progress_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<int:pk>/progress/", view, name="octopush_django_campaign_progress")]

    def progress_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The figures alone; 304 without counting anybody while nothing has changed."""
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_view_permission(request, campaign):
            raise PermissionDenied
        etag = f'"{figures.version(campaign)}-{get_language()}"'
        unchanged = get_conditional_response(request, etag=etag)
        if unchanged is not None:
            return unchanged
        response: HttpResponse = TemplateResponse(
            request, "admin/octopush_django/campaign/progress.html", progress_of(campaign)
        )
        response["ETag"] = etag
        return response


def _waits_until(campaign: Campaign) -> datetime | None:
    """When a scheduled campaign leaves, if its own time is not allowed; else None."""
    if campaign.status != CampaignStatus.SCHEDULED or campaign.send_at is None:
        return None
    opens = leaves_from(campaign)
    return opens if opens > campaign.send_at else None


def progress_of(campaign: Campaign) -> dict[str, Any]:
    """The context of ``progress.html``."""
    totals = figures.totals(campaign)
    going_on = Preparation.objects.exclude(campaign__status=CampaignStatus.CANCELLED)
    preparation = going_on.filter(campaign=campaign).first()
    moves = campaign.status == CampaignStatus.SENDING or (
        preparation is not None and campaign.status == CampaignStatus.SCHEDULED
    )
    return {
        "campaign": campaign,
        "halt": Halt.objects.active().first(),
        "moving": moves,
        "worker_problem": worker_problem() if moves else "",
        "waits_behind": moves and figures.waits_behind(campaign),
        "under_way": campaign.status in UNDER_WAY,
        "preparation": preparation,
        "waits_at_gateway": waits_at_gateway(campaign),
        "waits_until": _waits_until(campaign),
        "totals": totals,
        "pace": pace(campaign),
        "failures": [
            (WHAT_TO_DO.get(word, word), word, people)
            for word, people in figures.failures(campaign).items()
        ],
        "excluded": named(Exclusion, totals.excluded),
        "states": named(RecipientStatus, totals.states),
        "frames": named(FrameStatus, totals.frames),
        "undecided": totals.frames.get(FrameStatus.UNDECIDED, 0),
    }
