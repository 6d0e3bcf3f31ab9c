"""What a site knows about people beside their names, and how each detail is called."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..rules.placeholders import KEY_PATTERN, RESERVED
from ..rules.values import Kind

LONGEST_KEY = 50
IMPORTED = frozenset(
    "consent consented_at consent_source email_consent email_consented_at email_consent_source "
    "refusal email_refusal country calling_code ignore".split()
)
"""What a column of a file can be beside a detail: see ``contacts.columns.fields``."""
LONGEST_DETAIL = 255
"""Characters that are kept of one detail of one person."""


class FieldKind(models.TextChoices):
    TEXT = Kind.TEXT.value, _("Text")
    NUMBER = Kind.NUMBER.value, pgettext_lazy("kind of value", "Number")
    DATE = Kind.DATE.value, _("Date")


class ContactFieldQuerySet(models.QuerySet["ContactField"]):
    def labels(self) -> dict[str, str]:
        """Key -> label, by label."""
        return dict(self.order_by("label", "key").values_list("key", "label"))

    def kinds(self) -> dict[str, Kind]:
        """Key -> kind."""
        return {key: Kind(kind) for key, kind in self.values_list("key", "kind")}


class ContactField(models.Model):
    """A personal detail of a site's own: "Ville", "Points". ``{ville}`` stands for it in a text.

    Contacts have their values in ``Contact.values``, under the key. Key and kind are chosen once:
    texts use the one, and values were read by the other.
    """

    label = models.CharField(_("name"), max_length=100)
    key = models.CharField(
        _("in a text"),
        max_length=LONGEST_KEY,
        unique=True,
        blank=True,
        help_text=_("Stands in a text between braces: {ville}. Left empty: made from the name."),
    )
    kind = models.CharField(_("kind"), max_length=6, choices=FieldKind, default=FieldKind.TEXT)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = ContactFieldQuerySet.as_manager()

    class Meta:
        verbose_name = _("personal detail")
        verbose_name_plural = _("personal details")
        ordering = ["label", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(key__regex=KEY_PATTERN) & ~Q(key__in=sorted(RESERVED)),
                name="octopush_contactfield_key",
                violation_error_message=_("The key is reserved, or not in the form of a key."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=FieldKind.values), name="octopush_contactfield_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.key:
            self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.label = self.label.strip()
        self.key = self.key or key_of(self.label)
        if not re.fullmatch(KEY_PATTERN, self.key):
            said = _("Write small letters, digits and _, beginning with a letter.")
            raise ValidationError({"key": said})
        if self.key in RESERVED or self.key in IMPORTED:
            said = _("“%(key)s” means something else in a text: choose another word.")
            raise ValidationError({"key": said % {"key": self.key}})


def key_of(label: str) -> str:
    """A key made of a label: "Code postal" -> ``code_postal``; "" where no letter is in it."""
    letters = unicodedata.normalize("NFKD", label.lower())
    plain = "".join(char for char in letters if not unicodedata.combining(char))
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return re.sub(r"^[0-9_]+", "", words)[:LONGEST_KEY].rstrip("_")
