"""The page on which a marketer decides, and what can be tried from it."""

from datetime import datetime
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
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import campaigns as verbs
from .. import copies, segments
from ..audience.sources import Sources
from ..compose import examples, previews
from ..compose.fingerprint import changes
from ..compose.hours import leaves_from
from ..exceptions import CampaignError, EmptyAudience, InvalidCampaign
from ..models import Campaign, CampaignStatus, Exclusion, Halt, Reason
from . import sealed
from .figures import figures_of, named, texts_of
from .forms import OnceForm, ScheduleForm, SendForm, TestForm
from .keys import key_of
from .left_out import LONGEST_SEARCH, left_out_page

LOOK_AGAIN = gettext_lazy(
    "Something changed since you looked: %(what)s. Please look again; nothing was sent."
)
LOOK_AGAIN_AT_TIME = gettext_lazy(
    "Please look again: there is something to know about that time, or something changed since "
    "you looked: %(what)s. Nothing was sent or scheduled."
)
OWN_IDS = "id_schedule_%s"
MOST_AT_ONCE = 20


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
        pressed, form = _pressed(request)
        # What is to be known before sending depends on the time.
        campaign.send_at = form.cleaned_data.get("send_at") if pressed else None
        as_counted = _as_counted(campaign, form) if pressed else None
        preview = as_counted or verbs.preview_campaign(campaign)
        changed = pressed and changes(form.cleaned_data["fingerprint"], preview.fingerprint)
        if changed:
            said = LOOK_AGAIN_AT_TIME if campaign.send_at else LOOK_AGAIN
            messages.warning(request, said % {"what": ", ".join(changed)})
        elif pressed and _asks(preview) and not form.cleaned_data["acknowledged"]:
            form.ask_again()
        elif pressed:
            return self._send(request, campaign, preview)
        if as_counted:
            preview = verbs.preview_campaign(campaign)
        send_form, schedule_form = _forms(form, campaign, preview)
        example = _example(request, campaign)
        context = {
            **self._page(request, campaign, _("Check before sending")),
            **figures_of(campaign, preview),
            **texts_of(campaign, preview, example),
            "search": _search(request),
            "waits_until": _waits_until(campaign),
            "next_person": _query(
                request, after=example.contact.pk if example else "", who=_search(request)
            ),
            "longest_text": _query(request, longest=1),
            "then": _query(request),
            "may_enter_price": request.user.has_perm("octopush_django.add_tariff"),
            "enter_price": _price_url(campaign),
            "send_form": send_form,
            "schedule_form": schedule_form,
            "asked": _asks(preview),
            "is_large": _is_large(campaign),
            "test_form": TestForm(initial={"once": uuid4()}),
            "zone": timezone.get_current_timezone_name(),
            "halt": Halt.objects.active().first(),
            "sent_by": request.user,
            "waiting": _then(request),
            "may_change": self.has_change_permission(request, campaign),
            "media": self.media + schedule_form.media,
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
            chosen = examples.example(campaign, data["person"])
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
        return _look_again(request, pk, person=form.data.get("person", ""))

    def simulate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the gateway check the whole campaign and pretend. By POST alone."""
        campaign = self._draft(request, pk)
        form = OnceForm(request.POST)
        if isinstance(campaign, HttpResponse) or not form.is_valid():
            return _look_again(request, pk)
        once = str(form.cleaned_data["once"])
        try:
            simulation = copies.simulate(campaign, by=request.user, once=once)
        except CampaignError as error:
            messages.error(request, _said(error))
            return _look_again(request, pk)
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
        return _look_again(request, pk)

    def left_out_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Each person who would be left out: by reason, to search, to download."""
        campaign = self._draft(request, pk)
        if isinstance(campaign, HttpResponse):
            return campaign
        return left_out_page(
            request, campaign, self._page(request, campaign, _("Who is left out"))
        )

    def _counting(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Open at once, say that people are counted, and go on to the page with the figures."""
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
        seen = preview.acknowledge()
        waits = _waits_until(campaign)
        done = _("Approved: %(campaign)s. It waits for the allowed hours.") if waits else _(
            "On its way: %(campaign)s"
        )  # fmt: skip
        try:
            if campaign.send_at:
                verbs.schedule_campaign(campaign, campaign.send_at, by=request.user, seen=seen)
                done = _("Scheduled: %(campaign)s")
            else:
                verbs.launch_campaign(campaign, by=request.user, seen=seen)
        except CampaignError as error:
            messages.error(request, _said(error))
            return redirect(request.get_full_path())
        self.log_change(request, campaign, "Scheduled" if campaign.send_at else "Sent")
        if campaign.reason_code == Reason.PREPARING:
            done = _("Approved: %(campaign)s. Who receives it is being written down.")
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


def _url(page: str, pk: int) -> str:
    return reverse(f"admin:octopush_django_campaign_{page}", args=[pk])


def _is_large(campaign: Campaign) -> bool:
    """Whether counting takes longer than a person likes to look at an empty page."""
    return Sources.of(campaign).is_large


def _then(request: HttpRequest) -> list[int]:
    """Campaigns that were ticked together with this one."""
    keys = map(key_of, request.GET.get("then", "").split(",")[:MOST_AT_ONCE])
    return [key for key in keys if key is not None]


def _pressed(request: HttpRequest) -> tuple[bool, SendForm | ScheduleForm]:
    """Whether a button was pressed and its form is right; the form."""
    form: SendForm | ScheduleForm
    if "_schedule" in request.POST:
        form = ScheduleForm(request.POST, auto_id=OWN_IDS)
    elif "_send" in request.POST:
        form = SendForm(request.POST)
    else:
        return False, SendForm()
    return form.is_valid(), form


def _as_counted(campaign: Campaign, form: SendForm) -> verbs.Preview | None:
    """The preview that the page showed of a large draft, renewed; None if it must be counted."""
    seen = sealed.unseal(campaign, form.cleaned_data["counted"])
    return previews.renewed(campaign, seen) if seen and _is_large(campaign) else None


def _asks(preview: verbs.Preview) -> bool:
    """Whether there is something that a person must acknowledge."""
    return any(finding.acknowledge for finding in preview.findings)


def _forms(
    form: SendForm | ScheduleForm, campaign: Campaign, preview: verbs.Preview
) -> tuple[SendForm, ScheduleForm]:
    """Both forms of the page; ``form`` itself where it has errors to show."""
    initial = {"fingerprint": preview.fingerprint, "send_at": campaign.send_at}
    if _is_large(campaign):
        initial["counted"] = sealed.seal(campaign, preview)
    forms = SendForm(initial=initial), ScheduleForm(initial=initial, auto_id=OWN_IDS)
    if not form.errors:
        return forms
    return (forms[0], form) if isinstance(form, ScheduleForm) else (form, forms[1])


def _example(request: HttpRequest, campaign: Campaign) -> examples.Example | None:
    if "longest" in request.GET:
        return examples.longest_text(campaign) or examples.example(campaign)
    chosen = {name: key_of(request.GET.get(name, "")) for name in ("person", "after")}
    return examples.example(campaign, **chosen, search=_search(request))


def _search(request: HttpRequest) -> str:
    """Whom to show the text as: a part of a name or number."""
    return request.GET.get("who", "")[:LONGEST_SEARCH].strip()


def _query(request: HttpRequest, **values: Any) -> str:
    """A query of this page with these values, which leads on to the same campaigns."""
    then = ",".join(map(str, _then(request)))
    kept = {name: str(value) for name, value in {**values, "then": then}.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _look_again(request: HttpRequest, pk: int, **values: Any) -> HttpResponse:
    return redirect(_url("check", pk) + _query(request, **values))


def _price_url(campaign: Campaign) -> str:
    """The form for a price, filled in as far as this campaign tells."""
    known = {"channel": campaign.channel, "sms_type": campaign.sms_type, "for": str(campaign.pk)}
    return f"{reverse('admin:octopush_django_tariff_add')}?{urlencode(known)}"


def _waits_until(campaign: Campaign) -> datetime | None:
    """When a campaign sent at this moment leaves, where it may not leave at once; else None."""
    now = timezone.now()
    opens = leaves_from(campaign, now)
    return opens if opens > now else None
