"""What we know. Settings never change a field, so everybody's migrations are the same."""

from .campaigns import (
    Campaign,
    CampaignStatus,
    Channel,
    Purpose,
    Reason,
    Scheduler,
    SmsType,
    Tariff,
)
from .contacts import Consent, Contact, ContactList, Family, LineType, OptOut, OptOutSource
from .inbound import EventKind, EventState, Reading, Reply, WebhookEvent
from .operation import Alarm, Halt, Heartbeat, Place
from .sending import (
    AttemptOutcome,
    Exclusion,
    Frame,
    FrameStatus,
    Recipient,
    RecipientStatus,
    SendAttempt,
    Tally,
)

__all__ = [
    "Alarm",
    "AttemptOutcome",
    "Campaign",
    "CampaignStatus",
    "Channel",
    "Consent",
    "Contact",
    "ContactList",
    "EventKind",
    "EventState",
    "Exclusion",
    "Family",
    "Frame",
    "FrameStatus",
    "Halt",
    "Heartbeat",
    "LineType",
    "OptOut",
    "OptOutSource",
    "Place",
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
    "WebhookEvent",
]
