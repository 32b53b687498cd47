"""One person taken out of what is never changed otherwise (R39): the audit trail and the record of events.

The trigger of an append-only table lets an update pass only within `redacting()`, and only where it leaves every
column alone that does not hold words about people.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from tenants import audit, clock
from tenants.models import Tenant
from tenants.sealing import chain_lock
from tenants.verifying import REDACTED, salts_drop

_AUDIT = """
update tenants_auditentry set redacted_at = %(now)s, target_name = '', reason = '',
  changes = coalesce((select jsonb_object_agg(key, '[null, null]'::jsonb) from jsonb_each(changes)), '{}')
where tenant_id = %(tenant)s and redacted_at is null and verb <> %(redacted)s and (
  (target_kind, target_id) in (select * from unnest(%(kinds)s::text[], %(ids)s::text[]))
  or exists (
    select 1 from unnest(%(words)s::text[]) as word
    where strpos(changes::text, word) > 0 or strpos(reason, word) > 0 or strpos(target_name, word) > 0))
returning id
"""
TOLD_IDS = 500  # of redacted entries, in one entry that tells of them


@contextmanager
def redacting() -> Iterator[None]:
    """In a transaction: let updates of append-only tables pass that take a person out."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('qunce.redacting', 'on', true)")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("select set_config('qunce.redacting', 'off', true)")


def audit_redact(*, tenant_id: int, targets: Mapping[str, Collection[int]], words: Collection[str]) -> int:
    """Take a person out of the trail: of entries about these rows ({"app.model": ids}) and of those that say one of
    the words, an id or a number that is the person's alone. What was decided by whom and when stays, and which fields
    it changed; each such entry says that it is redacted. The salts of their hashes go, so that nobody can guess the
    words back, and the trail names what was redacted: the hash chain holds. Returns how many. Safe to repeat.
    """
    pairs = [(kind, str(pk)) for kind, ids in targets.items() for pk in ids]
    values: dict[str, Any] = {
        "now": clock.now(), "tenant": tenant_id, "kinds": [one for one, _ in pairs], "ids": [one for _, one in pairs],
        "words": [one for one in words if one], "redacted": REDACTED,
    }  # fmt: skip
    with redacting(), connection.cursor() as cursor:
        chain_lock(tenant_id)
        cursor.execute(_AUDIT, values)
        ids = sorted(row[0] for row in cursor.fetchall())
        salts_drop(tenant_id=tenant_id, entry_ids=ids)
        tenant = Tenant.objects.get(pk=tenant_id)
        for start in range(0, len(ids), TOLD_IDS):
            told = {"entries": [None, ids[start : start + TOLD_IDS]]}
            audit.record(tenant=tenant, actor=audit.SYSTEM, verb=REDACTED, changes=told)
    return len(ids)


def audit_kinds(*, tenant_id: int) -> set[str]:
    """The kinds of rows ("app.model") that the trail speaks of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct target_kind from tenants_auditentry where tenant_id = %s", [tenant_id]
        )
        return {row[0] for row in cursor.fetchall()}
