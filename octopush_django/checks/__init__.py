"""System checks: what is wrong or missing, told before it costs a message."""

from .cluster import check_queue
from .database import check_database, check_schema
from .project import check_phone_numbers, check_webhook
from .settings import check_settings

__all__ = [
    "check_database",
    "check_phone_numbers",
    "check_queue",
    "check_schema",
    "check_settings",
    "check_webhook",
]
