"""What a marketer wrote, for whom, and how far it has come."""

import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..conf import conf
from ..rules import channels
from ..rules.hours import AllowedHours
from .contacts import ContactList
from .fields import SentenceField


class Channel(models.TextChoices):
    SMS = channels.SMS.code, channels.SMS.title
    VOICE = channels.VOICE.code, channels.VOICE.title
    RCS = channels.RCS.code, channels.RCS.title
    EMAIL = channels.EMAIL.code, channels.EMAIL.title


class SmsType(models.TextChoices):
    PREMIUM = "sms_premium", _("Premium")
    LOW_COST = "sms_low_cost", _("Low cost")


class Purpose(models.TextChoices):
    ALERT = "alert", _("Transactional")
    WHOLESALE = "wholesale", _("Marketing")


class Scheduler(models.TextChoices):
    APP = "app", _("This site")
    GATEWAY = "gateway", _("The gateway")


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")


class Reason(models.TextChoices):
    """Why a campaign is not moving, or how it ended."""

    PREPARING = "preparing", _("Who receives it is being written down")
    CHANGED = "changed", _("It grew after it was approved")
    PERSON = "person", _("Paused by a person")
    CREDIT = "credit", _("Not enough credit")
    CREDENTIALS = "credentials", _("The gateway does not know our login, or its address is wrong")
    ACCOUNT = "account", _("The gateway account needs attention")
    REFUSED = "refused", _("The gateway refused a batch")
    GATEWAY = "gateway", _("The gateway does not answer")
    UNDECIDED = "undecided", _("A batch needs your decision")
    QUIET_HOURS = "quiet_hours", _("Waits for the allowed hours")
    LATE = "late", _("Its time has passed")
    SILENCE = "silence", _("Nothing worked here for a while")
    HALTED = "halted", _("All sending is halted")
    INSTANCE = "instance", _("Launched on another copy of this site")
    PILOT = "pilot", _("The first batch cost more than expected")
    NOBODY_LEFT = "nobody_left", _("Everybody in it was left out meanwhile")


def account_of(person: Any) -> Any:
    """The user account of whoever acts, if there is one: ``by`` may also be a name, or None."""
    is_account = isinstance(person, get_user_model()) and person.pk is not None
    return person if is_account else None


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def waiting_for_a_person(self) -> "CampaignQuerySet":
        """Campaigns that go on by nobody's doing but a person's: paused, or a draft again."""
        again = Q(status=CampaignStatus.DRAFT, reason_code=Reason.CHANGED)
        return self.filter(Q(status=CampaignStatus.PAUSED) | again).order_by("-pk")


class Campaign(models.Model):
    """What a marketer wrote, for whom, and how far it has come.

    A campaign that is not moving has a ``reason_code`` and a ``reason`` in words.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    channel = models.CharField(
        _("channel"), max_length=9, choices=Channel, default=Channel.SMS, editable=False
    )
    sms_type = models.CharField(_("type"), max_length=12, choices=SmsType, default=SmsType.PREMIUM)
    purpose = models.CharField(_("purpose"), max_length=9, choices=Purpose)
    sender = models.CharField(_("sender"), max_length=11, blank=True)
    text = models.TextField(_("text"))
    with_replies = models.BooleanField(_("people can reply"), default=False)
    simulation = models.BooleanField(_("simulation"), default=False)
    auto_optimize_text = models.BooleanField(_("let the gateway shorten the text"), default=False)
    auto_remove_blacklisted = models.BooleanField(
        _("let the gateway leave out people it knows as opted out"), default=False
    )
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    scheduler = models.CharField(
        _("scheduled by"), max_length=7, choices=Scheduler, default=Scheduler.APP
    )
    status = models.CharField(
        _("status"),
        max_length=9,
        choices=CampaignStatus,
        default=CampaignStatus.DRAFT,
        editable=False,
    )
    reason_code = models.CharField(
        _("why it is not moving"), max_length=20, choices=Reason, blank=True, editable=False
    )
    reason = SentenceField(_("explanation"), blank=True, editable=False)
    key = models.CharField(
        _("key"), max_length=200, null=True, blank=True, unique=True, editable=False
    )
    include = models.ManyToManyField(
        ContactList, verbose_name=_("send to"), related_name="campaigns", blank=True
    )
    exclude = models.ManyToManyField(
        ContactList, verbose_name=_("leave out"), related_name="campaigns_left_out", blank=True
    )
    options = models.JSONField(_("options"), default=dict, blank=True, editable=False)
    from_lists_alone = models.BooleanField(
        _("every contact came by a list"), default=False, editable=False
    )
    by_multi_channel = models.BooleanField(
        _("sent by the multi-channel call"), default=False, editable=False
    )
    expected_units = models.PositiveIntegerField(
        _("SMS expected on the bill"), null=True, blank=True, editable=False
    )
    expected_cost = models.DecimalField(
        _("cost expected on the bill"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        editable=False,
    )
    instance = models.CharField(_("instance"), max_length=100, blank=True, editable=False)
    tested = models.ForeignKey(
        "self",
        verbose_name=_("test of"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="tests",
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    launched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sent by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    launched_at = models.DateTimeField(_("launched"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    created_now = False
    """Whether the call of ``send_campaign`` that returned this object made the campaign."""

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions = [
            ("send_campaign", _("Can send campaigns")),
            ("send_transactional", _("Can send transactional campaigns")),
            ("decide_frame", _("Can decide on uncertain batches")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=CampaignStatus.values), name="octopush_campaign_status"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="octopush_campaign_purpose"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="octopush_campaign_channel"
            ),
            models.CheckConstraint(
                condition=Q(sms_type__in=SmsType.values), name="octopush_campaign_sms_type"
            ),
            models.CheckConstraint(
                condition=Q(scheduler__in=Scheduler.values), name="octopush_campaign_scheduler"
            ),
            models.CheckConstraint(
                condition=~Q(status="paused") | ~Q(reason_code=""),
                name="octopush_campaign_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_at"], name="octopush_campaign_due", condition=Q(status="scheduled")
            ),
            models.Index(fields=["-created_at"], name="octopush_campaign_list"),
        ]

    def __str__(self) -> str:
        return self.name or self.text[:50]

    @property
    def is_marketing(self) -> bool:
        return self.purpose == Purpose.WHOLESALE

    @property
    def traits(self) -> channels.Traits:
        """What is particular to the channel of the campaign."""
        return channels.CHANNELS[self.channel]

    def allowed_hours(self, time_zone: str = "") -> AllowedHours | None:
        """The hours at which the campaign may leave to ``time_zone``; None if at any hour.

        ``time_zone``: empty for the zone of the settings.
        """
        if not self.is_marketing or self.simulation:
            return None
        return AllowedHours.parse(
            conf.quiet_hours, ZoneInfo(time_zone) if time_zone else conf.zone
        )


class Preparation(models.Model):
    """An approved campaign of which a worker still has to write down who receives it.

    A row of its own, so that the worker can hold it while others pause or cancel the campaign.
    ``people_seen``: how many would receive it when it was approved; None where nobody looked.
    ``notes_read``: codes of the findings that were acknowledged then.
    """

    campaign = models.OneToOneField(
        Campaign, verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="preparation"
    )
    people_seen = models.PositiveIntegerField(_("people who would receive it"), null=True)
    notes_read = models.JSONField(_("notes that were read"), default=list)
    created_at = models.DateTimeField(_("approved"), default=timezone.now)

    class Meta:
        verbose_name = _("preparation")
        verbose_name_plural = _("preparations")

    def __str__(self) -> str:
        return str(self.campaign)


class Tariff(models.Model):
    """What one SMS or message costs, as somebody read it from the gateway's price list.

    Never changed: a new price is a new row, with its date. The newest of it and the last bill
    makes the estimate.
    """

    channel = models.CharField(_("channel"), max_length=9, choices=Channel, default=Channel.SMS)
    sms_type = models.CharField(
        _("type"),
        max_length=12,
        choices=SmsType,
        default=SmsType.PREMIUM,
        help_text=_("Only SMS come in two types; for the other channels leave it as it is."),
    )
    euros = models.DecimalField(
        _("EUR each"),
        max_digits=8,
        decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001"))],
        help_text=_("For one SMS, one RCS, one e-mail, or 30 seconds of a voice message."),
    )
    created_at = models.DateTimeField(_("entered on"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.CheckConstraint(condition=Q(euros__gt=0), name="octopush_tariff_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.euros} EUR"
