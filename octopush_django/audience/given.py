"""Where the people of a campaign come from: lists, contacts, or whatever a developer gives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..exceptions import InvalidCampaign
from ..models import Campaign, Contact, ContactList, Family
from ..rules import addresses, channels, placeholders


@dataclass(frozen=True)
class Person:
    """Somebody given by a developer: an address as written, values, perhaps a contact."""

    address: str
    values: Mapping[str, str]
    contact_id: int | None = None


@dataclass(frozen=True)
class Sources:
    """Where people come from: contacts in the database, and people given by a developer."""

    lists: list[int]
    contacts: "QuerySet[Contact] | None"
    people: Any
    phone_field: str | None = None
    fields: Mapping[str, str] | None = None
    family: str = Family.PHONE.value

    @classmethod
    def of(cls, campaign: Campaign) -> "Sources":
        """The lists that a draft goes to."""
        lists = list(campaign.include.values_list("pk", flat=True))
        return cls(lists, contacts_in(lists), ())

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Sources":
        """What the arguments of ``send_campaign`` name.

        Raises :class:`InvalidCampaign` where they name nobody, or something that is no address.
        """
        recipients, contacts = given["recipients"], given["audience"]
        phone_field, fields = given["phone_field"], given["fields"]
        if recipients is None and given["contact_lists"] is None and contacts is None:
            raise InvalidCampaign("recipients", "say who receives it.")
        lists = list_ids(given["contact_lists"] or [])
        chosen = contacts_in(lists) if lists else None
        if isinstance(recipients, QuerySet) and recipients.model is Contact and not phone_field:
            contacts, recipients = _either(contacts, recipients), None
        if contacts is not None:
            if not isinstance(contacts, QuerySet) or contacts.model is not Contact:
                raise InvalidCampaign("audience", "must be a queryset of Contact.")
            keys = contacts.order_by().values("pk")
            chosen = _either(chosen, Contact.objects.filter(pk__in=keys))
        people = () if recipients is None else recipients
        if not isinstance(people, QuerySet | str | Mapping | Contact):
            # Read twice: to check every literal before anything is stored, then to write.
            people = list(people)
        family = channels.CHANNELS[given["channel"]].family
        sources = cls(lists, chosen, people, phone_field, fields, family)
        if not isinstance(people, QuerySet):
            for _person in sources.stream():
                pass
        return sources

    def stream(self) -> Iterable[Person]:
        """The given people, one by one."""
        return people_of(self.people, self.phone_field, self.fields, self.family)


def _either(first: "QuerySet[Contact] | None", second: "QuerySet[Contact]") -> "QuerySet[Contact]":
    if first is None:
        return second
    keys = first.order_by().values("pk"), second.order_by().values("pk")
    return Contact.objects.filter(pk__in=keys[0]) | Contact.objects.filter(pk__in=keys[1])


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


def contacts_in(lists: Iterable[int]) -> "QuerySet[Contact]":
    """The contacts of any of these lists, each once."""
    membership = Contact.lists.through.objects.filter(contactlist_id__in=list(lists))
    return Contact.objects.filter(pk__in=membership.values("contact_id"))
