import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django import segments
from octopush_django.sandbox import counting


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", "gsm7", 0, 1),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        # The escape does not fit into the last septet of the first segment.
        ("a" * 152 + "€" + "a" * 152, "gsm7", 306, 3),
        ("a" * 1224, "gsm7", 1224, 8),
        ("é" * 160, "gsm7", 160, 1),
        ("ç", "ucs2", 1, 1),
        ("ê" * 70, "ucs2", 70, 1),
        ("ê" * 71, "ucs2", 71, 2),
        ("ê" * 134, "ucs2", 134, 2),
        ("ê" * 135, "ucs2", 135, 3),
        ("👍" * 35, "ucs2", 70, 1),
        # A surrogate pair does not fit into the last unit of the first segment.
        ("ê" * 66 + "👍" + "ê" * 66, "ucs2", 134, 3),
        ("a\r\nb", "gsm7", 4, 1),
    ],
)
def test_count(text, encoding, units, count):
    assert segments.count(text) == segments.Count(encoding, units, count)


def test_what_forces_unicode_is_named_once():
    assert segments.forcing_unicode("Ça coûte 5€, c’est çà") == ["û", "’", "ç"]


@given(st.text(st.sampled_from("aé€ç👍{}’\n "), max_size=700))
def test_the_sandbox_counts_the_same_by_its_own_code(text):
    assert segments.count(text).segments == counting.sms_of(text)
