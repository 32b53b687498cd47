"""Sealing: entries of the audit trail get their number and their links (R129).

A writer only inserts; a trigger puts a seal without a number beside the entry, in the same transaction. This worker
numbers what is committed, in batches, under a lock of the tenant that no request ever waits for.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from django.db import connection, transaction
from psycopg2.extras import execute_values

from tenants import chain, clock
from tenants.chain import Written
from tenants.models import AuditSeal

BATCH_ENTRIES = 5_000
LOCK_CLASS = 0x41554449  # "AUDI": the first half of the advisory lock's key, the tenant's id is the other
_PENDING = """
select id, entry_id from tenants_auditseal where tenant_id = %s and number is null order by entry_id limit %s
"""
# By their ids and not by a join, which the planner would walk from the first entry of the trail on.
_ENTRIES = """
select id, at, actor_kind, actor_id, actor_name, verb, target_kind, target_id, target_name, changes, reason, redacted_at
from tenants_auditentry where tenant_id = %s and id = any(%s)
"""
_SEAL = """
update tenants_auditseal as s set number = v.number, salt = v.salt, personal = v.personal, link = v.link,
  sealed_at = v.sealed_at
from (values %s) as v (id, number, salt, personal, link, sealed_at)
where s.id = v.id and s.number is null
"""


def tenants_with_unsealed() -> list[int]:
    """Ids of tenants with entries that wait for their seal. Across tenants: call inside unscoped()."""
    waiting = AuditSeal.objects.filter(number=None).order_by("tenant_id")
    return list(waiting.values_list("tenant_id", flat=True).distinct())


def audit_seal(*, tenant_id: int, batches: int = 20) -> int:
    """Chain what waits, `batches` of BATCH_ENTRIES at most; returns how many entries. Nothing while another process
    does it. Safe to repeat, and to cut off: a batch is one transaction."""
    sealed = 0
    for _turn in range(batches):
        done = _batch(tenant_id)
        sealed += done
        if done < BATCH_ENTRIES:
            break
    return sealed


def chain_lock(tenant_id: int) -> None:
    """In a transaction: wait until nobody seals, and keep others from it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, tenant_id])


def head(tenant_id: int) -> tuple[int, str]:
    """Number and link of the last sealed entry; (0, FIRST_LINK) when there is none."""
    last = AuditSeal.objects.filter(tenant_id=tenant_id, number__isnull=False).order_by("-number")
    row = last.values_list("number", "link").first()
    return (0, chain.FIRST_LINK) if row is None else (row[0], bytes(row[1]).hex())


def entries_by_id(tenant_id: int, ids: Sequence[int]) -> dict[int, Written]:
    """The entries with these ids that are still there."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [tenant_id, list(ids)])
        return {row[0]: _written(row) for row in cursor.fetchall()}


def _written(row: Sequence[Any]) -> Written:
    """Django leaves a jsonb of plain SQL as its text."""
    values = dict(zip((one.name for one in fields(Written)), row, strict=True))
    return Written(**values | {"changes": json.loads(values["changes"])})


def _batch(tenant_id: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, tenant_id])
        if not cursor.fetchone()[0]:
            return 0
        number, link = head(tenant_id)
        cursor.execute(_PENDING, [tenant_id, BATCH_ENTRIES])
        now, made, waiting = clock.now(), [], cursor.fetchall()
        entries = entries_by_id(tenant_id, [entry_id for _seal, entry_id in waiting])
        for seal_id, entry_id in waiting:
            if (entry := entries.get(entry_id)) is None:
                continue  # taken out before it was sealed: the verification says so
            salt = secrets.token_bytes(chain.SALT_BYTES)
            number += 1
            personal = chain.personal_of(salt.hex(), entry)
            link = chain.link_of(
                tenant_id=tenant_id, number=number, before=link, sealed_at=now, entry=entry, personal=personal
            )
            made.append((seal_id, number, salt, bytes.fromhex(personal), bytes.fromhex(link), now))
        if made:
            execute_values(cursor.cursor, _SEAL, made, page_size=1_000)
        return len(made)
