"""The lines of the answer to "What we deliver" as promises of the ledger (R17)."""

from dataclasses import dataclass

from django.db import transaction

from groups.models import Group, Promise
from groups.policies.promise_lines import Line
from groups.policies.promises import due_of_line
from groups.selectors.promise_lines import lines_beside_ledger
from groups.selectors.promises import TEXT_LIMIT
from groups.services.glance import glance_refresh
from groups.services.promise_tasks import promise_tell_if_near
from groups.services.promises import PromiseDraft, delivery_group, promise_edit, promise_insert
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many lines became promises, and how many promises were reworded as their lines were."""

    added: int
    reworded: int


def promises_from_gate(*, tenant: Tenant, group_id: int, actor: Actor) -> TakenOver:
    """Bring the ledger to what the answer says: a promise for each line that is none yet, and the new words for an
    open promise whose line was reworded while nobody changed the promise itself.

    A line names its day and time, or falls due when the group ends. Lines are known by their keys: two with the same
    words are two promises, and one that was edited, here or there, is the same. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = delivery_group(tenant, group_id)
        fresh, reworded = [], 0
        for line, promise in lines_beside_ledger(tenant_id=tenant.pk, group_id=group.pk):
            if promise is None:
                fresh.append(line.text)
                made = promise_insert(group, _draft(tenant, group, line), actor, line=line)
                promise_tell_if_near(tenant=tenant, promise=made)
            else:
                reworded += _follow(tenant, group, line, promise, actor)
        if fresh:
            audit.record(
                tenant=tenant, actor=actor, verb="groups.promise.taken_over", target=group,
                changes={"promises": [None, fresh]},
            )  # fmt: skip
            glance_refresh(tenant=tenant, group_ids=[group.pk])
    return TakenOver(len(fresh), reworded)


def _draft(tenant: Tenant, group: Group, line: Line) -> PromiseDraft:
    text = line.text[:TEXT_LIMIT]
    first = group.starts_on or clock.local_date(clock.now(), tenant.timezone)
    day, at = due_of_line(text, first=first, last=group.ends_on)
    return PromiseDraft(text=text, due_at=clock.at_local(day, at, tenant.timezone))


def _follow(tenant: Tenant, group: Group, line: Line, promise: Promise, actor: Actor) -> bool:
    """Whether the promise took on its line's new words; it keeps a day that somebody set."""
    before, text = promise.gate_text, line.text[:TEXT_LIMIT]
    if promise.gate_key != line.key or before != text:
        Promise.objects.filter(tenant=tenant, pk=promise.pk).update(gate_key=line.key, gate_text=text)
    if before == text or not promise.is_as_taken_over:
        return False
    was, now = _draft(tenant, group, Line(line.key, before)), _draft(tenant, group, line)
    draft = PromiseDraft(
        text=text,
        due_at=now.due_at if promise.due_at == was.due_at else promise.due_at,
        beneficiary_count=promise.beneficiary_count,
    )
    promise_edit(tenant=tenant, promise_id=promise.pk, draft=draft, actor=actor)
    return True
