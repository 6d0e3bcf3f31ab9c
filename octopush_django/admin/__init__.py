"""Doors for marketers. Each page declares columns, permissions and buttons, and calls one verb."""

from . import campaigns, contacts, inbound, prices, sending

__all__ = ["campaigns", "contacts", "inbound", "prices", "sending"]
