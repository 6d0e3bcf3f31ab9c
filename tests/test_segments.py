import json
from pathlib import Path

import gsm0338
import pytest
import smsutil
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


# Two counters of other people, as oracles. gsm0338 takes the escape of the extension table itself
# (U+001B) for a character of one septet; alone it means nothing, so we send it as Unicode.
ESCAPE = "\x1b"


def test_the_alphabet_is_that_of_another_library():
    codec = gsm0338.Codec()

    def width(char):
        try:
            return len(codec.encode(char)[0])
        except UnicodeError:
            return 0

    for char in map(chr, range(0x3000)):
        ours = segments.count(char).units if segments.is_gsm7(char) else 0
        assert char == ESCAPE or width(char) == ours


@given(st.text(st.sampled_from("aé€[ç👍{}’\n \r\f^œ\u0301\u00a0"), max_size=900))
def test_another_library_splits_into_as_many(text):
    assert segments.count(text).segments == max(len(smsutil.split(text).parts), 1)


@given(st.text(max_size=300))
def test_any_text_is_counted(text):
    found = segments.count(text)
    assert found.encoding == ("gsm7" if segments.is_gsm7(text) else "ucs2")
    alone, each = (160, 153) if found.encoding == "gsm7" else (70, 67)
    assert found.segments == 1 if found.units <= alone else found.segments * each >= found.units
    assert segments.is_gsm7(segments.without(text, segments.forcing_unicode(text)))
