"""Replies, and the raw events behind them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Reply, WebhookEvent
from .history import HistoryAdmin, NumberSearch


@admin.register(Reply)
class ReplyAdmin(NumberSearch, HistoryAdmin):
    list_display = ("received_at", "address", "text", "reading", "campaign", "handled_at")
    list_display_links = ("received_at", "address")
    list_filter = ("reading", ("handled_at", admin.EmptyFieldListFilter))
    list_select_related = ("campaign",)
    search_fields = ("=address",)
    fields = ("received_at", "address", "text", "reading", "campaign", "handled_at", "handled_by")
    actions = ("mark_handled",)
    ordering = ("-received_at",)

    @admin.action(description=_("Mark as handled"), permissions=["handle"])
    def mark_handled(self, request: HttpRequest, queryset: Any) -> None:
        queryset.filter(handled_at=None).update(handled_at=timezone.now(), handled_by=request.user)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("octopush_django.change_reply")


@admin.register(WebhookEvent)
class WebhookEventAdmin(HistoryAdmin):
    list_display = ("received_at", "kind", "state", "ticket", "error")
    list_filter = ("state", "kind")
    search_fields = ("=ticket",)
    fields = ("received_at", "kind", "state", "ticket", "tries", "error", "body_text")
    ordering = ("-pk",)

    @admin.display(description=_("body"))
    def body_text(self, event: WebhookEvent) -> str:
        return event.text[:10_000]
