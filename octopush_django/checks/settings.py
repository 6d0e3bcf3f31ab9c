"""Every ``OCTOPUSH_*`` setting has a value that makes sense."""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from ..backends.base import backend_class
from ..client.messages import is_sender
from ..conf import REAL_BACKEND, Conf, conf, declared
from ..exceptions import ConfigurationError
from ..rules.hours import AllowedHours


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Every ``OCTOPUSH_*`` setting has a value that makes sense."""
    return [*_typed(), *_unknown(), *_missing(), *_shaped()]


def _typed() -> Iterator[CheckMessage]:
    for setting in declared():
        problem = setting.problem(getattr(settings, setting.name, setting.default))
        if problem:
            yield Error(f"{setting.name} {problem}", id="octopush_django.E001")


def _unknown() -> Iterator[CheckMessage]:
    known = {setting.name for setting in declared()}
    for name in sorted(dir(settings)):
        if name.startswith("OCTOPUSH_") and name not in known:
            yield Warning(
                f"{name} is no setting of octopush_django.",
                hint="Is it misspelt? docs/reference.md lists them all.",
                id="octopush_django.W002",
            )


def _missing() -> Iterator[CheckMessage]:
    is_real = are_typed("backend") and conf.backend == REAL_BACKEND
    if is_real and not (conf.api_login and conf.api_key):
        yield Warning(
            "OCTOPUSH_API_LOGIN and OCTOPUSH_API_KEY are not set: nothing can be sent.",
            hint="Set both, or OCTOPUSH_BACKEND to a backend that needs no account.",
            id="octopush_django.W003",
        )
    if not conf.webhook_secrets:
        yield Warning(
            "OCTOPUSH_WEBHOOK_SECRETS is empty: the webhook answers 404, and replies are lost.",
            id="octopush_django.W004",
        )


def are_typed(*names: str) -> bool:
    """Whether values can be looked at closer; what is of a wrong type is told by ``_typed``."""
    return all(getattr(Conf, name).problem(getattr(conf, name)) is None for name in names)


def _shaped() -> Iterator[CheckMessage]:
    if are_typed("sender") and conf.sender is not None and not is_sender(conf.sender):
        yield Error(
            "OCTOPUSH_SENDER must be 3 to 11 letters and digits.", id="octopush_django.E005"
        )
    if are_typed("backend"):
        try:
            backend_class()
        except ConfigurationError as error:
            yield Error(f"{error}.", id="octopush_django.E009")
    if are_typed("quiet_hours", "time_zone"):
        try:
            AllowedHours.parse(conf.quiet_hours, conf.zone)
        except ValueError as error:
            yield Error(f"OCTOPUSH_QUIET_HOURS: {error}.", id="octopush_django.E006")
    if are_typed("stop_patterns", "stop_mention"):
        yield from _stop_problems()


def _stop_problems() -> Iterator[CheckMessage]:
    patterns = []
    for pattern in conf.stop_patterns:
        try:
            patterns.append(re.compile(pattern))
        except (re.error, OverflowError, RecursionError) as error:
            yield Error(
                f"OCTOPUSH_STOP_PATTERNS: {pattern!r}: {error}.", id="octopush_django.E007"
            )
    if not any(pattern.search(conf.stop_mention) for pattern in patterns):
        yield Error(
            "OCTOPUSH_STOP_MENTION matches none of OCTOPUSH_STOP_PATTERNS: what the desk proposes "
            "would be refused.",
            id="octopush_django.E008",
        )
