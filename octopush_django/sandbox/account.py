"""The account behind the sandbox: wallet, remembered requests, blacklist, log. Thread-safe."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .outcomes import outcome_of
from .rules import Refusal, Sending
from .switches import Switches

TICKET_PREFIX = {"sms": "sms_", "voice_sms": "voice_", "rcs": "rcs_", "email": "email_"}
BLACKLIST_FEE = Decimal("0.01")


@dataclass
class Accepted:
    """A sending that was taken: its ticket and the people it goes to."""

    ticket: str
    sending: Sending
    people: list[dict[str, Any]]
    removed: list[str]
    units: int
    cost: Decimal
    at: datetime
    cancelled: bool = False


@dataclass
class Account:
    """Everything the sandbox remembers."""

    switches: Switches
    clock: Callable[[], float] = time.time
    lock: threading.RLock = field(default_factory=threading.RLock)
    accepted: dict[str, Accepted] = field(default_factory=dict)
    blacklist: set[str] = field(default_factory=set)
    log: list[dict[str, Any]] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    spent: Decimal = Decimal(0)
    at_once: int = 0
    most_at_once: int = 0
    _request_ids: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters = {
            "sms_campaign_alert_parameters": {},
            "campaign_parameters": {"sender_for_sms_premium": "", "sender_for_voice_sms": ""},
            "callbacks": {
                "callback_url_for_inbounds": "",
                "callback_url_for_deliveries": "",
                "callback_url_for_blacklisted_numbers": "",
                "callback_url_for_visits": "",
                "email_for_inbounds": "",
            },
        }

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    @property
    def balance(self) -> Decimal:
        return Decimal(str(self.switches.balance)) - self.spent

    def accept(self, sending: Sending, path: str) -> Accepted:
        """Take a sending: remember its request_id, bill it, name a ticket. Raises Refusal."""
        with self.lock:
            self._check_request_id(sending, path)
            try:
                taken = self._bill(sending)
            except Refusal:
                if self.switches.refusal_uses_id:
                    self.remember(sending.request_id, path, "")
                raise
            self.remember(sending.request_id, path, taken.ticket)
            self.accepted[taken.ticket] = taken
            return taken

    def remember(self, request_id: str, path: str, ticket: str) -> None:
        if request_id and self.switches.remembers_ids:
            key = request_id, path
            self._request_ids.setdefault(key, (self.clock(), ticket))

    @contextmanager
    def call(self) -> Iterator[None]:
        """One request for a sending, counted while it lasts."""
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self.lock:
                self.at_once -= 1

    def cancel(self, ticket: str) -> None:
        """Only a sending to fewer than 3 people, over 10 minutes ahead. Raises Refusal."""
        with self.lock:
            taken = self.accepted.get(ticket)
            if taken is None or taken.cancelled:
                raise Refusal(131, "Campaign not found.")
            send_at = taken.sending.send_at
            if send_at is None or (send_at - self.now).total_seconds() <= 600:
                raise Refusal(132, "Campaign was sent, or is sent within 10 minutes.")
            if len(taken.people) >= 3:
                raise Refusal(
                    400,
                    "Only campaigns of fewer than 3 recipients can be cancelled.",
                    "ticket_number",
                )
            taken.cancelled = True
            self.spent -= taken.cost

    def write(self, entry: dict[str, Any]) -> None:
        with self.lock:
            self.log.append(entry)

    def summary(self) -> dict[str, Any]:
        """What ``/_sandbox/`` shows."""
        with self.lock:
            return {
                "balance": str(self.balance),
                "spent": str(self.spent),
                "requests": len(self.log),
                "most_at_once": self.most_at_once,
                "accepted": len(self.accepted),
                "people": sum(len(taken.people) for taken in self.accepted.values()),
                "bent": [
                    {"request": number, "what": what}
                    for number, entry in enumerate(self.log, 1)
                    for what in entry.get("bent", ())
                ],
                "blacklist": sorted(self.blacklist),
                "callbacks": {
                    "posted": len(self.callbacks),
                    "failed": sum(1 for c in self.callbacks if c["status"] != 200),
                },
                "log": list(self.log),
            }

    def _check_request_id(self, sending: Sending, path: str) -> None:
        met = self._request_ids.get((sending.request_id, path))
        if met is None or self.clock() - met[0] > self.switches.remember_for:
            self._request_ids.pop((sending.request_id, path), None)
            return
        message = "A request with the same request_id has been sent already."
        if self.switches.duplicate_code == 400:
            raise Refusal(120, message, "request_id")
        raise Refusal(self.switches.duplicate_code, message)

    def _bill(self, sending: Sending) -> Accepted:
        people, removed = self._kept(sending)
        units = sum(sending.sms_for(person) for person in people)
        fee = BLACKLIST_FEE if sending.remove_blacklisted else Decimal(0)
        cost = units * self._price(sending) + fee
        if sending.simulation:
            cost = Decimal(0)
        if cost > self.balance:
            raise Refusal(104, "Not enough credit.")
        self.spent += cost
        ticket = TICKET_PREFIX[sending.channel] + secrets.token_hex(7)[:13]
        return Accepted(ticket, sending, people, removed, units, cost, self.now)

    def _kept(self, sending: Sending) -> tuple[list[dict[str, Any]], list[str]]:
        kept, removed = [], []
        for person in sending.people:
            address = person[sending.address_key]
            blacklisted = address in self.blacklist and sending.remove_blacklisted
            if blacklisted or outcome_of(address).dropped:
                removed.append(address)
            else:
                kept.append(person)
        return kept, removed

    def _price(self, sending: Sending) -> Decimal:
        prices = {
            "sms_premium": self.switches.price_premium,
            "sms_low_cost": self.switches.price_low_cost,
            "voice_sms": self.switches.price_voice,
            "rcs": self.switches.price_rcs,
            "email": self.switches.price_email,
        }
        return Decimal(str(prices[sending.kind]))
