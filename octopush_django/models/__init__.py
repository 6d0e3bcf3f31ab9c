"""What we know. Settings never change a field, so everybody's migrations are the same."""

from .campaigns import (
    Campaign,
    CampaignStatus,
    Channel,
    Preparation,
    Purpose,
    Reason,
    Scheduler,
    SmsType,
    Tariff,
)
from .contact_fields import ContactField, FieldKind
from .contacts import Contact, ContactList, LineType
from .imports import ContactImport, ImportState
from .inbound import EventKind, EventState, Reading, Reply, WebhookEvent
from .operation import Alarm, Halt, Heartbeat, Place, WaitingTask
from .opt_outs import Consent, Family, OptOut, OptOutSource
from .recipients import Exclusion, Recipient, RecipientStatus, Tally
from .sending import AttemptOutcome, Frame, FrameStatus, Priority, SendAttempt

__all__ = [
    "Alarm",
    "AttemptOutcome",
    "Campaign",
    "CampaignStatus",
    "Channel",
    "Consent",
    "Contact",
    "ContactField",
    "ContactImport",
    "ContactList",
    "EventKind",
    "EventState",
    "Exclusion",
    "Family",
    "FieldKind",
    "Frame",
    "FrameStatus",
    "Halt",
    "Heartbeat",
    "ImportState",
    "LineType",
    "OptOut",
    "OptOutSource",
    "Place",
    "Preparation",
    "Priority",
    "Purpose",
    "Reading",
    "Reason",
    "Recipient",
    "RecipientStatus",
    "Reply",
    "Scheduler",
    "SendAttempt",
    "SmsType",
    "Tally",
    "Tariff",
    "WaitingTask",
    "WebhookEvent",
]
