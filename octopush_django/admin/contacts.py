"""Contact lists, contacts, opt-outs."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export.admin import ExportMixin

from ..models import Contact, ContactField, ContactList, OptOut
from ..opt_outs import opt_out
from .contact_forms import PREFIX, contact_form
from .forms import LiftForm
from .history import HistoryAdmin, NumberSearch
from .imports import ImportPages
from .keys import NoNul
from .resources import ContactResource, Csv, Xlsx


def _summary(contact_list: ContactList) -> str:
    people = contact_list.contacts.count()
    said = ngettext(
        "%(list)s: %(people)d contact leaves the list and stays among the contacts.",
        "%(list)s: %(people)d contacts leave the list and stay among the contacts.",
        people,
    )
    return said % {"list": contact_list, "people": people}


@admin.register(ContactList)
class ContactListAdmin(NoNul, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "description", "members")
    search_fields = ("name",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Sums up instead of a line for each member; campaigns that wait protect their lists."""
        _lines, counts, perms_needed, _protected = super().get_deleted_objects(
            ContactList.objects.none(), request
        )
        protected = [campaign for one in objs for campaign in one.used_by()]
        lines = [_summary(contact_list) for contact_list in objs]
        counts = {str(ContactList._meta.verbose_name_plural): len(lines), **counts}
        if not self.has_delete_permission(request):
            perms_needed = {*perms_needed, str(ContactList._meta.verbose_name)}
        return lines, counts, perms_needed, protected

    @admin.display(description=_("contacts"))
    def members(self, contact_list: ContactList) -> str:
        url = reverse("admin:octopush_django_contact_changelist")
        return format_html(
            '<a href="{}?lists__id__exact={}">{}</a>', url, contact_list.pk, _("Show")
        )


@admin.register(ContactField)
class ContactFieldAdmin(NoNul, admin.ModelAdmin):  # type: ignore[type-arg]
    """Key and kind are chosen once: texts and values rely on them."""

    list_display = ("label", "in_a_text", "kind")
    search_fields = ("label", "key")
    fields = ("label", "key", "kind")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key", "kind") if obj else ()

    @admin.display(description=_("in a text"), ordering="key")
    def in_a_text(self, detail: ContactField) -> str:
        return f"{{{detail.key}}}"


@admin.register(Contact)
class ContactAdmin(NoNul, ImportPages, ExportMixin, NumberSearch, admin.ModelAdmin):  # type: ignore[misc, type-arg]
    resource_classes = [ContactResource]
    export_formats = [Csv, Xlsx]
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    list_display = ("__str__", "line_type", "consent", "created_at")
    list_filter = ("consent", "line_type", "lists")
    search_fields = ("=phone_number", "last_name", "email")
    autocomplete_fields = ("lists",)
    readonly_fields = ("line_type", "created_at")
    show_full_result_count = False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return super().get_form(request, obj, change, **{**kwargs, "form": contact_form()})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        details = [PREFIX + detail.key for detail in contact_form().details]
        person = ("phone_number", "line_type", "email", "first_name", "last_name", "lists")
        by_phone = ("consent", "consent_source", "consented_at")
        by_email = ("email_consent", "email_consent_source", "email_consented_at")
        return [
            (None, {"fields": person}),
            *([(_("Personal details"), {"fields": details})] if details else []),
            (_("Marketing by phone"), {"fields": by_phone}),
            (_("Marketing by e-mail"), {"fields": by_email}),
            (None, {"fields": ("created_at",)}),
        ]

    def get_urls(self) -> list[URLPattern]:
        return [*self.import_urls(), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("octopush_django.export_contact")


@admin.register(OptOut)
class OptOutAdmin(NumberSearch, HistoryAdmin):
    """Anybody who may add contacts may protect somebody; lifting needs its own permission."""

    list_display = ("address", "family", "source", "campaign", "created_at", "lift")
    list_filter = ("source", "family")
    search_fields = ("=address",)
    list_select_related = ("campaign",)
    fields = ("address", "family", "evidence")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("octopush_django.add_optout")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fields
        return ("address", "family", "source", "evidence", "campaign", "created_at")

    def save_model(self, request: HttpRequest, obj: OptOut, form: Any, change: bool) -> None:
        record = opt_out(obj.address, evidence=obj.evidence)
        obj.pk = record.pk

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.lift_view)
        name = "octopush_django_optout_lift"
        return [path("<int:pk>/lift/", view, name=name), *super().get_urls()]

    @admin.display(description="")
    def lift(self, record: OptOut) -> str:
        url = reverse("admin:octopush_django_optout_lift", args=[record.pk])
        return format_html('<a href="{}">{}</a>', url, _("Lift…"))

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the reason, then delete; the log keeps who, when and why."""
        if not request.user.has_perm("octopush_django.lift_optout"):
            raise PermissionDenied
        record = get_object_or_404(OptOut, pk=pk)
        form = LiftForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self.log_deletions(request, OptOut.objects.filter(pk=pk))
            reason = form.cleaned_data["reason"]
            self.log_change(request, record, f"Lifted: {reason}")
            record.delete()
            messages.success(
                request,
                _("%(address)s may receive marketing again.") % {"address": record.address},
            )
            return redirect("admin:octopush_django_optout_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Lift the opt-out of %(address)s") % {"address": record.address},
            "form": form,
            "record": record,
        }
        return TemplateResponse(request, "admin/octopush_django/lift.html", context)
