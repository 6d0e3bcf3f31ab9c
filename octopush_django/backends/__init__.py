"""Where frames go: the gateway, the console, or an outbox in memory."""

from .base import Backend, get_backend

__all__ = ["Backend", "get_backend"]
