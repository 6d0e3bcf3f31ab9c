"""The page on which a marketer decides, and what can be tried from it."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from .. import campaigns as verbs
from .. import copies, samples, segments, wallet
from ..channels import spoken_seconds
from ..compliance import MOST_REQUESTS
from ..conf import conf
from ..drafts import leaves_from
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
from .left_out import LONGEST_SEARCH, left_out_page

UNITS = {
    Channel.SMS: ngettext_lazy("%(units)s SMS", "%(units)s SMS", "number"),
    Channel.VOICE: ngettext_lazy(
        "%(units)s block of 30 seconds (an estimate)",
        "%(units)s blocks of 30 seconds (an estimate)",
        "number",
    ),
    Channel.RCS: ngettext_lazy("%(units)s RCS", "%(units)s RCS", "number"),
    Channel.EMAIL: ngettext_lazy("%(units)s e-mail", "%(units)s e-mails", "number"),
}
"""What is counted and billed, by channel."""
IN_PREVIEW = frozenset({"actions", "cards", "email_from", "name_from", "subject"})
"""Options that the preview of the channel shows as people will see them."""
LOOK_AGAIN = gettext_lazy(
    "Something changed since you looked. Please look again; nothing was sent."
)
LOOK_AGAIN_AT_TIME = gettext_lazy(
    "Please look again: there is something to know about that time, or something changed since "
    "you looked. Nothing was sent or scheduled."
)
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
        scheduling = "_schedule" in request.POST
        form = SendForm(request.POST or None, scheduling=scheduling)
        pressed = request.method == "POST" and form.is_valid()
        # What is to be known before sending depends on the time.
        campaign.send_at = form.cleaned_data["send_at"] if pressed and scheduling else None
        preview = verbs.preview_campaign(campaign)
        asked = any(finding.acknowledge for finding in preview.findings)
        if pressed and form.cleaned_data["fingerprint"] != preview.fingerprint:
            messages.warning(request, LOOK_AGAIN_AT_TIME if scheduling else LOOK_AGAIN)
        elif pressed and asked and not form.cleaned_data["acknowledged"]:
            form.ask_again()
        elif pressed:
            return self._send(request, campaign, preview)
        if not form.errors:
            form = SendForm(
                initial={"fingerprint": preview.fingerprint, "send_at": campaign.send_at}
            )
        sample = _sample(request, campaign)
        context = {
            **self._page(request, campaign, _("Check before sending")),
            **_figures(campaign, preview),
            **_shown(campaign, preview, sample),
            "search": _search(request),
            "waits_until": _waits_until(campaign),
            "next_person": _next_person(request, sample),
            "may_enter_price": request.user.has_perm("octopush_django.add_tariff"),
            "enter_price": _price_url(campaign),
            "form": form,
            "asked": asked,
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
        return left_out_page(
            request, campaign, self._page(request, campaign, _("Who is left out"))
        )

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
        self, request: HttpRequest, campaign: Campaign, preview: verbs.Preview
    ) -> HttpResponse:
        """Send or schedule just what was looked at; then on to the next of several, or to it."""
        campaign.expected_units = preview.total_segments
        campaign.expected_cost = preview.cost
        waits = _waits_until(campaign)
        done = _("Approved: %(campaign)s. It waits for the allowed hours.") if waits else _(
            "On its way: %(campaign)s"
        )  # fmt: skip
        try:
            if campaign.send_at:
                verbs.schedule_campaign(
                    campaign, campaign.send_at, by=request.user, people=preview.count
                )
                done = _("Scheduled: %(campaign)s")
            else:
                verbs.launch_campaign(campaign, by=request.user, people=preview.count)
        except CampaignError as error:
            messages.error(request, _said(error))
            return redirect(request.get_full_path())
        self.log_change(request, campaign, "Scheduled" if campaign.send_at else "Sent")
        messages.success(request, done % {"campaign": campaign})
        waiting = _then(request)
        if waiting:
            return redirect(check_url(waiting))
        return redirect("admin:octopush_django_campaign_change", campaign.pk)


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
    return samples.sample(campaign, **chosen, search=_search(request))


def _search(request: HttpRequest) -> str:
    """Whom to show the text as: a part of a name or number."""
    return request.GET.get("who", "")[:LONGEST_SEARCH].strip()


def _next_person(request: HttpRequest, sample: samples.Sample | None) -> str:
    after = str(sample.contact.pk) if sample else ""
    return "?" + urlencode({"after": after, "who": _search(request)})


def _price_url(campaign: Campaign) -> str:
    """The form for a price, filled in as far as this campaign tells."""
    known = {"channel": campaign.channel, "sms_type": campaign.sms_type, "for": str(campaign.pk)}
    return f"{reverse('admin:octopush_django_tariff_add')}?{urlencode(known)}"


def _waits_until(campaign: Campaign) -> datetime | None:
    """When it leaves if it is sent at this moment, and may not leave at this moment."""
    now = timezone.now()
    opens = leaves_from(campaign, now)
    return opens if opens > now else None


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
            (_units(campaign, units), people, causes.get(units, []))
            for units, people in preview.histogram.items()
        ],
        "total": _units(campaign, preview.total_segments),
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
        "details": _details(campaign),
        "sample": sample,
        "units": _units(campaign, sample.units) if sample else "",
        "text": text,
        "html": html,
        "seconds": spoken_seconds(text),
        "requests": preview.requests if has_own_texts(campaign) else None,
        "most_requests": MOST_REQUESTS,
    }


def _units(campaign: Campaign, number: int) -> str:
    """So many of what is billed, in words."""
    words = {"number": number, "units": number_format(number, use_l10n=True, force_grouping=True)}
    return str(UNITS[Channel(campaign.channel)] % words)


def _details(campaign: Campaign) -> list[tuple[str, Any]]:
    """The channel's own options, as the form calls them."""
    form = FORMS[campaign.channel]
    shown = []
    for name in form.own_options:
        if form.key_of(name) in campaign.options and form.key_of(name) not in IN_PREVIEW:
            field, value = form.base_fields[name], campaign.options[form.key_of(name)]
            choices = getattr(field, "choices", ())
            label = next((label for key, label in choices if key == value), value)
            shown.append((str(field.label), _("yes") if label is True else label))
    return shown
