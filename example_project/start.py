"""Refuse to serve the public with the key that everybody can read."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .settings import PUBLIC_KEY


def refuse_public_key() -> None:
    """Raise ``ImproperlyConfigured`` with ``DEBUG`` off and the key of the repository."""
    if not settings.DEBUG and settings.SECRET_KEY == PUBLIC_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is the one of the repository, which everybody knows: set your own in the "
            "environment, or DEBUG=1 to try things out."
        )
