"""Tables without foreign keys, plain indexes and own triggers while many rows go in: a fraction of the time."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import owner

_PARTS = """
select format('alter table %%I drop constraint %%I', t.relname, c.conname),
       format('alter table %%I add constraint %%I %%s', t.relname, c.conname, pg_get_constraintdef(c.oid))
from pg_constraint c join pg_class t on t.oid = c.conrelid where c.contype = 'f' and t.relname = any(%s)
union all
select format('drop index %%I', indexname), indexdef from pg_indexes
where schemaname = 'public' and tablename = any(%s) and indexdef not like 'CREATE UNIQUE%%'
union all
select format('alter table %%I disable trigger user', one), format('alter table %%I enable trigger user', one)
from unnest(%s::text[]) one
"""


@contextmanager
def bare(tables: list[str]) -> Iterator[None]:
    """Everything is put back at the end, and checked: a row that refers to nothing fails here."""
    parts = owner.rows(_PARTS, [tables, tables, tables])
    owner.run(";".join(drop for drop, _add in parts))
    try:
        yield
    finally:
        owner.run(";".join(add for _drop, add in parts))
