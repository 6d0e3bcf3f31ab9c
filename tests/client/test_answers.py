import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.client.answers import read_answer


def read(status, document):
    return read_answer(status, json.dumps(document).encode())


def test_the_documented_success():
    answer = read(201, {"sms_ticket": "sms_5f3fbce61266e", "number_of_contacts": 1,
                        "total_cost": 5.00502839, "number_of_sms_needed": 5,
                        "residual_credit": 50.75, "message": "ok", "extra": [1]})  # fmt: skip
    assert answer.outcome == "accepted"
    assert answer.ticket == "sms_5f3fbce61266e"
    assert answer.total_cost == Decimal("5.00502839")
    assert (answer.number_of_contacts, answer.number_of_sms) == (1, 5)
    assert answer.residual_credit == Decimal("50.75")


@pytest.mark.parametrize(
    ("document", "ticket"),
    [
        ({"ticket_number": "voice_5f44ebf9e47b7", "number_of_contacts": 1, "total_cost": 0.05,
          "estimated_duration": 30, "residual_credit": 50.75}, "voice_5f44ebf9e47b7"),
        ({"ticket_number": "email_5f44ebf9e47b7", "number_of_contacts": 1, "total_cost": 0.05,
          "residual_credit": 50.75}, "email_5f44ebf9e47b7"),
    ],
)  # fmt: skip
def test_the_documented_successes_of_other_channels(document, ticket):
    answer = read(201, document)
    assert (answer.outcome, answer.ticket) == ("accepted", ticket)
    assert (answer.total_cost, answer.number_of_contacts) == (Decimal("0.05"), 1)
    assert answer.number_of_sms is None
    assert json.loads(answer.raw) == document


def test_the_documented_failure_of_an_email():
    answer = read(400, {"code": 2005, "message": "[destination email] field should be valid."})
    assert (answer.outcome, answer.code) == ("refused", 2005)


def test_numbers_may_be_text():
    answer = read(201, {"sms_ticket": "sms_1", "number_of_contacts": "2", "total_cost": "0.1"})
    assert (answer.number_of_contacts, answer.total_cost) == (2, Decimal("0.1"))


def test_what_is_told_beside_the_verdict():
    assert read_answer(429, b"", "90").retry_after == 90
    assert read_answer(502, b"<html>").message == "HTTP 502"
    assert read_answer(300, b"{}").message == "HTTP 300"
    assert read_answer(201, b'{"sms_ticket": "sms_1"}').message == ""
    # Where the gateway leaves out everybody whom it knows.
    assert read(201, {"sms_ticket": "sms_1", "number_of_contacts": 0}).number_of_contacts == 0
    assert len(read(201, {"sms_ticket": "x" * 500}).ticket) == 100


@pytest.mark.parametrize(
    "name", ["sms_ticket", "ticket_number", "vocal_ticket", "voice_ticket", "ticket"]
)
def test_every_name_of_the_ticket(name):
    assert read(200, {name: "t_1"}).ticket == "t_1"


@pytest.mark.parametrize("code", [121, "121"])
def test_the_flat_error(code):
    answer = read(400, {"code": code, "message": "Mention STOP is missing."})
    assert (answer.outcome, answer.code) == ("refused", 121)
    assert answer.message == "Mention STOP is missing."


@pytest.mark.parametrize(
    "errors",
    [
        {"voice_language": {"code": 442, "message": "Not supported."}},
        {"voice_language": [{"code": "442", "message": "Not supported."}]},
        [{"field": "voice_language", "code": 442, "message": "Not supported."}],
    ],
)
def test_the_wrapped_error(errors):
    answer = read(400, {"code": 400, "message": "Payload validation error.", "errors": errors})
    assert (answer.outcome, answer.code) == ("refused", 400)
    assert answer.errors["voice_language"].code == 442


@pytest.mark.parametrize(
    ("status", "body"),
    [(201, b""), (201, b"<html>"), (201, b"{"), (201, b"[]"), (201, b"{}"), (204, b""),
     (201, b'{"number_of_contacts": 3}'), (500, b'{"code": 127}'), (502, b"<html>"), (503, b""),
     (301, b""), (302, b"{}"), (400, b"<html>"), (400, b"{}"), (408, b'{"code": 120}'),
     (400, b'{"code": 125}'), (400, b'{"code": 500}'), (400, b'{"code": 438}'),
     (201, b'{"code": 501}'), (201, b'{"code": 9, "sms_ticket": "x"}'), (100, b""),
     (300, b'{"sms_ticket": "x"}')],
)  # fmt: skip
def test_everything_unclear_is_uncertain(status, body):
    assert read_answer(status, body).outcome == "uncertain"


@pytest.mark.parametrize(
    ("status", "body"),
    [(429, b""), (401, b""), (403, b"<html>"), (404, b""), (400, b'{"code": 104}'),
     (422, b'{"code": 1}'), (200, b'{"code": 121}')],
)  # fmt: skip
def test_a_clear_no_is_refused(status, body):
    assert read_answer(status, body).outcome == "refused"


def test_a_body_code_of_zero_is_success():
    assert read(200, {"code": 0, "sms_ticket": "sms_1"}).outcome == "accepted"


@given(st.integers(100, 599), st.binary(max_size=300))
def test_no_bytes_break_it(status, body):
    answer = read_answer(status, body, "soon")
    assert answer.outcome in {"accepted", "refused", "uncertain"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda children: st.lists(children) | st.dictionaries(
            st.sampled_from(["code", "errors", "message", "sms_ticket", "total_cost", "x"]),
            children,
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_no_json_breaks_it(document):
    assert read(400, document).outcome != "accepted"
