"""What each channel is like, and the options that it has of its own.

Pure. Facts: the gateway's page on multi-channel sending; which voices exist, its page on voice
SMS; what ``cards`` and ``actions`` hold is documented nowhere, so only their shape is checked.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from .. import segments
from ..client.messages import check_choice, check_flag
from ..exceptions import InvalidRequest
from . import addresses

VOICE_LANGUAGES = (
    "fr-FR", "en-GB", "en-US", "de-DE", "es-ES", "es-LA", "it-IT", "pt-BR", "pl-PL", "ru-RU",
    "sv-SE", "el-GR", "hu-HU",
)  # fmt: skip
VOICE_GENDERS = ("female", "male")
ONLY_FEMALE = frozenset({"sv-SE"})
SPOKEN_CHARACTERS = 15
"""Characters that a voice reads in a second, roughly: for an estimate."""
VOICE_BLOCK = 30
"""Seconds that a call is billed by, as the gateway's samples suggest."""
EMAIL_SERVICES = ("gateway", "mailbox")
BODY_FORMATS = ("plain_text", "html")
LONGEST_SUBJECT = 1000
LONGEST_NAME = 100
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


def spoken_seconds(text: str) -> int:
    """How long a voice takes to read ``text``, roughly: an estimate, never a promise."""
    return max(1, math.ceil(len(text) / SPOKEN_CHARACTERS))


def voice_blocks(text: str) -> int:
    """Blocks of 30 seconds that reading ``text`` takes, roughly."""
    return math.ceil(spoken_seconds(text) / VOICE_BLOCK)


def _sms(text: str) -> int:
    return segments.count(text).segments


def _one(text: str) -> int:
    return 1


@dataclass(frozen=True)
class Traits:
    """What the others must know of a channel.

    ``options``: its own, under the gateway's names. ``family`` of the addresses it goes to.
    ``units`` of a text are what a bill counts, and ``bill`` the
    figure of the gateway's answer that names them, where one does.
    """

    options: tuple[str, ...] = ()
    family: Literal["phone", "email"] = "phone"
    landlines: bool = False
    needs_sender: bool = True
    units: Callable[[str], int] = _one
    bill: Literal["segments_billed", "contacts_accepted", ""] = "contacts_accepted"


TRAITS: Mapping[str, Traits] = {
    "sms": Traits(units=_sms, bill="segments_billed"),
    "voice_sms": Traits(
        ("voice_gender", "voice_language", "get_back_pressed_keys"),
        landlines=True, units=voice_blocks, bill="",
    ),
    "rcs": Traits(("message_type", "cards", "actions"), needs_sender=False),
    "email": Traits(
        ("subject", "email_from", "name_from", "body_format", "template_name",
         "emailing_service", "language"),
        family="email",
    ),
}  # fmt: skip


def metadata_of(channel: str, options: Mapping[str, Any], with_replies: bool) -> dict[str, Any]:
    """The channel's own fields as ``metadata`` holds them. Raises :class:`InvalidRequest`."""
    check_options(channel, options)
    present = {name: options[name] for name in TRAITS[channel].options if options.get(name)}
    if channel == "sms":
        return {"type": options["type"], "with_replies": with_replies}
    defaults: dict[str, dict[str, Any]] = {
        "voice_sms": {"type": "voice_sms", "get_back_pressed_keys": False},
        "rcs": {"message_type": "simple_text", "with_replies": with_replies},
        "email": {"emailing_service": "gateway", "body_format": "plain_text"},
    }
    return defaults[channel] | present


def check_options(channel: str, options: Mapping[str, Any]) -> None:
    """Raises :class:`InvalidRequest` for what the gateway would refuse or bend."""
    checks = {"voice_sms": _check_voice, "rcs": _check_rcs, "email": _check_email}
    if channel in checks:
        checks[channel](options)


def _check_voice(options: Mapping[str, Any]) -> None:
    language, gender = options.get("voice_language"), options.get("voice_gender")
    check_choice("voice_language", language, VOICE_LANGUAGES)
    check_choice("voice_gender", gender, VOICE_GENDERS)
    if gender == "male" and language in ONLY_FEMALE:
        said = _("%(language)s has a female voice only.") % {"language": language}
        raise InvalidRequest("voice_gender", said)
    check_flag("get_back_pressed_keys", options.get("get_back_pressed_keys", False))


def _check_rcs(options: Mapping[str, Any]) -> None:
    kind = options.get("message_type", "simple_text")
    check_choice("message_type", kind, ("simple_text", "rich_card"))
    for name, wanted_by in (("cards", "rich_card"), ("actions", "simple_text")):
        value = options.get(name)
        if value is None and not (name == "cards" and kind == "rich_card"):
            continue
        if kind != wanted_by:
            said = _("goes with the kind %(kind)s only.") % {"kind": wanted_by}
            raise InvalidRequest(name, said)
        if not isinstance(value, list) or not value:
            raise InvalidRequest(name, _("must be a list of objects."))
        if not all(isinstance(item, dict) and item for item in value):
            raise InvalidRequest(name, _("must be a list of objects, none of them empty."))


def _check_email(options: Mapping[str, Any]) -> None:
    address = options.get("email_from")
    if not isinstance(address, str) or addresses.canonical_email(address) is None:
        raise InvalidRequest("email_from", _("must be an e-mail address."))
    _check_line("subject", options.get("subject"), LONGEST_SUBJECT)
    for name in ("name_from", "template_name"):
        if options.get(name):
            _check_line(name, options[name], LONGEST_NAME)
    check_choice("body_format", options.get("body_format", "plain_text"), BODY_FORMATS)
    check_choice("emailing_service", options.get("emailing_service", "gateway"), EMAIL_SERVICES)
    language = options.get("language")
    if language and not (isinstance(language, str) and _LANGUAGE.fullmatch(language)):
        raise InvalidRequest("language", _("must be a code such as fr or en-GB."))


def _check_line(name: str, value: Any, longest: int) -> None:
    """One line of text, as a header of a mail is."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(name, _("must not be empty."))
    if len(value) > longest:
        said = _("has %(count)d characters; %(longest)d at most.")
        raise InvalidRequest(name, said % {"count": len(value), "longest": longest})
    if any(unicodedata.category(char) in _BREAKS for char in value):
        raise InvalidRequest(name, _("must be one line, without control characters."))
    if "{" in value or "}" in value:
        raise InvalidRequest(name, _("is the same for everybody: take the braces out."))
