"""French is complete: every text, every plural, every value in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.utils import translation

import octopush_django

PACKAGE = Path(octopush_django.__file__).parent
CATALOG = Path("locale") / "fr" / "LC_MESSAGES" / "django.po"
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+")


@pytest.fixture(scope="module")
def catalog():
    return polib.pofile(str(PACKAGE / CATALOG))


def test_every_text_is_translated(catalog):
    for entry in catalog:
        assert entry.translated(), entry.msgid
        assert not entry.fuzzy, entry.msgid


COUNTED = re.compile(
    r"(%\(\w+\)[sd]|%[sd]) (people|batches|contacts|campaigns|characters|requests|minutes|seconds"
    r"|messages|events|numbers|addresses|lists|rows|days|hours|replies|opt-outs)\b"
)
NEVER_ONE = {"longest", "most", "now"}
"""Values that are limits of ours, or more than another figure."""
ONLY_FROM_TWO = {("count", "characters"), ("seconds", "seconds"), ("block", "seconds")}
"""Said of a text over a limit, or read aloud: of one character, or in a second, there is none."""


def test_what_is_counted_has_a_plural(catalog):
    """No page says "1 people"."""
    for entry in catalog:
        for value, noun in COUNTED.findall(entry.msgid):
            name = value[2:-2]
            known = name in NEVER_ONE or (name, noun) in ONLY_FROM_TWO
            assert entry.msgid_plural or known, entry.msgid


def test_every_value_of_a_text_is_in_its_translation(catalog):
    for entry in catalog:
        wanted = sorted(PLACE.findall(entry.msgid_plural or entry.msgid))
        for said in entry.msgstr_plural.values() or [entry.msgstr]:
            assert sorted(PLACE.findall(said)) == wanted, entry.msgid


def test_what_is_shipped_is_what_is_written(catalog):
    compiled = polib.mofile(str((PACKAGE / CATALOG).with_suffix(".mo")))
    both = [{e.msgid: e.msgstr or e.msgstr_plural for e in c} for c in (catalog, compiled)]
    assert both[0] == both[1]


def test_the_catalog_holds_the_texts_of_the_code(catalog, tmp_path):
    if not shutil.which("xgettext") and not os.environ.get("CI"):
        pytest.skip("no gettext here")
    copy = tmp_path / "package"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    # Not "python -m django": our queue.py would stand before the library's.
    django_admin = str(Path(sys.executable).with_name("django-admin"))
    command = [django_admin, "makemessages", "-l", "fr", "--no-obsolete"]
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
    fresh = polib.pofile(str(copy / CATALOG))
    assert {(e.msgid, e.msgid_plural) for e in fresh} == {
        (e.msgid, e.msgid_plural) for e in catalog
    }


def test_a_page_speaks_french():
    from octopush_django.models import Exclusion

    with translation.override("fr"):
        assert str(Exclusion.OPTED_OUT.label) == "Désinscrit"
