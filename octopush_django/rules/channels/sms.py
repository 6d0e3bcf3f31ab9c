"""SMS, premium and low cost.

Facts: the gateway's pages on SMS, and on multi-channel sending for the metadata.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ... import segments
from .traits import Traits


def _segments(text: str) -> int:
    return segments.count(text).segments


SMS = Traits(
    code="sms",
    title=_("SMS"),
    add_title=_("Add SMS campaign"),
    can_reply=True,
    units=_segments,
    unit_name=ngettext_lazy("%(units)s SMS", "%(units)s SMS", "number"),
    bill="segments_billed",
    options=("type",),
    defaults=lambda with_replies: {"with_replies": with_replies},
)
