"""What columns are understood as, for tests, and titles in five languages."""

from octopush_django.contacts.columns.fields import FIELDS
from octopush_django.contacts.columns.guessing import understand


def each(text):
    """The titles or cells of a table: ``|`` or the end of a line stands between them."""
    return [part.strip() for part in text.replace("\n", "|").split("|")]


MOBILES = ("0639981002", "06 39 98 10 03", "+33639981004")
OWN = ""
PEOPLE = {
    "Téléphone": ["0639981001"] * 3,
    "E-mail": ["nora@example.org"] * 3,
}


def read(title, cells, beside=("Téléphone", "E-mail"), **options):
    """The field of a column beside others, "" if it is the site's own, and what is asked."""
    columns = [*(PEOPLE[name][: len(cells)] for name in beside), list(cells)]
    found = understand([*beside, title], list(zip(*columns, strict=True)), **options)
    [column] = [column for column in found.columns if column.index == len(beside)]
    return column.field if column.field in FIELDS else OWN, found.questions


def field(title, cells, **options):
    found, questions = read(title, cells, **options)
    assert not questions, questions
    return found


def code(title, cells, **options):
    """The one question's code."""
    [question] = read(title, cells, **options)[1]
    assert title in question.message
    return question.code


def files(header, *rows, **options):
    return understand(header, rows, **options)


def fields(found):
    return [column.field for column in found.columns]


NUMBER_TITLES = each(
    """Téléphone|Tél.|TEL|N° tél.|Numéro de téléphone|Numéro de téléphone mobile
    N° de portable|Tél. portable|Tel. Portable 1|TELPORTABLE|telephoneportable
    numerodetelephone|No mobile|GSM|Portable|Tél. mobile (perso)|Mobile|Mobile Phone
    mobile_phone|MobilePhone|Cell|Cell phone|phonenumber|Phone Number|Phone 1 - Value
    billing_phone|SMS Phone Number|SMS|Person - Phone - Mobile|Home Phone|Handy
    Handynummer|Mobilnummer|Mobiltelefonnummer|Telefonnummer|Rufnummer|Festnetz|Natel
    Móvil|Teléfono móvil|Nº de teléfono|Número de móvil|Tlf. fijo|Celular|Cellulare
    Numero di cellulare|Telefono|Telefono cellulare|Default Address Phone
    Téléphone (domicile)|Téléphone fixe|MSISDN|WhatsApp|Téléphones|Téléphone du client
    landline_number"""
)
EMAIL_TITLES = each(
    """E-mail|Email|EMAIL|e_mail|Mail|Courriel|Adresse e-mail|Adresse mail
    Adresse de messagerie|Adresse électronique|Email Address|emailaddress
    E-mail 1 - Value|E-mail-Adresse|Emailadresse|Mél.|Correo electrónico|Correo
    Indirizzo e-mail|Posta elettronica|Email du client|billing_email
    Person - Email - Work|Mails|E-mail (perso)"""
)
FIRST_NAMES = each(
    """Prénom|PRENOM|Prénoms|Prénom du client|Client - Prénom|Prénom (facturation)
    First Name|firstname|FirstName|first_name|Given Name|Forename|Vorname|Nombre|Nome
    billing_first_name|FNAME|Contact First Name|Nombre de pila|Prénom *|First"""
)
LAST_NAMES = each(
    """Nom|NOM|Nom de famille|Nom du client|Client - Nom|Last Name|lastname|LastName
    Surname|Family Name|Nachname|Familienname|Cognome|Apellido|Apellidos|Apellido 1
    LNAME|Nom d'usage|billing_last_name|Last"""
)


CONSENTS = {
    "consent": """Accord SMS|Consentement|Consentement SMS|Accepts SMS Marketing|SMS opt-in
Opt-in|OPT_IN
        SMS Marketing Consent|sms_optin|smsoptin|RGPD|GDPR consent|J'accepte de recevoir des SMS
        Autorisation SMS|Abonné SMS|Newsletter SMS|Opt-in mobile|Receive text messages opt-in
        Einwilligung|Einwilligung SMS|Zustimmung|Consenso SMS|Consentimiento|Acepta SMS
        Opt-in (oui/non)|Souhaite recevoir nos offres par SMS|acceptssmsmarketing""",
    "email_consent": """Accord mailing|Accepts Email Marketing|Newsletter|Lettre d'informations
        Lettre d'information|Email opt-in|Optin email|Email Subscription Status|Infolettre
        Abonné newsletter|DOUBLE_OPT-IN|Zustimmung E-Mail|Newsletteranmeldung|Accord mail
        newsletter_sub|SendPromotionalEmails|Consenso e-mail|Emailing""",
    "refusal": """Désinscrit|STOP|STOP SMS|Blacklisté|Liste noire|Opt-out|Opted out|Unsubscribed
        isunsubscribed|Ne pas contacter|Ne plus contacter|Do not contact|donotcall|Do Not Call
        Refuse SMS|SMS Opt Out|No SMS|do_not_sms|N'accepte pas les SMS|Pas de publicité|Bloctel
        Ne souhaite pas recevoir d'offres|Non abonné|Not subscribed|Opposition SMS|Abgemeldet
        Keine Werbung|Baja|Disiscritto|Date de désinscription|SMS blacklisted|Ne pas démarcher""",
    "email_refusal": """Désabonné e-mail|Email Opt Out|HasOptedOutOfEmail|hasoptedoutofemail
        Unsubscribed from all email|do_not_email|No mail|Désinscription newsletter
        Opted out of email: Marketing Information|Email blacklisted|Pas de newsletter""",
    OWN: """Offres partenaires|Partner offers|Opt-in partenaires|Optin SMS partenaires
    Accord courrier|Fax Opt Out
        Opt-out courrier|WhatsApp opt-in|Direct mail opt-in|NPAI|Tax Exempt|Activé|Sans contact""",
}  # fmt: skip
CASES = [(title, expected) for expected, text in CONSENTS.items() for title in each(text)]
