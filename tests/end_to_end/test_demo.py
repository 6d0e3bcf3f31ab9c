"""``octopush_demo``: it ends well by itself, and an interrupt leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .processes import ROOT, wait_until

pytestmark = pytest.mark.processes


def start(tmp_path, *arguments):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OCTOPUSH_", "DATABASE_"))}
    env["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    output = (tmp_path / "output").open("w")
    return subprocess.Popen(
        [sys.executable, "-u", "manage.py", "octopush_demo", *arguments],
        cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True,
        # A shell's background job ignores the interrupt, and so would all its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def running_for_the_demo():
    """Processes that were started with the demo's settings."""
    marker = f"OCTOPUSH_DEMO_DIRECTORY={ROOT / '.demo'}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def test_it_ends_by_itself_and_tells_the_truth(tmp_path):
    demo = start(tmp_path, "--exit")
    assert demo.wait(timeout=120) == 0, (tmp_path / "output").read_text()
    printed = (tmp_path / "output").read_text()
    for expected in ("Audience  208 people", "Left out  14", "Replies   9", "Opt-outs  4",
                     "delivered 204", "EUR", "login demo", "http://127.0.0.1:"):  # fmt: skip
        assert expected in printed, printed
    assert running_for_the_demo() == []


@pytest.mark.parametrize("after", ["Starting", "Sending"])
def test_an_interrupt_leaves_nothing_running(tmp_path, after):
    demo = start(tmp_path)
    wait_until(lambda: after in (tmp_path / "output").read_text(), after)
    time.sleep(0.5)
    os.killpg(demo.pid, signal.SIGINT)  # what Ctrl-C in a terminal does
    demo.wait(timeout=60)
    assert "nothing is left running" in (tmp_path / "output").read_text()
    assert running_for_the_demo() == []
