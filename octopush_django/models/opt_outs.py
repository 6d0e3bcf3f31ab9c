"""Consent to advertising, and addresses that must be left alone."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import numbers
from ..rules import addresses


class Family(models.TextChoices):
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")


class Consent(models.TextChoices):
    UNKNOWN = "unknown", _("Unknown")
    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")


class OptOutSource(models.TextChoices):
    GATEWAY = "gateway", _("STOP passed on by the gateway")
    REPLY = "reply", _("STOP in a reply")
    REPORT = "report", _("Reported as opted out")
    PERSON = "person", _("Entered by hand")
    IMPORT = "import", _("Import")
    CONSENT = "consent", _("Refused as a contact who was deleted or changed")


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def addresses(self, candidates: Sequence[str], family: str = Family.PHONE) -> set[str]:
        """The ``candidates`` that opted out."""
        rows = self.filter(family=family, address__in=candidates)
        return set(rows.values_list("address", flat=True))


class OptOut(models.Model):
    """An address that must not receive marketing, and how we know.

    Above all lists: no foreign key to contacts or lists, so it survives their deletion and any
    import.
    """

    address = models.CharField(_("number or e-mail address"), max_length=254)
    family = models.CharField(_("kind"), max_length=5, choices=Family, default=Family.PHONE)
    source = models.CharField(
        _("source"), max_length=10, choices=OptOutSource, default=OptOutSource.PERSON
    )
    evidence = models.TextField(_("evidence"), blank=True)
    campaign = models.ForeignKey(
        "octopush_django.Campaign",
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        permissions = [("lift_optout", _("Can lift an opt-out"))]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "family"],
                name="octopush_optout_once",
                violation_error_message=_("This address has opted out already."),
            ),
            models.CheckConstraint(
                condition=Q(family="phone", address__regex=numbers.E164_PATTERN)
                | Q(family="email", address__contains="@"),
                name="octopush_optout_canonical",
                violation_error_message=_("The address is not in canonical form."),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def save(self, *args: Any, **kwargs: Any) -> None:
        # An opt-out under another spelling would protect nobody.
        self.address = addresses.canonical(self.address, self.family) or self.address
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.address = addresses.canonical(self.address, self.family) or ""
        if not self.address:
            raise ValidationError({"address": _("This is no number or e-mail address.")})
