"""The forms of the desk."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.translation import gettext_lazy as _
from import_export.forms import ConfirmImportForm, ImportForm

from .. import compliance
from ..conf import conf
from ..models import Campaign, ContactList, Purpose


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a marketer composes. A draft may be incomplete; sending checks again."""

    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=Purpose.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "Marketing: offers and news; needs the STOP mention, leaves out who opted out, and "
            "leaves only at allowed hours. Transactional: what a person waits for, such as an "
            "order or an appointment; advertising sent as transactional is fined."
        ),
    )

    class Meta:
        model = Campaign
        fields = (
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
        )
        widgets = {"text": forms.Textarea(attrs={"rows": 5, "cols": 60})}
        help_texts = {
            "text": _(
                "Personalise with {first_name}, {last_name}, {param1} … {param5}; "
                "{first_name|dear customer} says what to write where the name is missing."
            ),
            "sender": _("3 to 11 letters and digits, as people will see it."),
            "with_replies": _("French mobiles only; people see a short number as sender."),
            "simulation": _("The gateway checks and pretends; nobody receives anything."),
            "auto_optimize_text": _("It may replace characters; the count is then an estimate."),
            "auto_remove_blacklisted": _("Costs 0.01 EUR for each batch of up to 500 people."),
            "include": _("Everybody in these lists, once each."),
            "exclude": _("Nobody of these lists, whatever other list they are in."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sender" in self.fields and not self.instance.pk:
            self.fields["sender"].initial = conf.sender

    def clean_text(self) -> str:
        """Browsers send line ends as two characters; each would be paid for."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("text") and data.get("purpose"):
            findings = compliance.check_message(
                text=data["text"],
                purpose=data["purpose"],
                sms_type=data.get("sms_type", ""),
                sender=data.get("sender"),
                with_replies=bool(data.get("with_replies")),
                stop_patterns=conf.stop_patterns,
            )
            for finding in compliance.errors(findings):
                field = finding.field if finding.field in self.fields else None
                self.add_error(field, str(finding.message))
        return data


class SendForm(forms.Form):
    """The one POST that sends or schedules."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    send_at = forms.SplitDateTimeField(
        label=_("Send at"), required=False, widget=AdminSplitDateTime
    )

    def __init__(self, *args: Any, scheduling: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["send_at"].required = scheduling


class LiftForm(forms.Form):
    """Why an opt-out is lifted."""

    reason = forms.CharField(
        label=_("Why, and how do you know?"),
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text=_("Only the person's own, new wish counts. This is kept on record."),
    )


class _WithList(forms.Form):
    contact_list = forms.ModelChoiceField(
        ContactList.objects.all(),
        label=_("Add them to the list"),
        required=False,
    )


class ContactImportForm(_WithList, ImportForm):  # type: ignore[misc]
    """The file, and the list to fill."""


class ContactConfirmForm(_WithList, ConfirmImportForm):  # type: ignore[misc]
    """The same list again, behind the preview."""
