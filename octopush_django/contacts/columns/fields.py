"""The names of what a column can be, and the keys of a site's own fields."""

import itertools
import re
from collections.abc import Collection

from ...rules.words import letters_and_digits

REACH = ("phone_number", "email")
NAMES = ("first_name", "last_name")
CONSENTS = (
    "consent", "consented_at", "consent_source",
    "email_consent", "email_consented_at", "email_consent_source",
    "refusal", "email_refusal",
)  # fmt: skip
FIELDS = (*REACH, *NAMES, *CONSENTS, "country", "calling_code", "ignore")
"""The fields that every site has; "ignore" is a column not imported, on purpose."""

RESERVED = frozenset(
    [*FIELDS, "param1", "param2", "param3", "param4", "param5", "reference", "unsubscribe"]
)
"""Names that a site's own field may not have."""

KEY_PATTERN = r"[a-z][a-z0-9_]{0,49}"

_LONGEST_KEY = 50
_LONGEST_TITLE = 300


def key_of(title: str, index: int, taken: Collection[str]) -> str:
    """A key for the column ``title``, neither reserved nor ``taken``: "code_postal".

    A title without Latin letters gives "column_7" for the seventh column (``index`` 6).
    """
    said = slug(title)
    if not re.search("[a-z]", said):
        said = key_of_position(index)
    elif said[0].isdigit():
        said = f"column_{said}"
    endings = (f"_{count}" if count > 1 else "" for count in itertools.count(1))
    keys = (said[: _LONGEST_KEY - len(ending)].rstrip("_") + ending for ending in endings)
    return next(key for key in keys if key not in taken and key not in RESERVED)


def slug(title: str) -> str:
    """``title`` in small letters, digits and underscores; "" if it has none of them."""
    return "_".join(letters_and_digits(title[:_LONGEST_TITLE]))


def key_of_position(index: int) -> str:
    """What a column without a title is called, counted from one: "column_7"."""
    return f"column_{index + 1}"
