"""What each channel of ``multi-channel/send`` has of its own: its options, and their rules.

Pure. Facts: the gateway's page on multi-channel sending; which voices exist, its page on voice
SMS; what ``cards`` and ``actions`` hold is documented nowhere, so only their shape is checked.
"""

import math
from collections.abc import Mapping
from typing import Any

from .exceptions import InvalidRequest
from .messages import check_choice, check_flag

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

OPTIONS: dict[str, tuple[str, ...]] = {
    "sms": (),
    "voice_sms": ("voice_gender", "voice_language", "get_back_pressed_keys"),
    "rcs": ("message_type", "cards", "actions"),
}
"""Options of each channel, under the gateway's own names."""


def metadata_of(channel: str, options: Mapping[str, Any], with_replies: bool) -> dict[str, Any]:
    """The channel's own fields as ``metadata`` holds them. Raises :class:`InvalidRequest`."""
    check_options(channel, options)
    if channel == "voice_sms":
        return {
            "type": "voice_sms",
            "voice_gender": options["voice_gender"],
            "voice_language": options["voice_language"],
            "get_back_pressed_keys": options.get("get_back_pressed_keys", False),
        }
    kind = options.get("message_type", "simple_text")
    held = "cards" if kind == "rich_card" else "actions"
    metadata = {"message_type": kind, "with_replies": with_replies}
    return metadata | ({held: options[held]} if options.get(held) else {})


def check_options(channel: str, options: Mapping[str, Any]) -> None:
    """Raises :class:`InvalidRequest` for what the gateway would refuse or bend."""
    if channel == "voice_sms":
        _check_voice(options)
    elif channel == "rcs":
        _check_rcs(options)


def spoken_seconds(text: str) -> int:
    """How long a voice takes to read ``text``, roughly: an estimate, never a promise."""
    return max(1, math.ceil(len(text) / SPOKEN_CHARACTERS))


def voice_blocks(text: str) -> int:
    """Blocks of 30 seconds that reading ``text`` takes, roughly."""
    return math.ceil(spoken_seconds(text) / VOICE_BLOCK)


def _check_voice(options: Mapping[str, Any]) -> None:
    language, gender = options.get("voice_language"), options.get("voice_gender")
    check_choice("voice_language", language, VOICE_LANGUAGES)
    check_choice("voice_gender", gender, VOICE_GENDERS)
    if gender == "male" and language in ONLY_FEMALE:
        raise InvalidRequest("voice_gender", f"{language} has a female voice only.")
    check_flag("get_back_pressed_keys", options.get("get_back_pressed_keys", False))


def _check_rcs(options: Mapping[str, Any]) -> None:
    kind = options.get("message_type", "simple_text")
    check_choice("message_type", kind, ("simple_text", "rich_card"))
    for name, wanted_by in (("cards", "rich_card"), ("actions", "simple_text")):
        value = options.get(name)
        if value is None and not (name == "cards" and kind == "rich_card"):
            continue
        if kind != wanted_by:
            raise InvalidRequest(name, f"go with message_type {wanted_by} only.")
        if not isinstance(value, list) or not value:
            raise InvalidRequest(name, "must be a list of objects.")
        if not all(isinstance(item, dict) and item for item in value):
            raise InvalidRequest(name, "must be a list of objects, none of them empty.")
