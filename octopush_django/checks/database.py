"""One database, of a kind that keeps our promises, with the tables of this code."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import connections, router

from ..reports import schema


def check_database(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The app's tables are in ``default``, on PostgreSQL or SQLite; dates have zones."""
    problems: list[CheckMessage] = []
    if not settings.USE_TZ:
        problems.append(Error("USE_TZ must be on.", id="octopush_django.E030"))
    routed = _routed()
    if routed != ["default"]:
        problems.append(
            Error(
                f"The tables are routed to {', '.join(routed)}: a transaction of yours around "
                "send_campaign() would not be ours, and what it rolls back would be sent.",
                hint="Route octopush_django to 'default', for reading and for writing.",
                id="octopush_django.E034",
            )
        )
    for alias in routed:
        problems.extend(_vendor_problems(alias))
    return problems


def check_schema(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The tables are those of this code, or ``migrate`` makes them so."""
    if "default" not in (databases or ()):
        return []
    problem = schema.problem()
    if not problem or schema.is_behind():
        return []
    return [Error(problem, id="octopush_django.E035")]


def _routed() -> list[str]:
    models = apps.get_app_config("octopush_django").get_models(include_auto_created=True)
    aliases = {
        alias
        for model in models
        for alias in (router.db_for_read(model), router.db_for_write(model))
    }
    return sorted(aliases)


def _vendor_problems(alias: str) -> Iterator[CheckMessage]:
    database = connections[alias]
    if database.vendor not in ("postgresql", "sqlite"):
        yield Error(
            f"The database {alias!r} is {database.display_name}: half of the constraints that "
            "keep people from getting a message twice do not exist there.",
            hint="Use PostgreSQL, or SQLite for small sites.",
            id="octopush_django.E032",
        )
    options = database.settings_dict.get("OPTIONS", {})
    if database.vendor == "sqlite" and options.get("transaction_mode") != "IMMEDIATE":
        yield Warning(
            "SQLite gives up at once when two processes write.",
            hint='Set OPTIONS = {"transaction_mode": "IMMEDIATE"} on the database.',
            id="octopush_django.W031",
        )
