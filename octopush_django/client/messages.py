"""What can be asked of the gateway: the bodies of its two sending calls. It knows no Django.

Values are checked on construction, before any traffic, because the gateway bends wrong input and
sends it anyway (its page "Interpretation of the data").
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from ..exceptions import InvalidRequest
from ..numbers import E164_PATTERN
from .text import is_storable

SMS_PATH = "sms-campaign/send"
LARGEST_FRAME = 500
LONGEST_TEXT = 1224
LONGEST_VALUE = 50
_E164 = re.compile(E164_PATTERN)
_SENDER = re.compile(r"[A-Za-z0-9]{3,11}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,36}")


@dataclass(frozen=True, kw_only=True)
class SmsRecipient:
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
        if not (isinstance(self.phone_number, str) and _E164.fullmatch(self.phone_number)):
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
class Message:
    """What both calls have in common: everything but recipients and ``request_id``.

    Raises :class:`InvalidRequest` on construction, naming the field. ``send_at`` is aware and is
    sent in whole seconds with its offset.
    """

    text: str
    purpose: Literal["alert", "wholesale"]
    sender: str | None
    send_at: datetime | None = None
    simulation_mode: bool = False
    list_name: str | None = None
    recipient_tracking: bool | None = None

    def __post_init__(self) -> None:
        _check_text("text", self.text, LONGEST_TEXT)
        if not self.text.strip():
            raise InvalidRequest("text", "must not be empty.")
        check_choice("purpose", self.purpose, ("alert", "wholesale"))
        wanted = self.sender is not None or self._needs_sender()
        if wanted and not is_sender(self.sender):
            raise InvalidRequest("sender", "must be 3 to 11 letters and digits (a-z, A-Z, 0-9).")
        if self.send_at is not None and (
            not isinstance(self.send_at, datetime) or self.send_at.utcoffset() is None
        ):
            raise InvalidRequest("send_at", "must be a date and time with its time zone.")
        check_flag("simulation_mode", self.simulation_mode)
        if self.recipient_tracking is not None:
            check_flag("recipient_tracking", self.recipient_tracking)
        if self.list_name is not None:
            _check_text("list_name", self.list_name, 30)

    def to_body(self, recipients: str, request_id: str | None) -> bytes:
        """The request's JSON. ``recipients`` is text: JSON objects with commas between them."""
        if request_id is not None and not _REQUEST_ID.fullmatch(request_id):
            raise InvalidRequest("request_id", "must be 1 to 36 letters, digits or hyphens.")
        envelope = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) is not None
        }
        if self.send_at is not None:
            envelope["send_at"] = self.send_at.isoformat(timespec="seconds")
        if request_id is not None:
            self._put(envelope, request_id)
        head = json.dumps(envelope, ensure_ascii=False)[:-1]
        return f'{head}, "recipients": [{recipients}]}}'.encode()

    def _needs_sender(self) -> bool:
        return True

    def _put(self, envelope: dict[str, Any], request_id: str) -> None:
        envelope["request_id"] = request_id


@dataclass(frozen=True, kw_only=True)
class SmsMessage(Message):
    """``sms-campaign/send``: the gateway's pages on SMS, transactional, scheduled and two-way."""

    type: Literal["sms_premium", "sms_low_cost"] = "sms_premium"
    with_replies: bool = False
    auto_optimize_text: bool = False
    auto_remove_blacklisted_numbers: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("type", self.type, ("sms_premium", "sms_low_cost"))
        for name in ("with_replies", "auto_optimize_text", "auto_remove_blacklisted_numbers"):
            check_flag(name, getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class MultiChannelMessage(Message):
    """``multi-channel/send``: ``metadata`` holds the channel's own fields, and ``request_id``.

    Put beside it, the gateway ignores them in silence (its page on multi-channel sending).
    """

    channel: Literal["sms", "voice_sms", "rcs", "email"]
    metadata: Mapping[str, Any]
    auto_optimize_text: bool | None = None
    auto_remove_blacklisted_contacts: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("channel", self.channel, ("sms", "voice_sms", "rcs", "email"))
        if self.auto_optimize_text is not None:
            check_flag("auto_optimize_text", self.auto_optimize_text)
        check_flag("auto_remove_blacklisted_contacts", self.auto_remove_blacklisted_contacts)

    def _needs_sender(self) -> bool:
        return self.channel != "rcs"

    def _put(self, envelope: dict[str, Any], request_id: str) -> None:
        envelope["metadata"] = {**self.metadata, "request_id": request_id}


def _check_text(name: str, value: Any, longest: int) -> None:
    if not isinstance(value, str):
        raise InvalidRequest(name, "must be text.")
    if len(value) > longest:
        raise InvalidRequest(name, f"has {len(value)} characters; {longest} at most.")
    if not is_storable(value):
        raise InvalidRequest(name, "holds a character that cannot be sent.")


def is_sender(value: Any) -> bool:
    """Whether the gateway takes ``value`` as a sender ID: 3 to 11 letters and digits."""
    return isinstance(value, str) and _SENDER.fullmatch(value) is not None


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raises InvalidRequest unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise InvalidRequest(name, f"must be one of {', '.join(choices)}; {value!r} is not.")


def check_flag(name: str, value: Any) -> None:
    """Raises InvalidRequest unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise InvalidRequest(name, f"must be True or False, not {value!r}.")
