"""The client over real sockets: against the sandbox, and against servers that misbehave."""

import json
import logging
import pickle
import socket
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, NewConnectionError

from octopush_django.client import (
    Balance,
    MultiChannelMessage,
    OctopushClient,
    SmsMessage,
    SmsRecipient,
)
from octopush_django.exceptions import (
    GatewayRefused,
    GatewayUncertain,
    GatewayUnreachable,
    InvalidRequest,
)
from octopush_django.sandbox import Sandbox

KEY = "sentinel-key-0123456789"


@pytest.fixture
def sandbox():
    with Sandbox(callbacks=False) as running:
        yield running


def client_of(address, timeout=(1, 2)):
    return OctopushClient("ops@example.org", KEY, base_url=address, timeout=timeout)


def message(**changes):
    return SmsMessage(
        **{"text": "Hello {first_name}", "purpose": "alert", "sender": "Shop", **changes}
    )


PEOPLE = [SmsRecipient(phone_number="+33639980011", first_name="Nora"),
          SmsRecipient(phone_number="+33639980012", first_name="Ilan")]  # fmt: skip


# --- values are checked before any traffic ------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [("text", ""), ("text", "x" * 1225), ("text", None), ("text", "\x00"), ("text", "\ud800"),
     ("purpose", "transactional"), ("purpose", None), ("type", "premium"), ("sender", "Company X"),
     ("sender", "ab"), ("sender", "é" * 5), ("sender", None), ("with_replies", "true"),
     ("with_replies", 1), ("simulation_mode", "False"), ("auto_optimize_text", None),
     ("auto_remove_blacklisted_numbers", 0), ("send_at", "2031-05-04T09:30:00+02:00"),
     ("send_at", datetime(2031, 5, 4)), ("list_name", "x" * 31), ("recipient_tracking", "yes")],
)  # fmt: skip
def test_a_wrong_value_names_its_field(field, value):
    with pytest.raises(InvalidRequest) as refusal:
        message(**{field: value})
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": 5}, "text: must be text."),
        ({"text": " "}, "text: must not be empty."),
        ({"text": "x" * 1225}, "text: has 1225 characters; 1224 at most."),
        ({"text": "a\x00"}, "text: holds a character that cannot be sent."),
        ({"purpose": "sale"}, "purpose: must be one of alert, wholesale; 'sale' is not."),
        ({"sender": "ab"}, "sender: must be 3 to 11 letters and digits (a-z, A-Z, 0-9)."),
        ({"send_at": "soon"}, "send_at: must be a date and time with its time zone."),
        ({"with_replies": 1}, "with_replies: must be True or False, not 1."),
    ],
)
def test_a_wrong_value_says_what_would_be_right(wrong, said):
    with pytest.raises(InvalidRequest) as refusal:
        message(**wrong)
    assert str(refusal.value) == said


def test_what_else_is_wrong_says_so(sandbox):
    client = client_of(sandbox.base_url)
    calls = {
        "phone_number: must be + and 8 to 15 digits (E.164).":
            lambda: SmsRecipient(phone_number="0639980011"),
        "request_id: must be 1 to 36 letters, digits or hyphens.":
            lambda: client.send_sms(message(), PEOPLE, "order 7"),
        "recipients: must be 1 to 500.": lambda: client.send_sms(message(), []),
        "recipients: the same number stands there twice.":
            lambda: client.send_sms(message(), PEOPLE[:1] * 2),
        "product_name: goes together with country_code.":
            lambda: client.check_balance(country_code="FR"),
        "api-login: must be printable ASCII text.": lambda: OctopushClient("é", KEY),
        "api-key: must not be empty, nor begin or end with a blank.":
            lambda: OctopushClient("ops@example.org", " k"),
        "auto_remove_blacklisted_contacts: must be True or False, not 1.":
            lambda: MultiChannelMessage(text="Hi", purpose="alert", sender="Shop", channel="rcs",
                                        metadata={}, auto_remove_blacklisted_contacts=1),
    }  # fmt: skip
    for said, call in calls.items():
        with pytest.raises(InvalidRequest) as refusal:
            call()
        assert str(refusal.value) == said


def test_unknown_keys_are_impossible():
    with pytest.raises(TypeError):
        message(request_Id="x")


@pytest.mark.parametrize("number", ["0639980011", "+0639980011", "+3363998001a", "", None])
def test_a_recipient_is_e164(number):
    with pytest.raises(InvalidRequest):
        SmsRecipient(phone_number=number)


def test_values_hold_fifty_characters():
    SmsRecipient(phone_number="+33639980011", param5="x" * 50)
    with pytest.raises(InvalidRequest) as refusal:
        SmsRecipient(phone_number="+33639980011", param5="x" * 51)
    assert refusal.value.field == "param5"


@pytest.mark.parametrize("people", [0, 501])
def test_a_frame_has_1_to_500(sandbox, people):
    with pytest.raises(InvalidRequest):
        client_of(sandbox.base_url).send_sms(message(), PEOPLE[:1] * people)
    assert sandbox.summary()["requests"] == 0


@pytest.mark.parametrize("people", [1, 500])
def test_the_smallest_and_the_largest_frame_leave(sandbox, people):
    frame = [SmsRecipient(phone_number=f"+3361{index:07d}") for index in range(people)]
    assert client_of(sandbox.base_url).send_sms(message(), frame).number_of_contacts == people


def test_the_same_number_twice_is_refused(sandbox):
    with pytest.raises(InvalidRequest):
        client_of(sandbox.base_url).send_sms(message(), [PEOPLE[0], PEOPLE[0]])
    assert sandbox.summary()["requests"] == 0


@pytest.mark.parametrize("key", ["", " k", "k\n", "clé"])
def test_credentials_are_printable_ascii(key):
    with pytest.raises(InvalidRequest):
        OctopushClient("ops@example.org", key)


def test_every_field_leaves_as_documented():
    when = datetime(2031, 5, 4, 9, 30, 15, 999, tzinfo=timezone(timedelta(hours=2)))
    body = message(
        send_at=when, with_replies=True, simulation_mode=True, list_name="May",
        auto_remove_blacklisted_numbers=True, recipient_tracking=False, type="sms_low_cost",
    ).to_body(PEOPLE[0].to_json(), "b7f0c2c0-0a61")  # fmt: skip
    assert json.loads(body) == {
        "recipients": [{"phone_number": "+33639980011", "first_name": "Nora"}],
        "text": "Hello {first_name}",
        "type": "sms_low_cost",
        "purpose": "alert",
        "sender": "Shop",
        "send_at": "2031-05-04T09:30:15+02:00",
        "with_replies": True,
        "simulation_mode": True,
        "auto_optimize_text": False,
        "auto_remove_blacklisted_numbers": True,
        "list_name": "May",
        "recipient_tracking": False,
        "request_id": "b7f0c2c0-0a61",
    }


# --- against the sandbox ------------------------------------------------------------------------


def test_send_and_repeat(sandbox):
    client = client_of(sandbox.base_url)
    first = client.send_sms(message(), PEOPLE, "id-1")
    assert (first.outcome, first.number_of_contacts) == ("accepted", 2)
    assert first.total_cost == Decimal("0.098")
    again = client.send_sms(message(), PEOPLE, "id-1")
    assert (again.outcome, again.code) == ("refused", 120)
    assert sandbox.summary()["bent"] == []


def test_balance_and_credits(sandbox):
    client = client_of(sandbox.base_url)
    assert client.check_balance().amount == Decimal("1000.0")
    units = client.check_balance(product_name="sms_premium", country_code="FR")
    assert units.unit == "sms_premium"
    assert client.check_credits(["FR", "GB"])["GB"]["premium_sms"] > 0
    with pytest.raises(InvalidRequest):
        client.check_balance(product_name="sms_premium")


def test_a_wrong_key_is_refused(sandbox):
    sandbox.account.switches.account = "somebody:else"
    client = client_of(sandbox.base_url)
    assert client.send_sms(message(), PEOPLE).http_status == 401
    with pytest.raises(GatewayRefused) as refusal:
        client.check_balance()
    assert refusal.value.code == 101


@pytest.mark.parametrize(
    ("fault", "outcome", "taken"),
    [
        ("reset_before", "uncertain", 0),
        ("reset_after", "uncertain", 1),
        ("500_before", "uncertain", 0),
        ("500_after", "uncertain", 1),
        ("hang_before", "uncertain", 0),
        ("hang_after", "uncertain", 1),
        ("half_answer", "uncertain", 1),
        ("empty", "uncertain", 1),
        ("html", "uncertain", 0),
        ("html_after", "uncertain", 1),
        ("garbled", "uncertain", 1),
        ("drip", "uncertain", 1),
        ("coded_after", "uncertain", 1),
        ("redirect", "uncertain", 0),
        ("429", "refused", 0),
        ("delay", "accepted", 1),
    ],
)
def test_every_fault_of_the_gateway(sandbox, fault, outcome, taken):
    sandbox.faults.plan({"fault": fault, "seconds": 0.2})
    began = time.monotonic()
    answer = client_of(sandbox.base_url).send_sms(message(), PEOPLE, "id-1")
    assert answer.outcome == outcome
    assert sandbox.summary()["accepted"] == taken
    assert time.monotonic() - began < 3.5


# --- against servers that misbehave -------------------------------------------------------------


@contextmanager
def server(answer):
    """A server that reads one request and then does what ``answer`` says with the socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(5)
                connection.recv(1 << 20)
                try:
                    answer(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(timeout=5)


def test_nobody_listens_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = client_of(f"http://127.0.0.1:{port}")
    assert client.send_sms(message(), PEOPLE).outcome == "unreachable"
    with pytest.raises(GatewayUnreachable):
        client.check_balance()


def test_an_unknown_host_is_unreachable(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    client = client_of("https://gateway.invalid")
    assert client.send_sms(message(), PEOPLE).outcome == "unreachable"


def drip(head):
    def answer(connection):
        for byte in head:
            connection.sendall(bytes([byte]))
            time.sleep(0.25)

    return answer


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n" + b"x" * 99,
     b"HTTP/1.1 201 Created\r\n" + b"X-Pad: " + b"x" * 99],
    ids=["body", "headers"],
)  # fmt: skip
def test_the_whole_call_has_one_deadline(head):
    with server(drip(head)) as address:
        began = time.monotonic()
        answer = client_of(address, timeout=(0.5, 1)).send_sms(message(), PEOPLE)
        assert answer.outcome == "uncertain"
        assert time.monotonic() - began < 2


def test_a_long_answer_is_not_read_to_its_end():
    def endless(connection):
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b" " * 100_000)

    with server(endless) as address:
        assert client_of(address).send_sms(message(), PEOPLE).outcome == "uncertain"


def test_a_compressed_bomb_is_not_unpacked():
    import gzip

    body = gzip.compress(b" " * 50_000_000)[:60_000]
    head = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    with server(lambda connection: connection.sendall(head + body)) as address:
        answer = client_of(address).send_sms(message(), PEOPLE)
    assert answer.outcome == "uncertain"
    assert len(answer.raw) < 200_000


def test_redirects_are_not_followed_and_the_key_stays_here():
    seen = []

    def elsewhere(connection):
        seen.append(connection.recv(1 << 20))

    with server(elsewhere) as other:

        def redirect(connection):
            connection.sendall(
                b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
                % other.encode()
            )

        with server(redirect) as address:
            assert client_of(address).send_sms(message(), PEOPLE).outcome == "uncertain"
        socket.create_connection(("127.0.0.1", int(other.rpartition(":")[2]))).close()
    assert KEY.encode() not in b"".join(seen)


def test_the_environment_is_not_trusted(sandbox, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert client_of(sandbox.base_url).send_sms(message(), PEOPLE).outcome == "accepted"


@responses.activate
def test_the_headers_are_the_documented_ones():
    responses.post("https://api.octopush.com/v1/public/sms-campaign/send",
                   json={"sms_ticket": "sms_1"}, status=201)  # fmt: skip
    client = OctopushClient("ops@example.org", KEY)
    assert client.send_sms(message(), PEOPLE).outcome == "accepted"
    sent = responses.calls[0].request
    assert sent.headers["api-login"] == "ops@example.org"
    assert sent.headers["api-key"] == KEY
    assert sent.headers["Content-Type"] == "application/json"


API = "https://api.octopush.com/v1/public"


@responses.activate
@pytest.mark.parametrize(
    ("given", "path", "document"),
    [
        ([], "sms-campaign/cancel", {"ticket_number": "t_1"}),
        (["sms"], "sms-campaign/cancel", {"ticket_number": "t_1"}),
        (["rcs"], "multi-channel/cancel", {"channel": "rcs", "ticket_number": "t_1"}),
    ],
)
def test_a_cancellation_leaves_as_documented(given, path, document):
    responses.delete(f"{API}/{path}", status=204)
    OctopushClient("ops@example.org", KEY).cancel("t_1", *given)
    assert json.loads(responses.calls[0].request.body) == document


@responses.activate
def test_questions_about_the_credit_leave_as_documented():
    responses.get(f"{API}/wallet/check-balance", json={"amount": "7.5"})
    responses.get(f"{API}/wallet/check-credits", json={"FR": {"premium_sms": 9}})
    client = OctopushClient("ops@example.org", KEY)
    assert client.check_balance() == Balance(Decimal("7.5"), "euros")
    client.check_balance(product_name="sms_premium", country_code="FR")
    assert client.check_credits(["FR", "GB"]) == {"FR": {"premium_sms": Decimal(9)}}
    plain, by_product, by_country = (call.request.params for call in responses.calls)
    assert plain == {}
    assert by_product == {"product_name": "sms_premium", "country_code": "FR"}
    assert by_country == {"country_codes[]": ["FR", "GB"]}


@responses.activate
@pytest.mark.parametrize(
    ("status", "document", "error"),
    [
        (200, {"code": 132}, GatewayRefused),
        (300, {}, GatewayRefused),
        (400, {"code": 132}, GatewayRefused),
        (500, {"code": 132}, GatewayUncertain),
    ],
)
def test_a_no_of_a_broken_gateway_is_no_answer(status, document, error):
    responses.delete(f"{API}/sms-campaign/cancel", json=document, status=status)
    with pytest.raises(error):
        OctopushClient("ops@example.org", KEY).cancel("t_1")


@responses.activate
def test_an_error_that_names_its_reason_alone_proves_that_nothing_left():
    """As urllib3 raised it before its version 2."""
    reason = NewConnectionError(None, "refused")
    error = requests.ConnectionError(MaxRetryError(None, "/", reason))
    responses.post(f"{API}/sms-campaign/send", body=error)
    client = OctopushClient("ops@example.org", KEY)
    assert client.send_sms(message(), PEOPLE).outcome == "unreachable"


@pytest.mark.parametrize(("seconds", "at_most"), [(0.3, 0.9), (60, 2)])
def test_a_shorter_deadline_counts_and_a_longer_one_does_not(seconds, at_most):
    with server(drip(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n")) as address:
        client = client_of(address, timeout=(0.5, 1))
        client.answer_within(seconds)
        began = time.monotonic()
        assert client.send_sms(message(), PEOPLE).outcome == "uncertain"
        assert time.monotonic() - began < at_most


def test_the_key_is_nowhere(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    client = client_of(sandbox.base_url)
    sandbox.faults.plan({"fault": "reset_before"})
    answers = [client.send_sms(message(), PEOPLE), client.send_sms(message(), PEOPLE)]
    try:
        client_of("http://127.0.0.1:1").check_balance()
    except GatewayUnreachable as error:
        chain = repr(error) + str(error) + repr(error.__cause__)
    seen = repr(client) + repr(answers) + chain + caplog.text
    assert KEY not in seen
    with pytest.raises(TypeError, match=r"^a client holds credentials"):
        pickle.dumps(client)
