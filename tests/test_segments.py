import json
import re
import unicodedata
from fractions import Fraction
from pathlib import Path

import gsm0338
import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from octopush_django import segments
from octopush_django.sandbox import counting

FILES = Path(__file__).parent / "files"
# Both shared with the browser: browser/test_counter.py.
VECTORS = json.loads((FILES / "segments.json").read_text())
LIKENESSES = json.loads((FILES / "likeness.json").read_text())
BLOCKS = [(0, 0x3400), (0x4E00, 0x4F00), (0xA000, 0xAC00), (0xF900, 0x20000), (0xE0000, 0xE0200)]
ASSIGNED = [
    char for block in BLOCKS for char in map(chr, range(*block))
    if unicodedata.category(char) not in ("Cn", "Cs", "Co") and not segments.is_gsm7(char)
]  # fmt: skip
"""Where Unicode has more, it has ideographs and syllables."""
REPLACEABLE = [char for char in ASSIGNED if segments.likeness(char) is not None]
IN_CONTEXT = [*"019 aeEhHm%€.,/|{}½⅟①⑩⒈²³₂⁻•−👍❤Ж𝟱５\u200b\u200d\ufe0f\u0301\u20e3"]
"""Characters whose likeness depends on their neighbours, and such neighbours."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["text"][:12]))
def test_count(vector):
    found = segments.count(vector["text"])
    assert (found.encoding, found.units, found.segments) == (
        vector["encoding"], vector["units"], vector["segments"],
    )  # fmt: skip


def test_only_what_was_chosen_is_replaced():
    text = "Ça coûte 5€, c’est çà 👍"
    assert segments.without(text, ["’"]) == "Ça coûte 5€, c'est çà 👍"
    assert segments.without(text, "û’ç👍") == "Ça coute 5€, c'est cà "


@pytest.mark.parametrize("case", LIKENESSES, ids=lambda case: ascii(case["text"][:12]))
def test_what_a_person_would_write(case):
    text, right = case["text"], case["right"]
    assert segments.simplified(text) == right
    every = segments.replaceable(text)
    assert segments.without(text, every) == right
    if segments.is_gsm7(right):
        assert segments.without(text, segments.forcing_unicode(text)) == right


def test_one_by_one_as_all_at_once():
    for text in ("𝟱½ kg", "½𝟱", "1½½", "•𝟮𝟬 %", "2①½"):
        for order in (1, -1):
            plain = text
            for char in segments.forcing_unicode(text)[::order]:
                plain = segments.without(plain, char)
            assert plain == segments.simplified(text)


def test_what_has_no_likeness_goes_only_when_it_is_named():
    assert segments.simplified("Promo 👍 ’") == "Promo 👍 '"
    assert segments.without("Promo 👍 ’", "👍") == "Promo  ’"
    assert segments.without("10👍20 ❤\ufe0f", "👍❤") == "10 20 "
    assert segments.without("👨\u200d👩\u200d👧", "👩") == "👨\u200d👧"
    assert segments.without("m² 2²", "²") == "m2 2²"
    assert segments.without("2² m", "²") == "2 m"
    assert segments.replaceable("m² 2² l’ete\u0301 2³ 👍\u200d👍") == {
        "²": "2", "’": "'", "\u0301": ""
    }  # fmt: skip


def test_every_likeness_is_in_the_alphabet_and_makes_no_merge_field():
    for char in REPLACEABLE:
        assert segments.is_gsm7(segments.likeness(char))
        assert not set(segments.likeness(char)) & set("{|}")


def test_kinds_of_characters():
    for char in ASSIGNED:
        kind, found = unicodedata.category(char), segments.likeness(char)
        name = unicodedata.name(char, "")
        if kind == "Pd":
            assert found == "-", name
        elif kind[0] == "Z":
            assert found == " ", name
        elif kind == "Cc":
            assert found == (" " if char in "\t\v\x85" else None)
        elif kind[0] == "L" and re.match(
            "GREEK SMALL|CYRILLIC|ARABIC|HEBREW|CJK|HANGUL SYL", name
        ):
            assert found is None, name
        elif re.match(
            "LATIN (SMALL|CAPITAL) LETTER [A-Z] WITH (ACUTE|CARON|MACRON|CEDILLA)$", name
        ):
            assert found in (name.split()[3], name.split()[3].lower()), name
    assert segments.likeness("\ue000") is None
    assert segments.likeness("a") is None
    assert segments.likeness("\N{NOT LESS-THAN}") is None  # without its stroke it says less
    assert segments.likeness("\N{ANGSTROM SIGN}") == "Å"  # which the alphabet has
    assert [char for char in "👍🎉❤☎✅🇫♥→" if segments.likeness(char)] == ["→"]


def test_every_number_keeps_its_value():
    for char in REPLACEABLE:
        plain = segments.likeness(char).strip("().,")
        if re.fullmatch("[0-9]+(/[0-9]+)?", plain):
            value = Fraction(unicodedata.numeric(char)).limit_denominator(1000)
            top, _, bottom = plain.partition("/")
            assert Fraction(int(top), int(bottom or 1)) == value
        elif unicodedata.category(char) == "No":
            assert char == "⅟"  # The rest of the fraction follows.


def test_what_the_browser_gets_is_small():
    assert len(json.dumps(segments.table())) < 8_000


def test_the_browser_counts_by_the_same():
    table = segments.table()
    assert sorted(table["basic"]) == sorted(segments.GSM7_BASIC)
    assert sorted(table["extended"]) == sorted(segments.GSM7_EXTENDED)
    assert (table["gsm7"], table["ucs2"]) == ([160, 153], [70, 67])
    assert table["likenesses"]["’"] == "'"
    assert re.fullmatch(table["patterns"]["mark"], "\u0301")


ANY_TEXT = st.one_of(
    st.text(max_size=50),
    st.text(st.sampled_from(REPLACEABLE), max_size=30),
    st.text(st.sampled_from(IN_CONTEXT), max_size=30),
    st.text(st.sampled_from([*IN_CONTEXT, *REPLACEABLE]), max_size=30),
)


@given(ANY_TEXT)
def test_nothing_is_left_to_simplify(text):
    plain = segments.simplified(text)
    assert segments.replaceable(plain) == {}
    assert segments.simplified(plain) == plain
    assert set(segments.forcing_unicode(plain)) <= set(segments.forcing_unicode(text))
    if segments.is_gsm7(text):
        assert plain == text


@given(ANY_TEXT)
def test_pressing_every_button_ends_in_the_alphabet(text):
    plain = segments.without(text, segments.forcing_unicode(text))
    # A power that was kept where it stands is offered again, now to be removed.
    assert segments.is_gsm7(segments.without(plain, segments.forcing_unicode(plain)))


@given(st.text(st.sampled_from("0129½⅓⅟①⑩⒈²₂⁻•−–⁄÷×% ,.mh€\u200b\xad𝟱５👍’"), max_size=20))
def test_no_two_numbers_become_one(text):
    """Each run of digits that a reader saw stands there after, whole and in order."""
    seen = re.sub("[\u200b\xad]", "", text).translate({ord("𝟱"): "5", ord("５"): "5"})
    after = iter(re.findall("[0-9]+", segments.simplified(text)))
    assert all(number in after for number in re.findall("[0-9]+", seen))


# Fractions and the like take more characters than they replace: seventy ½ are one SMS, and two
# once they are spelled. Whatever takes at most two units in the alphabet never costs more.
SHORT = [char for char in REPLACEABLE if segments.count(segments.likeness(char)).units <= 2
         and not re.search("[0-9]", segments.likeness(char))]  # fmt: skip


@given(st.text(st.sampled_from([*SHORT, *"aé€[1"]), min_size=60, max_size=400))
def test_a_simplified_text_costs_no_more(text):
    assert segments.count(segments.simplified(text)).segments <= segments.count(text).segments


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
