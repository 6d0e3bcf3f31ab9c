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


def test_fields_of_any_name_leave_as_the_free_parameters_in_order_of_appearance():
    template = placeholders.parse("{ville}, {param1}, {first_name}, {points|0}, {ville}")
    assert template.text == "{ville}, {param1}, {first_name}, {points}, {ville}"
    assert template.sent_as == {
        "ville": "param2", "param1": "param1", "first_name": "first_name", "points": "param3",
    }  # fmt: skip
    assert template.sent_text == "{param2}, {param1}, {first_name}, {param3}, {param2}"
    sent = {"param1": "a", "param2": "Nantes", "first_name": "Zoé", "param3": ""}
    assert template.render_sent(sent) == "Nantes, a, Zoé, 0, Nantes"


def test_a_sixth_field_has_no_place():
    template = placeholders.parse("{a} {b} {c} {d} {e} {f} {last_name}")
    assert set(template.fields) - set(template.sent_as) == {"f"}
    assert template.sent_text == "{param1} {param2} {param3} {param4} {param5} {f} {last_name}"


@pytest.mark.parametrize(
    "text",
    ["{First_name}", "{first_name", "first_name}", "{0.__class__}", "{{first_name}}", "{prénom}",
     "{first_name|a} {first_name|b}", "{first_name|" + "x" * 51 + "}", "{}", "{" + "x" * 51 + "}"],
)  # fmt: skip
def test_what_could_never_be_filled_is_a_problem(text):
    assert placeholders.parse(text).problems


def test_an_empty_fallback_is_none():
    assert placeholders.parse("{first_name|}").fallbacks == {"first_name": None}


FIELDS = (*placeholders.NAMES, *placeholders.PARAMETERS, "ville", "nom", "code_postal")
PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([f"{{{field}}}" for field in FIELDS]),
    st.sampled_from(["{first_name|toi}", "{param1|x y}", "{", "}", "|", "{{", "{nom}", "\\1"]),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
VALUES = st.fixed_dictionaries({}, optional={name: st.text() for name in FIELDS})


@given(TEXTS, VALUES, st.booleans())
def test_a_text_without_problems_leaves_no_braces_of_its_own(text, values, html):
    template = placeholders.parse(text, html=html)
    full = {name: values.get(name) or "x" for name in FIELDS}
    rendered = template.render(full)
    rebuilt = "".join(
        literal + (placeholders.escape(full[field]) if html and field else full.get(field, ""))
        for literal, field in template.parts
    )
    assert rendered == rebuilt
    if not template.problems:
        assert not set("{}") & set("".join(literal for literal, _field in template.parts))
    # A text without fallbacks is no new text to take apart.
    again = placeholders.parse(template.text, html=html)
    assert (again.text, again.fields) == (template.text, template.fields)


@given(TEXTS, VALUES)
def test_the_gateway_makes_the_same_text_of_what_is_sent(text, values):
    template = placeholders.parse(text)
    if set(template.fields) <= set(template.sent_as):
        full = {field: values.get(field) or "x" for field in template.fields}
        sent = {name: full[field] for field, name in template.sent_as.items()}
        gateway = placeholders.parse(template.sent_text)
        assert gateway.render(sent) == template.render(full) == template.render_sent(sent)


@given(TEXTS)
def test_a_fallback_stands_in_for_each_missing_value(text):
    template = placeholders.parse(text)
    if not template.problems:
        assert template.render({}) == template.render(template.fallbacks)
