import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django import segments
from octopush_django.sandbox import counting

VECTORS = json.loads((Path(__file__).parent / "files" / "segments.json").read_text())
"""Shared with the browser: ``browser/test_counter.py``."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["text"][:12]))
def test_count(vector):
    found = segments.count(vector["text"])
    assert (found.encoding, found.units, found.segments) == (
        vector["encoding"], vector["units"], vector["segments"],
    )  # fmt: skip


def test_every_replacement_is_in_the_alphabet():
    for char, plain in segments.REPLACEMENTS.items():
        assert segments.forcing_unicode(char) == [char]
        assert segments.is_gsm7(plain)


def test_only_what_was_chosen_is_replaced():
    text = "Ça coûte 5€, c’est çà 👍"
    assert segments.without(text, ["’"]) == "Ça coûte 5€, c'est çà 👍"
    assert segments.without(text, "û’ç👍") == "Ça coute 5€, c'est cà "


def test_what_forces_unicode_is_named_once():
    assert segments.forcing_unicode("Ça coûte 5€, c’est çà") == ["û", "’", "ç"]


@given(st.text(st.sampled_from("aé€ç👍{}’\n "), max_size=700))
def test_the_sandbox_counts_the_same_by_its_own_code(text):
    assert segments.count(text).segments == counting.sms_of(text)
