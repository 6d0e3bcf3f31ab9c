"""Read a sending strictly: what it means, what the gateway would bend, what it refuses.

The real gateway casts, strips, defaults or ignores what is wrong, and sends. So does this one,
and it writes down each time that it did (``bent``).
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import counting

E164 = re.compile(r"\+[1-9][0-9]{7,14}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
SENDER = re.compile(r"[A-Za-z0-9]{3,11}")
STOP = re.compile(r"\bSTOP (at|au|to) (XXXXX|[0-9]{5})(?![0-9A-Za-z])")
LOW_COST_STOP = re.compile(r"\bno PUB=STOP\b")
PERSON_KEYS = {"first_name", "last_name", *(f"param{n}" for n in range(1, 6))}
LANGUAGES = frozenset(
    "en-US en-GB el-GR pl-PL hu-HU sv-SE de-DE es-ES es-LA fr-FR it-IT pt-BR ru-RU".split()
)

SMS_KEYS = {
    "recipients", "text", "type", "sender", "send_at", "purpose", "with_replies",
    "simulation_mode", "request_id", "auto_optimize_text", "auto_remove_blacklisted_numbers",
    "list_name", "recipient_tracking", "auto_delete_optout_contacts",
}  # fmt: skip
VOICE_KEYS = {
    "recipients", "text", "sender", "send_at", "purpose", "voice_gender", "voice_language",
    "simulation_mode", "request_id", "auto_remove_blacklisted_numbers", "type",
    "get_back_pressed_keys",
}  # fmt: skip
MULTI_KEYS = {
    "channel", "text", "recipients", "sender", "send_at", "purpose", "list_name",
    "simulation_mode", "recipient_tracking", "auto_optimize_text",
    "auto_remove_blacklisted_contacts", "metadata",
}  # fmt: skip
METADATA_KEYS = {
    "sms": {"type", "with_replies", "request_id"},
    "voice_sms": {"type", "voice_gender", "voice_language", "get_back_pressed_keys", "request_id"},
    "rcs": {"with_replies", "message_type", "cards", "actions", "request_id"},
    "email": {"emailing_service", "email_from", "name_from", "subject", "template_name",
              "body_format", "language", "request_id"},
}  # fmt: skip


class Refusal(Exception):
    """The gateway says no: its code, its message, and its field errors if it wraps them."""

    def __init__(self, code: int, message: str, field_name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field_name = field_name

    @property
    def body(self) -> dict[str, Any]:
        if not self.field_name:
            return {"code": self.code, "message": self.message}
        inner = {"code": self.code, "message": self.message}
        return {
            "code": 400,
            "message": "Payload validation error.",
            "errors": {self.field_name: inner},
        }


@dataclass
class Sending:
    """A sending as the gateway understood it."""

    channel: str
    text: str = ""
    people: list[dict[str, Any]] = field(default_factory=list)
    kind: str = "sms_premium"
    purpose: str = "wholesale"
    sender: str = ""
    send_at: datetime | None = None
    with_replies: bool = False
    simulation: bool = False
    remove_blacklisted: bool = False
    request_id: str = ""
    list_name: str = ""
    bent: list[str] = field(default_factory=list)

    @property
    def address_key(self) -> str:
        return "email" if self.channel == "email" else "phone_number"

    def sms_for(self, person: dict[str, Any]) -> int:
        """How many units this person costs: SMS, or blocks of 30 s for voice."""
        text = counting.filled(self.text, person)
        if self.channel == "voice_sms":
            return 1 + len(text) // 450
        return counting.sms_of(text) if self.channel == "sms" else 1


def read_sms(document: dict[str, Any], now: datetime) -> Sending:
    """``sms-campaign/send``."""
    reader = _Reader(document, SMS_KEYS)
    sending = Sending("sms", bent=reader.bent)
    sending.kind = reader.choice("type", ("sms_premium", "sms_low_cost"), "sms_premium")
    _read_common(reader, sending, now)
    sending.with_replies = reader.flag("with_replies")
    reader.flag("auto_optimize_text", default=True)
    sending.remove_blacklisted = reader.flag("auto_remove_blacklisted_numbers")
    sending.request_id = reader.request_id()
    sending.people = _people(reader, "phone_number", PERSON_KEYS)
    _check_sms(sending)
    return sending


def read_voice(document: dict[str, Any], now: datetime) -> Sending:
    """``voice-campaign/send``, also under its older name."""
    reader = _Reader(document, VOICE_KEYS)
    sending = Sending("voice_sms", bent=reader.bent, kind="voice_sms")
    _read_common(reader, sending, now)
    _check_voice(reader)
    sending.remove_blacklisted = reader.flag("auto_remove_blacklisted_numbers")
    sending.request_id = reader.request_id()
    sending.people = _people(reader, "phone_number", PERSON_KEYS)
    return sending


def read_multi(document: dict[str, Any], now: datetime) -> Sending:
    """``multi-channel/send``: type, with_replies and request_id live under ``metadata``."""
    reader = _Reader(document, MULTI_KEYS)
    channel = document.get("channel")
    if channel not in METADATA_KEYS:
        raise Refusal(400, "Channel not supported.", "channel")
    raw = document.get("metadata")
    if not isinstance(raw, dict):
        reader.bend("metadata", "is missing or no object; defaults are used")
        raw = {}
    inner = _Reader(raw, METADATA_KEYS[channel], reader.bent, "metadata.")
    sending = Sending(channel, bent=reader.bent, kind=channel)
    _read_common(reader, sending, now, sender_wanted=channel != "rcs")
    sending.request_id = inner.request_id()
    sending.with_replies = inner.flag("with_replies")
    sending.remove_blacklisted = reader.flag("auto_remove_blacklisted_contacts")
    reader.flag("auto_optimize_text", default=True)
    if channel == "sms":
        sending.kind = inner.choice("type", ("sms_premium", "sms_low_cost"), "sms_premium")
    elif channel == "voice_sms":
        inner.choice("type", ("voice_sms",), "voice_sms")
        _check_voice(inner)
    elif channel == "rcs":
        kind = inner.choice("message_type", ("simple_text", "rich_card"), "simple_text", True)
        if kind == "rich_card" and not isinstance(raw.get("cards"), list):
            raise Refusal(400, "Cards are missing.", "cards")
    else:
        _check_email(inner, sending)
    sending.people = _people(reader, sending.address_key, set())
    if channel == "sms":
        _check_sms(sending)
    return sending


class _Reader:
    """One JSON object, read field by field; what would be bent is written down."""

    def __init__(
        self,
        document: dict[str, Any],
        known: set[str],
        bent: list[str] | None = None,
        prefix: str = "",
    ) -> None:
        self.document = document
        self.prefix = prefix
        self.bent: list[str] = [] if bent is None else bent
        for name in sorted(set(document) - known):
            self.bend(name, "is not known here and is ignored")

    def bend(self, name: str, what: str) -> None:
        self.bent.append(f"{self.prefix}{name} {what}")

    def text(self, name: str) -> str:
        value = self.document.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.bend(name, f"is {type(value).__name__}, cast to text")
        return str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.document.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.bend(name, f"is {value!r} and no boolean; cast to {bool(value)}")
        return bool(value)

    def choice(
        self, name: str, choices: tuple[str, ...], default: str, optional: bool = False
    ) -> str:
        value = self.document.get(name)
        if value in choices:
            return str(value)
        if not (optional and value is None):
            self.bend(name, f"is {value!r}, none of {', '.join(choices)}; {default} is used")
        return default

    def request_id(self) -> str:
        raw = self.text("request_id")
        kept = re.sub(r"[^0-9A-Za-z]", "", raw)
        if not raw:
            self.bend("request_id", "is missing: nothing protects against sending twice")
        elif not re.fullmatch(r"[0-9A-Za-z-]{1,36}", raw):
            self.bend(
                "request_id",
                "has other characters than letters, digits and hyphens, or over 36 of them",
            )
        return kept


def _read_common(
    reader: _Reader, sending: Sending, now: datetime, sender_wanted: bool = True
) -> None:
    sending.text = reader.text("text")
    sending.purpose = reader.choice("purpose", ("alert", "wholesale"), "wholesale")
    sending.simulation = reader.flag("simulation_mode")
    sending.list_name = reader.text("list_name")
    sending.sender = reader.text("sender")
    if sender_wanted or sending.sender:
        kept = re.sub(r"[^A-Za-z0-9]", "", sending.sender)[:11]
        if not SENDER.fullmatch(sending.sender):
            reader.bend("sender", f"is {sending.sender!r}; {kept!r} is used")
        if len(kept) < 3:
            raise Refusal(106, "Sender is incorrect.")
        sending.sender = kept
    if len(sending.text) > 1224:
        raise Refusal(189, "Text is too long.")
    if not sending.text and not (sending.channel == "email"):
        raise Refusal(107, "Text is missing.")
    sending.send_at = _send_at(reader, now)


def _send_at(reader: _Reader, now: datetime) -> datetime | None:
    raw = reader.document.get("send_at")
    if raw is None:
        return None
    try:
        moment = datetime.fromisoformat(str(raw))
    except ValueError:
        reader.bend("send_at", f"is {raw!r} and cannot be read: it goes out NOW")
        return None
    if moment.utcoffset() is None:
        reader.bend("send_at", "has no offset: the gateway's own zone is assumed")
        moment = moment.replace(tzinfo=UTC)
    if moment.microsecond:
        reader.bend("send_at", "has fractions of a second")
    if moment <= now:
        reader.bend("send_at", "is past: it goes out NOW")
        return None
    return moment


def _people(reader: _Reader, key: str, extra: set[str]) -> list[dict[str, Any]]:
    raw = reader.document.get("recipients")
    if not isinstance(raw, list) or not raw:
        raise Refusal(103, "No recipients.")
    if len(raw) > 500:
        raise Refusal(400, "More than 500 recipients.", "recipients")
    people, seen = [], set()
    for item in raw:
        if not isinstance(item, dict):
            reader.bend("recipients", f"hold {item!r}, which is no object; it is dropped")
            continue
        address = item.get(key)
        shape = EMAIL if key == "email" else E164
        if not isinstance(address, str) or not shape.fullmatch(address):
            if key == "email":
                raise Refusal(2005, "[destination email] field should be valid.")
            reader.bend("recipients", f"hold the malformed number {address!r}; it is dropped")
            continue
        if address in seen:
            reader.bend("recipients", f"hold {address} twice")
        seen.add(address)
        for name in sorted(set(item) - extra - {key}):
            reader.bend(f"recipients.{name}", "is not known here and is ignored")
        for name in sorted(extra & set(item)):
            value = item[name]
            if value is not None and (not isinstance(value, str) or len(value) > 50):
                reader.bend(f"recipients.{name}", "is no text of 50 characters at most")
        people.append(item)
    if not people:
        raise Refusal(117, "Not one correct number among the recipients.")
    return people


def _check_sms(sending: Sending) -> None:
    stopped = STOP.search(sending.text) or (
        sending.kind == "sms_low_cost" and LOW_COST_STOP.search(sending.text)
    )
    if sending.purpose == "wholesale" and not stopped:
        raise Refusal(121, "Mention STOP is missing.")
    if sending.kind == "sms_low_cost" and len(sending.text) > 160:
        raise Refusal(119, "Over 160 characters are not allowed for this type.")
    for name in sorted(counting.fields_of(sending.text)):
        missing = sum(1 for person in sending.people if not person.get(name))
        if missing:
            sending.bent.append(f"text uses {{{name}}}, which {missing} recipients lack")
    rest = re.sub(r"\{(first_name|last_name|param[1-5])\}", "", sending.text)
    if "{" in rest or "}" in rest:
        sending.bent.append("text holds braces that are no merge field; they are sent as they are")
    if sending.with_replies:
        abroad = [p for p in sending.people if not re.match(r"\+33[67]", p["phone_number"])]
        if abroad:
            sending.bent.append(f"with_replies is for French mobiles; {len(abroad)} are not")


def _check_voice(reader: _Reader) -> None:
    reader.choice("voice_gender", ("male", "female"), "female")
    language = reader.document.get("voice_language")
    if language not in LANGUAGES:
        raise Refusal(442, "Voice language not supported.", "voice_language")
    if language == "sv-SE" and reader.document.get("voice_gender") == "male":
        reader.bend("voice_gender", "does not exist for sv-SE")
    reader.flag("get_back_pressed_keys")


def _check_email(reader: _Reader, sending: Sending) -> None:
    reader.choice("emailing_service", ("mailbox", "gateway"), "gateway")
    reader.choice("body_format", ("plain_text", "html"), "plain_text", optional=True)
    if not EMAIL.fullmatch(reader.text("email_from")):
        raise Refusal(400, "Sender address is not valid.", "email_from")
    if not 1 <= len(reader.text("subject")) <= 1000:
        raise Refusal(400, "Subject must have 1 to 1000 characters.", "subject")
    if not sending.text and not reader.text("template_name"):
        raise Refusal(107, "Text is missing.")
