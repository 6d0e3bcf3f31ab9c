"""The crash bench within the suite: random kills, and the proof that the checker has teeth."""

import os
import subprocess
import sys

import pytest

from tests.end_to_end.processes import ROOT, own_database

pytestmark = pytest.mark.processes

RUNS = os.environ.get("CRASH_RUNS", "300")
SECONDS = os.environ.get("CRASH_SECONDS", "300")


def crash(tmp_path, *arguments):
    with own_database(tmp_path) as url:
        env = {k: v for k, v in os.environ.items() if not k.startswith("OCTOPUSH_")}
        env |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.crash.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.crash", *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    told = [line for line in done.stdout.splitlines() if line]
    print(*told, sep="\n")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_no_kill_doubles_or_loses(tmp_path):
    crash(tmp_path, "--runs", RUNS, "--seconds", SECONDS)


def test_every_deliberate_mistake_is_caught(tmp_path):
    crash(tmp_path, "--mutants")


def test_fifty_clicks_launch_once(tmp_path):
    crash(tmp_path, "--race", os.environ.get("CRASH_ROUNDS", "5"))
