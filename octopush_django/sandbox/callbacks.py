"""Post delivery reports, replies and opt-outs back, as the gateway would."""

import heapq
import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from .account import Accepted, Account
from .outcomes import PersonOutcome, outcome_of

# The gateway's dates carry no offset; Central European time is what its clients read them as.
OFFSET_WINTER, OFFSET_SUMMER = timedelta(hours=1), timedelta(hours=2)
ANSWER_WITHIN = 10
TRIES = 3


@dataclass(order=True)
class _Due:
    at: float
    order: int
    url: str = field(compare=False)
    body: bytes = field(compare=False)
    content_type: str = field(compare=False)
    about: dict[str, Any] = field(compare=False)


class Poster:
    """Posts callbacks when they are due, over a few kept-alive connections."""

    def __init__(self, account: Account, url: str, threads: int = 2) -> None:
        self.account = account
        self.url = url
        self._heap: list[_Due] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._stopped = False
        self._busy = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)

    @property
    def idle(self) -> bool:
        """Whether nothing is due or on its way."""
        with self._wake:
            return not self._heap and not self._busy

    def announce(self, taken: Accepted) -> None:
        """Plan everything that happens to the people of a sending."""
        if taken.sending.simulation:
            return
        begins = time.time() + self.account.switches.report_after
        if taken.sending.send_at:
            begins += max(0.0, (taken.sending.send_at - self.account.now).total_seconds())
        step = self.account.switches.report_spread / max(1, len(taken.people))
        for place, person in enumerate(taken.people):
            address = person[taken.sending.address_key]
            outcome = self._outcome(taken, address)
            if not outcome.first:
                self._plan(taken, address, outcome, begins + place * step)

    def announce_first(self, taken: Accepted) -> None:
        """Post the reports that come before the answer, and wait for them."""
        for person in taken.people:
            address = person[taken.sending.address_key]
            outcome = self._outcome(taken, address)
            if outcome.first and not taken.sending.simulation:
                for status in outcome.reports:
                    self._post(self._due(0.0, *self._report(taken, address, status, outcome)))

    def reply(self, number: str, text: str, ticket: str = "", opt_out: bool = False) -> None:
        """Let somebody write, now."""
        outcome = outcome_of(number)
        message = (
            self._opt_out(ticket, number, text)
            if opt_out
            else self._reply(ticket, number, text, outcome)
        )
        self._add(time.time(), *message)

    def _outcome(self, taken: Accepted, address: str) -> PersonOutcome:
        if taken.sending.purpose == "wholesale" and address in self.account.blacklist:
            return PersonOutcome("opted out before", ("BLACKLISTED_NUMBER",))
        return outcome_of(address)

    def _plan(self, taken: Accepted, address: str, outcome: PersonOutcome, at: float) -> None:
        reports = outcome.reports
        if self.account.switches.acknowledges and reports:
            reports = ("ACK", *reports)
        for place, status in enumerate(reports):
            self._add(at + place * 0.05, *self._report(taken, address, status, outcome))
        after = at + self.account.switches.reply_after + len(reports) * 0.05
        if outcome.reply and taken.sending.with_replies:
            self._add(after, *self._reply(taken.ticket, address, outcome.reply, outcome))
        if outcome.opt_out:
            self._add(after, *self._opt_out(taken.ticket, address, outcome.opt_out))

    def _report(
        self, taken: Accepted, address: str, status: str, outcome: PersonOutcome
    ) -> tuple[str, bytes, str, dict[str, Any]]:
        channel, ticket = taken.sending.channel, taken.ticket
        when = _date(datetime.now(UTC))
        if channel == "email":
            document: dict[str, Any] = {
                "channel": channel,
                "message_id": ticket,
                "meta_data": {},
                "deliveries": [
                    {
                        "email": address,
                        "status": status,
                        "unit_price": 0.001,
                        "delivery_date": when,
                    }
                ],
            }
        else:
            document = {
                "channel": channel,
                "message_id": ticket,
                "list_name": taken.sending.list_name,
                "number": address,
                "status": status,
                "delivery_date": when,
                "meta_data": {},
            }
        if channel == "voice_sms":
            document["meta_data"] = {
                "pressed_keys_code": "1",
                "call_duration": 22,
                "charged_duration": 30,
            }
        if outcome.shape.get("keys") == "odd":
            document = {
                "MESSAGE_ID": ticket,
                "Number": address,
                "delivery_status": status,
                "DELIVERY_DATE": when,
            }
        about = {"kind": "report", "address": address, "status": status, "ticket": ticket}
        form = outcome.shape.get("format") == "form"
        form = form or self.account.switches.report_format == "form"
        return (*_encoded(document, form and channel != "email"), about)

    def _reply(
        self, ticket: str, address: str, text: str, outcome: PersonOutcome
    ) -> tuple[str, bytes, str, dict[str, Any]]:
        number = address if outcome.shape.get("plus", True) else address.lstrip("+")
        ids = {"number": number}
        if outcome.shape.get("ticket", True) and ticket:
            ids["message_id"] = ticket
        content = {"text": text, "reception_date": _date(datetime.now(UTC))}
        nested = outcome.shape.get("nested") or self.account.switches.nested_replies
        document = (
            {"metadata": ids, **content}
            if nested
            else {**ids, **content, "sim_card_number": "38200"}
        )
        about = {"kind": "reply", "address": address, "text": text, "ticket": ticket}
        return (*_encoded(document, False), about)

    def _opt_out(
        self, ticket: str, address: str, text: str
    ) -> tuple[str, bytes, str, dict[str, Any]]:
        with self.account.lock:
            self.account.blacklist.add(address)
        document = {
            "message_id": ticket,
            "number": address,
            "text": text,
            "stop_date": _date(datetime.now(UTC)),
        }
        about = {"kind": "opt_out", "address": address, "text": text, "ticket": ticket}
        return (*_encoded(document, False), about)

    def _url(self, kind: str) -> str:
        names = {
            "report": "callback_url_for_deliveries",
            "reply": "callback_url_for_inbounds",
            "opt_out": "callback_url_for_blacklisted_numbers",
        }
        own: str = self.account.parameters["callbacks"].get(names[kind]) or ""
        return self.url or own

    def _due(
        self, at: float, content_type: str, body: bytes, url: str, about: dict[str, Any]
    ) -> _Due:
        return _Due(
            at, next(self._order), url or self._url(about["kind"]), body, content_type, about
        )

    def _add(
        self, at: float, content_type: str, body: bytes, url: str, about: dict[str, Any]
    ) -> None:
        with self._wake:
            heapq.heappush(self._heap, self._due(at, content_type, body, url, about))
            self._wake.notify()

    def _work(self) -> None:
        for due in self._taken():
            self._post(due)
            with self._wake:
                self._busy -= 1

    def _taken(self) -> Iterator[_Due]:
        while True:
            with self._wake:
                while not self._stopped and (not self._heap or self._heap[0].at > time.time()):
                    wait = self._heap[0].at - time.time() if self._heap else None
                    self._wake.wait(wait)
                if self._stopped:
                    return
                due = heapq.heappop(self._heap)
                self._busy += 1
            yield due

    def _post(self, due: _Due) -> None:
        if not due.url:
            return
        status = 0
        for attempt in range(TRIES):
            status = self._try(due)
            if status == 200:
                break
            time.sleep(0.2 * (attempt + 1))
        with self.account.lock:
            self.account.callbacks.append({**due.about, "status": status})

    def _try(self, due: _Due) -> int:
        parts = urlsplit(due.url)
        kind = (
            http.client.HTTPSConnection
            if parts.scheme == "https"
            else (http.client.HTTPConnection)
        )
        connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN)
        try:
            connection.request("POST", parts.path, due.body, {"Content-Type": due.content_type})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def _encoded(document: dict[str, Any], form: bool) -> tuple[str, bytes, str]:
    if form:
        flat = {name: "" if isinstance(v, dict) else v for name, v in document.items()}
        return "application/x-www-form-urlencoded", urlencode(flat).encode(), ""
    return "application/json", json.dumps(document, ensure_ascii=False).encode(), ""


def _date(moment: datetime) -> str:
    """``Y-m-d H:i:s`` in Central European time, by the rule of the European Union."""
    utc = moment.astimezone(UTC)
    begins = _last_sunday(utc.year, 3)
    ends = _last_sunday(utc.year, 10)
    offset = OFFSET_SUMMER if begins <= utc < ends else OFFSET_WINTER
    return f"{utc + offset:%Y-%m-%d %H:%M:%S}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
