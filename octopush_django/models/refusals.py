"""Refusals outlive the contacts who refused: their addresses become opt-outs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import router, transaction
from django.db.models import QuerySet

from ..rules import addresses
from .opt_outs import Consent, Family, OptOut, OptOutSource

ADDRESSES = frozenset(addresses.FIELDS.values())
CONSENTED_AT = {"phone": "consented_at", "email": "email_consented_at"}
STEP = 500
"""Contacts of one look; SQLite takes no more values in a statement than some thousands."""


@contextmanager
def keep_refusals(contacts: "QuerySet[Any]") -> Iterator[None]:
    """What ``contacts`` refused stays by address, whatever becomes of them meanwhile.

    An address that one of them refused to be written to, and does not bear any more at the end, is
    an opt-out from then on.
    """
    using = getattr(contacts, "_db", None) or router.db_for_write(contacts.model)
    with transaction.atomic(using=using):
        everybody = contacts.model._base_manager.using(using)
        chosen = everybody.filter(pk__in=contacts.values("pk"))
        before = [(family, _refused(chosen, family)) for family in Family.values]
        yield
        for family, refused in before:
            _note(family, refused, everybody)


def _refused(contacts: "QuerySet[Any]", family: str) -> dict[tuple[int, str], str]:
    """Key and address of those who refuse to be written to -> what is known of it."""
    field, consent = addresses.FIELDS[family], addresses.CONSENTS[family]
    names = ("pk", field, f"{consent}_source", CONSENTED_AT[family])
    rows = contacts.filter(**{consent: Consent.REFUSED}).order_by().values_list(*names)
    return {
        (pk, addresses.as_written(address)): f"{source} ({at:%Y-%m-%d})" if at else source
        for pk, address, source, at in rows
        if address
    }


def _note(family: str, refused: Mapping[tuple[int, str], str], everybody: Any) -> None:
    """Make opt-outs of addresses whose contacts bear them no more."""
    pairs = list(refused)
    for start in range(0, len(pairs), STEP):
        some = pairs[start : start + STEP]
        there = everybody.filter(pk__in=[pk for pk, _address in some])
        borne = {
            (pk, addresses.as_written(address))
            for pk, address in there.values_list("pk", addresses.FIELDS[family])
        }
        OptOut.objects.using(everybody.db).bulk_create(
            (
                OptOut(
                    address=pair[1],
                    family=family,
                    source=OptOutSource.CONSENT,
                    evidence=refused[pair],
                )
                for pair in some
                if pair not in borne and (family == Family.PHONE or "@" in pair[1])
            ),
            ignore_conflicts=True,
        )
