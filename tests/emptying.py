"""Emptying the database after a test that commits: only the tables that hold rows.

Django's flush truncates every table, some 250, and fills the permissions again, whatever the test wrote. Most tests
write into a few. As in Django's, sequences go on.
"""

from collections.abc import Callable

from django.db import connection
from psycopg2.extensions import connection as Link

# Filled by `migrate`, and by no test.
KEPT = {"django_content_type", "auth_permission"}


class Broom:
    """One worker's hand on its database, as the owner of the tables, who may pass by keys and triggers."""

    def __init__(self, connect: Callable[[str], Link]) -> None:
        self._connect = connect
        self._link: Link | None = None
        self._tables: list[str] = []

    def sweep(self) -> None:
        """Take all rows out. Raises what psycopg2 raises: an owner who is no superuser may not do this."""
        with self._hand().cursor() as cursor:
            cursor.execute(" union all ".join(f"(select '{one}' from {one} limit 1)" for one in self._tables))
            filled = [table for (table,) in cursor.fetchall()]
            if filled:
                # One request, and so one transaction; `local` ends with it.
                deletes = "; ".join(f"delete from {table}" for table in filled)
                cursor.execute(f"set local session_replication_role = replica; {deletes}")

    def _hand(self) -> Link:
        if self._link is None or self._link.closed:
            self._link = self._connect(connection.settings_dict["NAME"])
            known = connection.introspection.django_table_names(only_existing=True, include_views=False)
            self._tables = sorted(set(known) - KEPT)
        return self._link
