"""Who is in a launched campaign: frozen recipients, and how many are in which state."""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from .campaigns import Campaign
from .contacts import Contact
from .sending import Frame, FrameStatus


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
    GONE = "gone", _("The contact has been deleted, or has another address, since")
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
