"""The HTTP server: routes, answers, faults."""

import json
import sys
import threading
import time
from decimal import Decimal
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import page, rules
from .account import Accepted, Account
from .callbacks import Poster
from .faults import BEFORE, Fault, Faults
from .responding import Responder
from .rules import Refusal, Sending
from .switches import Switches

PREFIX = "/v1/public/"
LARGEST_BODY = 8 << 20

READERS = {
    "sms-campaign/send": rules.read_sms,
    "voice-campaign/send": rules.read_voice,
    "vocal-campaign/send": rules.read_voice,
    "multi-channel/send": rules.read_multi,
}
CANCELS = {"sms-campaign/cancel", "voice-campaign/cancel", "multi-channel/cancel"}


class Sandbox:
    """A running sandbox; a context manager for tests.

    ``port`` 0 takes a free one. ``callback_url`` is where reports and replies are posted; without
    it, to the addresses set by ``PATCH user/campaign-parameters/edit``.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        callback_url: str = "",
        callbacks: bool = True,
        switches: Switches | None = None,
    ) -> None:
        self.account = Account(switches or Switches())
        self.faults = Faults()
        self.poster = Poster(self.account, callback_url) if callbacks else None
        self.server = _Server((host, port), _Handler)
        self.server.sandbox = self
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """``http://host:port``."""
        host, port = self.server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def base_url(self) -> str:
        """For ``OCTOPUSH_BASE_URL``."""
        return self.address + PREFIX.rstrip("/")

    def serve_forever(self) -> None:
        """Serve until :meth:`stop`, or an interrupt."""
        self.server.serve_forever(poll_interval=0.02)

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and posting."""
        if self._thread:
            self.server.shutdown()
            self._thread.join(timeout=5)
        self.server.server_close()
        if self.poster:
            self.poster.stop()

    def __enter__(self) -> "Sandbox":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def summary(self) -> dict[str, Any]:
        """What ``/_sandbox/`` shows, as a dict."""
        idle = self.poster.idle if self.poster else True
        return {**self.account.summary(), "idle": idle}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sandbox: Sandbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nothing to tell; anything else is a bug."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(Responder):
    server: _Server

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    def do_GET(self) -> None:
        self._route()

    do_POST = do_DELETE = do_PATCH = do_GET

    def _route(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY))
        url = urlsplit(self.path)
        if url.path.startswith("/_sandbox"):
            self._own(url.path.strip("/").partition("/")[2], url.query, body)
        elif url.path.startswith(PREFIX):
            self._api(url.path.removeprefix(PREFIX).strip("/"), url.query, body)
        else:
            self.answer(404, {"message": "Not found."})

    # --- the gateway ------------------------------------------------------------------------

    def _api(self, path: str, query: str, body: bytes) -> None:
        if not self._signed_in():
            self._log(path, 401, code=101)
            self.answer(401, {"code": 101, "message": "Wrong login details."})
            return
        try:
            document = json.loads(body) if body else {}
            if not isinstance(document, dict):
                raise ValueError
        except ValueError:
            self._log(path, 400, code=100)
            self.answer(400, {"code": 100, "message": "POST data is missing."})
            return
        route = f"{self.command} {path}"
        if self.command == "POST" and path in READERS:
            with self.sandbox.account.call():
                self._send(path, document)
        elif self.command == "DELETE" and path in CANCELS:
            self._cancel(document)
        elif route == "GET wallet/check-balance":
            self._check_balance(parse_qs(query))
        elif route == "GET wallet/check-credits":
            self._check_credits(parse_qs(query))
        elif route in ("GET user/campaign-parameters", "GET campaign/parameters"):
            self.answer(200, self.sandbox.account.parameters)
        elif route == "PATCH user/campaign-parameters/edit":
            self._edit_parameters(document)
        else:
            self.answer(404, {"message": "Not found."})

    def _signed_in(self) -> bool:
        login, key = self.headers.get("api-login", ""), self.headers.get("api-key", "")
        wanted = self.sandbox.account.switches.account
        return bool(login and key) and (not wanted or wanted == f"{login}:{key}")

    def _send(self, path: str, document: dict[str, Any]) -> None:
        fault = self.sandbox.faults.take()
        if fault and fault.name in BEFORE:
            self._log(path, 0, document, fault=fault.name)
            if fault.name == "refuse":
                self._remember(path, document)
            self._fail_before(fault)
            return
        try:
            sending = READERS[path](document, self.sandbox.account.now)
            self._refuse_bent(sending)
            taken = self.sandbox.account.accept(sending, path)
        except Refusal as refusal:
            self._refuse(path, document, refusal)
            return
        self._log(path, 201, document, taken, fault=fault.name if fault else "")
        self._announce(taken, fault)
        self._answer_taken(taken, fault)

    def _refuse_bent(self, sending: Sending) -> None:
        if self.sandbox.account.switches.strict and sending.bent:
            raise Refusal(400, f"Strict: {'; '.join(sending.bent)}", "payload")

    def _refuse(self, path: str, document: dict[str, Any], refusal: Refusal) -> None:
        self._remember(path, document)
        self._log(path, 400, document, code=refusal.code)
        self.answer(400, refusal.body)

    def _remember(self, path: str, document: dict[str, Any]) -> None:
        """A refused request may use its request_id up: that is a switch."""
        account = self.sandbox.account
        if account.switches.refusal_uses_id:
            request_id = str(_request_id(document) or "")
            account.remember("".join(filter(str.isalnum, request_id)), path, "")

    def _announce(self, taken: Accepted, fault: Fault | None) -> None:
        poster = self.sandbox.poster
        if poster is None:
            return
        poster.announce_first(taken)
        poster.announce(taken)
        if fault and fault.name == "report_first":
            time.sleep(self.sandbox.account.switches.report_after + 0.5)

    def _fail_before(self, fault: Fault) -> None:
        if fault.name == "reset_before":
            self.reset()
        elif fault.name == "hang_before":
            self.hang()
        elif fault.name == "429":
            self.answer(
                429, {"message": "Too many requests."}, {"Retry-After": str(int(fault.seconds))}
            )
        elif fault.name == "html":
            self.raw(502, b"<html><body>Bad gateway</body></html>", "text/html")
        elif fault.name == "redirect":
            self.answer(302, None, {"Location": "http://127.0.0.2:9/elsewhere"})
        elif fault.name == "refuse":
            self.answer(400, {"code": fault.code, "message": "Injected refusal."})
        else:
            self.answer(500, {"message": "Internal error."})

    def _answer_taken(self, taken: Accepted, fault: Fault | None) -> None:
        name = fault.name if fault else ""
        document = self._success(taken)
        body = json.dumps(document).encode()
        if name == "reset_after":
            self.reset()
        elif name == "500_after":
            self.answer(500, {"message": "Internal error."})
        elif name == "hang_after":
            self.hang()
        elif name == "half_answer":
            self.partly(body, len(body) // 2)
        elif name == "empty":
            self.raw(201, b"", "application/json")
        elif name == "html_after":
            self.raw(201, b"<html><body>OK</body></html>", "text/html")
        elif name == "garbled":
            self.raw(201, body[:-3] + b"?", "application/json")
        elif name == "drip":
            self.drip(body)
        elif name == "coded_after":
            self.answer(400, {"code": 500, "message": "Action impossible."})
        else:
            if name == "delay" and fault:
                time.sleep(fault.seconds)
            self.raw(201, body, "application/json")

    def _success(self, taken: Accepted) -> dict[str, Any]:
        """The documented answer of each channel."""
        account, sending = self.sandbox.account, taken.sending
        key = "sms_ticket" if sending.channel == "sms" else "ticket_number"
        answer: dict[str, Any] = {
            key: taken.ticket,
            "number_of_contacts": len(taken.people),
            "total_cost": float(taken.cost),
        }
        if account.switches.short_answers:
            return answer
        if sending.channel == "sms":
            total = taken.units
            people = max(1, len(taken.people))
            per_person = -(-total // people)
            answer["number_of_sms_needed"] = (
                total if account.switches.sms_needed_in_total else per_person
            )
        if sending.channel == "voice_sms":
            answer["estimated_duration"] = 30
        answer["residual_credit"] = float(account.balance)
        return answer

    def _cancel(self, document: dict[str, Any]) -> None:
        try:
            self.sandbox.account.cancel(str(document.get("ticket_number") or ""))
        except Refusal as refusal:
            self.answer(400, refusal.body)
        else:
            self.raw(204, b"", "application/json")

    def _check_balance(self, query: dict[str, list[str]]) -> None:
        account = self.sandbox.account
        product = query.get("product_name", [""])[0]
        if bool(product) != bool(query.get("country_code")):
            refusal = Refusal(400, "product_name and country_code go together.", "product_name")
            self.answer(400, refusal.body)
            return
        price = account.switches.price_premium
        if product == "sms_low_cost":
            price = account.switches.price_low_cost
        answer: dict[str, Any] = {"amount": float(account.balance), "unit": "euros"}
        if product:
            answer = {"amount": int(account.balance / _decimal(price)), "unit": product}
        if query.get("with_details", ["false"])[0] in ("true", "1"):
            pack = {
                "wallet_pack_id": "pk1",
                "credit": float(account.balance),
                "expiration_date": "2099-12-31T23:59:59+01:00",
            }
            answer["wallet_packs"] = [pack]
        self.answer(200, answer)

    def _check_credits(self, query: dict[str, list[str]]) -> None:
        account = self.sandbox.account
        switches = account.switches
        units = {
            "premium_sms": int(account.balance / _decimal(switches.price_premium)),
            "low_cost_sms": int(account.balance / _decimal(switches.price_low_cost)),
            "vocal_sms": int(account.balance / _decimal(switches.price_voice)),
        }
        countries = query.get("country_codes[]") or ["FR"]
        self.answer(200, dict.fromkeys(countries, units))

    def _edit_parameters(self, document: dict[str, Any]) -> None:
        for name, values in document.items():
            if isinstance(values, dict):
                self.sandbox.account.parameters.setdefault(name, {}).update(values)
        self.answer(200, self.sandbox.account.parameters)

    # --- the sandbox itself -----------------------------------------------------------------

    def _own(self, name: str, query: str, body: bytes) -> None:
        if self.command == "GET" and not name:
            summary = self.sandbox.summary()
            wants_page = "text/html" in self.headers.get("Accept", "") and "json" not in query
            if wants_page:
                self.raw(200, page.render(summary).encode(), "text/html; charset=utf-8")
            else:
                self.answer(200, summary)
            return
        try:
            document = json.loads(body or b"{}")
            self.answer(200, self._command(name, document))
        except (ValueError, TypeError, KeyError) as error:
            self.answer(400, {"message": str(error)})

    def _command(self, name: str, document: dict[str, Any]) -> dict[str, Any]:
        sandbox = self.sandbox
        if self.command != "POST":
            raise ValueError("POST to faults, switches, reply or reset")
        if name == "faults":
            if document.get("fault") is None:
                sandbox.faults.clear()
            else:
                sandbox.faults.plan(document)
        elif name == "switches":
            sandbox.account.switches.change(document)
        elif name == "reply" and sandbox.poster:
            sandbox.poster.reply(
                document["number"],
                document["text"],
                document.get("ticket", ""),
                bool(document.get("opt_out")),
            )
        elif name == "reset":
            sandbox.account = Account(sandbox.account.switches)
            sandbox.faults.clear()
            if sandbox.poster:
                sandbox.poster.account = sandbox.account
        else:
            raise ValueError("POST to faults, switches, reply or reset")
        return {"done": name}

    def _log(
        self,
        path: str,
        status: int,
        document: dict[str, Any] | None = None,
        taken: Accepted | None = None,
        *,
        code: int | None = None,
        fault: str = "",
    ) -> None:
        document = document or {}
        recipients = document.get("recipients")
        people = recipients if isinstance(recipients, list) else []
        self.sandbox.account.write(
            {
                "at": self.sandbox.account.now.isoformat(),
                "path": path,
                "status": status,
                "code": code,
                "fault": fault,
                "request_id": _request_id(document),
                "envelope": {k: v for k, v in document.items() if k != "recipients"},
                "text": document.get("text"),
                "purpose": document.get("purpose"),
                "recipients": [_address(person) for person in people],
                "accepted": taken is not None,
                "ticket": taken.ticket if taken else "",
                "units": taken.units if taken else 0,
                "cost": str(taken.cost) if taken else "0",
                "removed": taken.removed if taken else [],
                "bent": taken.sending.bent if taken else [],
            }
        )


def _request_id(document: dict[str, Any]) -> Any:
    """The ``request_id`` of a body, wherever the endpoint has it."""
    meta = document.get("metadata")
    inner = meta.get("request_id") if isinstance(meta, dict) else None
    return document.get("request_id") or inner


def _address(person: Any) -> Any:
    if not isinstance(person, dict):
        return None
    return person.get("phone_number") or person.get("email")


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))
