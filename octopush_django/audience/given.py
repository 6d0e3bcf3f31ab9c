"""People that a developer gives as ``recipients=``, checked before anything is stored."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import FieldError, ObjectDoesNotExist
from django.db.models import Manager, Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from phonenumbers import PhoneNumber

from ..client.text import is_storable
from ..exceptions import InvalidCampaign
from ..models import Contact, ContactList, Family
from ..rules import addresses, placeholders
from ..rules.addresses import Address, as_written
from ..rules.values import as_text, is_value

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


@dataclass(frozen=True)
class Given:
    """People that a developer gives, and the merge fields for which any of them has a value."""

    people: People
    fields: frozenset[str]


def read_recipients(
    recipients: Any, phone_field: str | None, fields: Any, family: str, used: Collection[str]
) -> Given:
    """Read ``recipients``: addresses, mappings, objects, or any queryset or manager.

    ``used``: the merge fields of the text; other keys of mappings mean nothing here. Raises
    :class:`InvalidCampaign` for a literal that is no address, and for a field that does not exist;
    rows of a queryset are judged later instead.
    """
    where = _read_fields(phone_field, fields, family)
    if isinstance(recipients, Manager):
        recipients = recipients.all()
    if isinstance(recipients, QuerySet):
        return _rows(recipients, where, family, used)
    if isinstance(recipients, ONE):
        recipients = [recipients]
    if not isinstance(recipients, Iterable):
        raise InvalidCampaign("recipients", f"{recipients!r:.60} is no list of people.")
    items = list(recipients)
    kinds = {type(item) for item in items}
    # Among objects ``where`` is for these, and mappings may stand beside them.
    if any(issubclass(k, Mapping) for k in kinds) and not any(issubclass(k, Model) for k in kinds):
        _refuse_mapping(where, family)
    people = [_literal(item, place, where, family, used) for place, item in enumerate(items, 1)]
    return Given(lambda: people, frozenset().union(*(person.values for person in people)))


def _read_fields(phone_field: Any, fields: Any, family: str) -> Fields:
    key = addresses.FIELDS[family]
    if phone_field is not None and not isinstance(phone_field, str):
        raise InvalidCampaign("phone_field", "must be the name of a field.")
    if fields is not None and not isinstance(fields, Mapping):
        raise InvalidCampaign("fields", "must map merge fields to fields of yours.")
    given = dict(fields or {})
    unknown = sorted(str(name) for name in given if name != key and not _is_merge_field(name))
    if unknown:
        raise InvalidCampaign(
            "fields",
            f"no names of merge fields: {', '.join(unknown)}; write small letters, digits and _.",
        )
    for name, path in given.items():
        if not isinstance(path, str):
            raise InvalidCampaign("fields", f"{name} must be mapped to the name of a field.")
    address = given.pop(key, None) or (phone_field if family == Family.PHONE else None) or ""
    return Fields(address, given)


def _is_merge_field(name: Any) -> bool:
    is_key = isinstance(name, str) and re.fullmatch(placeholders.KEY_PATTERN, name)
    return bool(is_key) and name not in placeholders.NEVER_MERGED


# --- querysets ----------------------------------------------------------------------------------


def _rows(queryset: "QuerySet[Any]", where: Fields, family: str, used: Collection[str]) -> Given:
    """The people of a queryset, streamed."""
    columns = _columns_of(queryset)
    if columns is None:
        _need_address(where, family)
        try:
            rows = queryset.values_list(*where.paths)
        except (FieldError, TypeError) as error:
            raise _wrong_path(queryset.model, where, error) from error
        return Given(partial(_people_of_rows, rows, where), frozenset(where.values))
    _refuse_mapping(where, family)
    if isinstance(columns, Mapping):
        # Not first(): it would order rows that may be cut or grouped already.
        names = frozenset(next(iter(queryset[:1]), {})).intersection(used)
        return Given(partial(_people_of_mappings, queryset, family, names), names)
    return Given(partial(_people_of_values, queryset), frozenset())


def _refuse_mapping(where: Fields, family: str) -> None:
    """Of mappings and ``values()`` the keys name themselves: ``fields`` would be passed over."""
    if not where.address and not where.values:
        return
    is_phone_field = bool(where.address) and family == Family.PHONE and not where.values
    raise InvalidCampaign(
        "phone_field" if is_phone_field else "fields",
        "is for objects; mappings, values() and values_list() are read by their own keys.",
    )


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


def _people_of_mappings(
    rows: "QuerySet[Any]", family: str, names: Collection[str]
) -> Iterator[Person]:
    key = addresses.FIELDS[family]
    for row in rows.iterator(chunk_size=CHUNK):
        if key not in row:
            raise _no_address(row, key, "values()")
        yield _row(row[key], {name: row[name] for name in names})


def _no_address(row: Mapping[Any, Any], key: str, who: str) -> InvalidCampaign:
    names = ", ".join(str(name)[:40] for name in row) or "none"
    said = f"{who} has no {key}; what is there: {names[:200]}."
    return InvalidCampaign("recipients", said)


def _people_of_values(rows: "QuerySet[Any]") -> Iterator[Person]:
    """Rows of one column, which is the address."""
    for row in rows.iterator(chunk_size=CHUNK):
        if isinstance(row, tuple):
            if len(row) != 1:
                raise InvalidCampaign("recipients", "values_list() must hold the address alone.")
            [row] = row
        yield _row(row, {})


def _row(address: Any, values: Mapping[str, Any]) -> Person:
    texts = _texts("", values)
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


def _literal(item: Any, place: int, where: Fields, family: str, used: Collection[str]) -> Person:
    address, values, contact_id = _taken_apart(item, place, where, family)
    if address is not None and not _is_address(address):
        said = f"number {place} has a {type(address).__name__} for an address: give it as text."
        raise InvalidCampaign("recipients", said)
    known = {*used, *placeholders.NAMES, *placeholders.PARAMETERS}
    values = {name: value for name, value in values.items() if name in known}
    texts = _texts(f"number {place}: ", values)
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
        names = {name: getattr(item, name) for name in placeholders.NAMES}
        return getattr(item, key), {**item.values, **names}, item.pk
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
        if key not in item:
            raise _no_address(item, key, f"number {place}")
        return item[key], {name: item[name] for name in item if _is_merge_field(name)}, None
    if not _is_address(item):
        said = f"number {place} is no phone number, mapping or contact, but {type(item).__name__}."
        raise InvalidCampaign("recipients", said)
    return item, {}, None


def _is_address(value: Any) -> bool:
    """Whether a value is of a kind that addresses are written in."""
    if isinstance(value, int):
        return value > 0 and not isinstance(value, bool) and is_value(value)
    return isinstance(value, str | PhoneNumber | Promise)


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


def _texts(who: str, values: Mapping[str, Any]) -> Mapping[str, str]:
    """Merge values as people read them. What is no value, such as a method, is refused."""
    texts = {}
    for name, value in values.items():
        if not is_value(value):
            said = f"{who}{name} is no text, number or date, but {type(value).__name__}."
            raise InvalidCampaign("fields" if not who else "recipients", said)
        texts[name] = as_text(value)
    return texts


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
    keys = [by_name[item] if isinstance(item, str) else item.pk for item in given]
    there = set(ContactList.objects.filter(pk__in=keys).values_list("pk", flat=True))
    for item, key in zip(given, keys, strict=True):
        if key not in there:
            raise InvalidCampaign("contact_lists", f"{item} has been deleted.")
    return keys


def _refuse_other_lists(given: Sequence[Any]) -> None:
    for item in given:
        if isinstance(item, ContactList) and item.pk is None:
            raise InvalidCampaign("contact_lists", f"{item} is not saved yet.")
        if not isinstance(item, ContactList) and not (isinstance(item, str) and is_storable(item)):
            said = f"{item!r:.60} is no list: give lists, or their names."
            raise InvalidCampaign("contact_lists", said)
