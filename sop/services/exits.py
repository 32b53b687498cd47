"""Exit rules carried out: who leaves a run is written down once, with the rule, and what waits for it is stopped."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from groups.selectors.members import customer_spells
from sop.enums import RunState, TouchState
from sop.errors import RunInvalid, VersionFrozen
from sop.models import Run, RunExit, RunGroup, Touch, Version
from sop.policies import exits as policy
from sop.policies.exits import Exit
from sop.selectors.exits import (
    exit_value,
    exit_words,
    group_facts,
    out_of_runs,
    person_facts,
    tag_names,
)
from sop.services.drops import people_drop
from sop.services.planning import touches_take_back
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


def exits_judge(
    *,
    tenant: "Tenant",
    run: Run,
    customer_ids: Collection[int] = (),
    group_ids: Collection[int] = (),
) -> tuple[dict[int, str], dict[int, str]]:
    """({customer: rule}, {group: rule}) of these who are out of the run, judged now; new ones are written down.

    In the caller's transaction. Who once left stays out, whatever changes later. Safe to repeat and in parallel.
    """
    exits = policy.read(run.version.exits)
    if not exits:
        return {}, {}
    people, groups = (found[run.pk] for found in out_of_runs(tenant_id=tenant.pk, run_ids=[run.pk]))
    names = tag_names(tenant_id=tenant.pk) if any(one.rule in _TAGGED for one in exits) else {}
    fresh = []
    asked = [one for one in customer_ids if one not in people]
    if asked and any(one.is_personal for one in exits):
        facts = person_facts(run=run, zone=tenant.timezone, exits=exits, customer_ids=asked)
        for one, known in facts.items():
            if found := policy.person_exit(exits, known):
                people[one] = str(found.rule)
                fresh.append(_row(run, found, names, customer_id=one))
    waiting = [one for one in group_ids if one not in groups]
    if waiting and any(not one.is_personal for one in exits):
        for one, seen in group_facts(tenant_id=tenant.pk, group_ids=waiting).items():
            if found := policy.group_exit(exits, seen):
                groups[one] = str(found.rule)
                fresh.append(_row(run, found, names, group_id=one))
    RunExit.objects.bulk_create(fresh, ignore_conflicts=True)
    return (
        {one: rule for one, rule in people.items() if one in set(customer_ids)},
        {one: rule for one, rule in groups.items() if one in set(group_ids)},
    )


_TAGGED = frozenset({policy.ExitRule.CUSTOMER_TAG, policy.ExitRule.GROUP_TAG})


def _row(run: Run, found: Exit, names: dict[tuple[str, int], str], **who: int) -> RunExit:
    return RunExit(
        tenant_id=run.tenant_id, run=run, rule_code=found.rule, value=exit_value(found, names)[:64], **who
    )


def run_exits_sweep(*, tenant: "Tenant", run: Run, customer_ids: Iterable[int] | None = None) -> int:
    """Judge everybody of a running run, or these, and stop what waits for who left. Returns how many left by now.

    In the caller's transaction. Safe to repeat.
    """
    if run.state != RunState.RUNNING or not run.version.exits:
        return 0
    rows = list(RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None))
    group_ids = [row.group_id for row in rows]
    if customer_ids is None:
        since = min((row.added_at for row in rows), default=run.created_at)
        spells = customer_spells(tenant_id=tenant.pk, group_ids=group_ids, since=since)
        customer_ids = {customer_id for _group, customer_id, _from, _until in spells if customer_id}
    people, groups = exits_judge(
        tenant=tenant, run=run, customer_ids=sorted(customer_ids), group_ids=group_ids
    )
    for rule, some in _by_rule(groups).items():
        touches_take_back(
            tenant=tenant,
            touches=Touch.objects.filter(tenant=tenant, run=run, group__in=some),
            to=TouchState.CANCELLED,
            rule=rule,
            reason=str(policy.ExitRule(rule).label),
        )
    for rule, some in _by_rule(people).items():
        people_drop(
            tenant=tenant,
            touches=Touch.objects.filter(tenant=tenant, run=run),
            customer_ids=some,
            rule=rule,
            reason=str(policy.ExitRule(rule).label),
        )
    return len(people) + len(groups)


def _by_rule(out: dict[int, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one, rule in sorted(out.items()):
        found.setdefault(rule, []).append(one)
    return found


def version_set_exits(*, tenant: "Tenant", version_id: int, exits: list[Exit], actor: Actor) -> Version:
    """Say what ends a run of this draft for a person or a group. Safe to repeat.

    Raises VersionFrozen, RunInvalid for a rule that can never be judged, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    try:
        wanted = policy.write(policy.read(policy.write(exits)))
    except ValueError as error:
        raise RunInvalid from error
    with transaction.atomic():
        version = Version.objects.select_for_update().get(tenant=tenant, pk=version_id)
        if version.state != "draft":
            raise VersionFrozen
        if version.exits != wanted:
            names = tag_names(tenant_id=tenant.pk)
            said = [[exit_words(one, names) for one in policy.read(some)] for some in (version.exits, wanted)]
            version.exits = wanted
            version.save(update_fields=["exits"])
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.version.exits_set",
                target=version,
                changes={"exits": said},
            )
    return version
