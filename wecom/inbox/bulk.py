"""One decision about many stored events at once: process again, or close with a reason, which can be taken back.

A batch is remembered in the cache for a day: for its progress, and to take it back. Losing it loses only that.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count

from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.enums import INBOUND_OPEN, InboundState
from wecom.errors import ReasonMissing
from wecom.inbox import ingest
from wecom.models import InboundEvent

MOST = 5_000  # rows of one decision; what is left over is picked again
KEPT_S = 24 * 3600
LISTED = 100
# What a replay writes; the last four are read again for an event that could not be read when it came.
REPLAYED = (
    "state", "attempts", "next_at", "leased_until", "done_at", "event", "change_type", "mailbox", "occurred_at",
)  # fmt: skip
REPLAYABLE = (InboundState.FAILED, InboundState.DEAD, InboundState.DISCARDED)
CLOSABLE = (InboundState.PENDING, InboundState.FAILED, InboundState.DEAD)


@dataclass(frozen=True)
class Batch:
    """`ids` were changed; `token` finds the batch again for a day, within its tenant."""

    token: str
    ids: list[int]


@dataclass(frozen=True)
class Progress:
    """How far a replayed batch is. `failed` will be tried again, `dead` needs a person again."""

    total: int
    done: int
    failed: int
    dead: int

    @property
    def is_over(self) -> bool:
        return self.done + self.dead >= self.total


def _key(tenant_id: int, token: str) -> str:
    return f"inbox-batch:{tenant_id}:{token}"


def _remember(tenant_id: int, rows: dict[int, str]) -> Batch:
    token = secrets.token_urlsafe(9)
    cache.set(_key(tenant_id, token), rows, KEPT_S)
    return Batch(token, list(rows))


def _locked(tenant: Tenant, ids: Collection[int], states: Collection[str]) -> list[InboundEvent]:
    """The rows a decision may change, oldest first, locked in that order."""
    rows = InboundEvent.objects.select_for_update().filter(tenant=tenant, pk__in=ids, state__in=states)
    return list(rows.order_by("pk")[:MOST])


def replay_many(*, tenant: Tenant, ids: Collection[int], actor: Actor) -> Batch:
    """Process stored events again with a full set of tries, in the order they came.

    Events that wait already, or are done, are left alone: safe to repeat. Raises NotPermitted.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        rows = _locked(tenant, ids, REPLAYABLE)
        before = {row.pk: str(row.state) for row in rows}
        now = clock.now()
        for row in rows:
            row.state, row.attempts, row.next_at = InboundState.PENDING, 0, now
            row.leased_until, row.done_at = None, None
            ingest.describe(row)
        InboundEvent.objects.bulk_update(
            rows,
            REPLAYED,
            batch_size=500,
        )
        if rows:
            _record(tenant, actor, "wecom.inbound.replayed_many", list(before))
            enqueue("wecom.process_inbound", tenant_id=tenant.pk)
    return _remember(tenant.pk, before)


def discard_many(*, tenant: Tenant, ids: Collection[int], reason: str, actor: Actor) -> Batch:
    """Close stored events without processing them; the rows stay. Safe to repeat.

    Raises ReasonMissing, NotPermitted.
    """
    require(actor, Permission.MANAGE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        before = {row.pk: str(row.state) for row in _locked(tenant, ids, CLOSABLE)}
        InboundEvent.objects.filter(tenant=tenant, pk__in=before).update(state=InboundState.DISCARDED)
        if before:
            _record(tenant, actor, "wecom.inbound.discarded_many", list(before), reason=reason.strip())
    return _remember(tenant.pk, before)


def take_back(*, tenant: Tenant, token: str, actor: Actor) -> int:
    """Undo a closing of many: each event stands again where it stood. Returns how many. Safe to repeat."""
    require(actor, Permission.MANAGE)
    before: dict[int, str] = cache.get(_key(tenant.pk, token)) or {}
    with transaction.atomic():
        rows = _locked(tenant, list(before), [InboundState.DISCARDED])
        for row in rows:
            row.state = before[row.pk]
        InboundEvent.objects.bulk_update(rows, ["state"], batch_size=500)
        if rows:
            _record(tenant, actor, "wecom.inbound.taken_back", [row.pk for row in rows])
            enqueue("wecom.process_inbound", tenant_id=tenant.pk)
    return len(rows)


def progress(*, tenant_id: int, token: str) -> Progress | None:
    """How far a batch is, or None when it is not known any more."""
    ids = list(cache.get(_key(tenant_id, token)) or {})
    if not ids:
        return None
    rows = InboundEvent.objects.filter(tenant_id=tenant_id, pk__in=ids).values_list("state")
    counted = dict(rows.annotate(n=Count("pk")))
    waiting = sum(counted.get(state, 0) for state in INBOUND_OPEN)
    dead = counted.get(InboundState.DEAD, 0)
    return Progress(len(ids), len(ids) - waiting - dead, counted.get(InboundState.FAILED, 0), dead)


def _record(tenant: Tenant, actor: Actor, verb: str, ids: list[int], *, reason: str = "") -> None:
    changes = {"count": [None, len(ids)], "events": [None, ids[:LISTED]]}
    audit.record(tenant=tenant, actor=actor, verb=verb, changes=changes, reason=reason)
