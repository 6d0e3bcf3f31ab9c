"""RCS: a text with buttons, or cards.

Facts: the gateway's page on multi-channel sending. What ``cards`` and ``actions`` hold is
documented nowhere, so only their shape is checked.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ...client.messages import check_choice
from ...exceptions import InvalidRequest
from .traits import Traits

KINDS = ("simple_text", "rich_card")


def _check(options: Mapping[str, Any]) -> None:
    kind = options.get("message_type", "simple_text")
    check_choice("message_type", kind, KINDS)
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


RCS = Traits(
    code="rcs",
    title=gettext_lazy("RCS"),
    add_title=gettext_lazy("Add RCS message"),
    needs_sender=False,
    can_reply=True,
    unit_name=ngettext_lazy("%(units)s RCS", "%(units)s RCS", "number"),
    options=("message_type", "cards", "actions"),
    defaults=lambda with_replies: {"message_type": "simple_text", "with_replies": with_replies},
    check=_check,
    in_preview=frozenset({"actions", "cards"}),
)
