import json
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octopush_django.inbound.understand import Incoming, Report, Unreadable, understand

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2031, 5, 4, 16, 7, 31, tzinfo=PARIS)
REPLY = {"message_id": "sms_1", "number": "+33639980011", "text": "ok, thanks",
         "sim_card_number": "38200", "reception_date": "2031-05-04 16:07:31"}  # fmt: skip
REPORT = {"channel": "sms", "message_id": "sms_1", "list_name": "", "number": "+33639980011",
          "status": "DELIVERED", "unit_price": 0.049, "delivery_date": "2031-05-04 16:07:31",
          "meta_data": {}}  # fmt: skip
STOP = {"message_id": "sms_1", "number": "+33639980012", "text": "STOP",
        "stop_date": "2031-05-04 16:07:31"}  # fmt: skip
A_REPLY = ("reply", [Incoming("sms_1", "+33639980011", "ok, thanks", AT, opt_out=False)])
A_REPORT = ("report", [Report("sms_1", "+33639980011", "DELIVERED", AT)])


def read(document):
    return understand(json.dumps(document).encode())


def form(document):
    return understand(urlencode(document).encode())


def test_the_documented_shapes():
    assert read(REPLY) == A_REPLY
    assert read(REPORT) == A_REPORT
    assert read(STOP) == (
        "opt_out", [Incoming("sms_1", "+33639980012", "STOP", AT, opt_out=True)]
    )  # fmt: skip


def test_forms_and_json():
    flat = {name: value for name, value in REPORT.items() if name != "meta_data"}
    assert form(flat) == A_REPORT
    assert form(REPLY) == A_REPLY
    assert understand(b"\xef\xbb\xbf" + json.dumps(REPLY).encode()) == A_REPLY
    assert understand(json.dumps([REPLY]).encode()) == A_REPLY


def test_a_reply_without_a_date_or_a_ticket():
    undated = {name: value for name, value in REPLY.items() if name != "reception_date"}
    assert read(undated) == ("reply", [replace(A_REPLY[1][0], at=None)])
    del undated["message_id"]
    assert read(undated) == ("reply", [replace(A_REPLY[1][0], at=None, ticket="")])


@pytest.mark.parametrize("way", [read, form])
def test_a_stop_without_a_date_is_a_stop(way):
    kind, [notice] = way({**STOP, "stop_date": ""})
    assert (kind, notice.opt_out, notice.at) == ("opt_out", True, None)


def test_nested_replies():
    inner = {"number": REPLY["number"], "message_id": "sms_1"}
    outer = {"text": "ok, thanks", "reception_date": REPLY["reception_date"]}
    assert read({"metadata": inner, **outer}) == A_REPLY
    assert read({"meta_data": inner, **outer}) == A_REPLY
    bracketed = {f"metadata[{name}]": value for name, value in inner.items()}
    assert form({**bracketed, **outer}) == A_REPLY


@pytest.mark.parametrize("name", ["reception_date", "answer_date", "reply_date", "ANSWER_DATE"])
def test_every_name_of_the_reply_date(name):
    document = {**REPLY, name: REPLY["reception_date"]}
    if name != "reception_date":
        del document["reception_date"]
    assert read(document) == A_REPLY


def test_odd_names_of_reports():
    odd = {"MESSAGE_ID": "sms_1", "Number": "33639980011", "delivery_status": "delivered",
           "DELIVERY_DATE": "2031-05-04 16:07:31"}  # fmt: skip
    assert read(odd) == A_REPORT
    assert form(odd) == A_REPORT


def test_voice_keys_at_root_or_nested():
    kind, [report] = A_REPORT
    called = kind, [replace(report, pressed_keys="1#", call_seconds=22)]
    keys = {"pressed_keys_code": "1#", "call_duration": 22, "charged_duration": 30}
    assert read({**REPORT, "channel": "voice_sms", "meta_data": keys}) == called
    assert read({**REPORT, **keys}) == called
    assert read({**REPORT, **keys, "call_duration": "22"}) == called
    row = {"number": REPORT["number"], "status": "DELIVERED", "meta_data": keys}
    several = {"deliveries": [row, {**row, "meta_data": {}}]}
    told = [(report.pressed_keys, report.call_seconds) for report in read(several)[1]]
    assert told == [("1#", 22), ("", None)]


@pytest.mark.parametrize("rubbish", [-3, "22 s", 10**9, "٢٢", [], {"a": 1}, 2.5, None])
def test_a_duration_that_is_none_is_not_known(rubbish):
    _kind, [report] = read({**REPORT, "call_duration": rubbish})
    assert report.call_seconds is None


def test_email_reports_speak_of_several():
    kind, notices = read(
        {"channel": "email", "message_id": "email_1", "meta_data": {},
         "deliveries": [
             {"email": "A@example.net", "status": "OPENED",
              "delivery_date": "2031-05-04 16:07:31"},
             {"email": "b@example.net", "status": "DELIVERED", "delivery_date": None}]}
    )  # fmt: skip
    assert kind == "report"
    assert notices == [
        Report("email_1", "a@example.net", "OPENED", AT),
        Report("email_1", "b@example.net", "DELIVERED", None),
    ]


@pytest.mark.parametrize("number", ["33639980011", "0639980011", "+33 6 39 98 00 11"])
def test_numbers_in_any_spelling(number):
    assert read({**REPLY, "number": number}) == A_REPLY


def test_a_visit_is_kept_as_other():
    assert read({"visit": 1}) == ("other", [])


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"hello", b"{", b"[]", b"[1]", b"\xff\xfe", b'{"status": NaN}', b"{}}",
     b'{"status": ' + b"9" * 5000 + b"}", b'{"status":' + b"[" * 5000 + b"]" * 5000 + b"}",
     b'{"number": "none", "status": "DELIVERED"}', b'{"deliveries": []}',
     b'{"a":' * 30 + b"1" + b"}" * 30],
)  # fmt: skip
def test_what_is_not_understood_says_why(body):
    with pytest.raises(Unreadable, match=r"^It "):
        understand(body)


def test_what_is_wrong_with_a_body_is_named():
    with pytest.raises(Unreadable, match=r"^It is not valid JSON: NaN is no JSON$"):
        understand(json.dumps({**REPORT, "unit_price": float("nan")}).encode())


def test_what_is_nested_within_reason_is_read():
    deep = {}
    for _ in range(15):
        deep = {"a": deep}
    assert read({**REPLY, "more": deep}) == A_REPLY


def test_hostile_text_is_bounded_and_cleaned():
    _, [notice] = read({**REPLY, "text": "a\x00b" + "x" * 9000, "message_id": "t" * 500})
    assert "\x00" not in notice.text
    assert len(notice.text) <= 4000
    assert len(notice.ticket) == 100
    body = json.dumps(REPLY).replace("ok, thanks", "\\ud800").encode()
    _, [notice] = understand(body)
    notice.text.encode()


@pytest.mark.parametrize("date", ["yesterday", "9999-99-99", "", None, 5])
def test_an_unreadable_date_is_none(date):
    _, [notice] = read({**REPLY, "reception_date": date})
    assert notice.at is None


@given(st.binary(max_size=400))
def test_no_bytes_do_anything_else(body):
    try:
        kind, _ = understand(body)
    except Unreadable:
        return
    assert kind in {"report", "reply", "opt_out", "other"}
