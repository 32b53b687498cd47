"""Runs of the hidden templates (a group's week, a value event): each confirmation is the next edition, and only what is
still planned follows it. What was handed over, went out or ended stays with its words and is not done again.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from sop.enums import Rule, TouchState, VersionState
from sop.models import Run, RunGroup, Step, Template, Touch, Version
from sop.services.planning import plan_apply
from sop.services.state import touch_move, touches_store
from sop.services.templates import COPIED
from tenants import clock
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant


def hidden_template(*, tenant: "Tenant", kind: str, name: str) -> Template:
    """The tenant's one hidden template of a kind, locked: editions are numbered one after the other."""
    code = f"push-{kind}"
    Template.objects.bulk_create(
        [Template(tenant=tenant, code=code, name=name, kind=kind)], ignore_conflicts=True
    )
    return Template.objects.select_for_update().get(tenant=tenant, code=code)


def edition_follow(
    *,
    tenant: "Tenant",
    template: Template,
    run: Run,
    days: int,
    steps: Sequence[dict[str, Any]],
    group_ids: Sequence[int],
    actor: Actor,
) -> Version:
    """Let a run (saved or not) go on by a new edition of these steps, in the caller's transaction and under its lock.

    `steps` are fields of Step, each with its `key`. Those whose touch is more than planned keep the old words.
    """
    kept = _fixed(run) if run.pk else {}
    version = _version(tenant, template, run, days, actor)
    Step.objects.bulk_create(
        [
            *(
                Step(tenant=tenant, version=version, **{name: getattr(step, name) for name in COPIED})
                for step in {touches[0].step.key: touches[0].step for touches in kept.values()}.values()
            ),
            *(Step(tenant=tenant, version=version, **one) for one in steps if one["key"] not in kept),
        ]
    )
    run.version, run.days = version, days
    run.save()
    _seats(tenant, run, group_ids)
    by_key = {step.key: step for step in Step.objects.filter(tenant=tenant, version=version)}
    moved = [touch for touches in kept.values() for touch in touches]
    for touch in moved:
        touch.step = by_key[touch.step.key]
    Touch.objects.bulk_update(moved, ["step"])
    _take_back(tenant, run)
    plan_apply(tenant=tenant, run=run)
    return version


def _fixed(run: Run) -> dict[str, list[Touch]]:
    """{step key: its touches} of the steps that no edit reaches: handed over or ended in a group."""
    rows = (
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant=run.tenant_id, run=run)
        .exclude(state__in=[TouchState.PLANNED, TouchState.CANCELLED])
        .select_related("step")
        .order_by("pk")
    )
    found: dict[str, list[Touch]] = {}
    for row in rows:
        found.setdefault(row.step.key, []).append(row)
    return found


def _version(tenant: "Tenant", template: Template, run: Run, days: int, actor: Actor) -> Version:
    last = Version.objects.filter(tenant=tenant, template=template).aggregate(last=Max("number"))["last"]
    return Version.objects.create(
        tenant=tenant,
        template=template,
        number=(last or 0) + 1,
        state=VersionState.PUBLISHED,
        days=days,
        parent_id=run.version_id if run.pk else None,
        published_at=clock.now(),
        published_by=actor.name[:64],
    )


def _seats(tenant: "Tenant", run: Run, group_ids: Sequence[int]) -> None:
    """These groups take part from now on, others no longer."""
    rows = {row.group_id: row for row in RunGroup.objects.filter(tenant=tenant, run=run)}
    for group_id, row in rows.items():
        is_in = group_id in set(group_ids)
        if is_in != (row.removed_at is None):
            row.removed_at = None if is_in else clock.now()
            row.save(update_fields=["removed_at"])
    RunGroup.objects.bulk_create(
        RunGroup(tenant=tenant, run=run, group_id=one) for one in sorted(set(group_ids) - set(rows))
    )


def _take_back(tenant: "Tenant", run: Run) -> None:
    """What an earlier edition still planned."""
    rows = list(
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant=tenant, run=run, state=TouchState.PLANNED)
        .exclude(step__version=run.version_id)
        .order_by("pk")
    )
    now = clock.now()
    for row in rows:
        touch_move(row, TouchState.CANCELLED, rule=Rule.REPLANNED, reason=str(Rule.REPLANNED.label), at=now)
    touches_store(rows)
