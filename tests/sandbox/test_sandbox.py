"""The stand-in gateway, over real HTTP, against the documentation it imitates."""

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qs
from urllib.request import Request, urlopen

import pytest

from octopush_django.sandbox import Sandbox, Switches
from octopush_django.sandbox.outcomes import OUTCOMES

GOOD = {
    "recipients": [{"phone_number": "+33639980011", "first_name": "Axelle", "param3": "Mme"}],
    "text": "This is a premium SMS with stop mention. STOP at XXXXX",
    "type": "sms_premium",
    "purpose": "wholesale",
    "sender": "CompanyX",
    "request_id": "id-1",
}


@pytest.fixture
def sandbox():
    with Sandbox(callbacks=False) as running:
        yield running


def call(sandbox, method, path, document=None, **headers):
    headers = {"api-login": "a@example.org", "api-key": "k", **headers}
    body = None if document is None else json.dumps(document).encode()
    request = Request(f"{sandbox.base_url}/{path}", data=body, headers=headers, method=method)
    try:
        with urlopen(request, timeout=5) as answer:
            content = answer.read()
            return answer.status, json.loads(content) if content else None
    except HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def send(sandbox, path="sms-campaign/send", **changes):
    document = {**GOOD, **changes}
    return call(sandbox, "POST", path, {k: v for k, v in document.items() if v is not None})


def bent(sandbox):
    return [item["what"] for item in sandbox.summary()["bent"]]


# --- answers ------------------------------------------------------------------------------------


def test_success_has_the_documented_fields(sandbox):
    status, answer = send(sandbox)
    assert status == 201
    assert answer.pop("sms_ticket").startswith("sms_")
    assert answer == {"number_of_contacts": 1, "total_cost": 0.049, "number_of_sms_needed": 1,
                      "residual_credit": 999.951}  # fmt: skip
    assert bent(sandbox) == []


def test_switches_answer_open_questions(sandbox):
    sandbox.account.switches.change({"short_answers": True, "duplicate_code": 400})
    assert set(send(sandbox)[1]) == {"sms_ticket", "number_of_contacts", "total_cost"}
    status, answer = send(sandbox)
    assert status == 400
    assert answer["code"] == 400
    assert answer["errors"]["request_id"]["code"] == 120


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "No mention"}, 121),
        ({"text": None}, 107),
        ({"text": "x" * 1225}, 189),
        ({"recipients": []}, 103),
        ({"recipients": None}, 103),
        ({"recipients": [{"phone_number": "06"}]}, 117),
        ({"recipients": GOOD["recipients"] * 501}, 400),
        ({"sender": "é"}, 106),
        ({"text": "x" * 150 + " no PUB=STOP", "type": "sms_low_cost"}, 119),
    ],
)
def test_refusals(sandbox, changes, code):
    status, answer = send(sandbox, **changes)
    assert (status, answer["code"]) == (400, code)
    assert sandbox.summary()["spent"] == "0"


def test_wrong_login(sandbox):
    sandbox.account.switches.account = "a@example.org:other"
    assert send(sandbox)[0] == 401


def test_no_json(sandbox):
    request = Request(f"{sandbox.base_url}/sms-campaign/send", data=b"a=b",
                      headers={"api-login": "a", "api-key": "b"})  # fmt: skip
    with pytest.raises(HTTPError) as error:
        urlopen(request)
    assert json.loads(error.value.read())["code"] == 100


def test_credit_runs_out(sandbox):
    sandbox.account.switches.balance = 0.05
    assert send(sandbox)[0] == 201
    status, answer = send(sandbox, request_id="id-2")
    assert (status, answer["code"]) == (400, 104)


def test_request_ids_are_remembered_for_a_day(sandbox):
    clock = [time.time()]
    sandbox.account.clock = lambda: clock[0]
    assert send(sandbox)[0] == 201
    assert send(sandbox)[1]["code"] == 120
    clock[0] += 86_399
    assert send(sandbox)[1]["code"] == 120
    clock[0] += 2
    assert send(sandbox)[0] == 201


@pytest.mark.parametrize(("uses", "again"), [(True, 400), (False, 201)])
def test_whether_a_refusal_uses_its_id_is_a_switch(sandbox, uses, again):
    sandbox.account.switches.refusal_uses_id = uses
    assert send(sandbox, text="No mention")[0] == 400
    assert send(sandbox)[0] == again


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"purpose": "transactional"}, "purpose is 'transactional'"),
        ({"type": "premium"}, "type is 'premium'"),
        ({"sender": "Company X"}, "'CompanyX' is used"),
        ({"send_at": "tomorrow"}, "goes out NOW"),
        ({"send_at": "2020-01-01T00:00:00+00:00"}, "is past"),
        ({"send_at": "2099-01-01T00:00:00"}, "no offset"),
        ({"with_replies": "false"}, "cast to True"),
        ({"simulation_mod": True}, "simulation_mod is not known"),
        ({"request_id": None}, "request_id is missing"),
        ({"text": "Hi {last_name} STOP at XXXXX"}, "which 1 recipients lack"),
        ({"text": "Hi {prenom} STOP at XXXXX"}, "braces"),
        ({"recipients": [*GOOD["recipients"], {"phone_number": "+ 4420"}]}, "malformed"),
        ({"recipients": GOOD["recipients"] * 2}, "twice"),
        ({"recipients": [{"phone_number": "+33639980011", "param1": "x" * 51}]}, "param1"),
        ({"with_replies": True, "recipients": [{"phone_number": "+447911123456"}]}, "French"),
    ],
)
def test_what_the_real_one_would_bend_is_sent_and_told(sandbox, changes, expected):
    assert send(sandbox, **changes)[0] == 201
    assert any(expected in what for what in bent(sandbox)), bent(sandbox)


def test_strict_refuses_what_would_be_bent(sandbox):
    sandbox.account.switches.strict = True
    assert send(sandbox, sender="Company X")[0] == 400
    assert send(sandbox, request_id="id-2")[0] == 201


def test_merge_values_are_counted(sandbox):
    people = [{"phone_number": "+33639980011", "first_name": "x" * 50},
              {"phone_number": "+33639980012", "first_name": "x"}]  # fmt: skip
    _, answer = send(sandbox, text="y" * 120 + "{first_name} STOP at XXXXX", recipients=people)
    assert answer["number_of_sms_needed"] == 3
    assert answer["total_cost"] == pytest.approx(0.147)


def test_simulation_costs_nothing(sandbox):
    assert send(sandbox, simulation_mode=True)[1]["total_cost"] == 0


# --- other channels -----------------------------------------------------------------------------

MULTI = {
    "sms": {"type": "sms_premium", "with_replies": True, "request_id": "m"},
    "voice_sms": {"type": "voice_sms", "voice_gender": "male", "voice_language": "en-US",
                  "get_back_pressed_keys": True, "request_id": "m"},
    "rcs": {"with_replies": True, "request_id": "m"},
    "email": {"email_from": "a@example.org", "name_from": "A", "subject": "Test",
              "emailing_service": "gateway", "template_name": "t", "request_id": "m"},
}  # fmt: skip


def multi(sandbox, channel, **metadata):
    person = {"email": "b@example.org"} if channel == "email" else GOOD["recipients"][0]
    document = {
        "channel": channel, "text": "Hello", "purpose": "alert", "sender": "SenderName",
        "recipients": [{k: v for k, v in person.items() if k in ("email", "phone_number")}],
        "metadata": {**MULTI[channel], **metadata},
    }  # fmt: skip
    return call(sandbox, "POST", "multi-channel/send", document)


@pytest.mark.parametrize(
    ("channel", "field", "prefix"),
    [("sms", "sms_ticket", "sms_"), ("voice_sms", "ticket_number", "voice_"),
     ("rcs", "ticket_number", "rcs_"), ("email", "ticket_number", "email_")],
)  # fmt: skip
def test_every_channel_is_answered(sandbox, channel, field, prefix):
    status, answer = multi(sandbox, channel)
    assert status == 201
    assert answer[field].startswith(prefix)
    assert ("estimated_duration" in answer) == (channel == "voice_sms")
    assert bent(sandbox) == []


def test_errors_of_the_channels(sandbox):
    status, answer = multi(sandbox, "voice_sms", voice_language="xx-XX")
    assert status == 400
    assert answer == {
        "code": 400,
        "message": "Payload validation error.",
        "errors": {"voice_language": {"code": 442, "message": "Voice language not supported."}},
    }
    document = {"channel": "email", "text": "x", "purpose": "alert", "sender": "Shop",
                "recipients": [{"email": "nobody"}], "metadata": MULTI["email"]}  # fmt: skip
    assert call(sandbox, "POST", "multi-channel/send", document)[1]["code"] == 2005


def test_fields_at_the_wrong_place_are_told(sandbox):
    document = {**GOOD, "channel": "sms", "metadata": {"type": "sms_premium"}}
    call(sandbox, "POST", "multi-channel/send", document)
    told = " ".join(bent(sandbox))
    assert "request_id is not known here" in told
    assert "metadata.request_id is missing" in told


@pytest.mark.parametrize("path", ["voice-campaign/send", "vocal-campaign/send"])
def test_voice_has_two_paths(sandbox, path):
    document = {"recipients": [{"phone_number": "+33639980021"}], "text": "Hello",
                "sender": "12345", "purpose": "alert", "voice_gender": "female",
                "voice_language": "fr-FR", "request_id": "v"}  # fmt: skip
    status, answer = call(sandbox, "POST", path, document)
    assert status == 201
    assert answer["estimated_duration"] == 30
    assert bent(sandbox) == []


# --- other calls --------------------------------------------------------------------------------


def at(minutes):
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("people", "minutes", "status"), [(2, 60, 204), (3, 60, 400), (1, 9, 400), (1, None, 400)]
)
def test_cancelling_has_narrow_limits(sandbox, people, minutes, status):
    recipients = [{"phone_number": f"+3363998001{n}"} for n in range(people)]
    send_at = None if minutes is None else at(minutes)
    _, answer = send(sandbox, recipients=recipients, send_at=send_at)
    ticket = {"ticket_number": answer["sms_ticket"]}
    assert call(sandbox, "DELETE", "sms-campaign/cancel", ticket)[0] == status
    assert (sandbox.summary()["spent"] in ("0", "0.000")) == (status == 204)


def test_wallet(sandbox):
    assert call(sandbox, "GET", "wallet/check-balance")[1] == {"amount": 1000.0, "unit": "euros"}
    query = "wallet/check-balance?product_name=sms_premium&country_code=FR&with_details=true"
    answer = call(sandbox, "GET", query)[1]
    assert answer["unit"] == "sms_premium"
    assert answer["wallet_packs"]
    assert call(sandbox, "GET", "wallet/check-balance?product_name=hlr")[0] == 400
    credits = call(sandbox, "GET", "wallet/check-credits?country_codes[]=GB")[1]
    assert credits["GB"]["premium_sms"] == 20408


def test_account_parameters_can_be_changed(sandbox):
    change = {"callbacks": {"callback_url_for_inbounds": "http://127.0.0.1/x"}}
    call(sandbox, "PATCH", "user/campaign-parameters/edit", change)
    found = call(sandbox, "GET", "user/campaign-parameters")[1]
    assert found["callbacks"]["callback_url_for_inbounds"] == "http://127.0.0.1/x"


def test_unknown_paths_are_404(sandbox):
    assert call(sandbox, "GET", "nothing/here")[0] == 404


def test_its_page_and_its_json(sandbox):
    send(sandbox, text="<script>alert(1)</script> STOP at XXXXX")
    with urlopen(f"{sandbox.address}/_sandbox/") as answer:
        assert json.load(answer)["accepted"] == 1
    request = Request(f"{sandbox.address}/_sandbox/", headers={"Accept": "text/html"})
    with urlopen(request) as answer:
        page = answer.read().decode()
    assert "Octopush sandbox" in page
    assert "<script>" not in page


def test_wrong_commands_say_what_is_known(sandbox):
    for name, document in (("faults", {"fault": "x"}), ("switches", {"x": 1}), ("nothing", {}),
                           ("switches", {"strict": "yes"})):  # fmt: skip
        request = Request(f"{sandbox.address}/_sandbox/{name}", json.dumps(document).encode())
        with pytest.raises(HTTPError) as error:
            urlopen(request)
        assert error.value.code == 400


def test_faults_skip_and_end(sandbox):
    sandbox.faults.plan({"fault": "500_before", "skip": 1, "times": 2})
    statuses = [send(sandbox, request_id=f"id-{n}")[0] for n in range(4)]
    assert statuses == [201, 500, 500, 201]


# --- callbacks ----------------------------------------------------------------------------------


class Listener:
    """A webhook that keeps what it gets."""

    def __enter__(self):
        got = self.got = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = "form" in self.headers["Content-Type"]
                got.append(
                    {k: v[0] for k, v in parse_qs(body).items()} if form else json.loads(body)
                )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


def play(suffix, **changes):
    """What comes back for one magic number."""
    switches = Switches(report_after=0.05, reply_after=0.05)
    with Listener() as hook, Sandbox(callback_url=hook.url, switches=switches) as sandbox:
        person = {"phone_number": f"+336399899{suffix}"}
        _, answer = send(sandbox, recipients=[person], with_replies=True, **changes)
        until = time.monotonic() + 3
        while time.monotonic() < until and not sandbox.poster.idle:
            time.sleep(0.05)
        return answer, hook.got


@pytest.mark.parametrize("suffix", sorted(set(OUTCOMES) - {"30"}))
def test_magic_numbers_do_as_listed(suffix):
    outcome = OUTCOMES[suffix]
    answer, got = play(suffix)
    statuses = [item.get("status") or item.get("delivery_status") for item in got]
    assert [status for status in statuses if status] == list(outcome.reports)
    texts = sorted(item["text"] for item in got if "text" in item)
    assert texts == sorted(text for text in (outcome.reply, outcome.opt_out) if text)
    assert sum("stop_date" in item for item in got) == bool(outcome.opt_out)
    if suffix in ("00", "20", "21"):
        assert {item["message_id"] for item in got} == {answer["sms_ticket"]}


def test_dropped_in_silence():
    people = [{"phone_number": "+33639989930"}, {"phone_number": "+33639980001"}]
    with Sandbox(callbacks=False) as sandbox:
        assert send(sandbox, recipients=people)[1]["number_of_contacts"] == 1


def test_every_magic_number_is_in_the_docs():
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    section = text.split("## Magic numbers")[1].split("## Faults")[0]
    for suffix in OUTCOMES:
        assert suffix in section, suffix
    for switch in vars(Switches()):
        assert f"`{switch}`" in text, switch


def test_it_runs_without_django():
    code = (
        "import sys; import octopush_django.sandbox;"
        "sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
