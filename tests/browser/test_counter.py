"""The browser's count and the server's are one function in two languages."""

import random

import pytest

from octopush_django import segments
from tests.test_segments import VECTORS

from .page import CAMPAIGNS

pytestmark = pytest.mark.browser

COUNT = """
const { count, forcing, without } = window.octopushCounter(
  JSON.parse(document.getElementById("octopush-composer").textContent).table);
return arguments[0].map((text) => [count(text), forcing(text), without(text, forcing(text))]);
"""
ALPHABET = "aé€ç’\n[{ 👍\u00a0œ\u0301🇫🇷 \r^"


def in_the_browser(page, texts):
    page.open(f"{CAMPAIGNS}add/")
    return [
        ((c["encoding"], c["units"], c["segments"]), odd, plain)
        for c, odd, plain in page.script(COUNT, texts)
    ]


def in_python(text):
    found, odd = segments.count(text), segments.forcing_unicode(text)
    return ((found.encoding, found.units, found.segments), odd, segments.without(text, odd))


def test_the_shared_vectors(page):
    texts = [vector["text"] for vector in VECTORS]
    counted = [found for found, _, _ in in_the_browser(page, texts)]
    assert counted == [(v["encoding"], v["units"], v["segments"]) for v in VECTORS]


def test_random_texts(page):
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    texts = [
        "".join(chance.choices(chance.choice(["ab€[", "aé\n", ALPHABET]), k=chance.randrange(400)))
        for _ in range(2000)
    ]
    assert in_the_browser(page, texts) == [in_python(text) for text in texts]
