"""Campaigns: compose, check, send, watch; and the history behind them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from .. import campaigns as verbs
from ..copies import copy_campaign
from ..exceptions import CampaignError, NotAllowedNow
from ..models import Campaign, CampaignStatus
from ..reports import credit, figures
from ..rules.channels import CHANNELS, SMS
from ..sending.gateway_schedule import waits_at_gateway
from ..status import read_status
from .channel_forms import FORMS
from .check import MOST_AT_ONCE, CheckPages, check_url
from .composer import composer_data
from .forms import CampaignForm
from .keys import NoNul
from .moving import MovePages
from .progress import ProgressPages, progress_of

VERBS: dict[str, Callable[..., Campaign]] = {
    "pause": verbs.pause_campaign,
    "resume": verbs.resume_campaign,
    "cancel": verbs.cancel_campaign,
}
BUTTONS = {
    CampaignStatus.SCHEDULED: ("cancel",),
    CampaignStatus.SENDING: ("pause", "cancel"),
    CampaignStatus.PAUSED: ("resume", "cancel"),
}
LABELS = {"pause": _("Pause"), "resume": _("Resume"), "cancel": _("Cancel what has not left")}
DONE = {
    "pause": _("Paused: %(campaign)s"),
    "resume": _("Goes on: %(campaign)s"),
    "cancel": _("Cancelled: %(campaign)s"),
}


TOO_LATE = gettext_noop("It has been sent meanwhile; your change came too late.")

PRODUCTS = {
    "premium_sms": _("SMS Premium"),
    "low_cost_sms": _("SMS Low cost"),
    "vocal_sms": _("Voice messages"),
}
"""What the gateway's credits are worth, in a marketer's words; others in its own."""


def _channel(request: HttpRequest, campaign: Campaign | None) -> str:
    """What is composed: the campaign's own channel, or the one of the add link."""
    wanted = campaign.channel if campaign else request.GET.get("channel", SMS.code)
    return wanted if wanted in FORMS else SMS.code


def _option(name: str, label: Any) -> Callable[..., str]:
    """A column for what is kept in ``Campaign.options``."""

    @admin.display(description=label)
    def show(self: Any, campaign: Campaign) -> str:
        return str(campaign.options.get(name, "-"))

    return show


def _with_options(admin_class: Any) -> Any:
    """Give the admin a column for each option of each form, for campaigns that were sent."""
    for form in FORMS.values():
        for name in form.own_options:
            setattr(admin_class, name, _option(form.key_of(name), form.base_fields[name].label))
    return admin_class


@admin.register(Campaign)
@_with_options
class CampaignAdmin(NoNul, CheckPages, MovePages, ProgressPages):
    form = CampaignForm
    list_display = (
        "__str__",
        "state",
        "channel",
        "purpose",
        "send_at",
        "launched_at",
        "created_by",
    )
    list_filter = ("status", "channel", "purpose")
    list_select_related = ("created_by",)
    search_fields = ("name", "text")
    autocomplete_fields = ("include", "exclude")
    actions = ("send_now", "schedule")
    ordering = ("-created_at",)
    show_full_result_count = False
    change_form_template = "admin/octopush_django/campaign/change_form.html"
    change_list_template = "admin/octopush_django/campaign/change_list.html"

    # --- what each channel shows -------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", FORMS[_channel(request, obj)])
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """The fields of the chosen channel alone; options that are rarely wanted folded away."""
        form = FORMS[_channel(request, obj)]
        shown = (*form.message_fields, "include", "exclude")
        folded = [n for n in (*form.Meta.fields, *form.own_options) if n not in shown]
        message = form.message_fields
        if obj is not None and not self.has_change_permission(request, obj):
            message = tuple(name for name in message if name not in form.helpers)
        return (
            (None, {"fields": message}),
            (_("Audience"), {"fields": ("include", "exclude")}),
            (_("Options"), {"classes": ("collapse",), "fields": folded}),
        )

    # --- what may be done when ---------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """What was approved is what is sent: only a draft can be changed."""
        is_draft = obj is None or obj.status == CampaignStatus.DRAFT
        return is_draft and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        is_draft = obj is not None and obj.status == CampaignStatus.DRAFT
        return is_draft and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if change:
            self._refuse_sent(obj)
            # It will be looked at as it is now.
            obj.reason_code = obj.reason = ""
        else:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Campaign) -> None:
        self._refuse_sent(obj)
        super().delete_model(request, obj)

    def _refuse_sent(self, campaign: Campaign) -> None:
        """Refuse a change to a campaign sent meanwhile: saving would undo the launch."""
        drafts = Campaign.objects.filter(status=CampaignStatus.DRAFT)
        if not drafts.select_for_update().filter(pk=campaign.pk).exists():
            raise NotAllowedNow(gettext(TOO_LATE))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotAllowedNow as error:
            return self._too_late(request, object_id, error)
        except PermissionDenied:
            # What was sent can be looked at alone: said in words to whoever had it open before.
            if request.method != "POST" or not super().has_change_permission(request):
                raise
            return self._too_late(request, object_id, NotAllowedNow(gettext(TOO_LATE)))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except NotAllowedNow as error:
            return self._too_late(request, object_id, error)

    def _too_late(
        self, request: HttpRequest, object_id: str | None, error: NotAllowedNow
    ) -> HttpResponse:
        messages.error(request, str(error))
        if request.POST.get("text"):
            wrote = gettext("This is the text that you wrote: %(text)s")
            messages.info(request, wrote % {"text": request.POST["text"]})
        return redirect("admin:octopush_django_campaign_change", object_id)

    def response_add(
        self, request: HttpRequest, obj: Campaign, post_url_continue: str | None = None
    ) -> HttpResponse:
        answer = super().response_add(request, obj, post_url_continue)
        return self._on_to_check(request, obj) or answer

    def response_change(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return self._on_to_check(request, obj) or super().response_change(request, obj)

    def _on_to_check(self, request: HttpRequest, campaign: Campaign) -> HttpResponse | None:
        """What was written is what is looked at: the button saves first."""
        wanted = "_check" in request.POST and self.has_send_permission(request, campaign)
        return redirect(check_url([campaign.pk])) if wanted else None

    # --- actions: they open the check page, they never send ----------------------------------

    @admin.action(description=_("Send now…"), permissions=["send"])
    def send_now(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._open_check(request, queryset)

    @admin.action(description=_("Schedule…"), permissions=["send"])
    def schedule(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._open_check(request, queryset)

    def _open_check(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """One page after the other: each campaign is looked at before it is sent."""
        drafts = queryset.filter(status=CampaignStatus.DRAFT).order_by("pk")
        keys = list(drafts.values_list("pk", flat=True)[:MOST_AT_ONCE])
        if keys:
            return redirect(check_url(keys))
        messages.warning(request, _("None of these is a draft: there is nothing to send."))
        return None

    # --- pages -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("status/", wrap(self.status_view), name="octopush_django_status"),
            path("<int:pk>/copy/", wrap(self.copy_view), name="octopush_django_campaign_copy"),
            path(
                "<int:pk>/<str:verb>/do/",
                wrap(self.verb_view),
                name="octopush_django_campaign_verb",
            ),
        ]
        pages = [*self.check_urls(), *self.move_urls(), *self.progress_urls()]
        return [*own, *pages, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        others = [traits for traits in CHANNELS.values() if traits is not SMS]
        context = {"channels": others, **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        channel = _channel(request, None)
        context = {
            "title": CHANNELS[channel].add_title,
            "composer": composer_data(channel),
            "saves_and_checks": self.has_send_permission(request),
            **(extra_context or {}),
        }
        return super().add_view(request, form_url, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        campaign = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if campaign is not None:
            context |= {
                "campaign": campaign,
                "may_send": self.has_send_permission(request, campaign),
                "buttons": self._buttons(request, campaign),
            }
            if campaign.status == CampaignStatus.DRAFT:
                context["composer"] = composer_data(campaign.channel)
                context["saves_and_checks"] = context["may_send"] and self.has_change_permission(
                    request, campaign
                )
            else:
                context |= progress_of(campaign)
        return super().change_view(request, object_id, form_url, context)

    def status_view(self, request: HttpRequest) -> HttpResponse:
        """Is work being done? For whoever may look at campaigns."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        left = credit.ask(by_country=True)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Status"),
            "credit": left.euros,
            "credit_unknown": left.why_not,
            "credit_low": left.is_low,
            "credits": {
                country: [(PRODUCTS.get(name, name), left) for name, left in units.items()]
                for country, units in left.units.items()
            },
            "status": read_status(),
        }
        return TemplateResponse(request, "admin/octopush_django/status.html", context)

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft with the same text, lists and options: by POST alone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        campaign = get_object_or_404(Campaign, pk=pk)
        if not (self.has_add_permission(request) and self.has_view_permission(request, campaign)):
            raise PermissionDenied
        copy = copy_campaign(campaign, by=request.user)
        self.log_addition(request, copy, "Copied")
        messages.success(request, _("This is a copy. Nothing of it has been sent."))
        return redirect("admin:octopush_django_campaign_change", copy.pk)

    def verb_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Pause, resume, cancel: by POST alone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_send_permission(request, campaign) or verb not in VERBS:
            raise PermissionDenied
        if verb == "cancel" and "sure" not in request.POST:
            return self._ask_before_cancelling(request, campaign)
        try:
            VERBS[verb](campaign, by=request.user)
        except CampaignError as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, campaign, str(LABELS[verb]))
            messages.success(request, DONE[verb] % {"campaign": campaign})
        return redirect("admin:octopush_django_campaign_change", pk)

    def _ask_before_cancelling(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Ask once more: what is cancelled stays so, and the button is beside "Pause"."""
        totals = figures.totals(campaign)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": LABELS["cancel"],
            "campaign": campaign,
            "waits_at_gateway": waits_at_gateway(campaign),
            "departure": totals.departure,
        }
        return TemplateResponse(request, "admin/octopush_django/campaign/cancel.html", context)

    def _buttons(self, request: HttpRequest, campaign: Campaign) -> list[tuple[str, str]]:
        buttons = []
        if self.has_add_permission(request):
            copy = reverse("admin:octopush_django_campaign_copy", args=[campaign.pk])
            buttons.append((copy, gettext("Copy")))
        if not self.has_send_permission(request, campaign):
            return buttons
        names = BUTTONS.get(CampaignStatus(campaign.status), ())
        if waits_at_gateway(campaign):
            names = ("cancel",)
        return buttons + [
            (
                reverse("admin:octopush_django_campaign_verb", args=[campaign.pk, name]),
                str(LABELS[name]),
            )
            for name in names
        ]

    @admin.display(description=_("status"), ordering="status")
    def state(self, campaign: Campaign) -> str:
        if waits_at_gateway(campaign):
            return gettext("Waits at Octopush for its time")
        if not campaign.reason:
            return campaign.get_status_display()
        return format_html("{}: {}", campaign.get_status_display(), campaign.reason)
