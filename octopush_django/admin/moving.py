"""A scheduled campaign at another time."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import campaigns as verbs
from ..exceptions import CampaignError
from ..models import Campaign, CampaignStatus
from .forms import MoveForm


class MovePages(admin.ModelAdmin):  # type: ignore[type-arg]
    """The part of the campaign admin between the decision and its time."""

    def move_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.move_view)
        return [path("<int:pk>/move/", view, name="octopush_django_campaign_move")]

    def move_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the time; a POST moves it, if it has not begun meanwhile."""
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_send_permission(request, campaign):  # type: ignore[attr-defined]
            raise PermissionDenied
        back = redirect("admin:octopush_django_campaign_change", pk)
        if campaign.status != CampaignStatus.SCHEDULED:
            status = campaign.get_status_display()
            messages.info(request, _("This campaign is: %(status)s.") % {"status": status})
            return back
        form = MoveForm(
            request.POST or None, campaign=campaign, initial={"send_at": campaign.send_at}
        )
        if request.method == "POST" and form.is_valid():
            try:
                verbs.schedule_campaign(campaign, form.cleaned_data["send_at"], by=request.user)
            except CampaignError as error:
                messages.error(request, str(error))
            else:
                self.log_change(request, campaign, "Moved")
                messages.success(request, _("Moved: %(campaign)s") % {"campaign": campaign})
            return back
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Another time"),
            "original": campaign,
            "campaign": campaign,
            "form": form,
            "zone": timezone.get_current_timezone_name(),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/octopush_django/campaign/move.html", context)
