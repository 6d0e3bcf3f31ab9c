"""What the browser needs while a marketer writes: how this channel counts, and the words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import segments
from ..conf import conf
from ..models import Channel, Contact
from ..rules import compliance
from ..rules.channels import voice


def composer_data(channel: str) -> dict[str, Any]:
    """For ``composer.js``, in the language of the page."""
    fields = [(name, str(label)) for name, label in Contact.merge_fields().items()]
    return {"fields": fields, "words": _words(), **_counting(channel)}


def _counting(channel: str) -> dict[str, Any]:
    if channel == Channel.SMS:
        return {
            "table": segments.table(),
            "stop": conf.stop_mention,
            "patterns": [*conf.stop_patterns, compliance.LOW_COST_STOP],
        }
    by_characters: dict[str, Any] = {"longest": compliance.LONGEST_TEXT}
    if channel == Channel.VOICE:
        by_characters["spoken"] = {
            "each": voice.SPOKEN_CHARACTERS, "block": voice.BLOCK,
        }  # fmt: skip
    return by_characters


def _counted(number: int) -> str:
    return ngettext(
        "%(units)s characters: counts as %(count)s SMS.",
        "%(units)s characters: count as %(count)s SMS.",
        number,
    )


def _room(number: int) -> str:
    return ngettext(
        "Room for %(count)s more character.", "Room for %(count)s more characters.", number
    )


def _words() -> dict[str, Any]:
    return {
        # The browser chooses between the two by the rule of the language.
        "zeroIsOne": _room(0) == _room(1),
        "countOne": _counted(1),
        "countMany": _counted(2),
        "roomOne": _room(1),
        "roomMany": _room(2),
        "length": _("%(units)s of %(longest)s characters."),
        "spoken": _(
            "Read aloud in about %(seconds)s seconds, billed as %(blocks)s × %(block)s seconds."
        ),
        "sms": _("%(count)s SMS"),
        "estimate": _("An estimate: the gateway may shorten the text."),
        "personal": _("Personal details come on top; the check page counts each person."),
        "missing": _("Where a personal detail is missing"),
        "whereMissing": _("%(detail)s, where it is missing:"),
        "leaveOut": _("leave the person out"),
        "unicode": _("These characters make an SMS hold 70 characters instead of 160:"),
        "replace": _("Replace %(char)s by %(plain)s"),
        "remove": _("Remove %(char)s"),
        "removeInvisible": _("Remove an invisible character (%(code)s)"),
        "all": _("Replace them all"),
        "blank": _("a blank"),
        "stop": _("Add “%(stop)s”"),
        "insert": _("Insert into the text"),
        "fixes": _("Make it shorter"),
    }
