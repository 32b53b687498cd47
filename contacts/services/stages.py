"""Trust stages (R33): forward by evidence, back and sideways by people with a reason; every move is kept."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from contacts.enums import StageSource, ThreeStep
from contacts.errors import CustomerUnknown, ReasonMissing, StageInvalid
from contacts.models import Customer, StageMove
from contacts.policies.stages import (
    STAGES,
    Need,
    Reached,
    moves_forward,
    needs_of,
    reached,
)
from contacts.policies.steps import step_of
from contacts.selectors.identity import as_persons
from contacts.selectors.stages import stage_counts, stages_of
from contacts.services.obstacles import UPGRADE, steps_follow
from contacts.services.tag_rules import rules_judge
from team.enums import WorkState
from team.services import work_items_close
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

CHUNK = 1000


def stages_judge(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Move forward whoever has reached a further stage. Returns how many moved. Safe to repeat, in any order.

    Order of acts does not matter: the same acts end in the same stage. A constant number of queries a thousand.
    """
    ids = sorted(as_persons(tenant_id=tenant_id, customer_ids=customer_ids))
    if not ids:
        return 0
    zone, needs = _rules(tenant_id)
    moved = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        found = _reached(tenant_id, part, zone, needs)
        stands = Customer.objects.filter(tenant_id=tenant_id, pk__in=part).values_list("pk", "stage")
        further = [pk for pk, stage in stands if moves_forward(stage, found[pk])]
        if further:
            moved += _move(tenant_id, further, zone, needs)
    return moved


def _rules(tenant_id: int) -> tuple[str, tuple[Need, ...]]:
    """The company's zone and what each stage needs."""
    rules = {number: one.rule for number, one in stages_of(tenant_id=tenant_id).items()}
    return Tenant.objects.get(pk=tenant_id).timezone, needs_of(rules)


def _reached(tenant_id: int, ids: list[int], zone: str, needs: tuple[Need, ...]) -> dict[int, Reached]:
    counts = stage_counts(tenant_id=tenant_id, customer_ids=ids, zone=zone, needs=needs)
    return {pk: reached(counts[pk], needs) for pk in ids}


@transaction.atomic
def _move(tenant_id: int, ids: list[int], zone: str, needs: tuple[Need, ...]) -> int:
    """Write the forward moves, people locked in key order and counted anew: whoever was moved back meanwhile stays."""
    now = clock.now()
    held = Customer.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, pk__in=ids)
    rows = list(held.order_by("pk"))
    further = _reached(tenant_id, [row.pk for row in rows], zone, needs)
    moving = [row for row in rows if moves_forward(row.stage, further[row.pk])]
    moves = []
    for row in moving:
        found = further[row.pk]
        moves.append(
            StageMove(
                tenant_id=tenant_id,
                customer_id=row.pk,
                from_stage=row.stage,
                to_stage=found.stage,
                source=StageSource.RULE,
                at=now,
                evidence={name: list(pair) for name, pair in found.evidence.items()},
            )
        )
        row.stage, row.stage_at = found.stage, now
    Customer.objects.bulk_update(moving, ["stage", "stage_at"])
    StageMove.objects.bulk_create(moves)
    ids = [row.pk for row in moving]
    steps_follow(tenant_id=tenant_id, customer_ids=ids, moved_ids=ids)
    return len(moves)


def stage_set(*, tenant: Tenant, customer_id: int, stage: int, reason: str, actor: Actor) -> Customer:
    """A person says where a customer stands, and why. After a move back only later acts move them on again.

    Raises CustomerUnknown, ReasonMissing, StageInvalid (also for the present stage), NotPermitted.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = Customer.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=customer_id).first()
        if row is None:
            raise CustomerUnknown
        if stage not in STAGES or stage == row.stage:
            raise StageInvalid
        now, before = clock.now(), row.stage
        row.stage, row.stage_at = stage, now
        row.stage_held_at = now if stage < before else row.stage_held_at
        row.save(update_fields=["stage", "stage_at", "stage_held_at"])
        StageMove.objects.create(
            tenant=tenant,
            customer=row,
            from_stage=before,
            to_stage=stage,
            source=StageSource.HAND,
            at=now,
            moved_by=actor.name[:128],
            reason=reason.strip()[:200],
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.customer.staged",
            target=row,
            changes={"stage": [before, stage]},
            reason=reason.strip(),
        )
        steps_follow(tenant_id=tenant.pk, customer_ids=[row.pk], moved_ids=[row.pk] if stage > before else [])
        rules_judge(tenant_id=tenant.pk, customer_ids=[row.pk])
    return row


def stage_go_back(*, tenant: Tenant, customer_id: int, since: datetime, reason: str, actor: Actor) -> None:
    """A record was taken from this person: what its acts since `since` had moved by rule goes back, as far as the
    person's own acts and what staff said allow. In the caller's transaction. Safe to repeat.
    """
    row = Customer.objects.select_for_update(no_key=True).get(tenant=tenant, pk=customer_id)
    moves = list(StageMove.objects.filter(tenant=tenant, customer=row).order_by("at", "pk"))
    later = [one for one in moves if one.at >= since]
    if not later:
        return
    said = [one.to_stage for one in later if one.source == StageSource.HAND]
    zone, needs = _rules(tenant.pk)
    own = _reached(tenant.pk, [row.pk], zone, needs)[row.pk]
    stage = max(own.stage, said[-1] if said else later[0].from_stage)
    if stage >= row.stage:
        return
    before, row.stage = row.stage, stage
    there = [one.at for one in moves if one.to_stage == stage]
    row.stage_at = there[-1] if there else None if stage == later[0].from_stage else clock.now()
    row.save(update_fields=["stage", "stage_at"])
    StageMove.objects.create(
        tenant=tenant,
        customer=row,
        from_stage=before,
        to_stage=stage,
        source=StageSource.RULE,
        at=clock.now(),
        moved_by=actor.name[:128],
        reason=reason.strip()[:200],
        evidence={name: list(pair) for name, pair in own.evidence.items()} if own.stage == stage else {},
    )
    steps_follow(tenant_id=tenant.pk, customer_ids=[row.pk])
    if step_of(stage) != ThreeStep.DEAL:
        work_items_close(
            tenant_id=tenant.pk, source_kind=UPGRADE, source_ids=[row.pk], state=WorkState.CANCELLED
        )
