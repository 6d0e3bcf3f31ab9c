"""Opt-outs: addresses that must not receive marketing, whatever list they are in."""

from typing import Any

from django.core.exceptions import ValidationError

from . import signals
from .models import OptOut, OptOutSource
from .rules import addresses

__all__ = ["is_opted_out", "opt_out"]


def opt_out(
    address: Any,
    *,
    evidence: str = "",
    source: str = OptOutSource.PERSON,
    campaign_id: int | None = None,
) -> OptOut:
    """Record that ``address`` must not receive marketing. The first record stays.

    ``address``: a number in any spelling, the library's ``PhoneNumber``, or an e-mail address.
    ``evidence``: how we know, in words. ``source``: one of :class:`OptOutSource`.
    ``campaign_id``: what the person answered to.
    Sends :data:`~octopush_django.signals.opted_out` after commit, for a new record. Raises
    ``ValidationError`` for what is no address, or no such source.
    """
    if source not in OptOutSource.values:
        raise ValidationError({"source": f"must be one of {', '.join(OptOutSource.values)}."})
    family = addresses.family_of(address)
    wanted = OptOut(address=address, family=family)
    wanted.clean()
    record, created = OptOut.objects.get_or_create(
        address=wanted.address,
        family=family,
        defaults={"source": source, "evidence": evidence, "campaign_id": campaign_id},
    )
    if created:
        signals.send_after_commit(signals.opted_out, OptOut, opt_out=record)
    elif campaign_id and record.campaign_id is None:
        # The view records a STOP before anybody knows which campaign it answers.
        OptOut.objects.filter(pk=record.pk, campaign=None).update(campaign_id=campaign_id)
    return record


def is_opted_out(address: Any) -> bool:
    """Whether ``address``, as for :func:`opt_out`, has opted out."""
    family = addresses.family_of(address)
    known = addresses.canonical(address, family)
    return known is not None and bool(OptOut.objects.all().addresses([known], family))
