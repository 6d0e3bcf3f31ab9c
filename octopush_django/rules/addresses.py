"""Addresses of either family: the one spelling of each, and those that belong to nobody.

The grammar of e-mail is that of HTML forms (WHATWG, "valid e-mail address") with a dot in
the domain; reserved domains by RFC 2606. Both patterns are read alike by Python, PostgreSQL and
SQLite. Phone numbers: :mod:`octopush_django.numbers`.
"""

import re
from typing import Literal

from .. import numbers
from ..conf import conf

Family = Literal["phone", "email"]

FIELDS = {"phone": "phone_number", "email": "email"}
"""Which field of a contact, and of what is sent for a person, holds the address of a family."""

LONGEST_EMAIL = 254
"""Characters (RFC 5321, 4.5.3.1.3, less the angle brackets)."""

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
EMAIL_PATTERN = rf"^[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({_LABEL}[.])+{_LABEL}$"
TEST_EMAIL_PATTERN = "[@.](test|example|invalid|localhost)$|[@.]example[.](com|net|org)$"


def family_of(address: str) -> Family:
    """What kind of address ``address`` is, in any spelling: only e-mail addresses have an @."""
    return "email" if "@" in address else "phone"


def canonical(address: str, family: str) -> str | None:
    """The one spelling under which an address is stored and compared; None if it is none."""
    if family == "email":
        return canonical_email(address)
    return numbers.canonical(address, conf.region)


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
