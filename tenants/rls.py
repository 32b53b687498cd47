"""Row-level security: what a migration adds after it creates tenant tables.

    operations = [..., protect("groups_group", "groups_groupmember")]

Two policies a table, both enforced on the table's owner too: everyone sees the rows of the tenant that the
connection names, and nothing without a name; the role `qunce_platform`, which only `unscoped()` assumes, sees all.
"""

from django.db.migrations import RunSQL

_PROTECT = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy tenant_rows on {table}
  using (tenant_id = nullif(current_setting('qunce.tenant', true), '')::bigint)
  with check (tenant_id = nullif(current_setting('qunce.tenant', true), '')::bigint);
create policy platform_rows on {table} to qunce_platform using (true) with check (true);
"""
_UNPROTECT = """
drop policy if exists platform_rows on {table};
drop policy if exists tenant_rows on {table};
alter table {table} no force row level security;
alter table {table} disable row level security;
"""


def protect(*tables: str) -> RunSQL:
    """The operation that puts tenant tables behind row-level security."""
    return RunSQL(
        sql="".join(_PROTECT.format(table=table) for table in tables),
        reverse_sql="".join(_UNPROTECT.format(table=table) for table in tables),
    )


def append_only(table: str) -> RunSQL:
    """The operation that lets rows of a table be written and never changed, by trigger, whoever asks."""
    return RunSQL(
        sql=(
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each row execute function qunce_refuse_change();"
        ),
        reverse_sql=f"drop trigger {table}_append_only on {table};",
    )


def redactable(table: str, *columns: str) -> RunSQL:
    """The operation that lets one person be taken out of these columns of an append-only table: within `redacting()`,
    by an update that leaves every other column as it was."""
    told = ", ".join(f"'{column}'" for column in columns)
    return RunSQL(
        sql=(
            f"drop trigger {table}_append_only on {table}; "
            f"create trigger {table}_append_only before update or delete on {table} "
            f"for each row execute function qunce_refuse_change({told});"
        ),
        reverse_sql=(
            f"drop trigger {table}_append_only on {table}; "
            f"create trigger {table}_append_only before update or delete on {table} "
            "for each row execute function qunce_refuse_change();"
        ),
    )
