"""The gateway over HTTP: messages, answers, and the one call between them. It knows no Django."""

from .answers import Answer
from .http import Balance, OctopushClient
from .messages import MultiChannelMessage, SmsMessage, SmsRecipient

__all__ = [
    "Answer",
    "Balance",
    "MultiChannelMessage",
    "OctopushClient",
    "Recipient",
    "SmsMessage",
    "SmsRecipient",
]

Recipient = SmsRecipient
"""The name of :class:`SmsRecipient` until now."""
