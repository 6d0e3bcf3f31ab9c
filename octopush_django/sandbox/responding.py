"""Ways to answer, good and bad."""

import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

HANG = 120.0


class Responder(BaseHTTPRequestHandler):
    """Answers whole, in part, slowly, or by cutting the connection."""

    protocol_version = "HTTP/1.1"

    # Headers and body leave in one packet; else the client's delayed acknowledgement adds 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet: the log is on the page."""

    def answer(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
        self.raw(status, body, "application/json", headers)

    def raw(
        self, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def reset(self) -> None:
        """End with a TCP reset rather than a polite end."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def hang(self) -> None:
        time.sleep(HANG)
        self.close_connection = True

    def partly(self, body: bytes, size: int) -> None:
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:size])
        self.wfile.flush()
        self.reset()

    def drip(self, body: bytes) -> None:
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.close_connection = True
        try:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
        except OSError:
            return
