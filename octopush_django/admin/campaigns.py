"""Campaigns: compose, check, send, watch; and the history behind them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import campaigns as verbs
from .. import reports
from ..audience import has_own_texts
from ..channels import spoken_seconds
from ..compliance import MOST_REQUESTS
from ..conf import conf
from ..exceptions import CampaignError
from ..handover import waits_at_gateway
from ..models import (
    Campaign,
    CampaignStatus,
    Channel,
    Exclusion,
    FrameStatus,
    Halt,
    RecipientStatus,
)
from ..status import read_status
from .channel_forms import FORMS
from .composer import composer_data
from .forms import CampaignForm, SendForm
from .html_preview import harmless

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


UNITS = {
    Channel.SMS: _("SMS"),
    Channel.VOICE: _("block(s) of 30 seconds (an estimate)"),
    Channel.RCS: _("RCS"),
    Channel.EMAIL: _("e-mail"),
}
ADD_TITLES = {
    Channel.SMS: _("Add SMS campaign"),
    Channel.VOICE: _("Add voice message"),
    Channel.RCS: _("Add RCS message"),
    Channel.EMAIL: _("Add e-mail"),
}


def _channel(request: HttpRequest, campaign: Campaign | None) -> str:
    """What is composed: the campaign's own channel, or the one of the add link."""
    wanted = campaign.channel if campaign else request.GET.get("channel", Channel.SMS)
    return wanted if wanted in FORMS else Channel.SMS


def _option(name: str, label: Any) -> Callable[..., str]:
    """A column for what is kept in ``Campaign.options``."""

    @admin.display(description=label)
    def show(self: Any, campaign: Campaign) -> str:
        return str(campaign.options.get(name, "-"))

    return show


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
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

    voice_gender = _option("voice_gender", _("Voice"))
    voice_language = _option("voice_language", _("Language"))
    get_back_pressed_keys = _option("get_back_pressed_keys", _("Report pressed keys"))
    message_type = _option("message_type", _("Kind"))
    buttons = _option("actions", _("Buttons"))
    cards = _option("cards", _("Cards"))
    subject = _option("subject", _("Subject"))
    email_from = _option("email_from", _("From"))
    name_from = _option("name_from", _("Name"))
    body_format = _option("body_format", _("Format"))
    stored_template = _option("template_name", _("Template at Octopush"))
    emailing_service = _option("emailing_service", _("Service"))
    language = _option("language", _("Language of the unsubscribe mention"))
    list_name = _option("list_name", _("List at Octopush"))
    recipient_tracking = _option("recipient_tracking", _("Tracking by Octopush"))

    # --- what may be done when ---------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        """What was approved is what is sent: only a draft can be changed."""
        is_draft = obj is None or obj.status == CampaignStatus.DRAFT
        return is_draft and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        is_draft = obj is not None and obj.status == CampaignStatus.DRAFT
        return is_draft and super().has_delete_permission(request, obj)

    def has_send_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        user = request.user
        if obj is not None and not obj.is_marketing:
            return user.has_perm("octopush_django.send_transactional")
        return user.has_perm("octopush_django.send_campaign") or user.has_perm(
            "octopush_django.send_transactional"
        )

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    # --- actions: they open the check page, they never send ----------------------------------

    @admin.action(description=_("Send now…"), permissions=["send"])
    def send_now(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._open_check(request, queryset)

    @admin.action(description=_("Schedule…"), permissions=["send"])
    def schedule(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._open_check(request, queryset)

    def _open_check(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return redirect("admin:octopush_django_campaign_check", chosen[0].pk)
        text = _("Tick one campaign: each is looked at before it is sent.")
        messages.warning(request, text)
        return None

    # --- pages -------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("status/", wrap(self.status_view), name="octopush_django_status"),
            path("<int:pk>/check/", wrap(self.check_view), name="octopush_django_campaign_check"),
            path(
                "<int:pk>/<str:verb>/do/",
                wrap(self.verb_view),
                name="octopush_django_campaign_verb",
            ),
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        channel = Channel(_channel(request, None))
        composer = composer_data() if channel == Channel.SMS else None
        context = {"title": ADD_TITLES[channel], "composer": composer, **(extra_context or {})}
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
                "may_check": campaign.status == CampaignStatus.DRAFT
                and self.has_send_permission(request, campaign),
                "buttons": self._buttons(request, campaign),
                "halt": Halt.objects.active().first(),
            }
            if campaign.status == CampaignStatus.DRAFT and campaign.channel == Channel.SMS:
                context["composer"] = composer_data()
            elif campaign.status != CampaignStatus.DRAFT:
                context["figures"] = _figures(campaign)
                context["waits_at_gateway"] = waits_at_gateway(campaign)
        return super().change_view(request, object_id, form_url, context)

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would happen; one POST sends or schedules if nothing changed meanwhile."""
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_send_permission(request, campaign):
            raise PermissionDenied
        if campaign.status != CampaignStatus.DRAFT:
            status = campaign.get_status_display()
            messages.info(request, _("This campaign is: %(status)s.") % {"status": status})
            return redirect("admin:octopush_django_campaign_change", pk)
        preview = verbs.preview_campaign(campaign)
        scheduling = "_schedule" in request.POST
        form = SendForm(request.POST or None, scheduling=scheduling)
        if request.method == "POST" and form.is_valid():
            if form.cleaned_data["fingerprint"] != preview.fingerprint:
                text = _(
                    "Something changed since you looked. Please look again; nothing was sent."
                )
                messages.warning(request, text)
            elif self._send(request, campaign, form.cleaned_data["send_at"], scheduling):
                return redirect("admin:octopush_django_campaign_change", pk)
        form = form if form.errors else SendForm(initial={"fingerprint": preview.fingerprint})
        euros, why_not = reports.credit()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Check before sending"),
            "original": campaign,
            "campaign": campaign,
            "preview": preview,
            "exclusions": _named(Exclusion, preview.exclusions),
            "form": form,
            "unit": UNITS[Channel(campaign.channel)],
            "details": _details(campaign),
            **_shown(campaign, preview),
            "blocked": any(finding.level == "error" for finding in preview.findings),
            "credit": euros,
            "credit_unknown": why_not,
            "credit_low": _is_low(euros),
            "short": preview.cost is not None and euros is not None and preview.cost > euros,
            "zone": conf.time_zone,
            "halt": Halt.objects.active().first(),
            "sent_by": request.user,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/octopush_django/campaign/check.html", context)

    def status_view(self, request: HttpRequest) -> HttpResponse:
        """Is work being done? For whoever may look at campaigns."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        euros, why_not = reports.credit()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Status"),
            "credit": euros,
            "credit_unknown": why_not,
            "credit_low": _is_low(euros),
            "credits": reports.credit_by_country() if euros is not None else {},
            "status": read_status(),
        }
        return TemplateResponse(request, "admin/octopush_django/status.html", context)

    def verb_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Pause, resume, cancel: by POST alone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_send_permission(request, campaign) or verb not in VERBS:
            raise PermissionDenied
        try:
            VERBS[verb](campaign, by=request.user)
        except CampaignError as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, campaign, str(LABELS[verb]))
            messages.success(request, f"{LABELS[verb]}: {campaign}")
        return redirect("admin:octopush_django_campaign_change", pk)

    def _send(
        self, request: HttpRequest, campaign: Campaign, send_at: datetime | None, scheduling: bool
    ) -> bool:
        try:
            if scheduling and send_at:
                verbs.schedule_campaign(campaign, send_at, by=request.user)
                done = _("Scheduled: %(campaign)s")
            else:
                verbs.launch_campaign(campaign, by=request.user)
                done = _("On its way: %(campaign)s")
        except CampaignError as error:
            messages.error(request, str(error))
            return False
        self.log_change(request, campaign, "Scheduled" if scheduling else "Sent")
        messages.success(request, done % {"campaign": campaign})
        return True

    def _buttons(self, request: HttpRequest, campaign: Campaign) -> list[tuple[str, str]]:
        if not self.has_send_permission(request, campaign):
            return []
        names = BUTTONS.get(CampaignStatus(campaign.status), ())
        if waits_at_gateway(campaign):
            names = ("cancel",)
        return [
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


def _is_low(euros: Decimal | None) -> bool:
    return euros is not None and euros < Decimal(str(conf.low_credit))


def _shown(campaign: Campaign, preview: verbs.Preview) -> dict[str, Any]:
    """What the preview of the channel needs besides the campaign."""
    own_texts = has_own_texts(campaign)
    html = harmless(campaign.text) if campaign.options.get("body_format") == "html" else None
    return {
        "channel_preview": f"admin/octopush_django/campaign/preview/{campaign.channel}.html",
        "requests": preview.requests if own_texts else None,
        "most_requests": MOST_REQUESTS,
        "seconds": spoken_seconds(campaign.text),
        "html": html,
    }


def _details(campaign: Campaign) -> list[tuple[str, Any]]:
    """The channel's own options, as the form calls them."""
    form = FORMS[campaign.channel]
    shown = []
    for name in form.own_options:
        if form.key_of(name) in campaign.options:
            field, value = form.base_fields[name], campaign.options[form.key_of(name)]
            choices = getattr(field, "choices", ())
            named = next((label for key, label in choices if key == value), value)
            shown.append((str(field.label), _("yes") if named is True else named))
    return shown


def _figures(campaign: Campaign) -> dict[str, Any]:
    totals = reports.totals(campaign)
    return {
        "totals": totals,
        "excluded": _named(Exclusion, totals.excluded),
        "states": _named(RecipientStatus, totals.states),
        "frames": _named(FrameStatus, totals.frames),
        "undecided": totals.frames.get(FrameStatus.UNDECIDED, 0),
    }


def _named(choices: Any, counted: Any) -> list[tuple[str, str, int]]:
    return [(code, choices(code).label, number) for code, number in counted.items()]
