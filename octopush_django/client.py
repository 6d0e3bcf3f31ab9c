"""The Octopush HTTP client: request, answer, errors. It knows no Django.

Sending never raises for what the gateway or the road to it does: it returns an :class:`Answer`
whose ``outcome`` tells what may be done next. Values are checked before any network traffic,
because the gateway bends wrong input and sends it anyway (its page "Interpretation of the data").
"""

import json
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from .answers import Answer, Outcome, decimal_of, failure_of, json_object, read_answer
from .exceptions import (
    GatewayError,
    GatewayRefused,
    GatewayUncertain,
    GatewayUnreachable,
    InvalidRequest,
)
from .numbers import E164_PATTERN
from .transport import deadline, open_session

BASE_URL = "https://api.octopush.com/v1/public"
SMS_PATH = "sms-campaign/send"
LARGEST_FRAME = 500
LONGEST_TEXT = 1224
LONGEST_VALUE = 50
ANSWER_LIMIT = 64 * 1024
_E164 = re.compile(E164_PATTERN)
_SENDER = re.compile(r"^[A-Za-z0-9]{3,11}$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9-]{1,36}$")


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One person of an SMS request. ``phone_number`` is E.164; values hold 50 characters."""

    phone_number: str
    first_name: str | None = None
    last_name: str | None = None
    param1: str | None = None
    param2: str | None = None
    param3: str | None = None
    param4: str | None = None
    param5: str | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.phone_number, str) and _E164.match(self.phone_number)):
            raise InvalidRequest("phone_number", "must be + and 8 to 15 digits (E.164).")
        for item in fields(self)[1:]:
            value = getattr(self, item.name)
            if value is not None:
                _check_text(item.name, value, LONGEST_VALUE)

    def to_json(self) -> str:
        """The object as it will be sent; values that are None are left out."""
        present = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) is not None
        }
        return json.dumps(present, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class SmsMessage:
    """Everything of ``sms-campaign/send`` but its recipients and ``request_id``.

    Raises :class:`InvalidRequest` on construction, naming the field. ``send_at`` is aware and is
    sent in whole seconds with its offset. Facts: the gateway's pages on SMS, transactional,
    scheduled and two-way sending.
    """

    text: str
    purpose: Literal["alert", "wholesale"]
    sender: str
    type: Literal["sms_premium", "sms_low_cost"] = "sms_premium"
    send_at: datetime | None = None
    with_replies: bool = False
    simulation_mode: bool = False
    auto_optimize_text: bool = False
    auto_remove_blacklisted_numbers: bool = False
    list_name: str | None = None
    recipient_tracking: bool | None = None

    def __post_init__(self) -> None:
        _check_text("text", self.text, LONGEST_TEXT)
        if not self.text.strip():
            raise InvalidRequest("text", "must not be empty.")
        _check_choice("purpose", self.purpose, ("alert", "wholesale"))
        _check_choice("type", self.type, ("sms_premium", "sms_low_cost"))
        if not (isinstance(self.sender, str) and _SENDER.match(self.sender)):
            raise InvalidRequest("sender", "must be 3 to 11 letters and digits (a-z, A-Z, 0-9).")
        if self.send_at is not None and (
            not isinstance(self.send_at, datetime) or self.send_at.utcoffset() is None
        ):
            raise InvalidRequest("send_at", "must be a date and time with its time zone.")
        for name in (
            "with_replies",
            "simulation_mode",
            "auto_optimize_text",
            "auto_remove_blacklisted_numbers",
        ):
            _check_flag(name, getattr(self, name))
        if self.recipient_tracking is not None:
            _check_flag("recipient_tracking", self.recipient_tracking)
        if self.list_name is not None:
            _check_text("list_name", self.list_name, 30)

    def to_body(self, recipients: Sequence[str], request_id: str | None) -> bytes:
        """The request's JSON. ``recipients`` are JSON objects as text, 1 to 500 of them."""
        if not 1 <= len(recipients) <= LARGEST_FRAME:
            raise InvalidRequest("recipients", f"must be 1 to {LARGEST_FRAME}.")
        envelope: dict[str, Any] = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) is not None
        }
        if self.send_at is not None:
            envelope["send_at"] = self.send_at.isoformat(timespec="seconds")
        if request_id is not None:
            if not _REQUEST_ID.match(request_id):
                raise InvalidRequest("request_id", "must be 1 to 36 letters, digits or hyphens.")
            envelope["request_id"] = request_id
        head = json.dumps(envelope, ensure_ascii=False)[:-1]
        return f'{head}, "recipients": [{", ".join(recipients)}]}}'.encode()


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
        self, message: SmsMessage, recipients: Sequence[Recipient], request_id: str | None = None
    ) -> Answer:
        """Send ``message`` to 1 to 500 people. Never raises for what the gateway does.

        With a ``request_id`` a repeat within 24 hours is recognised by the gateway. Raises
        :class:`InvalidRequest` before any traffic if a value is wrong.
        """
        if len({person.phone_number for person in recipients}) < len(recipients):
            raise InvalidRequest("recipients", "the same number stands there twice.")
        body = message.to_body([person.to_json() for person in recipients], request_id)
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


def _check_text(name: str, value: Any, longest: int) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(name, "must be text.")
    if len(value) > longest:
        raise InvalidRequest(name, f"has {len(value)} characters; {longest} at most.")
    if "\x00" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise InvalidRequest(name, "holds a character that cannot be sent.")


def _check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InvalidRequest(name, f"must be one of {', '.join(choices)}; {value!r} is not.")


def _check_flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise InvalidRequest(name, f"must be True or False, not {value!r}.")
