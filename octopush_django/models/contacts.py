"""People: contacts and their lists."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import numbers
from ..client.text import is_storable, storable
from ..rules import addresses
from ..rules.placeholders import NAMES
from ..rules.values import Kind, as_text, comparables_of, is_value, stripped
from .contact_fields import ContactField
from .fields import EmailField, PhoneNumberField
from .opt_outs import Consent
from .refusals import ADDRESSES, keep_refusals


class LineType(models.TextChoices):
    UNRESOLVED = "", _("Not yet known")
    MOBILE = "mobile", _("Mobile")
    LANDLINE = "landline", _("Landline")
    INVALID = "invalid", _("Not a number in use")


class ContactListQuerySet(models.QuerySet["ContactList"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            # Nobody can give these lists to a campaign meanwhile.
            for contact_list in self.select_for_update():
                contact_list.refuse_if_used()
            return super().delete()


class ContactList(models.Model):
    """A named set of contacts; a contact may be in several.

    Cannot be deleted while a campaign that has not left uses it: without a list to leave out the
    campaign would reach people whom it must not.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = ContactListQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact list")
        verbose_name_plural = _("contact lists")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            # Nobody can give this list to a campaign meanwhile.
            ContactList.objects.select_for_update().filter(pk=self.pk).first()
            self.refuse_if_used()
            return super().delete(*args, **kwargs)

    def used_by(self) -> list[Any]:
        """Campaigns that have not left, and send to this list or leave it out."""
        waiting = ("draft", "scheduled", "sending", "paused")
        send_to = self.campaigns.filter(status__in=waiting)
        leave_out = self.campaigns_left_out.filter(status__in=waiting)
        return [*send_to, *leave_out.exclude(pk__in=send_to.values("pk"))]

    def refuse_if_used(self) -> None:
        """Raise ``ProtectedError`` if a campaign that has not left uses this list."""
        used_by = self.used_by()
        if used_by:
            names = ", ".join(f"“{campaign}”" for campaign in used_by[:5])
            said = _("The list “%(list)s” is used by %(campaigns)s: take it out there first.")
            raise models.ProtectedError(said % {"list": self, "campaigns": names}, set(used_by))


def has_address(field: str, addresses: Iterable[str]) -> Q:
    """Contacts whose ``field`` (``phone_number`` or ``email``) is one of ``addresses``."""
    found = Q(**{f"{field}__in": addresses})
    # PostgreSQL reads the partial index on e-mail only where its condition stands there too.
    return found & ~Q(email="") if field == "email" else found


class ContactQuerySet(models.QuerySet["Contact"]):
    """Keeps ``line_type``, ``comparables`` and refusals true on every way of writing a contact."""

    def update(self, **values: Any) -> int:
        if "phone_number" in values:
            values.setdefault("line_type", LineType.UNRESOLVED)
        if not ADDRESSES.intersection(values):
            return super().update(**values)
        with keep_refusals(self):
            return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        with keep_refusals(self):
            return super().delete()

    def bulk_create(self, objs: Iterable["Contact"], *args: Any, **kwargs: Any) -> Any:
        objs = list(objs)
        for contact in objs:
            contact.resolve_line_type()
        _compare_values(objs)
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(
        self, objs: Iterable["Contact"], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        objs, names = list(objs), set(fields)
        if "phone_number" in names:
            names.add("line_type")
            for contact in objs:
                contact.resolve_line_type()
        if "values" in names:
            names.add("comparables")
            _compare_values(objs)
        return super().bulk_update(objs, sorted(names), *args, **kwargs)

    def resolve_line_types(self, chunk: int = 500, most: int | None = None) -> None:
        """Find out the line type of contacts written around the ORM (``line_type = ''``).

        In steps of ``chunk``, each of which stays where no transaction is open; of ``most``
        contacts at the most.
        """
        around_the_orm = {"line_type": "", "phone_number__isnull": False}
        if not Contact.objects.filter(**around_the_orm).exists():
            # Usually: told by an empty index, without a look at the contacts in question.
            return
        unresolved = self.order_by().filter(**around_the_orm)
        steps = count() if most is None else range(-(-most // chunk))
        for _step in steps:
            batch = list(unresolved.only("phone_number", "line_type")[:chunk])
            if not batch:
                return
            for contact in batch:
                contact.resolve_line_type()
            super(ContactQuerySet, Contact.objects.all()).bulk_update(batch, ["line_type"])


def _compare_values(contacts: Sequence["Contact"]) -> None:
    """Write down each value as text, and as it sorts."""
    if any(contact.values != {} or contact.comparables for contact in contacts):
        kinds = ContactField.objects.kinds()
        for contact in contacts:
            contact.compare_values(kinds)


def _refuse_other_values(values: Any) -> None:
    if not isinstance(values, Mapping):
        said = _("Give the personal details as a mapping of keys to values.")
        raise ValidationError({"values": said})
    for key, value in values.items():
        is_readable = isinstance(key, str) and is_value(value)
        if not is_readable or not is_storable(f"{key}{as_text(value)}"):
            said = _("The value of “%(key)s” is no text, number or date that can be stored.")
            raise ValidationError({"values": said % {"key": storable(key, 40)}})


class Contact(models.Model):
    """A person with a phone number, an e-mail address, or both."""

    phone_number = PhoneNumberField(_("phone number"), max_length=16, null=True, blank=True)
    line_type = models.CharField(
        _("line"), max_length=8, choices=LineType, blank=True, default="", editable=False
    )
    email = EmailField(_("e-mail"), blank=True)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    values = models.JSONField(_("personal details"), default=dict, blank=True, editable=False)
    """Key of a :class:`ContactField` -> the text that people read."""
    comparables = models.JSONField(default=dict, blank=True, editable=False)
    """Key -> the value of a number or date as it sorts: see ``rules.values.comparable``."""
    lists = models.ManyToManyField(
        ContactList,
        verbose_name=_("lists"),
        related_name="contacts",
        blank=True,
        # Both keys checked for each row would cost a quarter of an import.
        db_constraint=False,
    )
    consent = models.CharField(
        _("consent to marketing by phone"),
        max_length=8,
        choices=Consent,
        default=Consent.UNKNOWN,
        help_text=_("By SMS, RCS or voice message."),
    )
    consent_source = models.CharField(
        _("where it was given or refused"), max_length=255, blank=True
    )
    consented_at = models.DateTimeField(_("when"), null=True, blank=True)
    email_consent = models.CharField(
        _("consent to marketing by e-mail"),
        max_length=8,
        choices=Consent,
        default=Consent.UNKNOWN,
    )
    email_consent_source = models.CharField(
        _("where it was given or refused"), max_length=255, blank=True
    )
    email_consented_at = models.DateTimeField(_("when"), null=True, blank=True)
    last_import = models.ForeignKey(
        "octopush_django.ContactImport",
        null=True,
        editable=False,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [("export_contact", _("Can export contacts"))]
        constraints = [
            # Not ``unique=True``: on PostgreSQL that makes a second index, which nothing uses.
            models.UniqueConstraint(fields=["phone_number"], name="octopush_contact_number"),
            models.CheckConstraint(
                condition=Q(phone_number__isnull=True)
                | Q(phone_number__regex=numbers.E164_PATTERN),
                name="octopush_contact_e164",
                violation_error_message=_("The phone number is not in E.164 form."),
            ),
            models.CheckConstraint(
                condition=Q(phone_number__isnull=False) | ~Q(email=""),
                name="octopush_contact_reachable",
                violation_error_message=_("Enter a phone number or an e-mail address."),
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="octopush_contact_email_lower",
                violation_error_message=_("Write the e-mail address in small letters."),
            ),
            models.CheckConstraint(
                condition=Q(consent__in=Consent.values), name="octopush_contact_consent"
            ),
            models.CheckConstraint(
                condition=Q(email_consent__in=Consent.values),
                name="octopush_contact_email_consent",
            ),
            models.CheckConstraint(
                condition=Q(line_type__in=LineType.values), name="octopush_contact_line_type"
            ),
        ]
        indexes = [
            models.Index(fields=["email"], name="octopush_contact_email", condition=~Q(email="")),
            models.Index(
                fields=["id"],
                name="octopush_contact_unresolved",
                condition=Q(line_type="", phone_number__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        address = addresses.as_written(self.phone_number or self.email)
        return f"{name} ({address})" if name else address

    def save(self, *args: Any, **kwargs: Any) -> None:
        update_fields = kwargs.get("update_fields")
        if update_fields is None or "phone_number" in update_fields:
            self.resolve_line_type()
            update_fields = update_fields and {*update_fields, "line_type"}
        if update_fields is None or "values" in update_fields:
            _compare_values([self])
            update_fields = update_fields and {*update_fields, "comparables"}
        if update_fields is not None:
            kwargs["update_fields"] = update_fields
        if self._state.adding or not ADDRESSES.intersection(update_fields or ADDRESSES):
            super().save(*args, **kwargs)
            return
        with keep_refusals(Contact.objects.filter(pk=self.pk)):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with keep_refusals(Contact.objects.filter(pk=self.pk)):
            return super().delete(*args, **kwargs)

    def clean(self) -> None:
        _refuse_other_values(self.values)
        self.phone_number = self.phone_number or None  # type: ignore[assignment]
        if not self.phone_number and not self.email:
            raise ValidationError(_("Enter a phone number or an e-mail address."))

    def resolve_line_type(self) -> None:
        """Set ``line_type`` from the number; the audience's SQL relies on it."""
        number = addresses.as_written(self.phone_number)
        self.line_type = numbers.line_type(number) if number else ""

    def compare_values(self, kinds: Mapping[str, Kind]) -> None:
        """Keep the ``values`` that show something, as text, and set ``comparables``.

        Raises ``ValidationError`` where they are no mapping of keys to texts, numbers or dates.
        """
        _refuse_other_values(self.values)
        texts = {key: stripped(as_text(value)) for key, value in self.values.items()}
        self.values = {key: text for key, text in texts.items() if text}
        self.comparables = comparables_of(self.values, kinds)

    @classmethod
    def merge_fields(cls) -> dict[str, Any]:
        """What a text may say of a contact: name of the merge field -> label."""
        labels = {column.name: column.verbose_name for column in cls._meta.fields}
        names = {name: labels[name] for name in NAMES}
        return {**names, **ContactField.objects.labels()}
