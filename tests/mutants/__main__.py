"""``make mutants``: do the tests fail where the code is wrong?

mutmut makes mutants of a function, each with one thing changed, and runs the tests that reach it.
The rooms where a slip costs most are tried whole; of each other, the same sample every time.
"""

import argparse
import difflib
import json
import os
import random
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import libcst
import libcst.matchers as m
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.file_mutation import (
    Mutation,
    create_mutations,
    deep_replace,
    group_by_top_level_node,
)
from mutmut.mutation.trampoline_templates import mangle_function_name
from mutmut.utils.format_utils import get_mutant_name, mangled_name_from_mutant_name

PACKAGE = Path("octopush_django")
WHOLE = ("keywords", "segments", "numbers", "rules")
SAMPLED = (
    "root", "client", "contacts", "audience", "compose", "sending", "inbound", "reports",
    "backends", "admin", "checks", "management", "models",
)  # fmt: skip
SAMPLE, SEED = 150, "octopush"
WANTED = 90
SURVIVED = (0, 5, 33)
"""The tests passed, or there are none."""
UNTRIED = (None, 255)
NOISE = m.Call(
    func=m.Attribute(value=m.Name("logger"))
    | m.Name(m.MatchIfTrue(lambda name: name == "_" or "gettext" in name)),
)
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
SURVIVORS, LOG = Path("mutants/survivors.toml"), Path("mutants/mutmut.log")
AT_IMPORT = Path("mutants/at-import.json")


@dataclass(frozen=True)
class Mutant:
    name: str
    path: Path
    module: libcst.Module
    mutation: Mutation

    def survived(self):
        data = SourceFileMutationData(path=self.path)
        data.load()
        code = data.exit_code_by_key[self.name]
        if code in UNTRIED:
            sys.exit(f"mutmut could not try {self.name}: see {LOG}.")
        return code in SURVIVED and not (self.acts_at_import() and self.dies_alone())

    def acts_at_import(self):
        return mangled_name_from_mutant_name(self.name) in json.loads(AT_IMPORT.read_text())

    def dies_alone(self):
        """In a process of its own, which imports the mutant: by the tests of its room."""
        room = self.name.split(".")[1]
        tests = [*Path("tests").glob(f"{room}/"), *Path("tests").glob(f"test_{room}.py")]
        pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not slow", *tests]
        env = {**environment(), "MUTANT_UNDER_TEST": self.name}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(pytest, cwd="mutants", env=env, **quiet).returncode != 0

    def entry(self):
        """What ``equivalent.toml`` says of it, and on which line it is."""
        new = deep_replace(self.module, self.mutation.original_node, self.mutation.mutated_node)
        old, new = (each.code.splitlines() for each in (self.module, new))
        changes = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
        was, now = (
            "\n".join(each[1:].strip() for each in changes if each[0] == sign) for sign in "-+"
        )
        line = next(
            n for n, pair in enumerate(zip(old, new, strict=False), 1) if pair[0] != pair[1]
        )
        function = self.mutation.contained_by_top_level_function.name.value
        return {"file": str(self.path), "function": function, "was": was, "now": now}, line


def main(rooms, children):
    mutants = {room: mutants_of(room) for room in rooms or (*WHOLE, *SAMPLED)}
    names = [mutant.name for found in mutants.values() for mutant in found]
    mutmut = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", str(children)]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        run = subprocess.run([*mutmut, *names], env=environment(), stdout=log, stderr=log)
        if run.returncode:
            sys.exit(f"mutmut gave up: see {LOG}.")

    equivalent = tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    for each in equivalent:
        assert each.pop("why"), each
    is_good, listed = True, []
    for room, found in mutants.items():
        alive = [mutant for mutant in found if mutant.survived()]
        entries = [(mutant.name, *mutant.entry()) for mutant in alive]
        missed = [each for each in entries if each[1] not in equivalent]
        rate = 100 * (len(found) - len(missed)) / len(found)
        is_good = is_good and rate >= WANTED
        listed += missed
        print(
            f"{room:11}{len(found):5} mutants, {len(found) - len(alive):4} killed, "
            f"{len(alive) - len(missed):3} equivalent, {len(missed):3} survived: {rate:5.1f} %"
        )
    SURVIVORS.write_text("\n".join(listing(*each) for each in listed))
    print(f"{SURVIVORS} lists the survivors.")
    return 0 if is_good else 1


def environment():
    """Ours, but on SQLite and without Redis."""
    outside = ("DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if name not in outside}


def mutants_of(room):
    """All mutants of a room, or the sample of it."""
    if room == "root":
        named = {PACKAGE / f"{each}.py" for each in (*WHOLE, *SAMPLED)}
        paths = [path for path in PACKAGE.glob("*.py") if path not in named]
    else:
        paths = [*PACKAGE.glob(f"{room}.py"), *PACKAGE.glob(f"{room}/**/*.py")]
    found = [mutant for path in sorted(paths) for mutant in mutants_in(path)]
    if room in SAMPLED and len(found) > SAMPLE:
        found = random.Random(SEED).sample(found, SAMPLE)
    return found


def mutants_in(path):
    """The mutants of a module, but for those of what people read: texts and logs."""
    if not config().should_mutate(path):
        return
    module, mutations, *_ = create_mutations(str(path), path.read_text())
    noise = {id(node) for call in m.findall(module, NOISE) for node in below(call)}
    classes = [each for each in module.body if isinstance(each, libcst.ClassDef)]
    class_of = {id(method): each.name.value for each in classes for method in each.body.body}
    for function, changes in group_by_top_level_node(mutations).items():
        if not isinstance(function, libcst.FunctionDef):
            continue
        mangled = mangle_function_name(
            name=function.name.value, class_name=class_of.get(id(function))
        )
        for number, mutation in enumerate(changes, 1):
            if id(mutation.original_node) not in noise:
                name = get_mutant_name(path, f"{mangled}__mutmut_{number}")
                yield Mutant(name, path, module, mutation)


def below(node):
    yield node
    for child in node.children:
        yield from below(child)


def listing(name, entry, line):
    """A survivor, ready for ``equivalent.toml`` if it is one."""
    fields = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    head = f"# {entry['file']}:{line}, mutmut show {name}"
    return "\n".join([head, "[[equivalent]]", *fields, 'why = ""', ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", choices=[*WHOLE, *SAMPLED, []], metavar="room")
    parser.add_argument("--max-children", type=int, default=os.cpu_count())
    options = parser.parse_args()
    sys.exit(main(options.rooms, options.max_children))
