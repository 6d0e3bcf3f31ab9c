"""Doors for marketers. Each page declares columns, permissions and buttons, and calls one verb."""

from . import campaigns, contacts, imports, inbound, prices, sending

__all__ = ["campaigns", "contacts", "imports", "inbound", "prices", "sending"]
