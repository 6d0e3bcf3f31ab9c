"""Prices that somebody read from the gateway's price list: entered, never changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ..models import Tariff
from .history import HistoryAdmin
from .keys import key_of


class EurosField(forms.DecimalField):
    """An amount with a comma or a point: a number input of the browser may drop the comma."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(str(value or "").strip().replace(",", "."))


@admin.register(Tariff)
class TariffAdmin(HistoryAdmin):
    list_display = ("channel", "sms_type", "euros", "created_at", "created_by")
    list_select_related = ("created_by",)
    fields = ("channel", "sms_type", "euros")
    ordering = ("-created_at",)
    formfield_overrides = {models.DecimalField: {"form_class": EurosField}}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("octopush_django.add_tariff")

    def save_model(self, request: HttpRequest, obj: Tariff, form: Any, change: bool) -> None:
        obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Tariff, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Back to the check page that asked for a price."""
        answer = super().response_add(request, obj, post_url_continue)
        campaign = key_of(request.GET.get("for", ""))
        if campaign is not None:
            return redirect("admin:octopush_django_campaign_check", campaign)
        return answer
