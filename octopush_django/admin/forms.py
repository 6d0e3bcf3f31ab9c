"""The forms of the desk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.translation import gettext_lazy as _

from ..compose import drafts, hours
from ..conf import conf
from ..exceptions import InvalidCampaign, InvalidRequest
from ..models import Campaign, Channel, Contact, Purpose
from ..rules import compliance
from ..rules.hours import in_words
from .opened import changed_since, opened_as


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a marketer composes. A draft may be incomplete; sending checks again."""

    channel = Channel.SMS
    own_options: tuple[str, ...] = ("list_name", "recipient_tracking")
    """Fields of the form that are kept in ``Campaign.options``, under the gateway's names."""
    renamed: Mapping[str, str] = {}
    """Those of them that the gateway calls otherwise."""
    message_fields: tuple[str, ...] = (
        "name", "purpose", "text", "sender", "sms_type", "with_replies",
    )  # fmt: skip
    """What is always seen; the other fields are folded away."""
    helpers: tuple[str, ...] = ()
    """Fields that write an option in an easier way."""

    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "Marketing: offers and news; an SMS needs the STOP mention, who opted out is left "
            "out, and it leaves only at allowed hours. Transactional: what a person waits for, "
            "such as an order or an appointment; advertising sent as transactional is fined."
        ),
    )
    list_name = forms.CharField(
        label=_("List at Octopush"),
        max_length=30,
        required=False,
        help_text=_("Octopush keeps the people of this campaign as a list of this name."),
    )
    recipient_tracking = forms.BooleanField(
        label=_("Tracking by Octopush"),
        required=False,
        help_text=_("Octopush keeps tracking data of each person."),
    )

    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Campaign
        fields: tuple[str, ...] = (
            "name",
            "purpose",
            "text",
            "sender",
            "sms_type",
            "with_replies",
            "include",
            "exclude",
            "simulation",
            "auto_optimize_text",
            "auto_remove_blacklisted",
            "scheduler",
        )
        widgets = {"text": forms.Textarea(attrs={"rows": 5, "cols": 60})}
        help_texts = {
            "name": _("For you alone: nobody who receives it sees it."),
            "sms_type": _(
                "Premium may take several SMS for one text; a Low cost text must fit in one of "
                "160 characters."
            ),
            "text": _(
                "Personalise with {first_name}, {last_name} or another personal detail; "
                "{first_name|dear customer} says what to write where the name is missing."
            ),
            "sender": _("3 to 11 letters and digits, as people will see it."),
            "with_replies": _("French mobiles only; people see a short number as sender."),
            "simulation": _("The gateway checks and pretends; nobody receives anything."),
            "auto_optimize_text": _("It may replace characters; the count is then an estimate."),
            "auto_remove_blacklisted": _("Costs 0.01 EUR for each batch of up to 500 people."),
            "scheduler": _(
                "Who keeps a later date. This site can cancel until the last moment and leaves "
                "out who opts out meanwhile; Octopush does neither."
            ),
            "include": _("Everybody in these lists, once each."),
            "exclude": _("Nobody of these lists, whatever other list they are in."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.instance.channel = self.channel
            if "sender" in self.fields and self.instance.traits.needs_sender:
                self.fields["sender"].initial = conf.sender
        elif "opened" in self.fields:
            self.fields["opened"].initial = opened_as(self.instance)
        for name in self.own_options:
            if name in self.fields and self.key_of(name) in self.instance.options:
                self.fields[name].initial = self.instance.options[self.key_of(name)]

    @classmethod
    def key_of(cls, name: str) -> str:
        """The gateway's name of one of our fields."""
        return cls.renamed.get(name, name)

    def clean_text(self) -> str:
        """Browsers send line ends as two characters; each would be paid for."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._refuse_unseen_changes(data.get("opened"))
        self.instance.options = self.options_of(data)
        if data.get("text") and data.get("purpose"):
            findings = compliance.check_message(
                text=data["text"],
                purpose=data["purpose"],
                sms_type=data.get("sms_type", ""),
                sender=data.get("sender"),
                with_replies=bool(data.get("with_replies")),
                stop_patterns=conf.stop_patterns,
                stop_mention=conf.stop_mention,
                channel=self.channel,
            )
            findings += compliance.check_fields(data["text"], Contact.merge_fields())
            for finding in compliance.errors(findings):
                field = finding.field if finding.field in self.fields else None
                self.add_error(field, str(finding.message))
        if not self.errors:
            self._check_options()
        return data

    def _refuse_unseen_changes(self, opened: str | None) -> None:
        """Once: who saves again has read it."""
        if not opened or not self.instance.pk:
            return
        stored = Campaign.objects.select_for_update().filter(pk=self.instance.pk).first()
        changed = changed_since(opened, stored) if stored else []
        if stored and changed:
            shown: Any = self.data
            self.data = shown = shown.copy()
            shown[self.add_prefix("opened")] = opened_as(stored)
            said = _(
                "This draft was changed while this page was open: %(fields)s. What you wrote is "
                "below. Save again to keep it, or open the draft from the list to see the change."
            )
            self.add_error(None, said % {"fields": ", ".join(changed)})

    def options_of(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The options that were filled in, under the gateway's names."""
        return {self.key_of(name): data[name] for name in self.own_options if data.get(name)}

    def _check_options(self) -> None:
        try:
            self.instance.traits.check(self.instance.options)
        except InvalidRequest as error:
            ours = {self.key_of(name): name for name in self.own_options}
            self.add_error(ours.get(error.field), error.problem)


class TimeForm(forms.Form):
    """A moment in the zone of the page, neither past nor years ahead."""

    send_at = forms.SplitDateTimeField(label=_("Send at"), widget=AdminSplitDateTime)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget: Any = self.fields["send_at"].widget
        for part, name in zip(widget.widgets, (_("Date"), _("Time")), strict=True):
            part.attrs["aria-label"] = name

    def clean_send_at(self) -> datetime:
        send_at: datetime = self.cleaned_data["send_at"]
        try:
            drafts.check_send_at(send_at)
        except InvalidCampaign as error:
            raise forms.ValidationError(error.problem) from error
        return send_at


class MoveForm(TimeForm):
    """Another time for a scheduled campaign, within the allowed hours."""

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean_send_at(self) -> datetime:
        send_at = super().clean_send_at()
        opens = hours.leaves_from(self.campaign, send_at)
        if opens > send_at:
            raise forms.ValidationError(
                _("Marketing may not leave at that time. The next allowed time is %(when)s "
                  "(%(zone)s).") % {"when": in_words(opens), "zone": conf.time_zone}
            )  # fmt: skip
        return send_at


class SendForm(forms.Form):
    """The one POST that sends."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    counted = forms.CharField(widget=forms.HiddenInput, required=False)
    acknowledged = forms.BooleanField(
        label=_("I have read these notes, and it is right."), required=False
    )

    def ask_again(self) -> None:
        """There is something that must be acknowledged, and was not."""
        self.add_error("acknowledged", _("Tick that you have read it, or change the campaign."))


class ScheduleForm(TimeForm, SendForm):
    """The one POST that schedules. Apart from the other: Enter in its fields must not send."""


class OnceForm(forms.Form):
    """A button that does its work once, however often it is pressed on one page."""

    once = forms.UUIDField(widget=forms.HiddenInput)


class TestForm(OnceForm):
    """Who gets a test, and as whom."""

    to = forms.CharField(
        label=_("To"),
        max_length=500,
        help_text=_("Your own number or address; up to five, with commas between them."),
    )
    person = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_to(self) -> list[str]:
        return [item.strip() for item in self.cleaned_data["to"].split(",") if item.strip()]


class LiftForm(forms.Form):
    """Why an opt-out is lifted."""

    reason = forms.CharField(
        label=_("Why, and how do you know?"),
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("Only the person's own, new wish counts. This is kept on record."),
    )
