"""Tiers, states and deadlines of leads, derived from behaviours: for many customers at once, safe to repeat.

Every number of a lead is computed anew from all behaviours of its window, so that late, doubled and shuffled
events end in the same rows; incremental means that only the customers something happened to are computed.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction

from contacts.selectors.identity import same_people
from leads.enums import LeadEventKind
from leads.events import TiersChanged
from leads.models import Lead, LeadEvent, WindowMember
from leads.services.deriving import DERIVED, Batch, batch_read, derive
from leads.services.owners import owners_default
from leads.services.rules import rules_current
from leads.services.work import work_items_sync
from outbox.services import publish

BATCH = 500
_WRITTEN = [name.removesuffix("_id") for name in DERIVED]


def leads_recompute(*, tenant_id: int, customer_ids: Iterable[int], window_id: int | None = None) -> int:
    """Bring the leads of these customers up to date, in one window or in all they are in.

    Returns how many leads changed. Locks the customers' window rows in key order, so many may run at once. The
    number of queries a batch of 500 does not depend on its size. Publishes leads.tier.changed for what moved.
    """
    changed = 0
    for batch in people_batches(tenant_id, set(customer_ids)):
        with transaction.atomic():
            changed += _recompute_batch(tenant_id, batch, window_id)
    return changed


def people_batches(tenant_id: int, customer_ids: set[int]) -> list[list[int]]:
    """About 500 customers each, every record of a person in the same one: who is judged is the person (R37)."""
    same = same_people(tenant_id=tenant_id, customer_ids=customer_ids)
    people = sorted({tuple(sorted(same.get(one, {one}))) for one in customer_ids})
    batches: list[list[int]] = []
    for records in people:
        if not batches or len(batches[-1]) >= BATCH:
            batches.append([])
        batches[-1].extend(records)
    return batches


def _recompute_batch(tenant_id: int, customer_ids: Sequence[int], window_id: int | None) -> int:
    rules = rules_current(tenant_id=tenant_id)
    batch = batch_read(tenant_id, customer_ids, window_id, rules=rules, has_lock=True)
    if batch is None:
        return 0
    stale: list[WindowMember] = []
    for member in batch.members:
        check_at = derive(batch, member)
        if member.check_at != check_at:
            member.check_at = check_at
            stale.append(member)
    WindowMember.objects.bulk_update(stale, ["check_at"], batch_size=BATCH)
    _write(batch)
    return len(batch.made) + len(batch.changed)


def _write(batch: Batch) -> None:
    if batch.made:
        new = {(one.window_id, one.customer_id) for one in batch.made}
        owners = owners_default(
            tenant_id=batch.tenant_id,
            members=[one for one in batch.members if (one.window_id, one.customer_id) in new],
        )
        for lead in batch.made:
            lead.owner_id = owners.get(lead.customer_id)
    Lead.objects.bulk_create(batch.made, batch_size=BATCH)
    Lead.objects.bulk_update(batch.changed, _WRITTEN, batch_size=BATCH)
    LeadEvent.objects.bulk_create(
        [
            LeadEvent(
                tenant_id=batch.tenant_id,
                lead=lead,
                at=at,
                recorded_at=batch.now,
                kind=LeadEventKind.TIER,
                data={"from": was, "to": now, "rule": number},
            )
            for lead, (at, was, now), number in batch.rows
        ],
        batch_size=BATCH,
    )
    work_items_sync(tenant_id=batch.tenant_id, leads=[*batch.made, *batch.changed], now=batch.now)
    if batch.moves:
        publish(
            TiersChanged(
                tenant_id=batch.tenant_id,
                occurred_at=batch.now,
                changes=[[lead.pk, lead.customer_id, *rest] for lead, *rest in batch.moves],
            )
        )
