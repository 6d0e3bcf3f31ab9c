"""Whether the tables in the database are those of this code."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model
from django.utils.translation import gettext as _

APP = "octopush_django"


def problem() -> str:
    """What is wrong with the tables, and the way out; "" if nothing is."""
    executor = MigrationExecutor(connection)
    if _is_behind(executor):
        return _("The tables are older than the code: run migrate.")
    loader = executor.loader
    ahead = [key for key in loader.applied_migrations if key[0] == APP]
    if unknown := sorted(name for app, name in set(ahead) - set(loader.disk_migrations)):
        values = {"name": unknown[0]}
        return _("The tables are newer than the code, which has no %(name)s.") % values
    if differing := next(_differing(), None):
        said = _(
            "The tables were made by another 0001_initial than that of this code: they differ in "
            "%(name)s. Until the first release it may change: drop the tables of octopush_django, "
            "run “migrate octopush_django zero --fake --skip-checks”, then “migrate”."
        )
        return said % {"name": differing}
    return ""


def is_behind() -> bool:
    """Whether ``migrate`` has something to do for this app."""
    return _is_behind(MigrationExecutor(connection))


def _is_behind(executor: MigrationExecutor) -> bool:
    leaves = [key for key in executor.loader.graph.leaf_nodes() if key[0] == APP]
    return bool(executor.migration_plan(leaves))


def _differing() -> Iterator[str]:
    """Columns that are missing or too many, and constraints and indexes that are missing."""
    with connection.cursor() as cursor:
        introspection = connection.introspection
        tables = set(introspection.table_names(cursor))
        for model in apps.get_app_config(APP).get_models(include_auto_created=True):
            table = model._meta.db_table
            if table not in tables:
                yield table
                continue
            columns = {
                column.name for column in introspection.get_table_description(cursor, table)
            }
            rules = set(introspection.get_constraints(cursor, table))
            differ = (_columns(model) ^ columns) | (_rules(model) - rules)
            yield from sorted(f"{table}.{name}" for name in differ)


def _columns(model: type[Model]) -> set[str]:
    return {field.column for field in model._meta.local_concrete_fields if field.column}


def _rules(model: type[Model]) -> set[str]:
    return {rule.name for rule in (*model._meta.constraints, *model._meta.indexes)}
