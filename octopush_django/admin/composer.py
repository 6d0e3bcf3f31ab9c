"""What the browser needs to count while a marketer writes: the table, and the words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import placeholders, segments
from ..conf import conf
from ..models import Contact

STOP = "STOP au XXXXX"


def composer_data() -> dict[str, Any]:
    """For ``composer.js``, in the language of the page."""
    labels = {column.name: column.verbose_name for column in Contact._meta.fields}
    return {
        "table": segments.table(),
        "fields": [(name, str(labels[name])) for name in placeholders.FIELDS],
        "stop": STOP,
        "patterns": list(conf.stop_patterns),
        "words": _words(),
    }


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
        "sms": _("%(count)s SMS"),
        "personal": _("Personal details come on top; the check page counts each person."),
        "unicode": _("These characters make an SMS hold 70 characters instead of 160:"),
        "replace": _("Replace %(char)s by %(plain)s"),
        "remove": _("Remove %(char)s"),
        "all": _("Replace them all"),
        "blank": _("a blank"),
        "stop": _("Add “%(stop)s”"),
        "insert": _("Insert into the text"),
        "fixes": _("Make it shorter"),
    }
