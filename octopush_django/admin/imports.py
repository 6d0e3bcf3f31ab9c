"""Contacts in from a file: the file, then what its columns are, then the report."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..contacts.columns.decisions import UnknownColumn, UnknownField
from ..contacts.importer import UndecidedColumns, columns_of_file, import_contacts
from ..contacts.tables.files import DoubtfulEncoding, UnreadableFile, open_table
from ..models import ContactImport, ImportState
from ..models.campaigns import account_of
from .history import HistoryAdmin
from .import_forms import ColumnsForm, FileForm

EXAMPLES = 3
KINDS = {
    "bad_number": gettext_lazy("no phone number"),
    "spreadsheet_number": gettext_lazy("a number that the spreadsheet rounded"),
    "no_address": gettext_lazy("neither a number nor an e-mail address"),
    "bad_consent": gettext_lazy("a consent that is neither yes nor no"),
    "bad_country": gettext_lazy("a country that nobody knows"),
    "too_many_cells": gettext_lazy("more cells than titles"),
    "bad_email": gettext_lazy("no e-mail address"),
    "bad_date": gettext_lazy("no date"),
    "no_date": gettext_lazy("no date"),
    "no_number": gettext_lazy("no number"),
    "too_long": gettext_lazy("too long"),
    "second": gettext_lazy("the person has another one already"),
    "no_consent": gettext_lazy("the row says neither yes nor no to advertising"),
}
"""Why rows were refused, and cells left out."""


def may_import(request: HttpRequest) -> bool:
    """Whoever may add contacts and change them."""
    user: Any = request.user
    needed = ["octopush_django.add_contact", "octopush_django.change_contact"]
    return bool(user.has_perms(needed))


class ImportPages:
    """The pages of an import, for the admin of contacts."""

    admin_site: Any
    opts: Any

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    def import_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(self.file_view), name="octopush_django_contact_import"),
            path(
                "import/<int:pk>/",
                wrap(self.columns_view),
                name="octopush_django_contact_import_columns",
            ),
        ]

    def file_view(self, request: HttpRequest) -> HttpResponse:
        """Take the file, and keep it until somebody has said what its columns are."""
        self._refuse_others(request)
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            ContactImport.objects.filter(
                created_by=account_of(request.user), state=ImportState.WAITING
            ).delete()
            upload = form.cleaned_data["import_file"]
            run = ContactImport.objects.create(
                file_name=upload.name[:255],
                file=upload.read(),
                state=ImportState.WAITING,
                created_by=account_of(request.user),
                options={"list": form.cleaned_data["list_name"],
                         "country": form.cleaned_data["country"]},
            )  # fmt: skip
            return redirect("admin:octopush_django_contact_import_columns", run.pk)
        return self._page(request, "file", _("Import contacts"), {"form": form})

    def columns_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What each column is: guessed, to be looked at, and asked where that is not sure."""
        self._refuse_others(request)
        waiting = ContactImport.objects.filter(created_by=account_of(request.user))
        run = get_object_or_404(waiting, pk=pk)
        if run.state != ImportState.WAITING:
            # Pressed twice, or come back to by the browser's history.
            return redirect("admin:octopush_django_contactimport_change", run.pk)
        told = _told(request, run)
        try:
            with _on_disk(run) as file:
                if request.method == "POST" and "import" in request.POST:
                    return self._import(request, run, file, told)
                return self._columns_page(request, run, file, told)
        except DoubtfulEncoding as error:
            context = {"readings": error.readings, "problem": str(error), "run": run}
            return self._page(request, "columns", _("Which of these reads right?"), context)
        except (UnreadableFile, UnknownColumn, UnknownField) as error:
            messages.error(request, str(error))
            ContactImport.objects.filter(pk=run.pk, state=ImportState.WAITING).delete()
            return redirect("admin:octopush_django_contact_import")

    def _import(
        self, request: HttpRequest, run: ContactImport, file: Path, told: Mapping[str, Any]
    ) -> HttpResponse:
        refused = file.with_name("refused.csv")
        list_name = run.options["list"]
        try:
            import_contacts(
                file, list_name, **told, refused_path=refused, by=request.user, run=run
            )
        except UndecidedColumns:
            return self._columns_page(request, run, file, told)
        finally:
            if refused.exists():
                kept = ContactImport.objects.filter(pk=run.pk)
                kept.update(refused_rows=refused.read_bytes())
        return redirect("admin:octopush_django_contactimport_change", run.pk)

    def _columns_page(
        self, request: HttpRequest, run: ContactImport, file: Path, told: Mapping[str, Any]
    ) -> HttpResponse:
        understood = columns_of_file(file, **told)
        guess = columns_of_file(file, **{**told, "columns": {}}) if told["columns"] else understood
        with open_table(file, encoding=told["encoding"]) as table:
            first = [] if understood.has_titles else [table.header]
            sample = [*first, *(cells for _line, cells in islice(table.rows, EXAMPLES))][:EXAMPLES]
        form = ColumnsForm(understood, guess, sample)
        context = {"form": form, "run": run, "encoding": told["encoding"] or ""}
        title = _("What the columns of %(file)s are") % {"file": run}
        return self._page(request, "columns", title, context)

    def _refuse_others(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied

    def _page(
        self, request: HttpRequest, name: str, title: str, context: Mapping[str, Any]
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            **context,
        }
        return TemplateResponse(request, f"admin/octopush_django/import/{name}.html", whole)


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3


@contextmanager
def _on_disk(run: ContactImport) -> Iterator[Path]:
    """The file as a path, for as long as it is looked at."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "upload"
        file.write_bytes(bytes(run.file or b""))
        yield file


def _told(request: HttpRequest, run: ContactImport) -> dict[str, Any]:
    """What a person said: of each column, of the country, of the encoding."""
    columns = {
        int(place): value
        for name, value in request.POST.items()
        if value and (place := name.removeprefix("column_")) != name and _is_place(place)
    }
    return {
        "columns": columns,
        "country": run.options["country"],
        "encoding": request.POST.get("encoding") or None,
    }


@admin.register(ContactImport)
class ContactImportAdmin(HistoryAdmin):
    """Who brought which file, and what became of its rows."""

    list_display = ("file_name", "contact_list", "state", "created_by", "created_at")
    list_select_related = ("contact_list", "created_by")
    fields = ("file_name", "contact_list", "state", "created_by", "created_at", "finished_at")
    change_form_template = "admin/octopush_django/import/report.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_import(request) or super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.refused_view)
        name = "octopush_django_contactimport_refused"
        return [path("<int:pk>/refused/", view, name=name), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("file", "refused_rows")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if run is not None:
            context |= {"run": run, "report": _in_words(run.report)}
            kept = ContactImport.objects.filter(pk=run.pk, refused_rows__isnull=False)
            if kept.exists() and _may_download(request):
                context["refused_url"] = reverse(
                    "admin:octopush_django_contactimport_refused", args=[run.pk]
                )
        return super().change_view(request, object_id, form_url, context)

    def refused_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The refused rows, each with its line and the reason."""
        if not _may_download(request):
            raise PermissionDenied
        run = get_object_or_404(ContactImport, pk=pk, refused_rows__isnull=False)
        answer = HttpResponse(bytes(run.refused_rows or b""), content_type="text/csv")
        name = f"{Path(run.file_name).stem}.refused.csv"
        answer.headers["Content-Disposition"] = (
            content_disposition_header(True, name) or "attachment"
        )
        return answer


def _may_download(request: HttpRequest) -> bool:
    """Whoever may import has seen these rows; so may whoever may export."""
    user: Any = request.user
    return may_import(request) or bool(user.has_perm("octopush_django.export_contact"))


def _in_words(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report with reasons in words, the most frequent first."""

    def by_count(pairs: Sequence[Any]) -> list[Any]:
        return sorted(pairs, key=lambda pair: -pair[-1])

    refusals = [(KINDS.get(why, why), rows) for why, rows in report.get("refusals", {}).items()]
    left_out = [
        (title, KINDS.get(why, why), cells) for title, why, cells in report.get("left_out", [])
    ]
    return {**report, "refusals": by_count(refusals), "left_out": by_count(left_out)}
