"""Understand one callback of the gateway: delivery reports, replies, opt-outs, in every shape.

Pure and bounded: bytes come in, notices go out; whatever is not understood becomes a
:class:`Unreadable` with its reason. Facts: the gateway's callback pages (kinds are told apart by
their date field, keys come in several spellings, flat or under ``metadata``).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from ..client.text import storable
from ..numbers import from_gateway
from ..rules.addresses import canonical_email

LONGEST_TEXT = 4000
LONGEST_NAME = 100
LONGEST_KEYS = 20
DEEPEST_NESTING = 20
LONGEST_INTEGER = 18

_REPLY_DATES = ("reception_date", "answer_date", "reply_date")
_REPORT_MARKS = ("deliveries", "delivery_date", "delivery_status", "status")
_TICKETS = ("message_id", "ticket", "sms_ticket", "ticket_number")
_STATUSES = ("status", "delivery_status")
_ADDRESSES = ("number", "phone_number", "email")


class Unreadable(ValueError):
    """The body is none of the documented shapes; its text says why, in words for a person."""


@dataclass(frozen=True)
class Report:
    """The operator's verdict on one recipient. ``address`` is E.164 or an e-mail address.

    ``pressed_keys`` and ``call_seconds`` are those of a voice message, where it tells them.
    """

    ticket: str
    address: str
    status: str
    at: datetime | None
    pressed_keys: str = ""
    call_seconds: int | None = None


@dataclass(frozen=True)
class Incoming:
    """A message of a person. ``opt_out``: the gateway says that it is a STOP."""

    ticket: str
    address: str
    text: str
    at: datetime | None
    opt_out: bool


Notice = Report | Incoming


def understand(
    body: bytes, *, region: str = "FR", zone: ZoneInfo | None = None
) -> tuple[str, list[Notice]]:
    """Return the kind (``report``, ``reply``, ``opt_out``, ``other``) and what it tells.

    ``region`` is where national numbers are read; ``zone`` that of dates without one. Raises
    :class:`Unreadable`.
    """
    zone = zone or ZoneInfo("Europe/Paris")
    root = {key.lower(): value for key, value in _document(body).items()}
    nested = root.get("metadata") or root.get("meta_data")
    inner = {str(k).lower(): v for k, v in nested.items()} if isinstance(nested, dict) else {}
    data = {**inner, **root}
    ticket = _first(data, _TICKETS)
    if "stop_date" in data:
        return "opt_out", [_incoming(data, ticket, data["stop_date"], region, zone, True)]
    if any(mark in data for mark in _REPORT_MARKS):
        return "report", list(_reports(data, ticket, region, zone))
    if any(name in data for name in _REPLY_DATES) or "text" in data:
        date = _first(data, _REPLY_DATES)
        return "reply", [_incoming(data, ticket, date, region, zone, False)]
    return "other", []


def _document(body: bytes) -> dict[str, Any]:
    """The body as a flat mapping: JSON first, whatever type it declares, then a form."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("It is not UTF-8 text.") from None
    if not text.strip():
        raise Unreadable("It is empty.")
    if text.lstrip()[0] in "{[":
        return _json(text)
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    if not pairs or "=" not in text:
        raise Unreadable("It is neither JSON nor a form.")
    return _from_form(pairs)


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(
            text, parse_int=_integer, parse_constant=_no_constant, parse_float=str
        )
    except RecursionError:
        raise Unreadable("It is nested too deeply.") from None
    except ValueError as error:
        raise Unreadable(f"It is not valid JSON: {str(error)[:200]}") from None
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if not isinstance(document, dict):
        raise Unreadable("It is not one JSON object.")
    if _depth(document) > DEEPEST_NESTING:
        raise Unreadable("It is nested too deeply.")
    return document


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("a number is too long")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _depth(value: Any) -> int:
    """How deep ``value`` is nested; iterative, since the value is hostile."""
    deepest, level = 0, [value]
    while level and deepest <= DEEPEST_NESTING:
        deepest += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return deepest


def _from_form(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """A form's fields; ``metadata[number]`` is the member ``number`` of ``metadata``."""
    data: dict[str, Any] = {}
    for name, value in pairs:
        outer, bracket, rest = name.partition("[")
        if bracket and rest.endswith("]") and "[" not in rest:
            member = data.setdefault(outer, {})
            if isinstance(member, dict):
                member[rest[:-1]] = value
        else:
            data[name] = value
    return data


def _reports(
    data: Mapping[str, Any], ticket: str, region: str, zone: ZoneInfo
) -> Iterator[Report]:
    deliveries = data.get("deliveries")
    if isinstance(deliveries, list):
        rows = [
            {**data, **{str(k).lower(): v for k, v in row.items()}}
            for row in deliveries
            if isinstance(row, dict)
        ]
    else:
        rows = [dict(data)]
    if not rows:
        raise Unreadable("It is a delivery report about nobody.")
    for row in rows:
        status = storable(_first(row, _STATUSES), LONGEST_NAME).upper()
        at = _moment(row.get("delivery_date"), zone)
        keys, seconds = _call(row)
        yield Report(ticket, _address(row, region), status, at, keys, seconds)


def _call(row: Mapping[str, Any]) -> tuple[str, int | None]:
    """Keys and seconds of a voice message: at the root or in ``meta_data``, perhaps as text."""
    meta = row.get("meta_data")
    held = {**row, **(meta if isinstance(meta, dict) else {})}
    keys = storable(held.get("pressed_keys_code") or "", LONGEST_KEYS)
    seconds = str(held.get("call_duration") or "")
    return keys, int(seconds) if re.fullmatch(r"[0-9]{1,5}", seconds, re.ASCII) else None


def _incoming(
    data: Mapping[str, Any], ticket: str, date: Any, region: str, zone: ZoneInfo, opt_out: bool
) -> Incoming:
    text = storable(data.get("text") or "", LONGEST_TEXT)
    return Incoming(ticket, _address(data, region), text, _moment(date, zone), opt_out)


def _address(data: Mapping[str, Any], region: str) -> str:
    raw = _first(data, _ADDRESSES)
    if "@" in raw:
        address, kind = canonical_email(raw), "e-mail address"
    else:
        address, kind = from_gateway(raw, region), "phone number"
    if address is None:
        raise Unreadable(f"It names no {kind} that we can read.")
    return address


def _first(data: Mapping[str, Any], names: tuple[str, ...]) -> str:
    values = (data.get(name) for name in names)
    return next((storable(v, LONGEST_NAME) for v in values if isinstance(v, str | int) and v), "")


def _moment(raw: Any, zone: ZoneInfo) -> datetime | None:
    """The gateway's date, which has no zone of its own; None if it cannot be read."""
    try:
        moment = datetime.fromisoformat(str(raw).strip()[:40])
        return moment if moment.utcoffset() is not None else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None
