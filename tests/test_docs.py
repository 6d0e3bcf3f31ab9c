"""The documentation names what there is."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "octopush_django"


def test_the_map_is_complete():
    """Every module of the package stands in the map, and no module that is not there."""
    text = (ROOT / "docs" / "how-it-works.md").read_text()
    found = re.findall(r"`(\w+)`", text[text.index("## The map") : text.index("## Limits")])
    modules = {
        path.stem
        for path in PACKAGE.rglob("*.py")
        if not path.stem.startswith("_") and "migrations" not in path.parts
    }
    rooms = {path.parent.name for path in PACKAGE.rglob("__init__.py")} - {"octopush_django"}
    unmapped = {"migrations", "commands"}
    assert modules | rooms - unmapped <= set(found)
    assert set(found) <= modules | rooms


def test_the_tests_that_the_docs_name_exist():
    tests = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    for page in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        named = {
            Path(name).name for name in re.findall(r"`([\w/]*test_\w+\.py)`", page.read_text())
        }
        assert named <= tests, page.name
