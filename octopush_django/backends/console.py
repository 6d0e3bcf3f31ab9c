"""Prints frames, for development without a gateway."""

import json
import sys

from ..client.answers import Answer
from .base import Backend
from .locmem import accept


class ConsoleBackend(Backend):
    """Writes each request to standard output, and accepts the request."""

    def send(self, path: str, body: bytes) -> Answer:
        request = json.loads(body)
        sys.stdout.write(f"POST {path}\n{json.dumps(request, indent=2, ensure_ascii=False)}\n")
        sys.stdout.flush()
        return accept(request)
