"""People that a developer gives as ``recipients=``, checked before anything is stored."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import FieldError, ObjectDoesNotExist
from django.db.models import Manager, Model, QuerySet
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumber

from ..client.text import is_storable
from ..exceptions import InvalidCampaign
from ..models import Contact, ContactList, Family
from ..rules import addresses, placeholders
from ..rules.addresses import Address, as_written
from ..rules.values import as_text

CHUNK = 2000
ONE = (str, int, Mapping, Model, PhoneNumber)
"""Kinds that are one recipient, not many."""


@dataclass(frozen=True)
class Person:
    """Somebody given by a developer: an address as written, values, perhaps a contact.

    ``found``: the address as it was read, where it was read already.
    """

    address: str
    values: Mapping[str, str]
    contact_id: int | None = None
    found: Address | None = None


@dataclass(frozen=True)
class Fields:
    """Where an address and values stand in rows and objects of a project's own.

    ``address``: path to the field with the address, "" where none was named. ``values``: merge
    field -> path.
    """

    address: str
    values: Mapping[str, str]

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.address, *self.values.values())


People = Callable[[], Iterable[Person]]
"""Gives the people, from the first, each time it is called."""


def read_recipients(recipients: Any, phone_field: str | None, fields: Any, family: str) -> People:
    """Read ``recipients``: addresses, mappings, objects, or any queryset or manager.

    Raises :class:`InvalidCampaign` for a literal that is no address or has unknown keys, and for
    a field that does not exist; rows of a queryset are judged later instead.
    """
    where = _read_fields(phone_field, fields, family)
    if isinstance(recipients, Manager):
        recipients = recipients.all()
    if isinstance(recipients, QuerySet):
        return _rows(recipients, where, family)
    if isinstance(recipients, ONE):
        recipients = [recipients]
    if not isinstance(recipients, Iterable):
        raise InvalidCampaign("recipients", f"{recipients!r:.60} is no list of people.")
    people = [_literal(item, place, where, family) for place, item in enumerate(recipients, 1)]
    return lambda: people


def _read_fields(phone_field: Any, fields: Any, family: str) -> Fields:
    key = addresses.FIELDS[family]
    if phone_field is not None and not isinstance(phone_field, str):
        raise InvalidCampaign("phone_field", "must be the name of a field.")
    if fields is not None and not isinstance(fields, Mapping):
        raise InvalidCampaign("fields", "must map merge fields to fields of yours.")
    given = dict(fields or {})
    known = (*placeholders.FIELDS, key)
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        raise InvalidCampaign(
            "fields",
            f"unknown: {', '.join(unknown)}; map one of {', '.join(known)} to a field of yours.",
        )
    for name, path in given.items():
        if not isinstance(path, str):
            raise InvalidCampaign("fields", f"{name} must be mapped to the name of a field.")
    address = given.pop(key, None) or (phone_field if family == Family.PHONE else None) or ""
    return Fields(address, given)


# --- querysets ----------------------------------------------------------------------------------


def _rows(queryset: "QuerySet[Any]", where: Fields, family: str) -> People:
    """The people of a queryset, streamed."""
    columns = _columns_of(queryset)
    if columns is None:
        _need_address(where, family)
        try:
            rows = queryset.values_list(*where.paths)
        except (FieldError, TypeError) as error:
            raise _wrong_path(queryset.model, where, error) from error
        return partial(_people_of_rows, rows, where)
    if isinstance(columns, Mapping):
        return partial(_people_of_mappings, queryset, family)
    return partial(_people_of_values, queryset)


def _columns_of(queryset: "QuerySet[Any]") -> Any:
    """What rows hold: None for objects, a mapping for ``values()``, a tuple for ``values_list()``.

    Asks Django for the class of its rows: there is no public name for that.
    """
    kind = queryset._iterable_class.__name__
    if kind == "ModelIterable":
        return None
    return {} if kind == "ValuesIterable" else ()


def _people_of_rows(rows: "QuerySet[Any]", where: Fields) -> Iterator[Person]:
    for address, *values in rows.iterator(chunk_size=CHUNK):
        yield _row(address, dict(zip(where.values, values, strict=True)))


def _people_of_mappings(rows: "QuerySet[Any]", family: str) -> Iterator[Person]:
    key = addresses.FIELDS[family]
    for place, row in enumerate(rows.iterator(chunk_size=CHUNK), 1):
        _refuse_unknown(row, place)
        yield _row(row.get(key), {name: row[name] for name in placeholders.FIELDS if name in row})


def _people_of_values(rows: "QuerySet[Any]") -> Iterator[Person]:
    """Rows of one column, which is the address."""
    for row in rows.iterator(chunk_size=CHUNK):
        if isinstance(row, tuple):
            if len(row) != 1:
                raise InvalidCampaign("recipients", "values_list() must hold the address alone.")
            [row] = row
        yield _row(row, {})


def _row(address: Any, values: Mapping[str, Any]) -> Person:
    texts = {name: as_text(value) for name, value in values.items()}
    _refuse_unstorable("", as_written(address), texts)
    return Person(as_written(address), texts)


def _wrong_path(model: type[Model], where: Fields, error: Exception) -> InvalidCampaign:
    """Which of the named fields does not exist."""
    for name, path in (("phone_field", where.address), *where.values.items()):
        try:
            model._default_manager.values_list(path)
        except (FieldError, TypeError):
            field = "phone_field" if name == "phone_field" else "fields"
            return InvalidCampaign(field, f"{model.__name__} has no field {path!r}.")
    return InvalidCampaign("recipients", str(error))


def _need_address(where: Fields, family: str) -> None:
    if where.address:
        return
    if family == Family.EMAIL:
        raise InvalidCampaign("fields", "map email to the field with the address.")
    raise InvalidCampaign("phone_field", "name the field of the queryset with the number.")


# --- literals -----------------------------------------------------------------------------------


def _literal(item: Any, place: int, where: Fields, family: str) -> Person:
    address, values, contact_id = _taken_apart(item, place, where, family)
    texts = {name: as_text(value) for name, value in values.items()}
    written = as_written(address)
    _refuse_unstorable(f"number {place}: ", written, texts)
    found = addresses.read(address, family)
    if found is None and contact_id is None:
        said = (
            _("number %(position)d, “%(address)s”, is no e-mail address; write it like "
              "ada@example.org, or leave this person out.")
            if family == Family.EMAIL
            else _("number %(position)d, “%(address)s”, is no phone number; write it like "
                   "+33612345678, or leave this person out.")
        )  # fmt: skip
        values_said = {"position": place, "address": written[:40]}
        raise InvalidCampaign("recipients", said % values_said)
    return Person(written, texts, contact_id, found)


def _taken_apart(
    item: Any, place: int, where: Fields, family: str
) -> tuple[Any, Mapping[str, Any], int | None]:
    """Address, values and key of the contact of one recipient."""
    key = addresses.FIELDS[family]
    if isinstance(item, Contact) and not where.address:
        return getattr(item, key), {n: getattr(item, n) for n in placeholders.FIELDS}, item.pk
    if isinstance(item, ContactList):
        raise InvalidCampaign("recipients", f"number {place} is a list: give it as contact_lists.")
    if isinstance(item, Model):
        _need_address(where, family)
        return (
            _follow(item, where.address, "phone_field"),
            {name: _follow(item, path, "fields") for name, path in where.values.items()},
            None,
        )
    if isinstance(item, Mapping):
        _refuse_unknown(item, place)
        return item.get(key), {n: item[n] for n in placeholders.FIELDS if n in item}, None
    is_address = isinstance(item, str | int | PhoneNumber) and not isinstance(item, bool)
    return item if is_address else None, {}, None


def _follow(item: Any, path: str, field: str) -> Any:
    """The value at ``path`` (``customer__mobile``) of an object; None where nothing is there."""
    value = item
    for name in path.split("__"):
        if value is None:
            return None
        try:
            value = getattr(value, name)
        except ObjectDoesNotExist:
            return None
        except AttributeError as error:
            said = f"{type(item).__name__} has no field {path!r}."
            raise InvalidCampaign(field, said) from error
    return value


def _refuse_unknown(row: Mapping[Any, Any], place: int) -> None:
    known = (*addresses.FIELDS.values(), *placeholders.FIELDS)
    unknown = sorted(str(name) for name in row if name not in known)
    if unknown:
        raise InvalidCampaign(
            "recipients",
            f"number {place} has unknown keys: {', '.join(unknown)}; known: {', '.join(known)}.",
        )


def _refuse_unstorable(who: str, address: str, texts: Mapping[str, str]) -> None:
    for name, text in (("the address", address), *texts.items()):
        if not is_storable(text):
            raise InvalidCampaign(
                "recipients", f"{who}{name} holds NUL or half a character, which cannot be sent."
            )


def list_ids(contact_lists: Any) -> list[int]:
    """Keys of lists given as objects or names; raises :class:`InvalidCampaign` for others."""
    if isinstance(contact_lists, Manager):
        contact_lists = contact_lists.all()
    if isinstance(contact_lists, str | ContactList) or not isinstance(contact_lists, Iterable):
        contact_lists = [contact_lists]
    given = list(contact_lists)
    _refuse_other_lists(given)
    names = {item for item in given if isinstance(item, str)}
    by_name = dict(ContactList.objects.filter(name__in=names).values_list("name", "pk"))
    missing = names - set(by_name)
    if missing:
        raise InvalidCampaign(
            "contact_lists", f"there is no list named {', '.join(sorted(missing))}."
        )
    return [by_name[item] if isinstance(item, str) else item.pk for item in given]


def _refuse_other_lists(given: Sequence[Any]) -> None:
    for item in given:
        if isinstance(item, ContactList) and item.pk is None:
            raise InvalidCampaign("contact_lists", f"{item} is not saved yet.")
        if not isinstance(item, ContactList) and not (isinstance(item, str) and is_storable(item)):
            said = f"{item!r:.60} is no list: give lists, or their names."
            raise InvalidCampaign("contact_lists", said)
