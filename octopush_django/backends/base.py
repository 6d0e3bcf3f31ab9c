"""The contract of a backend, and which one is in use."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import cast

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


@contextmanager
def open_backend(*, within: float | None = None) -> Iterator[Backend]:
    """A new backend as ``OCTOPUSH_BACKEND`` says, closed at the end of the block.

    ``within``: seconds after which each of its calls is given up. Raises
    :class:`ConfigurationError`.
    """
    try:
        made = import_string(conf.backend)
    except ImportError as error:
        raise ConfigurationError(f"OCTOPUSH_BACKEND: {error}") from error
    backend = cast(Backend, made())
    if within is not None:
        backend.answer_within(within)
    try:
        yield backend
    finally:
        backend.close()
