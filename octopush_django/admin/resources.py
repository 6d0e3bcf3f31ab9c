"""Contacts out, as the export page of the admin writes them."""

from typing import Any

from import_export import fields, resources, widgets
from import_export.formats import base_formats
from tablib import Dataset

from ..contacts.tables.files import without_formula
from ..models import Contact, ContactField
from ..rules.addresses import as_written


class Csv(base_formats.CSV):  # type: ignore[misc]
    """What every spreadsheet opens: UTF-8 with its mark, and no cell that is a formula."""

    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        text: str = super().export_data(_defused(dataset), **kwargs)
        return text.encode("utf-8-sig")


class Xlsx(base_formats.XLSX):  # type: ignore[misc]
    """A workbook in which no cell is a formula."""

    def export_data(self, dataset: Dataset, **kwargs: Any) -> Any:
        return super().export_data(_defused(dataset), **kwargs)


def _defused(dataset: Dataset) -> Dataset:
    rows = [[without_formula(str(cell)) for cell in row] for row in dataset]
    titles = [without_formula(title) for title in dataset.headers]
    return Dataset(*rows, headers=titles)


class NumberWidget(widgets.CharWidget):  # type: ignore[misc]
    """E.164, whatever the settings of the phone library."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return as_written(value)


class DetailField(fields.Field):  # type: ignore[misc]
    """A personal detail, under its label."""

    def __init__(self, detail: ContactField) -> None:
        super().__init__(column_name=detail.label)
        self.key = detail.key

    def get_value(self, instance: Contact) -> str:
        return str(instance.values.get(self.key, ""))


class ContactResource(resources.ModelResource):  # type: ignore[misc]
    """One contact, one row; an import understands the titles."""

    phone_number = fields.Field(
        column_name="phone_number", attribute="phone_number", widget=NumberWidget()
    )

    class Meta:
        model = Contact
        fields = (
            "phone_number", "email", "first_name", "last_name",
            "consent", "consented_at", "consent_source",
            "email_consent", "email_consented_at", "email_consent_source",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for detail in ContactField.objects.order_by("label", "key"):
            self.fields[f"value_{detail.key}"] = DetailField(detail)
