"""One import of a file of contacts: what it was told, how far it is, what became of its rows."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .contacts import ContactList


class ImportState(models.TextChoices):
    WAITING = "waiting", _("Waits for your decision")
    RUNNING = "running", _("Under way, or stopped on the way")
    DONE = "done", _("Done")
    FAILED = "failed", _("Could not be read to its end")


class ContactImport(models.Model):
    """An import, kept after its end: who brought which file, and the report.

    ``Contact.last_import`` points here: the mark by which the first row of a person is told from
    the later ones, across slices and after a kill.
    """

    file_name = models.CharField(_("file"), max_length=255)
    file = models.BinaryField(null=True, editable=False)
    """The file itself, only until the import is done."""
    contact_list = models.ForeignKey(
        ContactList,
        verbose_name=_("list"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    state = models.CharField(
        _("state"), max_length=7, choices=ImportState, default=ImportState.RUNNING
    )
    options = models.JSONField(default=dict, editable=False)
    """What a person said on the first page: ``list`` (its name) and ``country``."""
    report = models.JSONField(_("report"), default=dict, editable=False)
    """The figures of an ``ImportReport``, as they grow."""
    refused_rows = models.BinaryField(null=True, editable=False)
    """The file of refused rows, of an import through the admin."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    class Meta:
        verbose_name = _("import of contacts")
        verbose_name_plural = _("imports of contacts")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ImportState.values), name="octopush_import_state"
            )
        ]

    def __str__(self) -> str:
        return self.file_name
