"""E-mail addresses: the one spelling of each, and those that belong to nobody.

Pure. The grammar is that of HTML forms (WHATWG, "valid e-mail address") with a dot in the domain;
reserved domains by RFC 2606. Both patterns are read alike by Python, PostgreSQL and SQLite.
"""

import re

LONGEST = 254
"""Characters (RFC 5321, 4.5.3.1.3, less the angle brackets)."""

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
PATTERN = rf"^[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({_LABEL}[.])+{_LABEL}$"
TEST_PATTERN = "[@.](test|example|invalid|localhost)$|[@.]example[.](com|net|org)$"


def canonical(text: str) -> str | None:
    """The address in lower case, without blanks around it; None if it is none."""
    address = text.strip().lower()
    return address if len(address) <= LONGEST and re.fullmatch(PATTERN, address) else None


def is_test(address: str) -> bool:
    """Whether a canonical address is in a domain that is reserved for examples and tests."""
    return re.search(TEST_PATTERN, address) is not None
