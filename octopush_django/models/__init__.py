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
from .sending import (
    Exclusion,
    Frame,
    FrameStatus,
    Halt,
    Heartbeat,
    Outcome,
    Recipient,
    RecipientStatus,
    SendAttempt,
    Tally,
)

__all__ = [
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
    "Outcome",
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
