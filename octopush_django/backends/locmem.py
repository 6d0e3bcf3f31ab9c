"""An outbox in memory, for tests."""

import json
from decimal import Decimal
from threading import Lock
from typing import Any
from uuid import uuid4

from ..client.answers import Answer
from ..client.http import Balance
from .base import Backend

outbox: list[dict[str, Any]] = []
"""Every request taken, as the gateway would have got it, with its ``ticket``."""

answers: list[Answer] = []
"""Answers to give to the next requests instead of accepting them, first in first out."""

_lock = Lock()


class LocMemBackend(Backend):
    """Accepts everything and keeps it in ``outbox``."""

    def send(self, path: str, body: bytes) -> Answer:
        request = json.loads(body)
        with _lock:
            if answers:
                answer = answers.pop(0)
                if answer.outcome in ("refused", "unreachable"):
                    return answer
            else:
                answer = accept(request)
            outbox.append({**request, "path": path, "ticket": answer.ticket})
        return answer

    def cancel(self, ticket: str, channel: str = "sms") -> None:
        for request in outbox:
            if request["ticket"] == ticket:
                request["cancelled"] = True

    def check_balance(self) -> Balance:
        return Balance(Decimal(1000), "euros")


def accept(request: dict[str, Any]) -> Answer:
    people = len(request["recipients"])
    return Answer(
        "accepted",
        http_status=201,
        ticket=f"sms_{uuid4().hex[:13]}",
        number_of_contacts=people,
        total_cost=Decimal("0.049") * people,
    )
