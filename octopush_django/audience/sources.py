"""Where the people of a campaign come from: lists, contacts, and people given by a developer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, QuerySet

from ..exceptions import InvalidCampaign
from ..models import Campaign, Contact
from ..rules import channels, placeholders
from .given import People, Person, list_ids, read_recipients

LARGE = 50_000
"""Members of lists from which on looking at each of them takes longer than a click may."""


def _nobody() -> Iterable[Person]:
    return ()


@dataclass(frozen=True)
class Sources:
    """Contacts in the database, those of ``lists`` among them, and ``people`` who were given.

    ``from_lists_alone``: every contact came by one of the lists, so who leaves them all is left
    out. ``fields``: merge fields for which any of the ``people`` has a value. ``holds_contacts``:
    whether any of them is a contact, so that the site's own details count.
    """

    lists: list[int]
    contacts: "QuerySet[Contact] | None"
    people: People = _nobody
    from_lists_alone: bool = False
    fields: frozenset[str] = frozenset()
    holds_contacts: bool = True

    def resolve_line_types(self) -> None:
        """Before a transaction is opened, so that what was found out stays."""
        if self.contacts is not None:
            resolve_line_types(self.contacts)

    @property
    def is_large(self) -> bool:
        """Whether all come from lists, and are so many that a worker has to freeze them."""
        if not self.from_lists_alone or self.people is not _nobody:
            return False
        members = Contact.lists.through.objects.filter(contactlist_id__in=self.lists)
        return members.order_by()[LARGE : LARGE + 1].exists()

    @classmethod
    def of(cls, campaign: Campaign) -> "Sources":
        """The lists that a draft goes to."""
        lists = list(campaign.include.values_list("pk", flat=True))
        return cls(lists, contacts_in(lists), from_lists_alone=True)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Sources":
        """What the arguments of ``send_campaign`` name.

        Raises :class:`InvalidCampaign` where they name nobody, or something that is no address.
        """
        recipients, audience, chosen = given["recipients"], given["audience"], None
        if recipients is None and given["contact_lists"] is None and audience is None:
            raise InvalidCampaign("recipients", "say who receives it.")
        lists = [] if given["contact_lists"] is None else list_ids(given["contact_lists"])
        if lists:
            chosen = contacts_in(lists)
        if audience is not None:
            chosen = _either(chosen, _contacts("audience", audience))
        if _is_contacts(recipients) and not given["phone_field"] and not given["fields"]:
            chosen, recipients = _either(chosen, _contacts("recipients", recipients)), None
        alone = bool(lists) and audience is None
        if recipients is None:
            return cls(lists, chosen, from_lists_alone=alone and given["recipients"] is None)
        family = channels.CHANNELS[given["channel"]].family
        used = placeholders.parse(str(given["text"])).fields
        found = read_recipients(recipients, given["phone_field"], given["fields"], family, used)
        is_literal = not isinstance(recipients, QuerySet | Manager)
        has_contacts = is_literal and any(person.contact_id for person in found.people())
        alone = alone and not has_contacts
        return cls(
            lists, chosen, found.people, from_lists_alone=alone, fields=found.fields,
            holds_contacts=chosen is not None or has_contacts,
        )  # fmt: skip


def contacts_in(lists: Iterable[int]) -> "QuerySet[Contact]":
    """The contacts of any of these lists, each once."""
    membership = Contact.lists.through.objects.filter(contactlist_id__in=list(lists))
    return Contact.objects.filter(pk__in=membership.values("contact_id"))


def resolve_line_types(contacts: "QuerySet[Contact]") -> None:
    """Find out what lines these contacts have, where that is not known: theirs, and no others'."""
    Contact.objects.filter(pk__in=contacts.order_by().values("pk")).resolve_line_types()


def _is_contacts(recipients: Any) -> bool:
    """Whether these are contacts to be judged in the database."""
    if isinstance(recipients, Manager):
        return recipients.model is Contact
    return (
        isinstance(recipients, QuerySet)
        and recipients.model is Contact
        and recipients._iterable_class.__name__ == "ModelIterable"
    )


def _contacts(field: str, given: Any) -> "QuerySet[Contact]":
    """The contacts of a queryset or manager, however it is ordered, cut or joined."""
    if isinstance(given, Manager):
        given = given.all()
    if not isinstance(given, QuerySet) or given.model is not Contact:
        raise InvalidCampaign(field, "must be a queryset of Contact.")
    query = given.query
    # Which rows these are may depend on their order.
    is_ordered = query.is_sliced or query.combinator or query.distinct_fields
    rows = given if is_ordered else given.order_by()
    return Contact.objects.filter(pk__in=rows.values("pk"))


def _either(first: "QuerySet[Contact] | None", second: "QuerySet[Contact]") -> "QuerySet[Contact]":
    return second if first is None else first | second
