"""How pytest treats a mutant: the nearest tests, quick ones first, on a database that is there.

For each mutant mutmut forks a process that has collected the tests. Here that process also makes
the database, in memory: every fork inherits it.
"""

import json
import os
import resource
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.test import utils
from mutmut.state import state
from pytest_django.plugin import blocking_manager_key

NEAREST = 100
"""A mutant that its own room's tests and so many in all let live, lives: others just pass by."""
OWN = {
    "approval": ["tests/test_what_was_seen.py"],
    "campaigns": ["tests/test_launch.py"],
    "lifecycle": ["tests/test_silence.py", "tests/sending/test_turns.py"],
}
"""Tests of a module beside those that are named after it."""
SECONDS, MEMORY = 30, 4 << 30
"""A test that takes more is in a circle that the mutant closed: that kills it."""

AT_IMPORT = Path("at-import.json")
"""Functions that run when modules are imported: before mutmut forks, so no mutant of them acts."""

NAMED = pytest.StashKey()
_reach, _seconds = Counter(), {}
"""How many functions each test comes by, and how long it takes."""


def pytest_collection_finish(session):
    """Note what has run by now, for no test; or prepare the process that mutmut forks."""
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        AT_IMPORT.write_text(json.dumps(sorted(state()._stats)))
        state()._stats.clear()
    stats = Path("mutmut-stats.json")
    if not session.config.option.collectonly or not stats.exists():
        return
    measured = json.loads(stats.read_text())
    _seconds.update(measured["duration_by_test"])
    for tests in measured["tests_by_mangled_function_name"].values():
        _reach.update(tests)
    with session.config.stash[blocking_manager_key].unblock():
        utils.setup_databases(verbosity=0, interactive=False)
    utils.setup_databases = lambda **options: []
    utils.teardown_databases = lambda config, **options: None


def pytest_configure(config):
    """Take the nearest of the tests that mutmut names, from their files."""
    named = [each for each in config.args if "::" in each]
    if is_mutant():
        forget()
        room = os.environ["MUTANT_UNDER_TEST"].split(".")[1]
        own = (f"tests/{room}/", f"tests/test_{room}.py", *OWN.get(room, []))
        named.sort(key=lambda test: (not test.startswith(own), _reach[test], test))
        del named[max(NEAREST, sum(test.startswith(own) for test in named)) :]
        named.sort(key=lambda test: _seconds.get(test, 0))
    if named:
        config.args = sorted({each.partition("::")[0] for each in named})
    config.stash[NAMED] = {unescaped(test): place for place, test in enumerate(named)}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    named = config.stash[NAMED]
    if named:
        kept = [item for item in items if unescaped(item.nodeid) in named]
        items[:] = sorted(kept, key=lambda item: named[unescaped(item.nodeid)])


def unescaped(name):
    """pytest escapes a name once more each time that a process collects it."""
    return name.replace("\\", "")


def forget():
    """Empty the caches that other tests and their imports filled: a mutant shall answer."""
    for name, module in list(sys.modules.items()):
        if name.startswith("octopush_django"):
            for value in vars(module).values():
                getattr(value, "cache_clear", lambda: None)()


def pytest_runtest_logstart():
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        forget()
    if is_mutant():
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def is_mutant():
    return "__mutmut_" in os.environ.get("MUTANT_UNDER_TEST", "")
