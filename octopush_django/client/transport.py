"""One HTTP session with one deadline for the whole call.

``requests`` bounds the time between two bytes, so an answer that drips never ends. Here every read
from the socket gets the time that is left until the deadline of the call.
"""

import http.client
import io
import socket
import threading
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

_current = threading.local()


class _DeadlineReader(io.RawIOBase):
    """Reads a socket, giving each read only the time that is left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # makefile counts the references that keep the socket open until the body is read.
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = getattr(_current, "deadline", float("inf")) - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's deadline has passed")
        if left != float("inf"):
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class deadline:
    """Within this block, reads of this thread end ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        _current.deadline = time.monotonic() + self.seconds

    def __exit__(self, *exc: object) -> None:
        del _current.deadline


def open_session() -> requests.Session:
    """A session that reads nothing from the environment and never retries.

    ``trust_env`` off: a proxy variable or a ``.netrc`` must not see the credentials.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
