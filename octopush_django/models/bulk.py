"""Many rows, each with values of its own, in one statement.

Django's ``bulk_update`` builds a CASE with an arm per row and field; for the dispatcher's groups
that costs more than everything else together (``benchmarks/bench_dispatch.py``).
"""

import json
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
    key: Any = model._meta.pk
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = [(column.column, column.attname) for column in [key, *columns]]
            sql, documents = (
                _from_json(model, names),
                [{name: getattr(row, attribute) for name, attribute in names} for row in rows],
            )
            cursor.execute(sql, [json.dumps(documents, default=str)])
        else:
            table, quoted = model._meta.db_table, connection.ops.quote_name
            pairs = ", ".join(f"{quoted(column.column)} = %s" for column in columns)
            cursor.executemany(
                f"UPDATE {table} SET {pairs} WHERE {quoted(key.column)} = %s",
                [
                    [
                        column.get_db_prep_save(getattr(row, column.attname), connection)
                        for column in [*columns, key]
                    ]
                    for row in rows
                ],
            )


def _from_json(model: type[models.Model], names: Sequence[tuple[str, str]]) -> str:
    """One parameter instead of one per row and field; the table itself tells the types."""
    table, (key, *columns) = model._meta.db_table, [f'"{name}"' for name, _ in names]
    pairs = ", ".join(f"{column} = v.{column}" for column in columns)
    return (
        f"UPDATE {table} SET {pairs} FROM json_populate_recordset(NULL::{table}, %s) AS v"
        f" WHERE {table}.{key} = v.{key}"
    )
