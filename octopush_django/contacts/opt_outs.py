"""Addresses that refuse, and come in with no contact: they become opt-outs, above all lists."""

from collections import defaultdict
from collections.abc import Sequence

from ..models import Consent, Contact, Family, OptOut, OptOutSource
from ..models.contacts import has_address
from .people import Refusal


def note_opt_outs(refusals: Sequence[Refusal], file_name: str) -> int:
    """Keep ``refusals``; return how many addresses are opt-outs that were none before."""
    by_contact: dict[str, list[str]] = defaultdict(list)
    wanted: dict[tuple[str, str], str] = {}
    for refusal in refusals:
        if refusal.family == Family.PHONE and "@" in refusal.address:
            by_contact[refusal.words].append(refusal.address)
        else:
            wanted.setdefault((refusal.family, refusal.address), refusal.words)
    for words, emails in by_contact.items():
        _refuse_by_phone(emails, words)
    for family in Family.values:
        addresses = [address for kind, address in wanted if kind == family]
        for known in OptOut.objects.all().addresses(addresses, family) if addresses else ():
            del wanted[family, known]
    OptOut.objects.bulk_create(
        (
            OptOut(
                address=address,
                family=family,
                source=OptOutSource.IMPORT,
                evidence=f"{file_name}: {words}",
            )
            for (family, address), words in wanted.items()
        ),
        ignore_conflicts=True,
    )
    return len(wanted)


def _refuse_by_phone(emails: Sequence[str], words: str) -> None:
    """Whoever has one of these e-mail addresses refuses advertising by phone."""
    contacts = Contact.objects.filter(has_address("email", emails))
    contacts.exclude(consent=Consent.REFUSED).update(
        consent=Consent.REFUSED, consented_at=None, consent_source=words
    )
