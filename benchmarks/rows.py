"""Many rows like one row, by one statement: whatever columns the table has, now and later."""

from typing import Any

from django.db import connection, models


def rows_like(row: models.Model, *, source: str, changes: dict[str, str], params: list[Any]) -> int:
    """Insert a copy of `row` for each row of `source` (SQL behind FROM); returns how many.

    `changes`: {column: SQL expression over the source}; the key comes from its sequence. A row that there is already
    is left out.
    """
    table = row._meta.db_table
    columns = [str(field.column) for field in row._meta.concrete_fields if field.column != "id"]
    named = ", ".join(f'"{column}"' for column in columns)
    values = [changes.get(column, f'base."{column}"') for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({named}) select {', '.join(values)} "
            f"from (select * from {table} where id = %s) base, {source} on conflict do nothing",
            [row.pk, *params],
        )
        return int(cursor.rowcount)
