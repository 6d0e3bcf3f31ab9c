"""The forms of an import: the file and its list; then a choice for each column."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from phonenumbers import SUPPORTED_REGIONS

from ..conf import conf
from ..contacts.columns.fields import FIELDS
from ..contacts.columns.guessing import Column, Columns
from ..models import ContactField, ContactList

LONGEST_UPLOAD = 20_000_000
"""Bytes that a page takes: the file is kept in the database until somebody has decided."""

LABELS = {
    "phone_number": gettext_lazy("Phone number"),
    "email": gettext_lazy("E-mail"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "consent": gettext_lazy("Marketing by phone: yes or no"),
    "consented_at": gettext_lazy("Marketing by phone: when"),
    "consent_source": gettext_lazy("Marketing by phone: where it was said"),
    "email_consent": gettext_lazy("Marketing by e-mail: yes or no"),
    "email_consented_at": gettext_lazy("Marketing by e-mail: when"),
    "email_consent_source": gettext_lazy("Marketing by e-mail: where it was said"),
    "refusal": gettext_lazy("Refuses marketing by phone: yes or no"),
    "email_refusal": gettext_lazy("Refuses marketing by e-mail: yes or no"),
    "country": gettext_lazy("Country of the number"),
    "calling_code": gettext_lazy("Calling code of the number"),
    "ignore": gettext_lazy("Do not import"),
}
"""What a column can be, in the words of the page."""


class FileForm(forms.Form):
    """The file, the list to fill, and the country of its numbers."""

    import_file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("As your spreadsheet or your other tool writes it: CSV or XLSX."),
    )
    contact_list = forms.ModelChoiceField(
        ContactList.objects.all(),
        label=gettext_lazy("Add them to the list"),
        required=False,
        empty_label=gettext_lazy("A new list"),
    )
    new_list = forms.CharField(
        label=gettext_lazy("Name of the new list"), required=False, max_length=100
    )
    country = forms.CharField(
        label=gettext_lazy("Country of the numbers"),
        min_length=2,
        max_length=2,
        required=False,
        help_text=gettext_lazy(
            "Two letters, such as FR, BE or CH: for numbers written without their country."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].initial = conf.region

    def clean_import_file(self) -> Any:
        upload = self.cleaned_data["import_file"]
        limit = min(conf.import_limit, LONGEST_UPLOAD)
        if upload.size > limit:
            said = _("The file has more than %(limit)d MB: split it into several, or let your "
                     "developer import it with octopush_import.")  # fmt: skip
            raise forms.ValidationError(said % {"limit": limit // 1_000_000})
        return upload

    def clean_country(self) -> str:
        country = (self.cleaned_data["country"] or conf.region).upper()
        if country not in SUPPORTED_REGIONS:
            raise forms.ValidationError(_("Write two letters, such as FR, BE or CH."))
        return country

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen, new = data.get("contact_list"), (data.get("new_list") or "").strip()
        if not chosen and not new and "new_list" not in self.errors:
            self.add_error("new_list", _("Choose a list, or name a new one."))
        data["list_name"] = chosen.name if chosen else new
        return data


class ColumnsForm:
    """The columns of a file as rows of a page: title, examples, what the column is, and why."""

    def __init__(
        self, understood: Columns, guess: Columns, sample: Sequence[Sequence[str]]
    ) -> None:
        """``guess``: what the columns were taken for before a person said anything."""
        guessed = {column.index: column for column in guess.columns}
        details = ContactField.objects.labels()
        asked = {question.index: question for question in understood.questions}
        self.problems = [question.message for question in understood.questions]
        self.rows = [
            {
                "name": f"column_{column.index}",
                "title": column.title or _("Column %(number)d") % {"number": column.index + 1},
                "examples": [
                    cells[column.index][:60]
                    for cells in sample
                    if column.index < len(cells) and cells[column.index].strip()
                ],
                "reason": _reason(column, guessed.get(column.index)),
                "question": asked.get(column.index),
                "chosen": "" if column.index in asked else column.field,
                "choices": _choices(column.field, column.title, details),
            }
            for column in understood.columns
        ]


def _reason(column: Column, guess: Column | None) -> str:
    """Why a column is what it is: as it was guessed, if nobody changed that."""
    return guess.reason if guess and guess.field == column.field else column.reason


def _choices(field: str, title: str, details: dict[str, str]) -> list[tuple[str, str]]:
    """Everything that a column can be: ours, the details there are, and a new one of its name."""
    own = list(details.items())
    if field not in FIELDS and field not in details:
        own.append((field, _("New personal detail “%(title)s”") % {"title": title or field}))
    return [*((name, str(LABELS[name])) for name in FIELDS), *own]
