"""How long the texts are that people will read, why some cost more, and what could be saved."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import segments
from ..audience import routes
from ..audience.frame_sizes import Texts, frame_sizes
from ..conf import conf
from ..models import Campaign, Channel
from ..rules import channels, compliance, placeholders
from ..rules.compliance import Finding
from ..rules.values import LOOKS_EMPTY

MOST_SAVINGS = 10
"""Characters for which a saving is worked out; a text of more is no text of the alphabet."""
MOST_AT_ONCE = 100
"""Characters that the check page replaces at once."""


@dataclass(frozen=True)
class Saving:
    """SMS that the whole campaign costs less once ``characters`` are replaced or left out.

    ``plain``: what they are replaced by; "" for a character that is left out.
    """

    characters: str
    plain: str
    segments: int

    @property
    def invisible(self) -> bool:
        return segments.is_invisible(self.characters)

    @property
    def code(self) -> str:
        """The character as Unicode numbers it: ``U+00A0``."""
        return f"U+{ord(self.characters):04X}"

    @property
    def shown(self) -> str:
        """The character, or its number if nobody would see it."""
        seen = unicodedata.category(self.characters)[0] not in "ZCM"
        return self.characters if seen else self.code


@dataclass
class TextLengths:
    """Counts texts as they come, one for each different set of values; memory stays flat.

    ``longest``: characters of the longest text, personal details filled in. ``with_braces``:
    people who would read braces that stand in their personal details. ``looking_empty``: people
    who would read a word such as "nan" in place of a detail.
    """

    _channel: channels.Traits
    _sms_type: str
    _template: placeholders.Template
    _variants: Mapping[str, placeholders.Template]
    _replaceable: Mapping[str, str]
    _texts: Texts | None
    _least: int
    longest: int = 0
    with_braces: int = 0
    looking_empty: int = 0
    _histogram: Counter[int] = field(default_factory=Counter)
    _causes: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _saved: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, campaign: Campaign) -> "TextLengths":
        """Nothing counted yet, of the text of ``campaign``."""
        traits, template = campaign.traits, routes.template_of(campaign)
        is_sms = campaign.channel == Channel.SMS
        return cls(
            traits,
            campaign.sms_type if is_sms else "",
            template,
            _variants(campaign) if is_sms else {},
            segments.replaceable(campaign.text) if is_sms else {},
            Texts(conf.frame_size) if routes.has_own_texts(campaign) else None,
            _least=traits.units(template.render(dict.fromkeys(template.fields, ""))),
        )

    def add(self, values: Mapping[str, str], people: int) -> None:
        """``people`` read the text with these ``values``, fallbacks filled in."""
        text = self._template.render(values)
        units = self._channel.units(text)
        self.add_text(text, people)
        if any("{" in value or "}" in value for value in values.values()):
            self.with_braces += people
        if any(value in LOOKS_EMPTY for value in values.values()):
            self.looking_empty += people
        if units > self._least:
            self._blame(values, units, people)
        for characters, variant in self._variants.items():
            other = {
                name: (variant.fallbacks[name] or "")
                if value and value == self._template.fallbacks[name]
                else value
                for name, value in values.items()
                if name in variant.fallbacks
            }
            self._saved[characters] += (
                units - self._channel.units(variant.render(other))
            ) * people

    def add_text(self, text: str, people: int) -> None:
        """``people`` read this ``text``."""
        self._histogram[self._channel.units(text)] += people
        self.longest = max(self.longest, len(text))
        if self._texts:
            self._texts.add(text, "", people)

    @property
    def histogram(self) -> dict[int, int]:
        """Units per person -> people."""
        return dict(sorted((+self._histogram).items()))

    @property
    def causes(self) -> dict[int, list[str]]:
        """Units per person -> the merge fields without which most of them would cost less."""
        return {
            units: [name for name, _people in blamed.most_common(2)]
            for units, blamed in sorted(self._causes.items())
        }

    @property
    def savings(self) -> list[Saving]:
        """What each character that forces Unicode costs, and (last) all that can be replaced."""
        return [Saving(chars, self._plain(chars), self._saved[chars]) for chars in self._variants]

    @property
    def requests(self) -> int:
        """Requests that all texts take at the gateway."""
        if self._texts:
            return self._texts.requests
        people = self._histogram.total()
        return len(frame_sizes(people, conf.frame_size, conf.pilot_size))

    @property
    def findings(self) -> list[Finding]:
        if self._texts:
            return compliance.check_texts(self._texts.requests, self._texts.longest)
        if self._sms_type:
            return compliance.check_most_segments(max(self.histogram, default=1), self._sms_type)
        return []

    def _plain(self, characters: str) -> str:
        return "".join(self._replaceable.get(char, "") for char in characters)

    def _blame(self, values: Mapping[str, str], units: int, people: int) -> None:
        for name in self._template.fields:
            if self._channel.units(self._template.render({**values, name: ""})) < units:
                self._causes[units][name] += people


def _variants(campaign: Campaign) -> dict[str, placeholders.Template]:
    """The text without each character that forces Unicode, and as plain as it can be."""
    chosen = segments.forcing_unicode(campaign.text)[:MOST_SAVINGS]
    texts = {char: segments.without(campaign.text, char) for char in chosen}
    replaceable = segments.replaceable(campaign.text)
    if 1 < len(replaceable) <= MOST_AT_ONCE:
        texts["".join(replaceable)] = segments.simplified(campaign.text)
    return {chars: placeholders.parse(text) for chars, text in texts.items()}
