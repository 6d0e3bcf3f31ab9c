"""The command line of the sandbox, shared by ``python -m`` and the management command."""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Any

from .server import Sandbox
from .switches import Switches


def add_arguments(parser: Any) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8025, help="port to listen on; 0: a free one")
    parser.add_argument(
        "--callback-url",
        default="",
        metavar="URL",
        help="where to post reports, replies and opt-outs",
    )
    parser.add_argument("--no-callbacks", action="store_true", help="post nothing back")
    parser.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="answer an open question of the documentation (docs/sandbox.md)",
    )


def run(options: dict[str, Any], write: Any = None) -> None:
    """Serve until interrupted. ``write`` gets the lines for the terminal."""
    write = write or (lambda line: print(line, flush=True))
    switches = Switches()
    for assignment in options["switch"]:
        name, _, text = assignment.partition("=")
        switches.change({name: _typed(text)})
    sandbox = Sandbox(
        host=options["host"],
        port=options["port"],
        callback_url=options["callback_url"],
        callbacks=not options["no_callbacks"],
        switches=switches,
    )
    write(f"Octopush sandbox on {sandbox.base_url}")
    write(f"What it was asked: {sandbox.address}/_sandbox/")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sandbox.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m octopush_django.sandbox")
    add_arguments(parser)
    try:
        run(vars(parser.parse_args(arguments)))
    except (OSError, ValueError) as error:
        print(f"octopush_sandbox: {error}", file=sys.stderr)
        return 1
    return 0


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _typed(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
