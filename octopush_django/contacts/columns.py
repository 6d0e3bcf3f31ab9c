"""Which column of a file is what."""

import re
import unicodedata
from collections.abc import Sequence

from django.utils.translation import gettext as _

from .files import UnreadableFile

NAMES = ("first_name", "last_name")
PARAMETERS = ("param1", "param2", "param3", "param4", "param5")
VALUES = (*NAMES, *PARAMETERS)

HEADERS = {
    "phone_number": "telephone tel mobile portable gsm phone phonenumber numero number cellphone "
    "numerodetelephone teleph telmobile telephonemobile telportable telephoneportable mobilephone",
    "email": "email mail courriel adresseemail adressemail emailaddress",
    "first_name": "prenom firstname givenname",
    "last_name": "nom lastname surname familyname nomdefamille",
    "consent": "consentement consent optin accord rgpd gdpr",
    "consented_at": "datedeconsentement dateconsentement consentdate consentedat dateoptin",
    "consent_source": "originedeconsentement sourceconsentement consentsource",
}


def map_columns(header: Sequence[str]) -> dict[int, str]:
    """Which column is what. Columns we don't know become parameters 1 to 5, in their order."""
    known = {word: name for name, words in HEADERS.items() for word in words.split()}
    known |= {folded(name): name for name in VALUES}
    mapping: dict[int, str] = {}
    for index, title in enumerate(header):
        name = known.get(folded(title))
        if name and name not in mapping.values():
            mapping[index] = name
    if "phone_number" not in mapping.values() and "email" not in mapping.values():
        raise UnreadableFile(
            _(
                "The first line names no column with numbers or e-mail addresses. "
                "Write “Téléphone” or “E-mail” above it."
            )
        )
    free = iter([name for name in PARAMETERS if name not in mapping.values()])
    for index, title in enumerate(header):
        if index not in mapping and title.strip():
            name = next(free, None)
            if name:
                mapping[index] = name
    return dict(sorted(mapping.items()))


def folded(text: str) -> str:
    """``text`` in small letters and digits alone: titles and words in any spelling."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in letters if not unicodedata.combining(c)))
