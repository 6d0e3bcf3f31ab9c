"""The Octopush HTTP client: request, answer, errors. It knows no Django.

Sending never raises for what the gateway or the road to it does: it returns an :class:`Answer`
whose ``outcome`` tells what may be done next. Values are checked before any network traffic,
because the gateway bends wrong input and sends it anyway (its page "Interpretation of the data").
"""

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ..exceptions import (
    GatewayError,
    GatewayRefused,
    GatewayUncertain,
    GatewayUnreachable,
    InvalidRequest,
)
from .answers import Answer, Outcome, decimal_of, failure_of, json_object, read_answer
from .messages import LARGEST_FRAME, SMS_PATH, SmsMessage, SmsRecipient
from .transport import deadline, open_session

BASE_URL = "https://api.octopush.com/v1/public"
SMS_CANCEL_PATH = "sms-campaign/cancel"
MULTI_CANCEL_PATH = "multi-channel/cancel"
ANSWER_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Balance:
    """What is left. ``unit`` is ``euros``, or the product that was asked for."""

    amount: Decimal
    unit: str


class OctopushClient:
    """Calls the gateway. Not thread-safe: one client per thread, so one connection each.

    ``timeout`` is (seconds to connect, seconds for the whole call). The key is in no repr, log
    or exception of this class.
    """

    def __init__(
        self,
        login: str,
        key: str,
        *,
        base_url: str = BASE_URL,
        timeout: tuple[float, float] = (5, 30),
    ) -> None:
        for name, value in (("api-login", login), ("api-key", key)):
            if not (isinstance(value, str) and value.isascii() and value.isprintable()):
                raise InvalidRequest(name, "must be printable ASCII text.")
            if not value or value != value.strip():
                raise InvalidRequest(name, "must not be empty, nor begin or end with a blank.")
        self.base_url = base_url.rstrip("/")
        self.connect_timeout, self.total_timeout = timeout
        self._headers = {
            "api-login": login,
            "api-key": key,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        self._session = open_session()

    def __repr__(self) -> str:
        return f"<OctopushClient {self.base_url}>"

    def __reduce__(self) -> Any:
        # A pickle would carry the key to wherever pickles go.
        raise TypeError("a client holds credentials and a connection: make a new one")

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def send_sms(
        self,
        message: SmsMessage,
        recipients: Sequence[SmsRecipient],
        request_id: str | None = None,
    ) -> Answer:
        """Send ``message`` to 1 to 500 people. Never raises for what the gateway does.

        With a ``request_id`` a repeat within 24 hours is recognised by the gateway. Raises
        :class:`InvalidRequest` before any traffic if a value is wrong.
        """
        if not 1 <= len(recipients) <= LARGEST_FRAME:
            raise InvalidRequest("recipients", f"must be 1 to {LARGEST_FRAME}.")
        if len({person.phone_number for person in recipients}) < len(recipients):
            raise InvalidRequest("recipients", "the same number stands there twice.")
        body = message.to_body(", ".join(p.to_json() for p in recipients), request_id)
        return self.post(SMS_PATH, body)

    def post(self, path: str, body: bytes) -> Answer:
        """POST a JSON ``body`` that was built and checked before."""
        try:
            status, headers, content = self._call("POST", path, body=body)
        except Exception as error:
            # Whatever it is: a call that did not provably fail before its first byte may have
            # been carried out, and an exception here would look like "not sent" to a caller.
            outcome: Outcome = "unreachable" if _before_first_byte(error) else "uncertain"
            return Answer(outcome, message=_describe(error))
        return read_answer(status, content, headers.get("Retry-After"))

    def answer_within(self, seconds: float) -> None:
        """Give up every later call after ``seconds``, or the set timeouts if they are shorter."""
        self.connect_timeout = min(self.connect_timeout, seconds)
        self.total_timeout = min(self.total_timeout, seconds)

    def cancel(self, ticket: str, channel: str = "sms") -> None:
        """Withdraw a sending whose ``send_at`` is over ten minutes ahead, to one or two people.

        Raises a :class:`GatewayError`; refused means that it will leave.
        """
        if channel == "sms":
            self.request_json("DELETE", SMS_CANCEL_PATH, {"ticket_number": ticket})
        else:
            document = {"channel": channel, "ticket_number": ticket}
            self.request_json("DELETE", MULTI_CANCEL_PATH, document)

    def check_balance(
        self, *, product_name: str | None = None, country_code: str | None = None
    ) -> Balance:
        """What is left, in euros; or in SMS, for a product in a country (both or neither).

        Raises a :class:`GatewayError`.
        """
        if (product_name is None) != (country_code is None):
            raise InvalidRequest("product_name", "goes together with country_code.")
        query = {"product_name": product_name, "country_code": country_code}
        answer = self._read("wallet/check-balance", {k: v for k, v in query.items() if v})
        amount = decimal_of(answer.get("amount"))
        if amount is None:
            raise GatewayUncertain("The gateway's answer holds no amount.")
        return Balance(amount, str(answer.get("unit") or "euros"))

    def check_credits(self, country_codes: Sequence[str] = ()) -> dict[str, dict[str, Decimal]]:
        """Units left by country and product: ``{"FR": {"premium_sms": Decimal(640)}}``.

        Raises a :class:`GatewayError`.
        """
        answer = self._read("wallet/check-credits", {"country_codes[]": list(country_codes)})
        return {
            country: {
                str(product): amount
                for product, amount in ((p, decimal_of(a)) for p, a in products.items())
                if amount is not None
            }
            for country, products in answer.items()
            if isinstance(products, dict)
        }

    def request_json(
        self, method: str, path: str, document: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read or change an account resource; the answer's JSON object ({} if empty).

        Raises a :class:`GatewayError`. Not for sending: see :meth:`post`.
        """
        body = None if document is None else json.dumps(document).encode()
        return self._read(path, method=method, body=body)

    def _read(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> dict[str, Any]:
        try:
            status, _, content = self._call(method, path, query=query, body=body)
        except Exception as error:
            kind = GatewayUnreachable if _before_first_byte(error) else GatewayUncertain
            raise kind(_describe(error)) from None
        document = json_object(content) if content.strip() else {}
        if document is None:
            raise GatewayUncertain(f"HTTP {status}: the answer is no JSON object.")
        code, message, field_errors = failure_of(document)
        if 200 <= status < 300 and not code:
            return document
        error_type: type[GatewayError] = GatewayRefused if status < 500 else GatewayUncertain
        raise error_type(message or f"HTTP {status}", code=code, errors=field_errors)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        with (
            deadline(self.total_timeout),
            self._session.request(
                method,
                f"{self.base_url}/{path}",
                params=query,
                data=body,
                headers=headers,
                timeout=(self.connect_timeout, self.total_timeout),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            content = b"".join(_bounded(response))
            return response.status_code, response.headers, content


def _bounded(response: requests.Response) -> Iterator[bytes]:
    left = ANSWER_LIMIT
    while left > 0:
        # read1 returns what has come, so that each wait is one read under the deadline.
        chunk: bytes = response.raw.read1(left)
        if not chunk:
            _check_complete(response)
            return
        left -= len(chunk)
        yield chunk
    raise ValueError("the answer is longer than 64 kB")


def _check_complete(response: requests.Response) -> None:
    """A body cut short is not an answer: its JSON may still happen to parse."""
    if getattr(response.raw, "length_remaining", 0):
        raise ValueError("the answer was cut short")


def _before_first_byte(error: BaseException) -> bool:
    """Whether ``error`` proves that no byte of the request left this machine."""
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        cause = queue.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        proofs = NewConnectionError | ConnectTimeoutError | ssl.SSLCertVerificationError
        if isinstance(cause, proofs):
            return True
        queue += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
    return False


def _describe(error: BaseException) -> str:
    """The kind of error only: its text can hold the address, and proxies put more into it."""
    return f"No answer: {type(error).__name__}"
