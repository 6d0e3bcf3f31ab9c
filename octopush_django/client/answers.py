"""What the gateway answers: one of four outcomes, with everything it said.

Facts: the gateway's pages on sending (success, both shapes of errors) and its list of codes;
fields may be missing, numbers may be text, and the body may be no JSON at all.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from .text import storable

Outcome = Literal["accepted", "refused", "unreachable", "uncertain"]

UNCERTAIN_CODES = frozenset({125, 438, 500, 501})
"""Body codes that do not say whether the sending was carried out."""

_TICKET_FIELDS = ("sms_ticket", "ticket_number", "vocal_ticket", "voice_ticket", "ticket")
_LONGEST_MESSAGE = 500
_LONGEST_TICKET = 100
_LARGEST_COUNT = 2**31
_LARGEST_COST = 10**6
_LARGEST_CREDIT = 10**8


@dataclass(frozen=True)
class FieldError:
    """What the gateway found wrong with one field."""

    code: int | None
    message: str


@dataclass(frozen=True)
class Answer:
    """What came of one call.

    ``accepted``: the gateway took it and named a ticket. ``refused``: a clear no, nothing went
    out. ``unreachable``: proven not sent. ``uncertain``: it may have gone out. ``raw`` is the
    body as text, at most 64 kB. Amounts are euros.
    """

    outcome: Outcome
    http_status: int | None = None
    code: int | None = None
    message: str = ""
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    ticket: str = ""
    number_of_contacts: int | None = None
    number_of_sms: int | None = None
    total_cost: Decimal | None = None
    residual_credit: Decimal | None = None
    retry_after: int | None = None
    raw: str = ""


def read_answer(status: int, content: bytes, retry_after: str | None = None) -> Answer:
    """Understand an answer to a sending: its HTTP status and body (at most 64 kB)."""
    raw = storable(content.decode("utf-8", "replace"))
    document = json_object(content)
    code, message, errors = failure_of(document or {})
    ticket = _ticket_of(document or {})
    return Answer(
        _outcome(status, document is not None, code, ticket),
        http_status=status,
        code=code,
        message=message or ("" if 200 <= status < 300 else f"HTTP {status}"),
        errors=errors,
        ticket=ticket,
        number_of_contacts=_count((document or {}).get("number_of_contacts")),
        number_of_sms=_count((document or {}).get("number_of_sms_needed")),
        total_cost=_euros((document or {}).get("total_cost"), _LARGEST_COST),
        residual_credit=_euros((document or {}).get("residual_credit"), _LARGEST_CREDIT),
        retry_after=_integer(retry_after),
        raw=raw,
    )


def _outcome(status: int, readable: bool, code: int | None, ticket: str) -> Outcome:
    """Only three things are clear: a ticket, a refusal with its code, a refusal of access."""
    if status == 429:
        return "refused"
    if 200 <= status < 300 and readable:
        if not code:
            return "accepted" if ticket else "uncertain"
        return "uncertain" if ticket or code in UNCERTAIN_CODES else "refused"
    if 400 <= status < 500 and status != 408:
        if code:
            return "uncertain" if code in UNCERTAIN_CODES else "refused"
        return "refused" if status in (401, 403, 404) else "uncertain"
    return "uncertain"


def json_object(content: bytes) -> dict[str, Any] | None:
    """The body as a JSON object; None if it is anything else."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _ticket_of(document: Mapping[str, Any]) -> str:
    tickets = (document.get(name) for name in _TICKET_FIELDS)
    return next((storable(ticket, _LONGEST_TICKET) for ticket in tickets if ticket), "")


def failure_of(
    document: Mapping[str, Any],
) -> tuple[int | None, str, dict[str, FieldError]]:
    """Code, message and field errors, in any of the shapes seen: flat, wrapped, lists."""
    code = _integer(document.get("code")) or None
    message = storable(document.get("message") or "", _LONGEST_MESSAGE)
    raw = document.get("errors")
    if isinstance(raw, dict):
        pairs = list(raw.items())
    elif isinstance(raw, list):
        pairs = [
            (str(i.get("field", n)) if isinstance(i, dict) else str(n), i)
            for n, i in enumerate(raw)
        ]
    else:
        pairs = []
    return code, message, {str(name): _field_error(value) for name, value in pairs[:50]}


def _field_error(value: Any) -> FieldError:
    if isinstance(value, list):
        value = value[0] if value else {}
    if isinstance(value, dict):
        message = storable(value.get("message") or "", _LONGEST_MESSAGE)
        return FieldError(_integer(value.get("code")), message)
    return FieldError(_integer(value), storable(value, _LONGEST_MESSAGE))


def _integer(value: Any) -> int | None:
    number = decimal_of(value)
    if number is None or number != int(number) or abs(number) >= _LARGEST_COUNT:
        return None
    return int(number)


def _count(value: Any) -> int | None:
    number = _integer(value)
    return None if number is None or number < 0 else number


def _euros(value: Any, largest: int) -> Decimal | None:
    """An amount that fits its column; an absurd one must not keep its answer from being stored."""
    number = decimal_of(value)
    return None if number is None or abs(number) >= largest else number


def decimal_of(value: Any) -> Decimal | None:
    """A number, also when it comes as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**12 else None
