"""SQL as the owner of the tables: for the floors' bare tables."""

import psycopg2
from django.conf import settings


def run(sql: str) -> None:
    """Run statements, then let the application's role use every table of the database."""
    own, app = settings.DATABASES["owner"], settings.DATABASES["default"]["USER"]
    with (
        psycopg2.connect(
            host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"], dbname=own["NAME"]
        ) as link,
        link.cursor() as cursor,
    ):
        cursor.execute(sql)
        cursor.execute(f'grant select, insert, update, truncate on all tables in schema public to "{app}"')
        cursor.execute(f'grant usage on all sequences in schema public to "{app}"')
