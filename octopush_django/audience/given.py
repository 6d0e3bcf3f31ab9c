"""People given by a developer, read from ``send_campaign(recipients=…, contact_lists=…)``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..exceptions import InvalidCampaign
from ..models import Contact, ContactList, Family
from ..rules import addresses, placeholders


@dataclass(frozen=True)
class Person:
    """Somebody given by a developer: an address as written, values, perhaps a contact."""

    address: str
    values: Mapping[str, str]
    contact_id: int | None = None


def people_of(
    recipients: Any,
    phone_field: str | None,
    fields: Any,
    family: str = Family.PHONE.value,
) -> Iterator[Person]:
    """Read ``send_campaign(recipients=…)``: addresses, mappings, contacts, or any queryset.

    Raises :class:`InvalidCampaign` for a literal that is no address or has unknown keys; rows of
    a queryset are judged later instead.
    """
    if isinstance(recipients, QuerySet):
        yield from _rows_of(recipients, phone_field, fields or {}, family)
        return
    if isinstance(recipients, str | Mapping | Contact):
        recipients = [recipients]
    for position, item in enumerate(recipients, 1):
        yield _literal(item, position, family)


def _rows_of(
    queryset: "QuerySet[Any]", phone_field: str | None, fields: Mapping[str, str], family: str
) -> Iterator[Person]:
    key = addresses.FIELDS[family]
    known = (*placeholders.FIELDS, key)
    unknown = set(fields) - set(known)
    if unknown:
        raise InvalidCampaign(
            "fields",
            f"unknown: {', '.join(sorted(unknown))}; "
            f"map one of {', '.join(known)} to a field of yours.",
        )
    address_field = fields.get(key) or (phone_field if family == Family.PHONE else None)
    if not address_field:
        field, what = (
            ("fields", "map email to the field with the address.")
            if family == Family.EMAIL
            else ("phone_field", "name the field of the queryset with the number.")
        )
        raise InvalidCampaign(field, what)
    names = [name for name in fields if name != key]
    rows = queryset.values_list(address_field, *(fields[name] for name in names))
    for address, *values in rows.iterator(chunk_size=2000):
        yield Person(
            str(address or ""),
            {name: str(value or "") for name, value in zip(names, values, strict=True)},
        )


def _literal(item: Any, position: int, family: str) -> Person:
    key = addresses.FIELDS[family]
    if isinstance(item, Contact):
        values = {name: getattr(item, name) for name in placeholders.FIELDS}
        return Person(str(getattr(item, key) or ""), values, item.pk)
    if isinstance(item, Mapping):
        known = (*addresses.FIELDS.values(), *placeholders.FIELDS)
        unknown = set(map(str, item)) - set(known)
        if unknown:
            raise InvalidCampaign(
                "recipients",
                f"number {position} has unknown keys: {', '.join(sorted(unknown))}; "
                f"known are {', '.join(known)}.",
            )
        address = item.get(key)
        values = {
            name: str(item[name]) for name in placeholders.FIELDS if item.get(name) is not None
        }
    else:
        address, values = item, {}
    if addresses.canonical(str(address or ""), family) is None:
        said = (
            _("number %(position)d, “%(address)s”, is no e-mail address; write it like "
              "ada@example.org, or leave this person out.")
            if family == Family.EMAIL
            else _("number %(position)d, “%(address)s”, is no phone number; write it like "
                   "+33612345678, or leave this person out.")
        )  # fmt: skip
        values_said = {"position": position, "address": str(address)[:40]}
        raise InvalidCampaign("recipients", said % values_said)
    return Person(str(address), values)


def list_ids(contact_lists: Iterable[Any]) -> list[int]:
    """Keys of lists given as objects or names; raises :class:`InvalidCampaign` for others."""
    if isinstance(contact_lists, str | ContactList):
        contact_lists = [contact_lists]
    given = list(contact_lists)
    names = {item for item in given if isinstance(item, str)}
    by_name = dict(ContactList.objects.filter(name__in=names).values_list("name", "pk"))
    missing = names - set(by_name)
    if missing:
        raise InvalidCampaign(
            "contact_lists", f"there is no list named {', '.join(sorted(missing))}."
        )
    return [by_name[item] if isinstance(item, str) else item.pk for item in given]
