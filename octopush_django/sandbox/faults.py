"""Faults for whole requests, injected on demand: what networks and gateways do on bad days."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

BEFORE = {
    "reset_before": "reads the request, then cuts the connection; nothing is taken",
    "500_before": "answers 500; nothing is taken",
    "hang_before": "never answers; nothing is taken",
    "429": "answers 429 with Retry-After; nothing is taken",
    "html": "answers 502 with a proxy's HTML page; nothing is taken",
    "redirect": "answers 302 to another host; nothing is taken",
    "refuse": "answers 400 with the code given; nothing is taken",
}
AFTER = {
    "reset_after": "takes the request, then cuts the connection",
    "500_after": "takes the request, then answers 500",
    "hang_after": "takes the request, then never answers",
    "half_answer": "takes the request, then answers half a body",
    "empty": "takes the request, then answers 201 with nothing",
    "html_after": "takes the request, then answers 201 with HTML",
    "garbled": "takes the request, then answers 201 with broken JSON",
    "drip": "takes the request, then answers one byte a second",
    "coded_after": "takes the request, then answers 400 with body code 500",
    "report_first": "posts every report before it answers",
}
EITHER = {"delay": "answers after the seconds given"}
FAULTS = {**BEFORE, **AFTER, **EITHER}


@dataclass
class Fault:
    """One fault and how often it still happens. ``times`` of -1 means always."""

    name: str
    times: int = 1
    seconds: float = 1.0
    code: int = 125
    skip: int = 0


@dataclass
class Faults:
    """The faults that wait for the next sendings, first in first out."""

    waiting: list[Fault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def plan(self, document: dict[str, Any]) -> Fault:
        """Plan a fault from ``{"fault": name, "times": 1, "seconds": 1, "code": 125, "skip": 0}``.

        ``skip``: sendings that pass first. Raises ``ValueError``.
        """
        known = {"fault", "times", "seconds", "code", "skip"}
        name = document.get("fault")
        if name not in FAULTS or set(document) - known:
            raise ValueError(f"name one fault of: {', '.join(FAULTS)}")
        fault = Fault(
            name,
            int(document.get("times", 1)),
            float(document.get("seconds", 1.0)),
            int(document.get("code", 125)),
            int(document.get("skip", 0)),
        )
        with self._lock:
            self.waiting.append(fault)
        return fault

    def take(self) -> Fault | None:
        """The fault for the sending that comes now, if any."""
        with self._lock:
            if not self.waiting:
                return None
            fault = self.waiting[0]
            if fault.skip > 0:
                fault.skip -= 1
                return None
            if fault.times > 0:
                fault.times -= 1
            if fault.times == 0:
                self.waiting.pop(0)
            return fault

    def clear(self) -> None:
        with self._lock:
            self.waiting.clear()
