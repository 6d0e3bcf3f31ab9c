"""Voice messages: a text that a voice reads aloud, on mobiles and landlines.

Facts: the gateway's pages on voice SMS (which voices exist) and on multi-channel sending.
"""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ...client.messages import check_choice, check_flag
from ...exceptions import InvalidRequest
from .traits import Traits

LANGUAGES = (
    "fr-FR", "en-GB", "en-US", "de-DE", "es-ES", "es-LA", "it-IT", "pt-BR", "pl-PL", "ru-RU",
    "sv-SE", "el-GR", "hu-HU",
)  # fmt: skip
GENDERS = ("female", "male")
ONLY_FEMALE = frozenset({"sv-SE"})
SPOKEN_CHARACTERS = 15
"""Characters that a voice reads in a second, roughly: for an estimate."""
BLOCK = 30
"""Seconds that a call is billed by, as the gateway's samples suggest."""


def spoken_seconds(text: str) -> int:
    """How long a voice takes to read ``text``, roughly: an estimate, never a promise."""
    return max(1, math.ceil(len(text) / SPOKEN_CHARACTERS))


def _blocks(text: str) -> int:
    """Blocks of 30 seconds that reading ``text`` takes, roughly."""
    return math.ceil(spoken_seconds(text) / BLOCK)


def _check(options: Mapping[str, Any]) -> None:
    language, gender = options.get("voice_language"), options.get("voice_gender")
    check_choice("voice_language", language, LANGUAGES)
    check_choice("voice_gender", gender, GENDERS)
    if gender == "male" and language in ONLY_FEMALE:
        said = _("%(language)s has a female voice only.") % {"language": language}
        raise InvalidRequest("voice_gender", said)
    check_flag("get_back_pressed_keys", options.get("get_back_pressed_keys", False))


VOICE = Traits(
    code="voice_sms",
    title=gettext_lazy("Voice"),
    add_title=gettext_lazy("Add voice message"),
    landlines=True,
    units=_blocks,
    unit_name=ngettext_lazy(
        "%(units)s block of 30 seconds (an estimate)",
        "%(units)s blocks of 30 seconds (an estimate)",
        "number",
    ),
    bill="",
    options=("voice_gender", "voice_language", "get_back_pressed_keys"),
    defaults=lambda with_replies: {"type": "voice_sms", "get_back_pressed_keys": False},
    check=_check,
)
