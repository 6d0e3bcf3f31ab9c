"""What a person means by a reply: does it ask to be left alone?

Strict matching misses opt-outs ("Stop. Merci"), loose matching invents them ("we have got to stop
this bill"). So: a message that says nothing but STOP is an opt-out; one that mentions it among
other words is doubtful and waits for a person.
"""

import re
import unicodedata
from typing import Literal

_STOP_WORDS = (
    r"stop+|arret|arrete|arretez|arreter|desabonner|desabonnement|desabonnez|desabo|"
    r"desinscrire|desinscription|desinscrivez|unsubscribe|unsub|optout|opt out|cancel|quit|end"
)
_POLITE = (
    r"merci|merci beaucoup|svp|s il vous plait|s il te plait|stp|please|pls|thanks|thank you|"
    r"bonjour|hello|cordialement|sms|pub|publicite|les sms|vos sms|tout|all|moi|me"
)
_OPT_OUT = re.compile(
    rf"(?:(?:{_POLITE}) )*(?:(?:{_STOP_WORDS})(?: (?:au |to |at )?\d{{4,6}})?)"
    rf"(?: (?:{_STOP_WORDS}|{_POLITE}|a|au|to|at|\d{{4,6}}))*"
)
_UNAMBIGUOUS = re.compile(
    r"\b(?:desabonn\w+|desinscri\w+|unsubscribe|"
    r"(?:plus|pas) (?:\w+ ){0,2}"
    r"(?:recevoir|de (?:sms|messages?)|m (?:ecrire|envoyer)|me contacter)|"
    r"(?:m (?:envoyez|ecrivez|envoie|ecris)|me (?:contactez|contacte|derangez)) plus|"
    r"(?:retire|enleve|supprime)\w*[ -]moi|remove me|take me off|stop (?:texting|sending))\b"
)
_MENTION = re.compile(rf"\b(?:{_STOP_WORDS}|stopper|stoppez)\b")
_NOT_A_REQUEST = re.compile(r"\b(?:non[- ]stop|stop over|arret de (?:bus|tram|travail))\b")


def classify_reply(text: str) -> Literal["opt_out", "doubtful", "reply"]:
    """Read ``text``, in French or English, whatever its case, accents and punctuation.

    ``opt_out``: it only says stop. ``doubtful``: it seems to ask for it; a person should look.
    ``reply``: anything else.
    """
    plain = _plain(text)
    if _OPT_OUT.fullmatch(plain):
        return "opt_out"
    plain = _NOT_A_REQUEST.sub("", plain)
    if _UNAMBIGUOUS.search(plain) or _MENTION.search(plain):
        return "doubtful"
    return "reply"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text[:2000].casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())
