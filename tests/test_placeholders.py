import pytest

from octopush_django import placeholders


def test_fallbacks_are_taken_out_of_what_the_gateway_gets():
    template = placeholders.parse("Bonjour {first_name|cher client}, {param1} à {param2}")
    assert template.text == "Bonjour {first_name}, {param1} à {param2}"
    assert template.fallbacks == {"first_name": "cher client", "param1": None, "param2": None}
    assert template.fields == ("first_name", "param1", "param2")
    assert template.problems == ()


def test_render_fills_in():
    template = placeholders.parse("{first_name|toi} {last_name}")
    assert template.render({"first_name": "", "last_name": "Zoé"}) == "toi Zoé"
    assert template.render({"first_name": "Ana {x}", "last_name": "B"}) == "Ana {x} B"


@pytest.mark.parametrize(
    "text",
    ["{firstname}", "{first_name", "first_name}", "{0.__class__}", "{{first_name}}", "{param6}",
     "{first_name|a} {first_name|b}", "{first_name|" + "x" * 51 + "}", "{}"],
)  # fmt: skip
def test_what_could_never_be_filled_is_a_problem(text):
    assert placeholders.parse(text).problems


def test_an_empty_fallback_is_none():
    assert placeholders.parse("{first_name|}").fallbacks == {"first_name": None}
