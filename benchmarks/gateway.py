"""A loopback gateway for benchmarks: answers every POST after a set time, and nothing more."""

import asyncio
import itertools
import multiprocessing
import time
from contextlib import contextmanager

MARK = "Your one-time code"
_tickets = itertools.count()


class _Protocol(asyncio.Protocol):
    latency = 0.1
    first_post, mark = None, b""

    def connection_made(self, transport):
        self.transport, self.buffer, self.wanted = transport, bytearray(), 0

    def data_received(self, data):
        self.buffer += data
        is_first = self.first_post is not None and not self.first_post.value
        if is_first and self.mark in self.buffer:
            self.first_post.value = time.monotonic()
        if not self.wanted:
            head, found, _ = bytes(self.buffer).partition(b"\r\n\r\n")
            if not found:
                return
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            self.wanted = len(head) + 4 + length
        if len(self.buffer) >= self.wanted:
            people = self.buffer.count(b"phone_number")
            self.buffer, self.wanted = bytearray(), 0
            asyncio.get_running_loop().call_later(self.latency, self._answer, people)

    def _answer(self, people):
        body = (
            b'{"sms_ticket": "sms_%013x", "number_of_contacts": %d, "total_cost": %.3f,'
            b' "number_of_sms_needed": %d}' % (next(_tickets), people, people * 0.049, people)
        )
        head = (
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        )
        self.transport.write(head % len(body) + body)


def _serve(latency, first_post, mark, port):
    async def main():
        _Protocol.latency, _Protocol.first_post = latency, first_post
        _Protocol.mark = mark.encode()
        server = await asyncio.get_running_loop().create_server(_Protocol, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def gateway(latency, first_post=None, mark=""):
    """The base URL of a gateway in a process of its own; ``latency`` in seconds.

    ``first_post``, a shared 0.0, is set to the monotonic time at which the first bytes come, or
    the first that hold ``mark``.
    """
    port = multiprocessing.Queue()
    process = multiprocessing.Process(
        target=_serve, args=(latency, first_post, mark, port), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{port.get()}/v1/public"
    finally:
        process.terminate()
        process.join()
