"""Many rows, each with values of its own, in one statement.

Django's ``bulk_update`` builds a CASE with an arm per row and field; for the dispatcher's groups
that costs more than everything else together (``benchmarks/bench_dispatch.py``).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
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
            written = [key, *columns]
            sql = _from_json(model, [(column.column, column.attname) for column in written])
            documents = [
                {
                    column.column: column.get_prep_value(getattr(row, column.attname))
                    for column in written
                }
                for row in rows
            ]
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


def insert_new(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    unique: str,
    returning: Sequence[str],
) -> list[tuple[Any, ...]]:
    """Insert rows of ``names`` (columns of ``model``) in their order, but those that are there.

    ``unique``: the columns and condition of the unique constraint that tells. Returns the columns
    ``returning`` of each row that was written.
    """
    if not rows:
        return []
    connection, table = connections[router.db_for_write(model)], model._meta.db_table
    columns = ", ".join(f'"{name}"' for name in names)
    # One parameter in all, instead of one per row and field.
    if connection.vendor == "postgresql":
        document = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
        source = f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s)"
    else:
        document = json.dumps(rows)
        values = ", ".join(f"json_extract(value, '$[{i}]')" for i in range(len(names)))
        source = f"SELECT {values} FROM json_each(%s) WHERE TRUE"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) {source} ON CONFLICT {unique} DO NOTHING"
            f" RETURNING {', '.join(returning)}",
            [document],
        )
        return list(cursor.fetchall())


def add_each(
    model: type[models.Model],
    keys: Sequence[str],
    counted: str,
    numbers: Mapping[tuple[Any, ...], int],
) -> None:
    """Add to ``counted`` of the row with each key, which is unique; make rows that are missing.

    Rows are taken in the order of their keys, so that two who add never wait for each other.
    """
    rows = [(*key, number) for key, number in sorted(numbers.items()) if number]
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    table = model._meta.db_table
    columns: list[Any] = [model._meta.get_field(name) for name in (*keys, counted)]
    names = [column.column for column in columns]
    values = ", ".join(f"({', '.join(['%s'] * len(names))})" for _ in rows)
    sql = (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES {values}"
        f" ON CONFLICT ({', '.join(names[:-1])})"
        f" DO UPDATE SET {names[-1]} = {table}.{names[-1]} + excluded.{names[-1]}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in row])


def _from_json(model: type[models.Model], names: Sequence[tuple[str, str]]) -> str:
    """One parameter instead of one per row and field; the table itself tells the types."""
    table, (key, *columns) = model._meta.db_table, [f'"{name}"' for name, _ in names]
    pairs = ", ".join(f"{column} = v.{column}" for column in columns)
    return (
        f"UPDATE {table} SET {pairs} FROM json_populate_recordset(NULL::{table}, %s) AS v"
        f" WHERE {table}.{key} = v.{key}"
    )
