"""History is read, never written: no add, no change, no delete."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .. import numbers
from ..conf import conf
from .keys import NoNul


class HistoryAdmin(NoNul, admin.ModelAdmin):  # type: ignore[type-arg]
    """A read-only list over a table that may hold millions."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NumberSearch:
    """A search for a phone number finds the number in any spelling."""

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        term = numbers.canonical(search_term, conf.region) or search_term
        return super().get_search_results(request, queryset, term)  # type: ignore[misc, no-any-return]
