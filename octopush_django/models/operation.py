"""Signs of the machinery: who works, who is told, and the switch that stops all sending."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=10)
"""What lies further ahead was written by a clock that jumped."""
LOST_AFTER = timedelta(seconds=30)
"""A task that waits for longer may be lost: another one is enqueued."""


class Heartbeat(models.Model):
    """When a part of the machinery last worked. Written by tasks, so that its age tells."""

    WORKER = "worker"

    name = models.CharField(max_length=50, unique=True)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class PlaceQuerySet(models.QuerySet["Place"]):
    def free(self, now: datetime) -> "PlaceQuerySet":
        """Places that nobody holds, or whose holder gave no sign for too long."""
        return self.filter(Q(held_until__lte=now) | Q(held_until__gt=now + CLOCKS_DIFFER))


class Place(models.Model):
    """One of the places of a pool, such as the worker loops of a cluster, and who holds it."""

    pool = models.CharField(max_length=300)
    number = models.PositiveSmallIntegerField()
    owner = models.CharField(max_length=36, blank=True)
    held_until = models.DateTimeField(default=NEVER)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("place of a worker loop")
        verbose_name_plural = _("places of worker loops")
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="octopush_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.pool} {self.number}"


class WaitingTaskQuerySet(models.QuerySet["WaitingTask"]):
    def begin(self, name: str, now: datetime) -> bool:
        """Note that a task is being enqueued; False if one of this name waits already."""
        lately = Q(since__gt=now - LOST_AFTER, since__lte=now + CLOCKS_DIFFER)
        if self.filter(lately, name=name).exists():
            return False
        self.get_or_create(name=name)
        free = self.filter(Q(since__isnull=True) | ~lately, name=name)
        return bool(free.update(since=now))

    def waiting(self, name: str, since: datetime) -> "WaitingTaskQuerySet":
        """The task of this name, if it has waited since then."""
        return self.filter(name=name, since__lte=since)

    def end(self, name: str) -> None:
        """Note that the task was begun: from now on another one may wait."""
        self.filter(name=name, since__isnull=False).update(since=None)


class WaitingTask(models.Model):
    """A kind of task of which one waits in the queue since then; another would be one too many.

    Asked before the queue, which may be slow, and cannot say what waits in it.
    """

    name = models.CharField(max_length=100, unique=True)
    since = models.DateTimeField(null=True, blank=True)

    objects = WaitingTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting task")
        verbose_name_plural = _("waiting tasks")

    def __str__(self) -> str:
        return self.name


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
