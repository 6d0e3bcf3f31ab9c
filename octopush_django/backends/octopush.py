"""The real gateway."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..client.answers import Answer
from ..client.http import Balance, OctopushClient
from ..conf import conf
from ..exceptions import ConfigurationError
from .base import Backend


class OctopushBackend(Backend):
    """Sends over HTTP with the account of ``OCTOPUSH_API_LOGIN`` and ``OCTOPUSH_API_KEY``."""

    def __init__(self) -> None:
        if not (conf.api_login and conf.api_key):
            raise ConfigurationError(
                "OCTOPUSH_API_LOGIN and OCTOPUSH_API_KEY are missing: "
                "set both, or another OCTOPUSH_BACKEND."
            )
        self._client = OctopushClient(
            conf.api_login, conf.api_key, base_url=conf.base_url, timeout=conf.timeout
        )

    def send(self, path: str, body: bytes) -> Answer:
        return self._client.post(path, body)

    def check_balance(self) -> Balance:
        return self._client.check_balance()

    def check_credits(self) -> dict[str, dict[str, Decimal]]:
        return self._client.check_credits()

    def request_json(
        self, method: str, path: str, document: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read or change an account resource. May raise GatewayError."""
        return self._client.request_json(method, path, document)

    def cancel(self, ticket: str, channel: str = "sms") -> None:
        self._client.cancel(ticket, channel)

    def answer_within(self, seconds: float) -> None:
        self._client.answer_within(seconds)

    def close(self) -> None:
        self._client.close()
