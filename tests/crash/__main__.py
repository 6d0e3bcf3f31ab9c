"""``python -m tests.crash``: --runs N random runs (--seed S), --all, --mutants, or --race N."""

import argparse
import os
import random
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.crash.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from tests.crash import bench, mutants, race  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--race", type=int, metavar="ROUNDS")
    parser.add_argument("--seconds", type=float, help="stop beginning new runs after that")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    connections.close_all()
    if options.race:
        return race.race(options.race)
    if options.mutants:
        return mutants.prove()
    if options.all:
        return bench.run_all(bench.all_plans(), options.seconds)
    print(f"seed {options.seed}", flush=True)
    return bench.run_all(bench.plans(options.seed, options.runs), options.seconds)


sys.exit(main())
