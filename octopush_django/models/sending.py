"""What leaves: frames, and every call made for them."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .campaigns import Campaign, CampaignStatus
from .fields import SentenceField


class FrameStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    UNCERTAIN = "uncertain", _("Being checked")
    UNDECIDED = "undecided", _("Needs your decision")
    EMPTY = "empty", _("Nobody left in it")
    CANCELLED = "cancelled", _("Cancelled")


WAITING_FRAMES = (FrameStatus.PENDING, FrameStatus.UNCERTAIN)
"""Frames that a worker takes when their turn comes."""

OPEN_FRAMES = (
    FrameStatus.PENDING,
    FrameStatus.SENDING,
    FrameStatus.UNCERTAIN,
    FrameStatus.UNDECIDED,
)
"""Frames that may still change by themselves or by a decision."""


class Priority(models.IntegerChoices):
    """What leaves first. ``MESSAGE``: a transactional campaign of one frame, such as a code."""

    MESSAGE = 0, _("Transactional message")
    TRANSACTIONAL = 1, _("Transactional campaign")
    MARKETING = 2, _("Marketing")


LONGEST_LEASE = timedelta(hours=1)
"""A lease that ends later was written by a clock that jumped."""


class AttemptOutcome(models.TextChoices):
    OPEN = "", _("In progress")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    UNREACHABLE = "unreachable", _("Not reached")
    UNCERTAIN = "uncertain", _("No clear answer")


class FrameQuerySet(models.QuerySet["Frame"]):
    def claimable(self, now: Any) -> "FrameQuerySet":
        """Frames whose turn it is, of campaigns that are sending."""
        return self.filter(
            status__in=WAITING_FRAMES,
            waits_for_pilot=False,
            next_action_at__lte=now,
            campaign__status=CampaignStatus.SENDING,
        )

    def by_turns(self) -> "FrameQuerySet":
        """What is urgent first; of one priority, a frame of each campaign after the other."""
        return self.order_by("priority", "turn", "pk")

    def behind_pilot(self) -> "FrameQuerySet":
        """Frames that have no turn until the bill of their pilot was compared."""
        return self.filter(status=FrameStatus.PENDING, waits_for_pilot=True)

    def with_people_to_withdraw(self) -> "FrameQuerySet":
        """Cancelled frames whose recipients are still to be written down as not sent."""
        return self.filter(withdraws_people=True)

    def in_trouble(self, before: Any) -> "FrameQuerySet":
        """Frames that the gateway did not take, and that it is asked again ``before`` then."""
        failed = Q(status__in=(FrameStatus.PENDING, FrameStatus.SENDING)) & ~Q(error_message="")
        return self.filter(
            failed | Q(status=FrameStatus.UNCERTAIN),
            campaign__status=CampaignStatus.SENDING,
            next_action_at__lte=before,
        )

    def expired(self, now: Any) -> "FrameQuerySet":
        """Frames whose worker is gone: it may have posted them."""
        over = Q(lease_until__lt=now) | Q(lease_until__gt=now + LONGEST_LEASE)
        return self.filter(over, status=FrameStatus.SENDING)


class Frame(models.Model):
    """One API request of 1 to 500 recipients.

    ``turn``: frames of campaigns under way at the same time leave in the order of their turns.
    """

    # No index of its own: that of (campaign, number) begins with it.
    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        on_delete=models.CASCADE,
        related_name="frames",
        db_index=False,
    )
    number = models.PositiveIntegerField(_("number"))
    generation = models.PositiveSmallIntegerField(_("generation"), default=1)
    request_id = models.CharField(_("request id"), max_length=36, unique=True)
    size = models.PositiveSmallIntegerField(_("people"))
    is_pilot = models.BooleanField(_("goes first, to compare its bill"), default=False)
    status = models.CharField(
        _("status"), max_length=9, choices=FrameStatus, default=FrameStatus.PENDING
    )
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    first_posted_at = models.DateTimeField(_("first call"), null=True, blank=True)
    ambiguous = models.BooleanField(_("may have gone out"), default=False)
    claims = models.PositiveSmallIntegerField(_("claims"), default=0)
    next_action_at = models.DateTimeField(
        _("next try"), default=timezone.now, null=True, blank=True
    )
    waits_for_pilot = models.BooleanField(_("waits for the first batch"), default=False)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, default=Priority.MARKETING
    )
    turn = models.PositiveIntegerField(_("turn"), default=0)
    withdraws_people = models.BooleanField(_("people are being withdrawn"), default=False)
    text = models.TextField(_("text"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    ticket = models.CharField(_("ticket"), max_length=100, blank=True)
    contacts_accepted = models.PositiveIntegerField(_("people accepted"), null=True, blank=True)
    segments_billed = models.PositiveIntegerField(_("SMS billed"), null=True, blank=True)
    cost = models.DecimalField(
        _("cost in euros"), max_digits=14, decimal_places=8, null=True, blank=True
    )
    cost_is_estimate = models.BooleanField(_("cost is an estimate"), default=False)
    residual_credit = models.DecimalField(
        _("credit left, in euros"), max_digits=16, decimal_places=8, null=True, blank=True
    )
    error_code = models.IntegerField(_("error code"), null=True, blank=True)
    error_message = SentenceField(_("error"), blank=True)

    objects = FrameQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="octopush_frame_number"),
            models.CheckConstraint(
                condition=Q(status__in=FrameStatus.values), name="octopush_frame_status"
            ),
            models.CheckConstraint(
                condition=Q(size__gte=1, size__lte=500), name="octopush_frame_size"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=WAITING_FRAMES) | Q(next_action_at__isnull=False),
                name="octopush_frame_has_turn",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "turn", "id", "next_action_at"],
                name="octopush_frame_claim",
                condition=Q(status__in=WAITING_FRAMES, waits_for_pilot=False),
            ),
            models.Index(
                fields=["id"],
                name="octopush_frame_withdraw",
                condition=Q(withdraws_people=True),
            ),
            models.Index(
                fields=["lease_until"],
                name="octopush_frame_sweep",
                condition=Q(status="sending"),
            ),
            models.Index(fields=["ticket"], name="octopush_frame_ticket", condition=~Q(ticket="")),
        ]

    def __str__(self) -> str:
        return _("Batch %(number)d") % {"number": self.number}

    def estimated_cost(self) -> Decimal | None:
        """What it probably cost, in euros, by the bill of the others of its campaign."""
        billed = self.campaign.frames.filter(cost_is_estimate=False, cost__isnull=False)
        total = billed.aggregate(cost=Sum("cost"), people=Sum("size"))
        if not total["people"]:
            return None
        cost: Decimal = total["cost"] * self.size / total["people"]
        return cost.quantize(Decimal("1e-8"))


def request_id_of(campaign_uuid: uuid.UUID, number: int, generation: int) -> str:
    """The idempotency key of a frame: the same for every attempt, never random."""
    return str(uuid.uuid5(campaign_uuid, f"{number}/{generation}"))


class SendAttempt(models.Model):
    """One HTTP call made for a frame: written before the call, settled after, never deleted."""

    frame = models.ForeignKey(
        Frame, verbose_name=_("batch"), on_delete=models.CASCADE, related_name="attempts"
    )
    fence = models.PositiveIntegerField(_("attempt"))
    request_id = models.CharField(_("request id"), max_length=36)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"),
        max_length=11,
        choices=AttemptOutcome,
        blank=True,
        default=AttemptOutcome.OPEN,
    )
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    code = models.IntegerField(_("code"), null=True, blank=True)
    message = models.TextField(_("message"), blank=True)
    answer = models.TextField(_("answer"), blank=True)
    left_out = models.JSONField(_("left out since the attempt before"), default=list, blank=True)

    class Meta:
        verbose_name = _("send attempt")
        verbose_name_plural = _("send attempts")
        constraints = [
            models.UniqueConstraint(fields=["frame", "fence"], name="octopush_attempt_fence"),
            models.UniqueConstraint(
                fields=["frame"], name="octopush_attempt_one_open", condition=Q(outcome="")
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=AttemptOutcome.values), name="octopush_attempt_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.frame_id}/{self.fence}"
