"""The words of column titles in five languages, and what they are about."""

from functools import lru_cache

from ...rules.words import words

# tag -> words; "abonn*" stands for all words that begin so. A word may have several tags.
_TAGS = {
    # --- numbers and addresses
    "phone": """telephone telephones tel tels teleph phone phones telefon telefono telefonos
        telefoni rufnummer telefonnr fon tlf tfno numtel notel""",
    "mobile": """mobile mobiles mobil mob portable portables gsm cell cellphone cellulare
        cellulari cellulaire cellular handy handynr natel movil moviles celular celulares msisdn
        iphone mobilfunk""",
    "sms": "sms",
    "texting": "texto textos text texts",
    "whatsapp": "whatsapp",
    "landline": "landline fixe festnetz fijo fisso",
    "number": "numero numeros number numbers nummer no nr n destinataire recipient",
    "email": "email emails mail mails courriel courriels emailing mailing mel correo",
    "fax": "fax telefax telecopie telecopieur pager telex bipeur",
    # --- names
    "first": "prenom prenoms firstname givenname forename vorname vornamen nombre nome fname",
    "last": """nom noms lastname surname surnames familyname nachname familienname cognome
        apellido apellidos lname patronyme""",
    "first_half": "first given",
    "last_half": "last family",
    "name": "name",
    # --- the country of a number
    "country": "pays country countries land landercode landercodes laendercode pais paese staat",
    "calling": """indicatif indicatifs dial dialing dialling calling landesvorwahl landervorwahl
        laendervorwahl auslandsvorwahl""",
    "prefix": "prefix prefixe prefijo prefisso vorwahl",
    "code": "code kode codigo codice iso isocode",
    # --- consent: "consent" is firm, "interest" may be about something else
    "consent": """consent* accord accords optin optins optedin rgpd gdpr dsgvo einwillig*
        zustimm* einverst* consens* permission*""",
    "interest": """marketing newsletter* infolettre* abonn* abo inscri* subscri* signup accepts
        promotional abonne subscribed suscri* iscri* offre offres offer offers offerte ofertas
        angebote promotion* promos publicit* publicid* pubblicit* pub werb* communication*
        comunica* prospection sollicit* emailing mailing accept* accett* acept* agree* autoris*
        authoris* authoriz* autoriz* allow* anmeld* angemeldet mailable contactable
        demarchage""",
    "against": """unsubscribed desabonne desinscrit optout* optedout stop stops blacklist*
        desinscr* desabo* unsub* bloctel robinson abgemeldet abmeld* abbestell* austrag* baja
        bajas disiscri* dnc donotcontact""",
    "refusal": """refus* refuse rifiut* rechaz* oppos* suppress* exclu exclus exclude excluded
        exclusion bloque* blocked gesperrt bloccat* bloquead* declin* revoked revoque revoca
        withdr* widerr* widerspr* reject* rejet*""",
    "either": "abonn* inscri* subscri* optin suscri* iscri* anmeld*",
    "not": "ne pas not non nicht kein keine keinen never jamais dont",
    "no": "no",
    "contact": """contact contacts contacter contacted contactar kontakt* contattare call calls
        appeler llamar envoyer envoi send receive recevoir relancer disturb demarcher""",
    "newsletter": "newsletter* infolettre* double mailing emailing mailchimp mailpoet mailjet",
    "vague": """inscri* iscri* signup anmeld* angemeldet accept* accepts accett* acept* agree*
        autoris* authoris* authoriz* autoriz* allow*""",
    "everything": "tous toutes all alle todos tutti",
    "partner": "partenaire* partner* tiers third terzi terceros",
    "post": "courrier postal* post brief poste",
    "call": "appel appels appeler call calls phoning telephonique telefonisch* push demarcher",
    "service": "rappel* reminder* rdv appointment* transaction* schedule confirmation*",
    # --- what is about a thing, and not the thing
    "date": """date dates datum fecha data time timestamp horodatage heure zeit uhrzeit hora
        since depuis seit desde created updated modified""",
    "date_at_the_end": "at on le am el il",
    "source": """source sources origine origin herkunft quelle origen fuente fonte provenance
        method methode canal channel formulaire form""",
    "detail": """reason raison motif grund motivo campaign ip mode count nb total version
        wording texte url title titre verified verifie valide validated invalide level niveau
        pending operator operateur carrier domain domaine sent opened clicked opens clicks
        ouvert envoyes recus score rate taux timezone extension ext""",
    "type": "type typ tipo label libelle etichetta kind",
    "id": """id ids ref refs reference commande order facture invoice siret siren ean barcode
        sku ticket zip postal postcode cp plz cap iban carte card fidelite loyalty compte
        account tva vat badge securite nss kundennummer bestellnummer rechnungsnummer""",
    "birth": "naissance birth nascita nacimiento geburt* nationalite nationality",
    "somebody": """conjoint conjointe spouse assistant assistante assistent* asst manager
        responsable parent parents pere mere tuteur tutrice emergency urgence owner proprietaire
        commercial vendeur conseiller conseillere referrer parrain parraine medecin doctor
        notfall emergenza emergencia enfant child company societe entreprise firma azienda
        empresa organisation organization organisme magasin boutique shop store agence agency
        rep staff employe employee praticien account partner partenaire""",
    # --- which of several
    "billing": "billing facturation rechnung rechnungs fatturazione facturacion",
    "shipping": "shipping delivery livraison lieferung liefer versand spedizione envio",
    "home": "home domicile privat private prive personnel personal perso casa particulier",
    "work": """work business bureau office professionnel pro geschaftlich geschaeftlich lavoro
        trabajo""",
    "other": "other autre default defaut secondaire secondary address",
    "whereabouts": "street city state province zip postal postcode country address",
    # --- what may stand in any title
    "filler": """client cliente clients customer customers kunde kunden person personne persona
        patient patiente member membre adherent subscriber lead usage famille de du des d del
        della dell di da la les l the of der das die value valeur wert valor valore your votre
        main principal principale primary adresse adressen direccion indirizzo region et and und
        y e to per par for pour via status statut state etat stato estado active actif yesno
        messages message do does you us we from campaign campaigns campagne campagnes primer
        pila is has been are a an i my""",
}

_SHORTEST_GLUED = 3
_SHORT_GLUED = frozenset(["de", "do", "is", "of"])
_LONGEST_GLUED = 40


def _table() -> tuple[dict[str, frozenset[str]], list[tuple[str, str]]]:
    """The whole words with their tags, and the beginnings with theirs."""
    whole: dict[str, set[str]] = {}
    beginnings = []
    for tag, text in _TAGS.items():
        for word in text.split():
            if word.endswith("*"):
                beginnings.append((word[:-1], tag))
            whole.setdefault(word.rstrip("*"), set()).add(tag)
    return {word: frozenset(tags) for word, tags in whole.items()}, beginnings


_WHOLE, _BEGINNINGS = _table()


@lru_cache(maxsize=8192)
def tags_of(word: str) -> frozenset[str]:
    """What one word, as :func:`~.words.words` gives it, is about; empty if it is not known."""
    begun = {tag for beginning, tag in _BEGINNINGS if word.startswith(beginning)}
    return _WHOLE.get(word, frozenset()) | begun


def title_words(title: str) -> tuple[str, ...]:
    """The words of a title; known words written together ("telephoneportable") are taken apart."""
    return tuple(
        part
        for word in words(title)
        for part in ((len(word) <= _LONGEST_GLUED and _parts(word)) or (word,))
    )


@lru_cache(maxsize=8192)
def _parts(word: str) -> tuple[str, ...]:
    """The known words that ``word`` is made of; none if it is not made so."""
    if word in _WHOLE:
        return (word,)
    about = tags_of(word)
    for end in range(len(word) - _SHORTEST_GLUED, 1, -1):
        head = word[:end]
        # "optoutemail" begins with what it is about, "desinscription" not with "des".
        if (about and about.isdisjoint(tags_of(head))) or not _may_be_glued(head):
            continue
        if rest := _parts(word[end:]):
            return (head, *rest)
    return (word,) if about else ()


def _may_be_glued(word: str) -> bool:
    return word in _SHORT_GLUED or (len(word) >= _SHORTEST_GLUED and word in _WHOLE)
