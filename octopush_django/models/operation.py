"""Signs of the machinery: who works, who is told, and the switch that stops all sending."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a part of the machinery last worked. Written by tasks, so that its age tells."""

    name = models.CharField(max_length=50, unique=True)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class PlaceQuerySet(models.QuerySet["Place"]):
    def free(self, now: datetime) -> "PlaceQuerySet":
        """Places that no loop holds, or whose loop is gone."""
        return self.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))


class Place(models.Model):
    """Room for one worker loop, and who holds it until when."""

    number = models.PositiveSmallIntegerField(unique=True)
    owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("place of a worker loop")
        verbose_name_plural = _("places of worker loops")

    def __str__(self) -> str:
        return str(self.number)


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def begin(self, name: str) -> bool:
        """Note that something is wrong; True for the one caller who has to tell people."""
        self.get_or_create(name=name)
        quiet = self.filter(name=name, began_at__isnull=True)
        return bool(quiet.update(began_at=timezone.now()))

    def end(self, name: str) -> None:
        """Note that all is well again: the next time, people are told again."""
        self.filter(name=name, began_at__isnull=False).update(began_at=None)


class Alarm(models.Model):
    """Something of which people were told, so that they are told once."""

    name = models.CharField(max_length=50, unique=True)
    began_at = models.DateTimeField(null=True, blank=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")

    def __str__(self) -> str:
        return self.name


class HaltQuerySet(models.QuerySet["Halt"]):
    def active(self) -> "HaltQuerySet":
        return self.filter(lifted_at__isnull=True)


class Halt(models.Model):
    """The kill switch: while one is active, nothing leaves. Effective within one frame."""

    reason = models.TextField(_("reason"))
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    objects = HaltQuerySet.as_manager()

    class Meta:
        verbose_name = _("halt")
        verbose_name_plural = _("halts")
        permissions = [("halt", _("Can halt all sending"))]

    def __str__(self) -> str:
        return self.reason[:50]
