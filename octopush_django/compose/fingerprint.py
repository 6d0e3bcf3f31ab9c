"""What a person who presses Send has looked at, in a word: to see whether it changed, and what.

A fingerprint holds a part for the text and its options, for the lists that it goes to or leaves
out, for who receives it, for the price, and for what is to be known before sending.
"""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from ..models import Campaign
from ..rules.compliance import Finding

LOOKED_AT = (
    "channel", "text", "purpose", "sms_type", "sender", "with_replies", "simulation",
    "auto_optimize_text", "auto_remove_blacklisted", "scheduler", "options",
)  # fmt: skip
"""Fields of a campaign by which a person decides."""

WHAT = (
    _("the text or its options"),
    _("the lists that it goes to or leaves out"),
    _("who receives it, or how many SMS they get"),
    _("the price"),
    _("what is to be known before sending"),
)
PEOPLE, PRICE = 2, 3
"""Places of parts."""
NO_PRICE = "0"
LONGEST_PRICE = 12


def fingerprint_of(
    campaign: Campaign, people: Any, euros: Decimal | None, findings: Sequence[Finding]
) -> str:
    """The fingerprint of a draft; ``people``: figures that change with any one of them.

    ``euros``: the price of one unit, not its date: each batch billed elsewhere has another date.
    """
    return _joined(campaign, _digest(people), euros, findings)


def renewed(
    fingerprint: str, campaign: Campaign, euros: Decimal | None, findings: Sequence[Finding]
) -> str:
    """What ``fingerprint`` would be now for the same people."""
    return _joined(campaign, fingerprint.split("_")[PEOPLE], euros, findings)


def _joined(
    campaign: Campaign, people: str, euros: Decimal | None, findings: Sequence[Finding]
) -> str:
    notes = sorted((finding.code, finding.about) for finding in findings)
    price = NO_PRICE if euros is None else str(int(euros * 10**4))
    return "_".join([*_own_parts(campaign), people, price, _digest(notes)])


def is_of(fingerprint: str, campaign: Campaign) -> bool:
    """Whether text, options and lists of ``campaign`` are still those that were looked at."""
    return fingerprint.split("_")[:PEOPLE] == _own_parts(campaign)


def _own_parts(campaign: Campaign) -> list[str]:
    """The parts of what is written on the campaign itself: the text, and the lists."""
    looked_at = [getattr(campaign, name) for name in LOOKED_AT]
    lists: list[list[int]] = [[], []]
    if campaign.pk is not None:
        chosen = (campaign.include, campaign.exclude)
        lists = [sorted(each.values_list("pk", flat=True)) for each in chosen]
    return [_digest(looked_at), _digest(lists)]


def changes(seen: str, now: str) -> list[str]:
    """What changed between two fingerprints, in words; [] if nothing that matters did.

    A price that is known by now, or that fell, is nothing to look at again.
    """
    before, after = seen.split("_"), now.split("_")
    if len(before) != len(WHAT):
        return [str(what) for what in WHAT]
    return [
        str(what)
        for what, old, new in zip(WHAT, before, after, strict=True)
        if old != new and not (what is WHAT[PRICE] and _is_no_rise(old, new))
    ]


def _is_no_rise(old: str, new: str) -> bool:
    known = old.isascii() and old.isdigit() and len(old) <= LONGEST_PRICE
    return old == NO_PRICE or (known and int(new) <= int(old))


def _digest(looked_at: Any) -> str:
    return hashlib.sha256(repr(looked_at).encode()).hexdigest()[:24]
