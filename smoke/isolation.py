"""Counting rows that crossed from one tenant to another, in the database itself."""

from dataclasses import dataclass

from django.db import connection

from tenants.models import Tenant
from tenants.scoping import tenant_scope, unscoped


@dataclass(frozen=True)
class _Link:
    """A foreign key from one tenant table to another."""

    table: str
    column: str
    target: str


def _tenant_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
               where c.relkind = 'r' and a.attname = 'tenant_id' and c.relnamespace = 'public'::regnamespace"""
        )
        return [name for (name,) in cursor.fetchall()]


def _links(tables: list[str]) -> list[_Link]:
    with connection.cursor() as cursor:
        cursor.execute(
            """select src.relname, att.attname, dst.relname
               from pg_constraint con
               join pg_class src on src.oid = con.conrelid
               join pg_class dst on dst.oid = con.confrelid
               join pg_attribute att on att.attrelid = con.conrelid and att.attnum = con.conkey[1]
               where con.contype = 'f' and array_length(con.conkey, 1) = 1"""
        )
        found = [_Link(*row) for row in cursor.fetchall()]
    return [link for link in found if link.table in tables and link.target in tables]


def _count(sql: str, params: list | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or [])
        return int(cursor.fetchone()[0])


def cross_tenant_rows() -> int:
    """Rows seen from a foreign tenant's scope, rows seen from no scope, and keys that point across tenants."""
    tables = _tenant_tables()
    seen = sum(_count(f"select count(*) from {table}") for table in tables)
    for tenant in Tenant.objects.all():
        with tenant_scope(tenant):
            seen += sum(
                _count(f"select count(*) from {table} where tenant_id <> %s", [tenant.pk]) for table in tables
            )
    with unscoped("the smoke run looks for keys that point across tenants"):
        for link in _links(tables):
            seen += _count(
                f"select count(*) from {link.table} a join {link.target} b on b.id = a.{link.column} "
                "where a.tenant_id <> b.tenant_id"
            )
    return seen
