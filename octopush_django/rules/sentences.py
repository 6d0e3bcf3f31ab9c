"""Sentences that are stored: a text of the catalogue and its values, said to whoever reads it.

A worker writes down why a campaign waits; a person reads that, perhaps in another language.
"""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from .hours import in_words

Value = str | int | Decimal | datetime


class Sentence(str):
    """Said in the language that is active when it is made, or read from the database.

    ``text``: a msgid with ``%(name)s``; mark it by ``gettext_noop``. ``values``: words that stay
    as they are, other sentences, whole numbers, amounts (two decimals), or moments (day and time
    in the zone of the settings).
    """

    text: str
    values: dict[str, Value]

    def __new__(cls, text: str, **values: Value) -> "Sentence":
        words = {name: _said(value) for name, value in values.items()}
        said = gettext(text)
        sentence = super().__new__(cls, said % words if words else said)
        sentence.text, sentence.values = text, values
        return sentence

    @classmethod
    def of(cls, *sentences: "Sentence") -> "Sentence":
        """Several sentences, one after the other."""
        named = {f"sentence{number}": one for number, one in enumerate(sentences)}
        return cls(" ".join(f"%({name})s" for name in named), **named)


def to_text(words: str) -> str:
    """What a database keeps of a sentence, or of plain words; "" for none."""
    return json.dumps(_recipe(words), ensure_ascii=False, sort_keys=True) if words else ""


def from_text(kept: str) -> str:
    """Say what :func:`to_text` made. Anything else is said as it is."""
    try:
        made = _made(json.loads(kept))
    except (ValueError, TypeError, KeyError):
        return kept
    return made if isinstance(made, str) else kept


def _said(value: Value) -> str:
    if isinstance(value, datetime):
        return in_words(value)
    if isinstance(value, Decimal):
        return number_format(value, 2, use_l10n=True, force_grouping=True)
    if isinstance(value, int):
        return number_format(value, 0, use_l10n=True, force_grouping=True)
    return value


def _recipe(value: Value) -> Any:
    if isinstance(value, Sentence):
        values = {name: _recipe(inner) for name, inner in value.values.items()}
        return {"text": value.text, "values": values}
    if isinstance(value, datetime):
        return {"moment": value.isoformat()}
    if isinstance(value, Decimal):
        return {"amount": str(value)}
    return value


def _made(recipe: Any) -> Value:
    match recipe:
        case {"text": str(text), "values": dict(values)}:
            return Sentence(text, **{name: _made(inner) for name, inner in values.items()})
        case {"moment": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"amount": str(amount)}:
            return Decimal(amount)
        case str() | int():
            return recipe
    raise TypeError(type(recipe))
