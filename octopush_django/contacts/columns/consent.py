"""Yes and no to advertising, as people and tools write them in a cell."""

import re
import unicodedata
from functools import lru_cache

from ...rules.dates import is_date, is_zero
from ...rules.words import words

_LONGEST = 80

# Cells that are one mark, or one word that means nothing beside others.
_MARKS = {
    **dict.fromkeys("✓ ✔ ✅ ☑ 👍 1.0 1,0 1 x o y j s t".split(), "yes"),
    **dict.fromkeys("✗ ✘ ❌ ⛔ 🚫 ☐ 0.0 0,0 0 n f".split(), "no"),
    **dict.fromkeys(["", "na", "n/a", "n.a.", "nc", "n.c.", "nd", "nr", "#n/a"], "nothing"),
}

# Whole cells that say neither.
_NOTHING = frozenset(
    """inconnu inconnue unknown unbekannt desconocido sconosciuto pending ausstehend pendiente
    null nil none nan undefined blank vide bounced bounce cleaned archived transactional
    npai""".split()
) | {
    "en attente", "in attesa", "non renseigne", "non renseignee", "non defini", "non precise",
    "non specifie", "not set", "not specified", "not available", "not defined", "no data",
    "keine angabe", "sans reponse", "no answer", "hard bounced", "soft bounced", "hard bounce",
}  # fmt: skip

_KINDS = {
    "yes": "oui yes yep ja si sisi true vrai wahr vero verdadero ok okay on checked enabled",
    "no": "false faux falsch falso off unchecked disabled",
    "not": "non no nein not pas never jamais nicht kein keine keinen ne n sans plus without",
    "agrees": """optin accord accepte acceptee acceptes accepted accept accepts acepta aceptado
    accetta accettato accettata akzeptiert agree agrees agreed abonne abonnee abonnes abonniert
    abonnement subscribed subscribe subscriber inscrit inscrite inscrits iscritto iscritta
    suscrito suscrita angemeldet eingewilligt einwilligung einverstanden zugestimmt zustimmung
    erlaubt granted allowed allow permitted confirmed confirme confirmee consent consents
    consented consenti consentie consentement consenso consentimiento autorise autorisee
    authorized authorised given souhaite souhaites souhaitee veut wants""",
    "against": """stop stopp arret optout refuse refusee refuses refus refused rifiutato
    rechazado desinscrit desinscrite desinscription desabonne desabonnee desabonnement desabo
    unsubscribed unsubscribe unsubscribes unsub blacklist blackliste blacklistee blacklisted
    blocked bloque bloquee gesperrt denied deny declined rejected rejete opposed oppose opposition
    revoked revoque widerrufen withdrawn retire abgemeldet abbestellt abgelehnt baja disiscritto
    disiscritta suppressed interdit forbidden""",
    "sms": "sms texto textos text texts message messages",
    "other": "email mail mails emails mailing newsletter newsletters courrier appel call post",
    "filler": """d de du des l la le les un une par by via for to a au aux the from of of j je i
    we do does will recevoir receive marketing pub publicite publicites offres offre offers
    promo promos contact contacter contacted contactez contactable disturb double single voie
    client customer etre be is has have ete""",
}
_KIND = {word: kind for kind, text in _KINDS.items() for word in text.split()}


_ENDINGS = re.compile(r"(?<=[ét])(?:\(e?s?\)|[·.]e[·.s]*)")  # "abonné(e)"


@lru_cache(maxsize=4096)
def read_consent(text: str) -> str | None:
    """What a cell says of a person's consent.

    "given", "refused", "" if it says nothing (empty, "-", "inconnu"), None if it is not
    understood. A negation is never read as consent, nor is what speaks of e-mail or post alone.
    """
    kinds = _kinds(text)
    if kinds is None:
        return None
    if not kinds:
        return ""
    stance = kinds & {"yes", "no", "not", "agrees", "against"}
    if stance <= {"yes", "agrees"} and stance:
        return None if "other" in kinds else "given"
    if stance in ({"not"}, {"not", "agrees"}, {"no"}, {"against"}, {"no", "against"}):
        return "refused"
    return "refused" if stance == {"not", "against"} and _begins_with_no(text) else None


@lru_cache(maxsize=4096)
def read_refusal(text: str) -> str | None:
    """What a cell says under a title such as "STOP" or "Désinscrit", where *yes* means refused.

    "refused" for yes, a mark, a date, or a word of refusal; "" if it does not say so ("non", "0",
    "abonné", an empty cell: none of these is a consent); None if it is not understood.
    """
    if is_date(text.strip()):
        return "refused"
    kinds = _kinds(text)
    if kinds is None:
        return None
    stance = kinds & {"yes", "no", "not", "agrees", "against"}
    if stance == {"not", "against"}:
        return "refused" if _begins_with_no(text) else ""
    if stance == {"not"}:
        return "refused" if kinds & {"sms", "other", "filler"} else ""
    if stance in ({"yes"}, {"against"}, {"yes", "against"}, {"not", "agrees"}):
        return "refused"
    return "" if stance in (set(), {"agrees"}, {"no"}) and kinds <= {"agrees", "no"} else None


@lru_cache(maxsize=4096)
def is_telling(text: str) -> bool:
    """Whether a cell speaks of consent by itself ("désabonné"), whatever its column is called."""
    if text.isascii() and not _MAY_TELL.search(text):
        return False
    told = set(words(_ENDINGS.sub("", text))) & _TELLING
    return bool(told) and read_consent(text) is not None


# A quick look, before the words are taken apart: each of _TELLING has one of these in it.
_MAY_TELL = re.compile(
    "opt|abonn|subscri|unsub|stop|inscri|black|iscritto|suscri|abgem|consent", re.I
)
_TELLING = frozenset(
    """optin optout abonne abonnee abonniert subscribed unsubscribed unsubscribe unsub stop
    desinscrit desinscrite desabonne desabonnee blacklist blackliste blacklistee
    blacklisted disiscritto suscrito abgemeldet consenti consentement consent""".split()
)


def _kinds(text: str) -> frozenset[str] | None:
    """Of what kinds the words of a cell are; empty: it says nothing; None: unknown words."""
    plain = unicodedata.normalize("NFC", text[: _LONGEST + 1]).strip().strip("\ufe0f'").casefold()
    if len(plain) > _LONGEST:
        return None
    if is_zero(plain):
        return frozenset()
    if mark := _MARKS.get(plain):
        return frozenset() if mark == "nothing" else frozenset([mark])
    found = words(_ENDINGS.sub("", plain))
    if not found:
        return frozenset() if re.fullmatch(r"[-–—_./?\s]*", plain) else None
    if " ".join(found) in _NOTHING:
        return frozenset()
    if len(found) == 1 and found[0] in _MARKS:
        return frozenset([_MARKS[found[0]]]) - {"nothing"}
    kinds = frozenset(_KIND.get(word, "?") for word in found)
    return None if "?" in kinds else kinds


def _begins_with_no(text: str) -> bool:
    """Whether a plain no stands before the rest: "Non, désabonné", but not "non désabonné"."""
    return bool(re.match(r"\s*(non|no|nein)\s*[,;:.(/–-]", text, re.IGNORECASE))
