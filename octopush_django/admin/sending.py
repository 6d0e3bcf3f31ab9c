"""The history behind campaigns: recipients, batches, calls; and the kill switch."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from .. import campaigns as verbs
from ..exceptions import CampaignError
from ..models import Frame, FrameStatus, Halt, Recipient, RecipientStatus, SendAttempt
from ..reports.evidence import evidence
from .history import HistoryAdmin, NumberSearch


@admin.register(Recipient)
class RecipientAdmin(NumberSearch, HistoryAdmin):
    list_display = (
        "address",
        "campaign",
        "left_out",
        "state",
        "status_raw",
        "status_at",
        "call",
        "frame",
    )
    list_filter = ("exclusion", "status")
    list_select_related = ("campaign", "frame")
    search_fields = ("=address",)
    fields = (
        "campaign",
        "address",
        "left_out",
        "state",
        "status_raw",
        "status_at",
        "call",
        "frame",
        "payload",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return Recipient.objects.all().with_state()

    @admin.display(description=_("left out because"))
    def left_out(self, recipient: Recipient) -> str:
        return recipient.get_exclusion_display() if recipient.exclusion else "-"

    @admin.display(description=_("call"))
    def call(self, recipient: Recipient) -> str:
        if recipient.call_seconds is None and not recipient.pressed_keys:
            return "-"
        return _("%(seconds)s s; keys: %(keys)s") % {
            "seconds": "?" if recipient.call_seconds is None else recipient.call_seconds,
            "keys": recipient.pressed_keys or "-",
        }

    @admin.display(description=_("status"))
    def state(self, recipient: Any) -> str:
        return str(RecipientStatus(recipient.state).label)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        allowed = ("campaign__id__exact", "frame__id__exact")
        return lookup in allowed or super().lookup_allowed(lookup, value, request)


class AttemptInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SendAttempt
    fields = ("fence", "started_at", "ended_at", "outcome", "http_status", "code", "message")
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering = ("fence",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Frame)
class FrameAdmin(HistoryAdmin):
    list_display = (
        "number",
        "campaign",
        "status",
        "size",
        "contacts_accepted",
        "cost",
        "ticket",
        "error_message",
    )
    list_filter = ("status",)
    list_select_related = ("campaign",)
    search_fields = ("=ticket", "=request_id")
    inlines = (AttemptInline,)
    exclude = ("text", "time_zone", "lease_until", "withdraws_people")
    change_form_template = "admin/octopush_django/frame/change_form.html"

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("octopush_django.decide_frame")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide_view)
        return [
            path("<int:pk>/decide/", view, name="octopush_django_frame_decide"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        frame = self.get_object(request, object_id)
        undecided = frame is not None and frame.status == FrameStatus.UNDECIDED
        may_decide = undecided and self.has_decide_permission(request)
        context = {**(extra_context or {}), "frame": frame, "may_decide": may_decide}
        return super().change_view(request, object_id, form_url, context)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the evidence; a POST says whether it was sent."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        frame = get_object_or_404(Frame.objects.select_related("campaign"), pk=pk)
        back = redirect("admin:octopush_django_frame_change", pk)
        if frame.status != FrameStatus.UNDECIDED:
            messages.info(request, _("This batch needs no decision."))
            return back
        if request.method == "POST" and request.POST.get("was_sent") in ("yes", "no"):
            was_sent = request.POST["was_sent"] == "yes"
            try:
                verbs.decide_frame(frame, was_sent=was_sent, by=request.user)
            except CampaignError as error:
                messages.error(request, str(error))
            else:
                self.log_change(request, frame, "It was sent" if was_sent else "Send it again")
                messages.success(request, _("Decided."))
            return back
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Was %(batch)s sent?") % {"batch": frame},
            "frame": frame,
            "attempts": frame.attempts.order_by("fence"),
            "evidence": evidence(frame),
        }
        return TemplateResponse(request, "admin/octopush_django/frame/decide.html", context)


@admin.register(SendAttempt)
class SendAttemptAdmin(HistoryAdmin):
    list_display = (
        "frame_id",
        "fence",
        "started_at",
        "ended_at",
        "outcome",
        "http_status",
        "code",
        "message",
    )
    list_filter = ("outcome",)
    search_fields = ("=request_id",)


@admin.register(Halt)
class HaltAdmin(HistoryAdmin):
    """The kill switch: adding one stops all sending, the action lets it go on."""

    list_display = ("reason", "created_at", "created_by", "lifted_at")
    fields = ("reason",)
    actions = ("lift",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("octopush_django.halt")

    def has_halt_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("octopush_django.halt")

    def save_model(self, request: HttpRequest, obj: Halt, form: Any, change: bool) -> None:
        obj.pk = verbs.halt(obj.reason, by=request.user).pk

    @admin.action(description=_("Let sending go on"), permissions=["halt"])
    def lift(self, request: HttpRequest, queryset: Any) -> None:
        verbs.lift_halts()
        messages.success(request, _("Sending goes on."))
