"""Where frames go: the gateway, the console, or an outbox in memory."""

from .base import Backend, open_backend

__all__ = ["Backend", "open_backend"]
