"""What leaves: frozen recipients, the frames they are cut into, every call made for them."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .campaigns import Campaign, CampaignStatus
from .contacts import Contact


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


class AttemptOutcome(models.TextChoices):
    OPEN = "", _("In progress")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    UNREACHABLE = "unreachable", _("Not reached")
    UNCERTAIN = "uncertain", _("No clear answer")


class RecipientStatus(models.TextChoices):
    PENDING = "pending", _("Waiting")
    EXCLUDED = "excluded", _("Left out")
    ACCEPTED = "accepted", _("On its way")
    DELIVERED = "delivered", _("Delivered")
    UNDELIVERED = "undelivered", _("Not delivered")
    UNKNOWN = "unknown", _("Not known")
    CANCELLED = "cancelled", _("Not sent")


class Exclusion(models.TextChoices):
    """Why a person is left out: the first that applies, in this order."""

    NONE = "", _("Receives it")
    NO_ADDRESS = "no_address", _("No number, or no e-mail address")
    INVALID = "invalid", _("Not a phone number in use, or no e-mail address")
    TEST_NUMBER = "test_number", _("A number or address for tests, which belongs to nobody")
    NOT_MOBILE = "not_mobile", _("Not a mobile number")
    GONE = "gone", _("The contact has been deleted since")
    LEFT_LISTS = "left_lists", _("In none of the campaign's lists any more")
    EXCLUDED_LIST = "excluded_list", _("In a list to leave out")
    OPTED_OUT = "opted_out", _("Opted out")
    HELD_BACK = "held_back", _("A reply that may ask to stop waits to be read")
    CONSENT_REFUSED = "consent_refused", _("Refused marketing")
    CONSENT_UNKNOWN = "consent_unknown", _("Never agreed to marketing")
    NOT_IN_SERVICE = "not_in_service", _("The number is out of service")
    TOO_OFTEN = "too_often", _("Got enough messages lately")
    VETOED = "vetoed", _("Left out by a rule of this site")
    MISSING_VALUE = "missing_value", _("A personal detail of the text is missing")
    VALUE_TOO_LONG = "value_too_long", _("A personal detail is over 50 characters")
    DUPLICATE = "duplicate", _("Same number or e-mail address as another person")


class FrameQuerySet(models.QuerySet["Frame"]):
    def claimable(self, now: Any) -> "FrameQuerySet":
        """Frames whose turn it is, of campaigns that are sending."""
        return self.filter(
            status__in=WAITING_FRAMES,
            waits_for_pilot=False,
            next_action_at__lte=now,
            campaign__status=CampaignStatus.SENDING,
        )

    def behind_pilot(self) -> "FrameQuerySet":
        """Frames that have no turn until the bill of their pilot was compared."""
        return self.filter(status=FrameStatus.PENDING, waits_for_pilot=True)

    def with_people_to_withdraw(self) -> "FrameQuerySet":
        """Cancelled frames whose recipients are still to be written down as not sent."""
        return self.filter(withdraws_people=True)

    def expired(self, now: Any) -> "FrameQuerySet":
        """Frames whose worker is gone: it may have posted them."""
        return self.filter(status=FrameStatus.SENDING, lease_until__lt=now)


class Frame(models.Model):
    """One API request of 1 to 500 recipients."""

    campaign = models.ForeignKey(
        Campaign, verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="frames"
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
    error_message = models.TextField(_("error"), blank=True)

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
                fields=["next_action_at"],
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


def request_id_of(campaign_uuid: uuid.UUID, number: int, generation: int) -> str:
    """The idempotency key of a frame: the same for every attempt, never random."""
    return str(uuid.uuid5(campaign_uuid, f"{number}/{generation}"))


STATE_BY_FRAME = {
    FrameStatus.ACCEPTED: RecipientStatus.ACCEPTED,
    FrameStatus.REFUSED: RecipientStatus.CANCELLED,
    FrameStatus.CANCELLED: RecipientStatus.CANCELLED,
    FrameStatus.EMPTY: RecipientStatus.CANCELLED,
}
"""State of those of whom no report came, by the status of their frame; others are waiting."""


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def included(self) -> "RecipientQuerySet":
        """Recipients who are not left out."""
        return self.filter(exclusion=Exclusion.NONE)

    def with_state(self) -> "RecipientQuerySet":
        """Annotate ``state``, what people see: that of the frame until a report comes."""
        untouched = Q(status=RecipientStatus.PENDING)
        by_frame = (
            When(untouched & Q(frame__status=frame_status), then=Value(state.value))
            for frame_status, state in STATE_BY_FRAME.items()
        )
        return self.annotate(
            state=Case(
                *by_frame,
                default=F("status"),
                output_field=models.CharField(max_length=11, choices=RecipientStatus.choices),
            )
        )


class Recipient(models.Model):
    """One frozen row of a launched campaign: a person who receives it, or was left out, and why.

    Foreign keys have no database constraint: on a million rows they cost half the snapshot.
    """

    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        on_delete=models.CASCADE,
        related_name="recipients",
        db_constraint=False,
        db_index=False,
    )
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("contact"),
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    address = models.CharField(_("number or e-mail address"), max_length=254, null=True)  # noqa: DJ001
    payload = models.TextField(_("what is sent for this person"), blank=True)
    exclusion = models.CharField(
        _("left out because"), max_length=15, choices=Exclusion, blank=True
    )
    frame = models.ForeignKey(
        Frame,
        verbose_name=_("batch"),
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="recipients",
        db_constraint=False,
        db_index=False,
    )
    status = models.CharField(
        _("status"), max_length=11, choices=RecipientStatus, default=RecipientStatus.PENDING
    )
    status_raw = models.CharField(_("the gateway's word"), max_length=100, blank=True)
    status_at = models.DateTimeField(_("since"), null=True)
    pressed_keys = models.CharField(_("pressed keys"), max_length=20, null=True)  # noqa: DJ001
    call_seconds = models.PositiveIntegerField(_("length of the call, in seconds"), null=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "address"],
                name="octopush_recipient_once",
                condition=Q(exclusion=""),
            ),
            models.CheckConstraint(
                condition=Q(status__in=RecipientStatus.values), name="octopush_recipient_status"
            ),
            models.CheckConstraint(
                condition=Q(exclusion__in=Exclusion.values), name="octopush_recipient_exclusion"
            ),
        ]
        indexes = [
            # Partial as the constraint above: where PostgreSQL has no statistics yet, it would
            # read the whole of that index beside this one.
            models.Index(
                fields=["frame", "id"], name="octopush_recipient_claim", condition=Q(exclusion="")
            ),
            models.Index(fields=["campaign", "exclusion", "id"], name="octopush_recipient_screen"),
            models.Index(fields=["address", "-id"], name="octopush_recipient_reply"),
        ]

    def __str__(self) -> str:
        return self.address or "-"


class Tally(models.Model):
    """How many recipients of a frame are in a state that reports have told.

    Written with the recipients, in the same transaction: a page need not count a million rows.
    """

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="tallies")
    status = models.CharField(max_length=11, choices=RecipientStatus)
    word = models.CharField(max_length=100)
    people = models.IntegerField()

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(fields=["frame", "status", "word"], name="octopush_tally_once")
        ]

    def __str__(self) -> str:
        return f"{self.people} {self.word}"


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
