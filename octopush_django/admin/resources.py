"""Contacts in and out of files, as the admin's import and export pages use them."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets
from import_export.formats import base_formats
from tablib import Dataset

from .. import numbers
from ..conf import conf
from ..contacts.columns import map_columns
from ..contacts.files import read_rows
from ..contacts.rows import read_consent
from ..models import Contact, ContactList
from ..rules.addresses import as_written, lowered_email

_STYLED = re.compile(r'(<(?:ins|del)) style="[^"]*"')


class AnyTable(base_formats.CSV):  # type: ignore[misc]
    """CSV in any encoding and with any delimiter, or XLSX: what spreadsheets really write."""

    def get_title(self) -> str:
        return "CSV / XLSX"

    def get_read_mode(self) -> str:
        return "rb"

    def is_binary(self) -> bool:
        return True

    def create_dataset(self, in_stream: Any, **kwargs: Any) -> Dataset:
        content = in_stream.encode() if isinstance(in_stream, str) else in_stream
        with TemporaryDirectory() as directory:
            path = Path(directory) / "upload"
            path.write_bytes(content)
            rows = [cells for _line, cells in read_rows(path)]
        header = rows[0] if rows else []
        dataset = Dataset(headers=header)
        for cells in rows[1:]:
            if any(cell.strip() for cell in cells):
                dataset.append((cells + [""] * len(header))[: len(header)])
        return dataset


class NumberWidget(widgets.CharWidget):  # type: ignore[misc]
    """Every spelling becomes E.164; what is no number is refused with the reason."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str | None:
        text = str(value or "").strip()
        if not text:
            return None
        number = numbers.canonical(text, conf.region)
        if number is None:
            raise ValueError(_("“%(value)s” is not a phone number.") % {"value": text[:40]})
        return number

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return as_written(value)


class QuietDiff(resources.Diff):  # type: ignore[misc]
    """What a row changes, without styles in place: a strict content policy blocks them.

    Browsers underline and strike out by themselves.
    """

    def as_html(self) -> list[str]:
        # The library escapes what stands in the cells: these tags are its own.
        return [mark_safe(_STYLED.sub(r"\1", html)) for html in super().as_html()]


class ContactResource(resources.ModelResource):  # type: ignore[misc]
    """One row, one contact, found again by its number."""

    phone_number = fields.Field(
        column_name="phone_number", attribute="phone_number", widget=NumberWidget()
    )

    class Meta:
        model = Contact
        import_id_fields = ("phone_number",)
        fields = (
            "phone_number", "email", "first_name", "last_name",
            "param1", "param2", "param3", "param4", "param5", "consent",
        )  # fmt: skip
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True

    def __init__(self, contact_list: ContactList | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.contact_list = contact_list

    def get_diff_class(self) -> type[QuietDiff]:
        return QuietDiff

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        mapping = map_columns(dataset.headers or [])
        dataset.headers = [
            mapping.get(index, title) for index, title in enumerate(dataset.headers or [])
        ]

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        if "consent" in row:
            row["consent"] = read_consent(str(row["consent"] or ""))

    def get_instance(self, instance_loader: Any, row: Any) -> Contact | None:
        number = numbers.canonical(str(row.get("phone_number") or ""), conf.region)
        if number:
            return Contact.objects.filter(phone_number=number).first()
        email = lowered_email(str(row.get("email") or ""))
        return Contact.objects.filter(email=email).first() if email else None

    def import_instance(self, instance: Contact, row: Any, **kwargs: Any) -> None:
        refused = instance.pk is not None and instance.consent == "refused"
        super().import_instance(instance, row, **kwargs)
        if refused:
            # No file brings back somebody who refused.
            instance.consent = "refused"

    def after_save_instance(self, instance: Contact, row: Any, **kwargs: Any) -> None:
        if self.contact_list and not kwargs.get("dry_run"):
            instance.lists.add(self.contact_list)
