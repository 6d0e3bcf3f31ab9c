"""Addresses of either family: the one spelling of each, and those that belong to nobody.

The grammar of e-mail is that of HTML forms (WHATWG, "valid e-mail address") with a dot in
the domain; reserved domains by RFC 2606. Both patterns are read alike by Python, PostgreSQL and
SQLite. Phone numbers: :mod:`octopush_django.numbers`.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from phonenumbers import PhoneNumber, PhoneNumberFormat, format_number

from .. import numbers
from ..conf import conf

Family = Literal["phone", "email"]

FIELDS = {"phone": "phone_number", "email": "email"}
"""Which field of a contact, and of what is sent for a person, holds the address of a family."""

CONSENTS = {"phone": "consent", "email": "email_consent"}
"""Which field of a contact holds the consent to advertising by a family of addresses."""

LONGEST_EMAIL = 254
"""Characters (RFC 5321, 4.5.3.1.3, less the angle brackets)."""

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
EMAIL_PATTERN = rf"^[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({_LABEL}[.])+{_LABEL}$"
TEST_EMAIL_PATTERN = "[@.](test|example|invalid|localhost)$|[@.]example[.](com|net|org)$"


def family_of(address: Any) -> Family:
    """What kind of address ``address`` is, in any spelling: only e-mail addresses have an @."""
    return "email" if "@" in as_written(address) else "phone"


def as_written(address: Any) -> str:
    """An address as text, "" for None; E.164 for the library's object, whatever its settings.

    ``str()`` of such an object follows ``PHONENUMBER_DEFAULT_FORMAT``: the national form of a
    foreign number is the number of somebody else here.
    """
    if isinstance(address, PhoneNumber):
        # RFC 3966 alone shows an extension, and who has one cannot get an SMS.
        form = PhoneNumberFormat.RFC3966 if address.extension else PhoneNumberFormat.E164
        is_read = address.country_code and address.national_number
        return format_number(address, form) if is_read else address.raw_input or ""
    return "" if address is None else str(address)


@dataclass(frozen=True)
class Address:
    """An address that was read: its one spelling, and what kind of line it is ("" for e-mail)."""

    text: str
    line_type: str = ""


def read(address: Any, family: str) -> Address | None:
    """Read an address in any spelling once; None if it is none."""
    if family == "email":
        text = canonical_email(as_written(address))
        return Address(text) if text else None
    number = numbers.read(as_written(address), conf.region)
    return Address(number.e164, number.line_type) if number else None


def canonical(address: Any, family: str) -> str | None:
    """The one spelling under which an address is stored and compared; None if it is none.

    ``address``: text in any spelling, or the library's ``PhoneNumber``.
    """
    text = as_written(address)
    return canonical_email(text) if family == "email" else numbers.canonical(text, conf.region)


def lowered_email(text: str) -> str:
    """An e-mail address, or what was meant as one, in lower case, without blanks around it."""
    return text.strip().lower()


def canonical_email(text: str) -> str | None:
    """The one spelling of an e-mail address; None if ``text`` is none."""
    address = lowered_email(text)
    fits = len(address) <= LONGEST_EMAIL and re.fullmatch(EMAIL_PATTERN, address)
    return address if fits else None


def is_test(address: str, family: str) -> bool:
    """Whether a canonical address is reserved for examples, films and tests."""
    if family == "email":
        return re.search(TEST_EMAIL_PATTERN, address) is not None
    return numbers.is_test(address)
