"""The import contracts bite: a copy of the package breaks each, and lint-imports says so."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTS = {
    "a verb below the models": ("models/bulk.py", "from .. import campaigns"),
    "an upward import between rooms": ("audience/routes.py", "from ..compose import hours"),
    "rooms side by side": ("sending/pilot.py", "from ..compose import drafts"),
    "verbs side by side": ("sms.py", "from . import copies"),
    "pure functions side by side": ("keywords.py", "from . import segments"),
    "a room in the root": ("conf.py", "from .rules import hours"),
    "the tests' tools at work": ("lifecycle.py", "from . import testing"),
    "a circle in a room": ("rules/placeholders.py", "from . import compliance"),
    "a rule of ours in the sandbox": ("sandbox/rules.py", "from ..rules import compliance"),
    "Django in the sandbox": ("sandbox/rules.py", "import django.utils.timezone"),
    "Django in the client": ("client/answers.py", "from django.utils import timezone"),
    "Django in what reads workbooks": (
        "contacts/tables/xlsx_sheet.py",
        "import django.utils.timezone",
    ),
    "people in files": ("contacts/tables/kinds.py", "from ...models import Contact"),
    "the sandbox at work": ("backends/octopush.py", "from ..sandbox import Sandbox"),
    "a module without a layer": ("helpers.py", ""),
}


@pytest.fixture
def lint(tmp_path):
    """Plant lines in a copy of the package: whether the contracts are kept, and the report."""
    copy = tmp_path / "octopush_django"
    shutil.copytree(
        ROOT / "octopush_django", copy, ignore=shutil.ignore_patterns("__pycache__", "locale")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def run(plants):
        for name, line in plants:
            path = copy / name
            before = path.read_text() if path.exists() else ""
            path.write_text(f"{before}\n{line}\n")
        tool = Path(sys.executable).with_name("lint-imports")
        done = subprocess.run(
            [tool, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        return done.returncode == 0, done.stdout + done.stderr

    return run


def test_the_package_keeps_its_contracts(lint):
    kept, report = lint([])
    assert kept, report


@pytest.mark.parametrize("name", PLANTS)
def test_a_breach_is_seen(lint, name):
    kept, report = lint([PLANTS[name]])
    assert not kept, report


def test_only_the_queue_may_know_django_q(lint):
    """Planted in every module at once: each of them is named."""
    modules = [
        path.relative_to(ROOT / "octopush_django")
        for path in (ROOT / "octopush_django").rglob("*.py")
        if path.name not in ("queue.py", "__init__.py") and "migrations" not in path.parts
    ]
    kept, report = lint([(str(path), "import django_q.tasks") for path in modules])
    assert not kept
    names = {"octopush_django." + ".".join(path.with_suffix("").parts) for path in modules}
    unseen = {name for name in names if f"{name} -> django_q" not in report}
    assert not unseen, report
