"""What every test starts from: an empty outbox, a queue that keeps, no road to the outside."""

import socket

import hypothesis
import pytest
from django.utils import translation

from octopush_django import queue, testing

from .desk import make_draft

LOOPBACK = ("127.0.0.1", "::1", "localhost", "127.0.0.2")

# What takes long on a busy machine is no failure.
hypothesis.settings.register_profile(
    "octopush", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("octopush")


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


HAND_OVER = queue._hand_over
"""What reaches a queue, for the tests of that."""


@pytest.fixture(autouse=True)
def enqueued(monkeypatch):
    """The tasks of this test, which reach no queue."""
    tasks = []
    monkeypatch.setattr(queue, "_hand_over", lambda path: tasks.append((path,)))
    return tasks


@pytest.fixture(autouse=True)
def _own_language():
    """A page in French leaves no French to the next test."""
    yield
    translation.deactivate()


@pytest.fixture
def draft(db):
    """A marketing campaign that can be sent to two people."""
    return make_draft()
