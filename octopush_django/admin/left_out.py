"""Who would be left out of a draft: each person, by reason, to search, to download."""

import csv
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ..compose import examples
from ..contacts.tables.files import without_formula
from ..models import Campaign, Exclusion
from ..rules.addresses import as_written

PAGE = 100
LONGEST_SEARCH = 100


def left_out_page(
    request: HttpRequest, campaign: Campaign, context: dict[str, Any]
) -> HttpResponseBase:
    """The list or, for those who may export contacts, its download. ``context`` of the admin."""
    reason, search = request.GET.get("reason", ""), request.GET.get("q", "")[:LONGEST_SEARCH]
    reason = reason if reason in Exclusion.values else ""
    people = examples.left_out(campaign, reason, search)
    may_download = request.user.has_perm("octopush_django.export_contact")
    if "download" in request.GET:
        if not may_download:
            raise PermissionDenied
        return _download(people)
    shown = Paginator(people, PAGE).get_page(request.GET.get("page"))
    context |= {
        "people": [(contact, _named_reason(contact)) for contact in shown],
        "page": shown,
        "reason": reason,
        "reasons": [(code, label) for code, label in Exclusion.choices if code],
        "search": search,
        "may_download": may_download,
        "query": urlencode({"reason": reason, "q": search}),
    }
    return TemplateResponse(request, "admin/octopush_django/campaign/left_out.html", context)


def _named_reason(contact: Any) -> str:
    return str(Exclusion(contact.exclusion).label)


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, value: str) -> str:
        return value


def _download(people: Any) -> StreamingHttpResponse:
    """CSV as spreadsheets read it: UTF-8 with its mark, semicolons."""
    writer = csv.writer(_Echo(), delimiter=";")

    def lines() -> Iterator[str]:
        yield "\ufeff"
        titles = (_("Number"), _("E-mail"), _("First name"), _("Last name"), _("Left out because"))
        yield writer.writerow(titles)
        for contact in people.iterator(chunk_size=2000):
            cells = (as_written(contact.phone_number), contact.email, contact.first_name,
                     contact.last_name, _named_reason(contact))  # fmt: skip
            yield writer.writerow([without_formula(str(cell)) for cell in cells])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="left-out.csv"'
    return response
