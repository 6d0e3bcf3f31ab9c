"""Many rows, each with values of its own, in one UPDATE … FROM (VALUES …).

Django's ``bulk_update`` builds a CASE with an arm per row and field; for the dispatcher's groups
that costs more than everything else together (``benchmarks/bench_dispatch.py``).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections, models, router


def update_each(rows: Iterable[models.Model], fields: Sequence[str]) -> None:
    """Write ``fields`` of each of ``rows``, which are of one model."""
    rows = list(rows)
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor not in ("postgresql", "sqlite"):
        model._base_manager.bulk_update(rows, fields)
        return
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    one_row = f"({', '.join(['%s'] * (len(columns) + 1))})"
    # Both databases call the columns of VALUES column1, column2, …
    sql = (
        f"UPDATE {model._meta.db_table} SET "
        + ", ".join(
            f"{column.column} = {_typed(f'v.column{place}', column, connection)}"
            for place, column in enumerate(columns, 2)
        )
        + f" FROM (VALUES {', '.join([one_row] * len(rows))}) AS v"
        + f" WHERE {model._meta.db_table}.{model._meta.pk.column} = v.column1"
    )
    params = [value for row in rows for value in _values(row, columns, connection)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _values(row: models.Model, columns: Sequence[Any], connection: Any) -> Iterable[Any]:
    yield row.pk
    for column in columns:
        yield column.get_db_prep_save(getattr(row, column.attname), connection)


def _typed(name: str, column: Any, connection: Any) -> str:
    """PostgreSQL takes a column of VALUES for text where nothing tells its type."""
    if connection.vendor == "sqlite":
        return name
    return f"CAST({name} AS {column.db_type(connection)})"
