"""The form of a contact, with a field for each personal detail that the site knows."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Consent, Contact, ContactField
from ..models.contact_fields import LONGEST_DETAIL
from ..rules.values import Kind, comparable

PREFIX = "value_"
WRONG = {
    Kind.NUMBER: _("“%(value)s” is not a number: write it like 1250 or 19,90."),
    Kind.DATE: _("“%(value)s” is not a date: write it like 31/12/2026."),
}


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """A contact. A personal detail that is left empty has no value."""

    details: list[ContactField] = []

    class Meta:
        model = Contact
        fields = (
            "phone_number", "email", "first_name", "last_name", "lists",
            "consent", "consent_source", "consented_at",
            "email_consent", "email_consent_source", "email_consented_at",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("consent", "email_consent"):
            if name in self.fields:
                self.fields[name].required = False
        for detail in self.details:
            if PREFIX + detail.key in self.fields:
                value = self.instance.values.get(detail.key, "")
                self.fields[PREFIX + detail.key].initial = value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("consent", "email_consent"):
            data[name] = data.get(name) or Consent.UNKNOWN
        values = dict(self.instance.values)
        for detail in self.details:
            name = PREFIX + detail.key
            text, kind = data.get(name, ""), Kind(detail.kind)
            if text and kind != Kind.TEXT and comparable(text, kind) is None:
                self.add_error(name, WRONG[kind] % {"value": text})
            values[detail.key] = text
        self.instance.values = values
        return data


def contact_form() -> type[ContactForm]:
    """The form with the personal details that there are at this moment."""
    details = list(ContactField.objects.order_by("label", "key"))
    fields: dict[str, Any] = {
        PREFIX + detail.key: forms.CharField(
            label=detail.label, required=False, max_length=LONGEST_DETAIL
        )
        for detail in details
    }
    return type("ContactForm", (ContactForm,), {**fields, "details": details})
