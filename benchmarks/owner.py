"""SQL as the owner of the tables: for the floors' bare tables."""

from typing import Any

import psycopg2
from django.conf import settings


def run(sql: str) -> None:
    """Run statements, then let the application's role use every table of the database."""
    app = settings.DATABASES["default"]["USER"]
    with _link() as link, link.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute(f'grant select, insert, update, truncate on all tables in schema public to "{app}"')
        cursor.execute(f'grant usage on all sequences in schema public to "{app}"')


def settle() -> None:
    """What the database does by itself with tables that grew: old versions put away, figures of what they hold."""
    link = _link()
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute("vacuum analyze")
    finally:
        link.close()


def rows(sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
    """The answer to one statement."""
    with _link() as link, link.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _link() -> Any:
    own = settings.DATABASES["owner"]
    return psycopg2.connect(
        host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"], dbname=own["NAME"]
    )
