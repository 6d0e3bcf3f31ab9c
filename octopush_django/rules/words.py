"""The words of a title or a cell, the same in any spelling: case, accents, punctuation, gaps."""

import re
import unicodedata
from functools import lru_cache

_HUMP = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER_SIGN = re.compile(r"\bn ?[°º]|№|#", re.IGNORECASE)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_LONGEST = 300

# What is written in several words but means one thing.
_PHRASES = {
    "email": r"e mails?|(?:adresse )?(?:de )?messagerie|correo electronico|posta elettronica"
    r"|(?:adresse|courrier) electronique",
    "newsletter": r"lettres? (?:d )?infos?(?:rmations?)?|info lettres?|news letters?",
    "optin": r"opt(?:ed|s|ing)? ?in",
    "optout": r"opt(?:ed|s|ing)? ?out",
    "blacklist": r"black list(?:ed|ee?)?|block ?list(?:ed)?|listes? noires?",
    "unsubscribed": r"un subscribed?",
    "signup": r"sign(?:ed)? up",
    "postal": r"direct mail|postal mail|courrier postal",
    "whatsapp": r"whats app",
    "yesno": r"oui non|yes no|o n|y n|ja nein|si no",
    "numero": r"num",
}
_PHRASE = re.compile(
    r"\b(?:" + "|".join(f"(?P<{word}>{text})" for word, text in _PHRASES.items()) + r")\b"
)


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words and whole numbers in ``text``, in small letters without accents.

    "Opt-in", "optIn" and "OPT IN" are all ``("optin",)``; "N° tél." is ``("numero", "tel")``.
    Only the first 300 characters are read.
    """
    spaced = _HUMP.sub(" ", _NUMBER_SIGN.sub(" numero ", text[:_LONGEST]))
    plain = " ".join(re.findall("[a-z]+|[0-9]+", " ".join(letters_and_digits(spaced))))
    return tuple(_PHRASE.sub(lambda found: str(found.lastgroup), plain).split())


def letters_and_digits(text: str) -> list[str]:
    """The runs of Latin letters and digits in ``text``, in small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    kept = "".join(char for char in letters if not unicodedata.combining(char))
    return re.findall("[a-z0-9]+", kept)
