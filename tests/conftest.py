"""What every test starts from: an empty outbox, a queue that keeps, no road to the outside."""

import socket

import pytest

from octopush_django import queue, testing, views

from .desk import make_draft

LOOPBACK = ("127.0.0.1", "::1", "localhost", "127.0.0.2")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _fresh_outbox():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture(autouse=True)
def enqueued(monkeypatch):
    """The tasks of this test, which reach no queue."""
    tasks = []
    monkeypatch.setattr(queue, "_hand_over", lambda path, *args: tasks.append((path, *args)))
    monkeypatch.setattr(views, "_last_enqueued", float("-inf"))
    return tasks


@pytest.fixture
def draft(db):
    """A marketing campaign that can be sent to two people."""
    return make_draft()
