"""What the title of a column says of its cells.

Titles are too many for a list of whole ones ("Tél. portable (perso)", "billing_phone", "Client -
Prénom"): the words are looked up one by one, and :class:`Title` draws the conclusions.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from ...rules.words import words
from .vocabulary import tags_of, title_words

_PLACES = ("billing", "shipping", "home", "work", "other")
_MAILCHIMP_DATE = ("optin", "time")  # "OPTIN_TIME" is of the e-mail address
_AND = frozenset(["et", "and", "und", "y", "e"])
_BESIDE_NAMES = frozenset(
    ["first", "last", "first_half", "last_half", "name", "contact", "filler", *_PLACES]
)

_TURNED_ROUND = re.compile(
    r"sperre|verbot|stopp|widerspr|widerruf|verweiger|zuruck|kundig|abbestell|"
    r"retir|retrait|annul|resili|cancel|revoc|revoq|revok|negat|scadut|expir|laps|disabl|"
    r"desactiv|disattiv|interdi|remov|denied|inactiv|exclu(?!siv)|suspend|"
    r"\b(?:fin|sans|hors|off|ban|banned|end|ended|without|senza|sin|ohne|kein|keine|plus)\b"
)
"""Parts of folded words, in five languages."""


@dataclass(frozen=True)
class Title:
    """The title of a column, ``text`` as it stands in the file."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words and whole numbers of the title; a mailing address is no mailing."""
        words = title_words(self.text)
        if "mailing" in words and any("whereabouts" in tags_of(word) for word in words):
            return tuple(word for word in words if word != "mailing")
        return words

    @cached_property
    def tags(self) -> frozenset[str]:
        """What the words are about; "at" is about a date only where it ends the title."""
        tags = {tag for word in self.words for tag in tags_of(word)} - {"date_at_the_end"}
        if self.words and "date_at_the_end" in tags_of(self.words[-1]):
            tags.add("date")
        return frozenset(tags)

    def has(self, *tags: str) -> bool:
        """Whether a word of the title has one of ``tags``."""
        return not self.tags.isdisjoint(tags)

    @property
    def is_known(self) -> bool:
        """Whether every word is known, and none is about other people or other things."""
        tags = [tags_of(word) for word in self.words if not word.isdigit()]
        return bool(tags) and all(tags) and not self.has("somebody", "detail", "birth", "service")

    # --- numbers and addresses

    @property
    def names_number(self) -> bool:
        """Whether the title says that a phone number of the person stands here."""
        says_so = self.has("phone", "mobile", "sms", "whatsapp", "landline")
        return says_so and not self.has("country", "calling", "prefix", "code", "fax", "somebody")

    @property
    def may_name_number(self) -> bool:
        """Whether the title is as vague as "Numéro" or "Domicile", so that the cells must tell."""
        is_vague = self.has("number", "contact", "home", "work")
        return is_vague and self.is_known and not self.has("id", "code", "fax")

    @property
    def number_rank(self) -> int:
        """The order in which several columns of numbers are tried, the least first."""
        if self.has("whatsapp"):
            return 3
        if self.place in {"billing", "shipping", "other"}:
            return 2
        return 0 if self.has("mobile", "sms") else 1

    @property
    def names_email(self) -> bool:
        """Whether the title says that the person's e-mail address stands here."""
        is_of_the_address = self.has("first", "last", "name", "somebody")
        return self.has("email") and not is_of_the_address

    @property
    def place(self) -> str:
        """Which of several numbers or addresses this is: "billing", "home", …; "" if unsaid."""
        return next((place for place in _PLACES if place in self.tags), "")

    # --- names

    @property
    def name_field(self) -> str:
        """Of "first_name", "last_name", "name" (unclear which), the one that is said, or ""."""
        about = [tags_of(word) for word in self.words if word != "1"]
        if not about or not all(tags & _BESIDE_NAMES for tags in about):
            return ""
        is_first = self.has("first") or (self.has("first_half") and self._is_half_a_name)
        is_last = self.has("last") or (self.has("last_half") and self._is_half_a_name)
        if is_first == is_last:
            return "name" if self.has("name") and not is_first else ""
        return "first_name" if is_first else "last_name"

    @property
    def _is_half_a_name(self) -> bool:
        return self.has("name") or len(self.words) == 1

    # --- consent

    @property
    def is_turned_round(self) -> bool:
        """Whether a word says that a consent ended, or is the contrary of one."""
        return bool(_TURNED_ROUND.search(" ".join(words(self.text))))

    @property
    def is_vague(self) -> bool:
        """Whether the words of interest are such as "inscrit" or "accepté": in or to what?"""
        about = [tags_of(word) for word in self.words]
        return not any(tags & {"consent", "interest"} and "vague" not in tags for tags in about)

    @property
    def tone(self) -> str:
        """What *yes* means here: "for" advertising, "against" it, "unclear", or "" (neither)."""
        if self.has("against", "refusal"):
            return "unclear" if self.has("either") or self._is_negated else "against"
        if self._is_negated:
            return "against"
        return "for" if self.has("consent", "interest") else ""

    @property
    def _is_negated(self) -> bool:
        """Whether the title says that something is not wanted: "Pas de SMS", "do_not_email"."""
        is_about = self.has("consent", "interest", "contact")
        is_channel = self.has("sms", "texting", "email", "post", "call") and self.is_known
        is_no = self.has("no") and not self.has("phone", "mobile", "id")
        return (self.has("not") or is_no) and (is_about or is_channel)

    @property
    def joins_two(self) -> bool:
        """Whether the title says *and*: "our offers and those of our partners"."""
        return not _AND.isdisjoint(self.words)

    @property
    def channels(self) -> frozenset[str]:
        """Of "sms", "email" and "other" (post, calls, partners, …), those that the title names."""
        found = {"email"} if self.words == _MAILCHIMP_DATE else set()
        if self.has("sms", "mobile", "texting"):
            found.add("sms")
        # "Newsletter SMS" is one of SMS, "Newsletter et SMS" is of both.
        if self.has("email", "newsletter"):
            is_of_sms = "sms" in found and self.has("newsletter") and not self.joins_two
            found |= set() if is_of_sms else {"email"}
        if self.has("post", "call", "whatsapp", "fax", "partner", "phone"):
            found.add("other")
        return frozenset(found or (["sms", "email"] if self.has("everything") else []))
