"""What comes back: events of the gateway as they came, and replies."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    REPORT = "report", _("Delivery")
    REPLY = "reply", _("Reply")
    OPT_OUT = "opt_out", _("Opt-out")
    OTHER = "other", _("Other")


class EventState(models.TextChoices):
    RECEIVED = "received", _("Received")
    APPLIED = "applied", _("Applied")
    UNMATCHED = "unmatched", _("Waits for its batch")
    QUARANTINED = "quarantined", _("Not understood")


class Reading(models.TextChoices):
    OPT_OUT = "opt_out", _("Opt-out")
    DOUBTFUL = "doubtful", _("Perhaps an opt-out")
    REPLY = "reply", _("Reply")


class WebhookEvent(models.Model):
    """One raw POST of the gateway, stored before it is understood."""

    received_at = models.DateTimeField(_("received"), default=timezone.now)
    kind = models.CharField(_("kind"), max_length=10, choices=EventKind, default=EventKind.OTHER)
    body = models.BinaryField(_("body"))
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    ticket = models.CharField(_("ticket"), max_length=100, blank=True)
    state = models.CharField(
        _("state"), max_length=11, choices=EventState, default=EventState.RECEIVED
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error = models.TextField(_("what is wrong with it"), blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=EventState.values), name="octopush_event_state"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="octopush_event_kind"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="octopush_event_applier", condition=Q(state="received")
            ),
            models.Index(
                fields=["ticket"], name="octopush_event_replay", condition=Q(state="unmatched")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def text(self) -> str:
        """The body as text, for reading on a page."""
        return bytes(self.body).decode("utf-8", "replace")


class ReplyQuerySet(models.QuerySet["Reply"]):
    def doubtful(self) -> "ReplyQuerySet":
        """Replies that may ask to stop, and that nobody has handled yet."""
        return self.filter(reading=Reading.DOUBTFUL, handled_at__isnull=True)


class Reply(models.Model):
    """A message that somebody sent us."""

    address = models.CharField(_("from"), max_length=254)
    text = models.TextField(_("text"), blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    campaign = models.ForeignKey(
        "octopush_django.Campaign",
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replies",
    )
    recipient = models.ForeignKey(
        "octopush_django.Recipient",
        verbose_name=_("recipient"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replies",
        db_constraint=False,
    )
    event = models.OneToOneField(
        WebhookEvent,
        verbose_name=_("event"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="reply",
    )
    reading = models.CharField(_("read as"), max_length=8, choices=Reading, default=Reading.REPLY)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("handled by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            models.CheckConstraint(
                condition=Q(reading__in=Reading.values), name="octopush_reply_reading"
            )
        ]
        indexes = [
            models.Index(fields=["-received_at"], name="octopush_reply_inbox"),
            models.Index(fields=["address"], name="octopush_reply_person"),
            models.Index(
                fields=["address"],
                name="octopush_reply_doubtful",
                condition=Q(reading=Reading.DOUBTFUL, handled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.text[:40]}"
