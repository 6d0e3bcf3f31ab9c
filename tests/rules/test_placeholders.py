import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.rules import placeholders


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


PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([f"{{{field}}}" for field in placeholders.FIELDS]),
    st.sampled_from(["{first_name|toi}", "{param1|x y}", "{", "}", "|", "{{", "{nom}", "\\1"]),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
VALUES = st.fixed_dictionaries({}, optional={name: st.text() for name in placeholders.FIELDS})


@given(TEXTS, VALUES, st.booleans())
def test_a_text_without_problems_leaves_no_braces_of_its_own(text, values, html):
    template = placeholders.parse(text, html=html)
    full = {name: values.get(name) or "x" for name in placeholders.FIELDS}
    rendered = template.render(full)
    rebuilt = "".join(
        literal + (placeholders.escape(full[field]) if html and field else full.get(field, ""))
        for literal, field in template.parts
    )
    assert rendered == rebuilt
    if not template.problems:
        assert not set("{}") & set("".join(literal for literal, _field in template.parts))
    # What the gateway gets is no new text to take apart.
    again = placeholders.parse(template.text, html=html)
    assert (again.text, again.fields) == (template.text, template.fields)


@given(TEXTS)
def test_a_fallback_stands_in_for_each_missing_value(text):
    template = placeholders.parse(text)
    if not template.problems:
        assert template.render({}) == template.render(template.fallbacks)
