"""Commands that send or destroy ask first: on a terminal, or by ``--yes``."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

YES = frozenset({"y", "yes", "o", "oui"})


def add_yes(parser: ArgumentParser) -> None:
    """Let ``--yes`` answer in place of a person."""
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def ask(options: dict[str, Any], question: str) -> None:
    """Return if the answer is yes. Raises ``CommandError``: exit 2 where nobody can be asked."""
    if options["yes"]:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            f"{question} There is no terminal to ask on: nothing was done. Add --yes to do it.",
            returncode=2,
        )
    try:
        answer = input(f"{question} [y/N] ")
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("\nNothing was done.", returncode=2) from error
    if answer.strip().lower() not in YES:
        raise CommandError("Nothing was done.")
