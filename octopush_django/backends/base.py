"""The contract of a backend, and which one is in use."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.core import mail
from django.utils.module_loading import import_string

from ..client.answers import Answer
from ..client.http import Balance
from ..conf import conf
from ..exceptions import ConfigurationError, GatewayRefused


class Backend(ABC):
    """Takes frames. One object serves one thread, and is closed when its work is done."""

    @abstractmethod
    def send(self, path: str, body: bytes) -> Answer:
        """Send one request, already built and checked. Never raises for what the gateway does."""

    def check_balance(self) -> Balance | None:
        """The credit left, in euros; None where there is no such thing. May raise GatewayError."""
        return None

    def check_credits(self) -> dict[str, dict[str, Decimal]]:
        """Units left by country and product. May raise GatewayError."""
        return {}

    def cancel(self, ticket: str, channel: str = "sms") -> None:
        """Withdraw what waits at the gateway for its time. May raise GatewayError."""
        raise GatewayRefused(f"{type(self).__name__} keeps nothing for later.")

    def answer_within(self, seconds: float) -> None:  # noqa: B027
        """Give up a call after ``seconds``, where there is a network to wait for."""

    def close(self) -> None:  # noqa: B027
        """Let go of connections."""


def backend_class() -> type[Backend]:
    """The class that ``OCTOPUSH_BACKEND`` names. Raises :class:`ConfigurationError`."""
    try:
        named = import_string(conf.backend)
    except Exception as error:
        raise ConfigurationError(f"OCTOPUSH_BACKEND: {error}") from error
    if not (isinstance(named, type) and issubclass(named, Backend)):
        raise ConfigurationError(f"OCTOPUSH_BACKEND: {conf.backend} is no Backend")
    return named


@contextmanager
def open_backend(*, within: float | None = None) -> Iterator[Backend]:
    """A new backend as ``OCTOPUSH_BACKEND`` says, closed at the end of the block.

    ``within``: seconds after which each of its calls is given up. Raises
    :class:`ConfigurationError`.
    """
    backend = backend_class()()
    if conf.reaches_people and hasattr(mail, "outbox"):
        # Django makes that outbox where tests are set up.
        raise ConfigurationError(
            "OCTOPUSH_BACKEND: a test would call the real gateway. Set it to "
            "octopush_django.backends.locmem.LocMemBackend, or OCTOPUSH_BASE_URL to a sandbox "
            "on this machine."
        )
    if within is not None:
        backend.answer_within(within)
    try:
        yield backend
    finally:
        backend.close()
