"""Which consent or refusal a column speaks of, and when a person must say so.

A consent that nobody gave is worse than a question, a refusal too many better than one too few.
So: *yes* to advertising counts only for the channel that the title names, or that the file leaves
no choice about; *yes* to the contrary counts for SMS unless it plainly is about e-mail alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .cells import Cells
from .consent import read_consent, read_refusal
from .titles import Title

CHOICES = ("consent", "email_consent", "refusal", "email_refusal", "ignore")
SOURCE_CHOICES = ("consent_source", "email_consent_source", "ignore")
DATE_CHOICES = ("consented_at", "email_consented_at", "ignore")

_MOST = 0.8


@dataclass(frozen=True)
class Verdict:
    """What a column is in matters of consent: ``field``, or "" for an ordinary column.

    ``unclear``: why a person must decide, "" if nobody must. "title": what it is about; "cells":
    what the cells mean; "dates": they are no dates; "channel": SMS or e-mail; "two": the title
    names both; "both": the title says the one and its contrary.
    """

    field: str = ""
    unclear: str = ""


ORDINARY = Verdict()
"""What the column says has to do with consent, but is none of ours to keep."""


@dataclass(frozen=True)
class File:
    """What the other columns of the file say: whom it can reach, which consents it tells apart."""

    has_numbers: bool
    has_emails: bool
    tells_sms: bool
    tells_email: bool
    tells_double_optin: bool
    tells_consent: bool
    tells_refusal: bool


def facts(titles: Iterable[Title], *, has_numbers: bool, has_emails: bool) -> File:
    """The facts about a file whose columns have ``titles``."""
    about = [title for title in titles if title.tone and not title.has("detail", "id")]
    return File(
        has_numbers,
        has_emails,
        tells_sms=any(_is_consent_to("sms", title) for title in about),
        tells_email=any(_is_consent_to("email", title) for title in about),
        tells_double_optin=any("double" in title.words for title in about),
        tells_consent=any(title.tone == "for" for title in about),
        tells_refusal=any(title.tone == "against" for title in about),
    )


def judge(title: Title, cells: Cells, file: File) -> Verdict | None:
    """What the column is in matters of consent; None if it is about something else."""
    tone = title.tone
    if not tone:
        return _by_cells(title, cells, file)
    if title.has("partner") and tone == "for":
        return Verdict(unclear="title") if title.joins_two else ORDINARY
    if title.channels == {"other"} and (tone == "for" or not title.has("call", "phone")):
        return _other_channel(title, file)
    if title.has("detail", "id"):
        return _detail(title, cells, file)
    if tone == "for" and title.is_turned_round:
        return Verdict(unclear="both")
    if tone == "unclear":
        return _about(title, cells, file) if cells.all_tell_consent else Verdict(unclear="both")
    return _against(title, cells, file) if tone == "against" else _for(title, cells, file)


def _by_cells(title: Title, cells: Cells, file: File) -> Verdict | None:
    """A title that says nothing of consent, above cells that may."""
    if cells.tells_consent:
        return _about(title, cells, file) if cells.are_yes_or_no else Verdict(unclear="cells")
    is_of_a_channel = title.has("sms", "texting", "email") or (
        title.has("phone", "mobile", "call") and title.is_known
    )
    if is_of_a_channel and not title.has("detail", "fax") and cells.are_yes_or_no:
        return Verdict(unclear="channel")
    return None


def _other_channel(title: Title, file: File) -> Verdict:
    """Post, partners and the like are no consent of ours; calls may mean SMS as well."""
    is_by_phone = title.has("phone", "call") and not title.has("post")
    return Verdict(unclear="channel") if is_by_phone and not file.tells_sms else ORDINARY


def _detail(title: Title, cells: Cells, file: File) -> Verdict:
    """The reason, number or address of a consent: ordinary, if the consent itself stands there.

    The reason of a refusal may be all that a file says of the refusal.
    """
    is_told = file.tells_refusal if title.tone == "against" else file.tells_consent
    is_loose = title.tone == "for" and not _is_firm(title)
    if cells.are_yes_or_no or not (is_told or is_loose):
        return Verdict(unclear="title")
    return ORDINARY


def _against(title: Title, cells: Cells, file: File) -> Verdict:
    """A column where *yes* means refused."""
    is_loose = title.has("refusal") and not title.has("against")
    if is_loose and not title.channels and not title.is_known:
        return Verdict(unclear="title")
    if not cells.is_understood_by(read_refusal):
        return Verdict(unclear="cells")
    is_by_phone = "sms" in title.channels or title.has("call", "phone")
    if is_by_phone and "email" in title.channels:
        return Verdict(unclear="two")
    is_email = "email" in title.channels or (not is_by_phone and _is_email_only(file))
    return Verdict("email_refusal" if is_email else "refusal")


def _for(title: Title, cells: Cells, file: File) -> Verdict:
    """A column where *yes* means consent, or the date or source of one."""
    is_certain = bool(title.channels) or _is_firm(title)
    is_of_both = file.tells_sms and file.tells_email and not title.channels
    if is_of_both and _is_firm(title) and title.has("source", "date"):
        return Verdict(unclear="channel")
    if title.has("source"):
        return Verdict(_prefix(title, file) + "consent_source") if is_certain else ORDINARY
    is_dated = cells.dates >= _MOST
    if title.has("date"):
        if cells and not is_dated and (is_certain or cells.are_yes_or_no):
            return Verdict(unclear="dates")
        return Verdict(_prefix(title, file) + "consented_at") if is_certain else ORDINARY
    if is_dated and not _is_firm(title):
        return Verdict(_prefix(title, file) + "consented_at") if title.channels else ORDINARY
    if cells.figures >= _MOST and not is_certain:
        return ORDINARY
    return _about(title, cells, file)


def _about(title: Title, cells: Cells, file: File) -> Verdict:
    """The consent that cells of yes and no are about."""
    channels = title.channels - {"other"}
    if not cells.is_understood_by(read_consent, is_certain=_is_firm(title)):
        return Verdict(unclear="cells")
    if len(channels) > 1:
        return Verdict(unclear="two")
    if title.has("service"):
        return Verdict(unclear="title")
    if channels:
        return Verdict("email_consent" if "email" in channels else "consent")
    if not file.has_numbers or not file.has_emails:
        is_clear = title.tone != "for" or (title.is_known and not title.is_vague)
        field = "email_consent" if _is_email_only(file) else "consent"
        return Verdict(field) if is_clear else Verdict(unclear="title")
    if not _is_firm(title) or not title.is_known:
        return Verdict(unclear="channel")
    if file.tells_double_optin:
        return Verdict("email_consent")
    return Verdict(unclear="channel") if file.tells_sms else Verdict("consent")


def _is_consent_to(channel: str, title: Title) -> bool:
    is_itself = not title.has("date", "source")
    return title.tone == "for" and channel in title.channels and is_itself


def _prefix(title: Title, file: File) -> str:
    """ "email_" where the consent is to e-mail."""
    if title.channels & {"sms", "email"}:
        return "" if "sms" in title.channels else "email_"
    is_of_email = file.tells_email and not file.tells_sms
    is_email = _is_email_only(file) or file.tells_double_optin or is_of_email
    return "email_" if is_email else ""


def _is_email_only(file: File) -> bool:
    return file.has_emails and not file.has_numbers


def _is_firm(title: Title) -> bool:
    """Whether the title has a word for consent itself, not one such as "marketing"."""
    return title.has("consent")
