"""The browser's count and the server's are one function in two languages."""

import random

import pytest

from octopush_django import segments
from tests.test_segments import ASSIGNED, IN_CONTEXT, LIKENESSES, REPLACEABLE, VECTORS

from .page import CAMPAIGNS

pytestmark = pytest.mark.browser

COUNT = """
const { count, forcing, likeness, replaceable, simplified, without } = window.octopushCounter(
  JSON.parse(document.getElementById("octopush-composer").textContent).table);
return arguments[0].map((text) => {
  const { encoding, units, segments } = count(text);
  const odd = forcing(text);
  return [[encoding, units, segments], odd.map((char) => [char, likeness(char)]),
    [...replaceable(text)], simplified(text), without(text, odd), without(text, odd.slice(0, 1))];
});
"""
ALPHABET = "aé€ç’\n[{ 👍\u00a0œ\u0301🇫🇷 \r^"


def in_the_browser(page, texts):
    page.open(f"{CAMPAIGNS}add/")
    return page.script(COUNT, texts)


def in_python(text):
    found, odd = segments.count(text), segments.forcing_unicode(text)
    return [
        [found.encoding, found.units, found.segments],
        [[char, segments.likeness(char)] for char in odd],
        [[char, plain] for char, plain in segments.replaceable(text).items()],
        segments.simplified(text),
        segments.without(text, odd),
        segments.without(text, odd[:1]),
    ]


def test_the_shared_vectors(page):
    texts = [vector["text"] for vector in VECTORS]
    counted = [found[0] for found in in_the_browser(page, texts)]
    assert counted == [[v["encoding"], v["units"], v["segments"]] for v in VECTORS]


def test_what_a_person_would_write(page):
    texts = [case["text"] for case in LIKENESSES]
    simplified = [found[3] for found in in_the_browser(page, texts)]
    assert simplified == [case["right"] for case in LIKENESSES]


def test_every_likeness(page):
    assert in_the_browser(page, ASSIGNED) == [in_python(char) for char in ASSIGNED]


def test_random_texts(page):
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    alphabets = ["ab€[", "aé\n", ALPHABET, IN_CONTEXT, REPLACEABLE, [*IN_CONTEXT, *REPLACEABLE],
                 ASSIGNED]  # fmt: skip
    texts = [
        "".join(chance.choices(chance.choice(alphabets), k=chance.randrange(400)))
        for _ in range(2000)
    ]
    assert in_the_browser(page, texts) == [in_python(text) for text in texts]


def test_the_buttons(page):
    page.open(f"{CAMPAIGNS}add/")
    page.write("id_text", "1½ kg à\u00a0Noël\u200b, l’été 👍 2³")
    page.wait_for("Replace U+00A0 by a blank")
    for name in ("Replace ½ by 1/2", "Replace ë by e", "Remove an invisible character (U+200B)",
                 "Replace ’ by '", "Remove 👍", "Remove ³"):  # fmt: skip
        assert name in page.words
    page.press("Replace them all")
    text = page.field("id_text")
    assert text.get_attribute("value") == "1 1/2 kg à Noel, l'été 👍 2³"
    assert "Replace" not in page.words
    page.press("Remove 👍")
    page.press("Remove ³")
    assert text.get_attribute("value") == "1 1/2 kg à Noel, l'été  2"
    assert page.barriers() == []
    assert page.complaints() == []
