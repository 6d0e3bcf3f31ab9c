"""The pages on which a marketer decides: check, who is left out, a test to oneself."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import campaigns as verbs
from .. import copies, samples, segments, wallet
from ..channels import spoken_seconds
from ..compliance import MOST_REQUESTS
from ..conf import conf
from ..exceptions import CampaignError, EmptyAudience, InvalidCampaign
from ..models import (
    Campaign,
    CampaignStatus,
    Channel,
    Contact,
    ContactList,
    Exclusion,
    Halt,
)
from ..routes import has_own_texts
from .channel_forms import FORMS
from .forms import OnceForm, SendForm, TestForm
from .html_preview import harmless

UNITS = {
    Channel.SMS: gettext_lazy("SMS"),
    Channel.VOICE: gettext_lazy("block(s) of 30 seconds (an estimate)"),
    Channel.RCS: gettext_lazy("RCS"),
    Channel.EMAIL: gettext_lazy("e-mail"),
}
PAGE = 100
MOST_AT_ONCE = 20
LARGE = 50_000
"""Members of lists from which on the page says first that it is counting."""


class CheckPages(admin.ModelAdmin):  # type: ignore[type-arg]
    """The part of the campaign admin from the draft to the decision."""

    def check_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "octopush_django_campaign"
        return [
            path("<int:pk>/check/", wrap(self.check_view), name=f"{name}_check"),
            path("<int:pk>/check/test/", wrap(self.test_view), name=f"{name}_test"),
            path("<int:pk>/check/simulate/", wrap(self.simulate_view), name=f"{name}_simulate"),
            path("<int:pk>/check/replace/", wrap(self.replace_view), name=f"{name}_replace"),
            path("<int:pk>/left-out/", wrap(self.left_out_view), name=f"{name}_left_out"),
        ]

    def has_send_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        user = request.user
        if obj is not None and not obj.is_marketing:
            return user.has_perm("octopush_django.send_transactional")
        return user.has_perm("octopush_django.send_campaign") or user.has_perm(
            "octopush_django.send_transactional"
        )

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would happen; one POST sends or schedules if nothing changed meanwhile."""
        campaign = self._draft(request, pk)
        if isinstance(campaign, HttpResponse):
            return campaign
        if request.method == "GET" and "counted" not in request.GET and _is_large(campaign):
            return self._counting(request, campaign)
        preview = verbs.preview_campaign(campaign)
        scheduling = "_schedule" in request.POST
        asked = any(finding.acknowledge for finding in preview.findings)
        form = SendForm(request.POST or None, scheduling=scheduling, acknowledge=asked)
        if request.method == "POST" and form.is_valid():
            if form.cleaned_data["fingerprint"] != preview.fingerprint:
                text = _(
                    "Something changed since you looked. Please look again; nothing was sent."
                )
                messages.warning(request, text)
            else:
                campaign.expected_units = preview.total_segments
                if self._send(request, campaign, form.cleaned_data["send_at"], scheduling):
                    return self._next(request, pk)
        if not form.errors:
            mark = {"fingerprint": preview.fingerprint}
            form = SendForm(initial=mark, acknowledge=asked)
        context = {
            **self._page(request, campaign, _("Check before sending")),
            **_figures(campaign, preview),
            **_shown(campaign, preview, _sample(request, campaign)),
            "form": form,
            "test_form": TestForm(initial={"once": uuid4()}),
            "zone": timezone.get_current_timezone_name(),
            "halt": Halt.objects.active().first(),
            "sent_by": request.user,
            "waiting": len(_then(request)),
            "may_change": self.has_change_permission(request, campaign),
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/octopush_django/campaign/check.html", context)

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the text to oneself, as the person on the page reads it. By POST alone."""
        campaign = self._draft(request, pk)
        if isinstance(campaign, HttpResponse):
            return campaign
        form = TestForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            chosen = samples.sample(campaign, data["person"])
            values = chosen.values if chosen else {}
            try:
                test = copies.send_test(
                    campaign, data["to"], values, by=request.user, once=str(data["once"])
                )
            except CampaignError as error:
                messages.error(request, _said(error))
            else:
                self.log_change(request, campaign, "Test sent")
                messages.success(request, _("On its way: %(campaign)s") % {"campaign": test})
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        person = form.data.get("person", "") if form.is_bound else ""
        query = f"?person={person}" if str(person).isdigit() else ""
        return redirect(_url("check", pk) + query)

    def simulate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the gateway check all of it and pretend. By POST alone."""
        campaign = self._draft(request, pk)
        form = OnceForm(request.POST)
        if isinstance(campaign, HttpResponse) or not form.is_valid():
            return redirect(_url("check", pk))
        once = str(form.cleaned_data["once"])
        try:
            simulation = copies.simulate(campaign, by=request.user, once=once)
        except CampaignError as error:
            messages.error(request, _said(error))
            return redirect(_url("check", pk))
        self.log_change(request, campaign, "Simulated")
        messages.success(request, _("On its way: %(campaign)s") % {"campaign": simulation})
        return redirect("admin:octopush_django_campaign_change", simulation.pk)

    def replace_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Replace characters of the text that make it count as more. By POST alone."""
        campaign = self._draft(request, pk)
        if isinstance(campaign, HttpResponse):
            return campaign
        if not self.has_change_permission(request, campaign):
            raise PermissionDenied
        wanted = request.POST.get("characters", "")[:100] if request.method == "POST" else ""
        if wanted:
            text = segments.without(campaign.text, wanted)
            drafts = Campaign.objects.filter(pk=pk, status=CampaignStatus.DRAFT)
            drafts.filter(text=campaign.text).update(text=text)
            self.log_change(request, campaign, f"Replaced {wanted}")
        return redirect(_url("check", pk))

    def left_out_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Each person who would be left out: by reason, to search, to download."""
        campaign = self._draft(request, pk)
        if isinstance(campaign, HttpResponse):
            return campaign
        reason, search = request.GET.get("reason", ""), request.GET.get("q", "")[:100]
        reason = reason if reason in Exclusion.values else ""
        people = samples.left_out(campaign, reason, search)
        may_download = request.user.has_perm("octopush_django.export_contact")
        if "download" in request.GET:
            if not may_download:
                raise PermissionDenied
            return _download(people)
        shown = Paginator(people, PAGE).get_page(request.GET.get("page"))
        context = {
            **self._page(request, campaign, _("Who is left out")),
            "people": [(contact, _named_reason(contact)) for contact in shown],
            "page": shown,
            "reason": reason,
            "reasons": [(code, label) for code, label in Exclusion.choices if code],
            "search": search,
            "may_download": may_download,
            "query": urlencode({"reason": reason, "q": search}),
        }
        return TemplateResponse(request, "admin/octopush_django/campaign/left_out.html", context)

    def _counting(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Open at once, say that it counts, and go on by itself to the page with the figures."""
        query = request.GET.copy()
        query["counted"] = "1"
        context = self._page(request, campaign, _("Check before sending"))
        context["address"] = f"{_url('check', campaign.pk)}?{query.urlencode()}"
        return TemplateResponse(request, "admin/octopush_django/campaign/counting.html", context)

    def _draft(self, request: HttpRequest, pk: int) -> Campaign | HttpResponse:
        """The draft that this user may decide on; otherwise where to go instead."""
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_send_permission(request, campaign):
            raise PermissionDenied
        if campaign.status != CampaignStatus.DRAFT:
            status = campaign.get_status_display()
            messages.info(request, _("This campaign is: %(status)s.") % {"status": status})
            return redirect("admin:octopush_django_campaign_change", pk)
        return campaign

    def _page(self, request: HttpRequest, campaign: Campaign, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": campaign,
            "campaign": campaign,
        }

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
            messages.error(request, _said(error))
            return False
        self.log_change(request, campaign, "Scheduled" if scheduling else "Sent")
        messages.success(request, done % {"campaign": campaign})
        return True

    def _next(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where to go after a decision: to the next of several, or to what was decided."""
        waiting = _then(request)
        if waiting:
            return redirect(check_url(waiting))
        return redirect("admin:octopush_django_campaign_change", pk)


def _said(error: CampaignError) -> str:
    """The error in the marketer's words."""
    if isinstance(error, EmptyAudience):
        reasons = (f"{label} ({n})" for _code, label, n in named(Exclusion, error.exclusions))
        return _("Nobody would receive it. %(reasons)s") % {"reasons": "; ".join(reasons)}
    return error.problem if isinstance(error, InvalidCampaign) else str(error)


def check_url(keys: list[int]) -> str:
    """The check page of the first of several campaigns, which leads on to the others."""
    then = f"?then={','.join(map(str, keys[1:]))}" if keys[1:] else ""
    return _url("check", keys[0]) + then


def is_low(euros: Decimal | None) -> bool:
    """Whether the credit is under the limit of the settings."""
    return euros is not None and euros < Decimal(str(conf.low_credit))


def named(choices: Any, counted: Any) -> list[tuple[str, str, int]]:
    """Codes with their labels and figures."""
    return [(code, choices(code).label, number) for code, number in counted.items()]


def _url(page: str, pk: int) -> str:
    return reverse(f"admin:octopush_django_campaign_{page}", args=[pk])


def _is_large(campaign: Campaign) -> bool:
    """Whether counting takes longer than a person likes to look at an empty page."""
    members = ContactList.contacts.through.objects.filter(
        contactlist__in=campaign.include.values("pk")
    )
    return members.order_by()[LARGE : LARGE + 1].exists()


def _then(request: HttpRequest) -> list[int]:
    """Campaigns that were ticked together with this one."""
    keys = request.GET.get("then", "").split(",")[:MOST_AT_ONCE]
    return [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]


def _sample(request: HttpRequest, campaign: Campaign) -> samples.Sample | None:
    if "dearest" in request.GET:
        return samples.dearest(campaign) or samples.sample(campaign)
    keys = {name: request.GET.get(name, "") for name in ("person", "after")}
    chosen = {n: int(k) for n, k in keys.items() if k.isascii() and k.isdigit() and len(k) < 19}
    return samples.sample(campaign, chosen.get("person"), chosen.get("after"))


def _figures(campaign: Campaign, preview: verbs.Preview) -> dict[str, Any]:
    is_sms = campaign.channel == Channel.SMS
    credit = wallet.look(by_country=is_sms)
    labels = {column.name: column.verbose_name for column in Contact._meta.fields}
    causes = {
        units: [str(labels[name]) for name in names] for units, names in preview.causes.items()
    }
    return {
        "preview": preview,
        "exclusions": named(Exclusion, preview.exclusions),
        "histogram": [
            (units, people, causes.get(units, [])) for units, people in preview.histogram.items()
        ],
        "blocked": any(finding.level == "error" for finding in preview.findings),
        "credit": credit.euros,
        "credit_unknown": credit.why_not,
        "credit_in_sms": credit.in_sms(campaign.sms_type),
        "credit_low": is_low(credit.euros),
        "short": credit.euros is not None and (preview.cost or 0) > credit.euros,
    }


def _shown(
    campaign: Campaign, preview: verbs.Preview, sample: samples.Sample | None
) -> dict[str, Any]:
    """What the preview of the channel needs."""
    text = sample.text if sample else campaign.text
    html = harmless(text) if campaign.options.get("body_format") == "html" else None
    return {
        "channel_preview": f"admin/octopush_django/campaign/preview/{campaign.channel}.html",
        "unit": UNITS[Channel(campaign.channel)],
        "details": _details(campaign),
        "sample": sample,
        "text": text,
        "html": html,
        "seconds": spoken_seconds(text),
        "requests": preview.requests if has_own_texts(campaign) else None,
        "most_requests": MOST_REQUESTS,
    }


def _details(campaign: Campaign) -> list[tuple[str, Any]]:
    """The channel's own options, as the form calls them."""
    form = FORMS[campaign.channel]
    shown = []
    for name in form.own_options:
        if form.key_of(name) in campaign.options:
            field, value = form.base_fields[name], campaign.options[form.key_of(name)]
            choices = getattr(field, "choices", ())
            label = next((label for key, label in choices if key == value), value)
            shown.append((str(field.label), _("yes") if label is True else label))
    return shown


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
            cells = (contact.phone_number or "", contact.email, contact.first_name,
                     contact.last_name, _named_reason(contact))  # fmt: skip
            yield writer.writerow([_harmless_cell(str(cell)) for cell in cells])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="left-out.csv"'
    return response


def _harmless_cell(text: str) -> str:
    """A spreadsheet would take such a text for a formula; a number with its + is none."""
    is_formula = text[:1] in ("=", "@", "\t", "\r") or (
        text[:1] in ("+", "-") and not text[1:].isdigit()
    )
    return f"'{text}" if is_formula else text
