"""What must be true of a campaign before it may leave: findings, never exceptions.

Pure: values come in, findings go out. Facts: the gateway's pages (sender, STOP mention, lengths).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from .. import segments
from ..client.messages import is_sender
from . import channels, placeholders
from .values import BLANKS, foreign_merge_fields, stripped

Level = Literal["error", "warning"]

LONGEST_TEXT = 1224
LONGEST_UNICODE = 8 * segments.UCS2_EACH
MOST_SEGMENTS = 8
MOST_REQUESTS = 2000
"""Requests of one campaign whose texts are made here: one at least for each different text."""
STOP_MENTION = "STOP au XXXXX"
"""The gateway puts its own short number in place of the five X."""
LOW_COST_STOP = r"\bno PUB=STOP(?!\w)"
_PROMOTIONAL = re.compile(
    r"\b(?:soldes?|promos?|promotions?|remises?|offres? (?:sp[ée]ciale|exclusive|valable)s?|"
    r"r[ée]ductions?|code promo|ventes? priv[ée]es?|black friday|bons? plans?|d[ée]stockage|"
    r"sales?|discounts?|special offers?|deals?|clearance)\b"
    r"|[-–−] ?\d{1,2} ?%|\d{1,2} ?% (?:off|de remise)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """One thing to know before sending. ``error`` forbids, ``warning`` informs.

    ``acknowledge``: whoever sends by hand must say that they know. ``about``: what it is about
    beside its code, such as a date: who has read one has not read the same about another.
    """

    code: str
    level: Level
    message: str | Promise
    field: str = ""
    acknowledge: bool = False
    about: str = ""


def check_message(
    *,
    text: str,
    purpose: str,
    sms_type: str,
    sender: str | None,
    with_replies: bool = False,
    stop_patterns: Sequence[str] = (),
    stop_mention: str = STOP_MENTION,
    channel: str = "sms",
) -> list[Finding]:
    """Everything that text, sender and purpose alone can tell.

    ``stop_patterns``: regular expressions of the mention; ``stop_mention``: the one to propose.
    """
    template = placeholders.parse(text)
    if channel != "sms":
        return [*_check_own_text(template), *_check_sender(sender, channel=channel)]
    return [
        *_check_text(template, sms_type),
        *_check_stop(text, purpose, sms_type, stop_patterns, stop_mention),
        *_check_sender(sender, with_replies),
    ]


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that forbid sending."""
    return [finding for finding in findings if finding.level == "error"]


def _check_text(template: placeholders.Template, sms_type: str) -> Iterable[Finding]:
    if not stripped(template.text):
        yield Finding("text_missing", "error", _("Write a text."), "text")
        return
    yield from _check_foreign_fields(template.text)
    for problem in template.problems:
        yield Finding("placeholder", "error", problem, "text")
    too_many = [field for field in template.fields if field not in template.sent_as]
    if too_many:
        message = _(
            "An SMS takes %(most)d personal details beside first and last name: take out "
            "%(fields)s."
        )
        values = {"most": len(placeholders.PARAMETERS), "fields": _in_braces(too_many)}
        yield Finding("too_many_fields", "error", message % values, "text")
    # Without personal details, which only the check over real people can count.
    bare = "".join(literal for literal, _field in template.parts)
    counted = segments.count(bare)
    longest = LONGEST_TEXT if counted.encoding == "gsm7" else LONGEST_UNICODE
    if len(template.sent_text) > LONGEST_TEXT or counted.units > longest:
        message = _("The text is too long: %(units)d of %(longest)d characters.")
        yield Finding(
            "text_too_long",
            "error",
            message % {"units": counted.units, "longest": longest},
            "text",
        )
    elif sms_type == "sms_low_cost" and counted.segments > 1:
        message = _("Low cost messages must fit in one SMS; this text counts as %(count)d.")
        yield Finding("low_cost_too_long", "error", message % {"count": counted.segments}, "text")
    odd = segments.forcing_unicode(template.text)
    if odd:
        message = _("These characters make an SMS hold 70 characters instead of 160: %(odd)s")
        yield Finding("unicode", "warning", message % {"odd": " ".join(odd[:20])}, "text")


def _check_own_text(template: placeholders.Template) -> Iterable[Finding]:
    """Voice, RCS, e-mail: any characters."""
    if not stripped(template.text):
        yield Finding("text_missing", "error", _("Write a text."), "text")
    yield from _check_foreign_fields(template.text)
    yield from check_texts(0, len(template.text))
    for problem in template.problems:
        yield Finding("placeholder", "error", problem, "text")


def check_fields(text: str, known: Collection[str]) -> list[Finding]:
    """Merge fields for which nobody has a value. ``known``: those that there are."""
    unknown = [field for field in placeholders.parse(text).fields if field not in known]
    if not unknown:
        return []
    message = _("Nobody has a personal detail %(fields)s. There are: %(known)s.")
    values = {"fields": _in_braces(unknown), "known": _in_braces(known)}
    return [Finding("unknown_field", "error", message % values, "text")]


def _in_braces(fields: Iterable[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)


def _check_foreign_fields(text: str) -> Iterable[Finding]:
    found = foreign_merge_fields(text)
    if found:
        message = _(
            "%(fields)s looks like a personal detail of another system: people would read it as "
            "it stands. Here it is written in braces, {first_name|dear customer}."
        )
        values = {"fields": " ".join(found[:5])}
        yield Finding("foreign_field", "warning", message % values, "text", acknowledge=True)


def check_options(options: Mapping[str, Any]) -> list[Finding]:
    """Braces in the channel's own options, such as a card or a button: nobody fills them in."""
    found = sorted({text for text in _texts_of(options) if "{" in text or "}" in text})
    if not found:
        return []
    message = _(
        "“%(text)s” is the same for everybody: personal details are filled in within the text "
        "alone, so people would read the braces. Take them out."
    )
    values = {"text": found[0][:80]}
    return [Finding("options_with_braces", "warning", message % values, acknowledge=True)]


def _texts_of(value: Any) -> Iterable[str]:
    """Every text within a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts_of(item)


def check_texts(requests: int, longest: int) -> list[Finding]:
    """Texts that are made here, one for each different set of values.

    ``requests`` that they take, and the length of the ``longest``.
    """
    findings = []
    if longest > LONGEST_TEXT:
        message = _("The text is too long: %(units)d of %(longest)d characters.")
        values = {"units": longest, "longest": LONGEST_TEXT}
        findings.append(Finding("text_too_long", "error", message % values, "text"))
    if requests > MOST_REQUESTS:
        message = _(
            "On this channel everybody who reads another text takes a request of their own; this "
            "would be over %(most)d. Personalise with less: a first name, not an order number."
        )
        values = {"most": MOST_REQUESTS}
        findings.append(Finding("too_many_texts", "error", message % values, "text"))
    return findings


def check_most_segments(most: int, sms_type: str) -> list[Finding]:
    """``most``: SMS that the longest text counts as, personal details filled in."""
    if sms_type == "sms_low_cost" and most > 1:
        message = _(
            "Low cost messages must fit in one SMS; for somebody this one counts as %(most)d."
        )
        return [Finding("low_cost_too_long", "error", message % {"most": most}, "text")]
    if most > MOST_SEGMENTS:
        message = _(
            "With personal details the text counts as %(most)d SMS for somebody; 8 at most."
        )
        return [Finding("text_too_long", "error", message % {"most": most}, "text")]
    return []


def _check_stop(
    text: str, purpose: str, sms_type: str, patterns: Sequence[str], mention: str
) -> Iterable[Finding]:
    accepted = [*patterns, LOW_COST_STOP] if sms_type == "sms_low_cost" else patterns
    # Two patterns may know the same mention: places are counted, not matches.
    found = {match.start() for pattern in accepted for match in re.finditer(pattern, text)}
    is_marketing = purpose == "wholesale"
    odd = "" if found else _odd_stop(text, accepted)
    if odd:
        message = _(
            "The STOP mention holds a no-break space (or another blank that is not the usual one) "
            "in “%(mention)s”: write it again with the space bar."
        )
        yield Finding("stop_blank", "error" if is_marketing else "warning",
                      message % {"mention": odd}, "text")  # fmt: skip
    elif is_marketing and not found:
        message = _(
            "A marketing text must tell how to refuse further messages. "
            "Add “%(mention)s” at its end, in just these letters."
        )
        yield Finding("stop_missing", "error", message % {"mention": mention}, "text")
    if len(found) > 1:
        message = _(
            "The STOP mention stands there more than once. Leave one, and delete the rest."
        )
        yield Finding("stop_twice", "error" if is_marketing else "warning", message, "text")


def _odd_stop(text: str, patterns: Sequence[str]) -> str:
    """A STOP mention with another kind of blank in it, as it stands; "" if there is none."""
    plain = "".join(" " if char in BLANKS and char != "\n" else char for char in text)
    found = next(filter(None, (re.search(pattern, plain) for pattern in patterns)), None)
    return text[found.start() : found.end()] if found else ""


def _check_sender(
    sender: str | None, with_replies: bool = False, channel: str = "sms"
) -> Iterable[Finding]:
    if not sender and not channels.CHANNELS[channel].needs_sender:
        return
    if not sender:
        message = _("Choose a sender: 3 to 11 letters and digits, as people will see it.")
        yield Finding("sender_missing", "error", message, "sender")
    elif not is_sender(sender):
        message = _("The sender must be 3 to 11 letters and digits, without blanks or accents.")
        yield Finding("sender_wrong", "error", message, "sender")
    elif sender.isdigit() and not with_replies and channel == "sms":
        message = _("A sender of digits alone is usually refused by French operators.")
        yield Finding("sender_digits", "warning", message, "sender")
    if with_replies:
        message = _("With replies, people see a short number in place of the sender.")
        yield Finding("sender_replaced", "warning", message, "sender")


def check_scheduler(scheduler: str, with_replies: bool) -> list[Finding]:
    """What is lost or paid by who keeps the schedule, and by a number to reply to."""
    findings = []
    if scheduler == "gateway":
        message = _(
            "Octopush keeps the schedule: whoever opts out after you press the button still "
            "receives it, and it can only be cancelled if it goes to one or two people and "
            "leaves in more than ten minutes."
        )
        findings.append(Finding("gateway_schedule", "warning", message, "scheduler"))
    if with_replies:
        message = _(
            "Octopush may charge more for an SMS that people can reply to (about 0.03 EUR each "
            "in France)."
        )
        findings.append(Finding("replies_price", "warning", message, "with_replies"))
    return findings


def check_purpose(text: str, purpose: str, lists: int) -> list[Finding]:
    """Advertising that leaves as transactional is fined (the gateway's page on it).

    ``lists``: how many whole lists it goes to.
    """
    if purpose != "alert":
        return []
    found = _PROMOTIONAL.search(text)
    if found:
        said = _(
            "“%(word)s” sounds like advertising. Sent as transactional it reaches people who "
            "refused it, and is fined. Choose Marketing unless everybody waits for this."
        )
        message = said % {"word": found[0]}
        return [Finding("promotional", "warning", message, "purpose", acknowledge=True)]
    if lists:
        said = _(
            "Transactional, to everybody of a list: does each of them wait for this message? "
            "Those who refused marketing receive it too."
        )
        return [Finding("transactional_list", "warning", said, "purpose", acknowledge=True)]
    return []


def check_values(
    *, missing: int, too_long: int, braces: int, looks_empty: int = 0, required: Sequence[str]
) -> list[Finding]:
    """Personal details with which nobody should get the text.

    People who lack one, who have one that is too long, who would read braces, and who would read
    what a program wrote for "no value".
    ``required``: labels of the merge fields without a fallback.
    """
    findings = []
    if missing:
        message = ngettext_lazy(
            "%(people)d person is left out because a personal detail is missing (%(fields)s). To "
            "write something else in its place, say so in the text: {first_name|dear customer}.",
            "%(people)d people are left out because a personal detail is missing (%(fields)s). To "
            "write something else in its place, say so in the text: {first_name|dear customer}.",
            "people",
        ) % {"people": missing, "fields": ", ".join(required)}
        findings.append(Finding("missing_value", "warning", message, "text"))
    if too_long:
        message = ngettext_lazy(
            "%(people)d person is left out: a personal detail has more than %(longest)d "
            "characters, which Octopush does not take. Shorten it in the contact.",
            "%(people)d people are left out: a personal detail has more than %(longest)d "
            "characters, which Octopush does not take. Shorten it in the contacts.",
            "people",
        ) % {"people": too_long, "longest": placeholders.LONGEST_VALUE}
        findings.append(Finding("value_too_long", "warning", message, "text"))
    if braces:
        message = ngettext_lazy(
            "%(people)d person would read “{” or “}”: it stands in a personal detail. Correct "
            "the contact.",
            "%(people)d people would read “{” or “}”: it stands in a personal detail. Correct "
            "the contacts.",
            "people",
        ) % {"people": braces}
        findings.append(Finding("value_with_braces", "warning", message, "text", acknowledge=True))
    if looks_empty:
        message = ngettext_lazy(
            "%(people)d person would read a word such as “nan”, “None” or “NULL”: a program wrote "
            "it where a personal detail is missing. Empty it in the contact.",
            "%(people)d people would read a word such as “nan”, “None” or “NULL”: a program wrote "
            "it where a personal detail is missing. Empty it in the contacts.",
            "people",
        ) % {"people": looks_empty}
        findings.append(Finding("value_looks_empty", "warning", message, "text", acknowledge=True))
    return findings


def check_overseas(people: int) -> list[Finding]:
    """Who lives in French territories with hours of their own."""
    if not people:
        return []
    message = ngettext_lazy(
        "%(people)d person has a French number overseas and gets it at the allowed hours there.",
        "%(people)d people have French numbers overseas and get it at the allowed hours there.",
        "people",
    ) % {"people": people}
    return [Finding("overseas", "warning", message)]


def check_replies(abroad: int, countries: Sequence[str]) -> list[Finding]:
    """Replies reach us from some countries only (the gateway's page on two-way SMS)."""
    if not abroad:
        return []
    message = ngettext_lazy(
        "%(people)d person has a number outside %(countries)s and could not reply: leave this "
        "person out, or switch replies off.",
        "%(people)d people have a number outside %(countries)s and could not reply: leave them "
        "out, or switch replies off.",
        "people",
    ) % {"people": abroad, "countries": ", ".join(countries)}
    return [Finding("replies_abroad", "error", message, "with_replies")]
