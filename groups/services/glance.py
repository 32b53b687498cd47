"""Keep what lists show and sort by true: member counts and the worst failing check of each group."""

from collections.abc import Iterable, Sequence

from django.core.cache import cache
from django.db import transaction

from groups.enums import LIVE_STATES, Risk, Severity
from groups.models import Group
from groups.policies.checks import Finding, evaluate
from groups.selectors import counts, group_facts_many
from groups.services.findings import findings_store
from groups.services.group_tag_rules import groups_judge_tags
from groups.services.setup_steps import setup_follow
from outbox.dispatch import enqueue
from tenants.models import Tenant

REFRESH_TASK = "groups.refresh_glances"
PAUSE_S = 2  # one judgement for all events of this time
MARK_S = 60  # a task that got lost is asked for again after this long
CHUNK = 200

_SHOWN = ("customer_count", "staff_count", "risk", "risk_code", "risk_count")
_NO_RISK = (Risk.NONE.value, "", 0)
_RISKS = {
    Severity.BLOCK: Risk.BAD, Severity.APPROVAL: Risk.WARN, Severity.WARN: Risk.WARN, Severity.NOTE: Risk.NOTE,
}  # fmt: skip


def risk_of(findings: Sequence[Finding]) -> tuple[int, str, int]:
    """(enums.Risk, code of the check that gives it, checks broken) of findings that stand worst first."""
    if not findings:
        return _NO_RISK
    broken = sum(finding.severity != Severity.NOTE for finding in findings)
    return _RISKS[Severity(findings[0].severity)].value, findings[0].code, broken


def glance_refresh(*, tenant: Tenant, group_ids: Iterable[int]) -> None:
    """Recount and re-judge these groups, in the caller's transaction and a constant number of queries.

    A group in planning, archived or dissolved is at no risk: it is not ready, or no longer.
    Safe to repeat. Call it under the groups' locks, after what changed is written.
    """
    groups = list(Group.objects.filter(tenant=tenant, pk__in=set(group_ids)))
    sitting = counts(tenant_id=tenant.pk, group_ids=[group.pk for group in groups])
    live = [group for group in groups if group.state in LIVE_STATES and group.dismissed_at is None]
    facts = group_facts_many(tenant=tenant, groups=live, sitting=sitting) if live else {}
    found = {group.pk: evaluate(facts[group.pk]) if group.pk in facts else [] for group in groups}
    findings_store(tenant_id=tenant.pk, found=found)
    changed = []
    for group in groups:
        before = tuple(getattr(group, name) for name in _SHOWN)
        seats = sitting[group.pk]
        group.customer_count, group.staff_count = seats.customers, seats.staff
        group.risk, group.risk_code, group.risk_count = risk_of(found[group.pk])
        if before != tuple(getattr(group, name) for name in _SHOWN):
            changed.append(group)
    if changed:
        Group.objects.bulk_update(changed, _SHOWN)
    groups_judge_tags(tenant=tenant, groups=groups)
    setup_follow(tenant=tenant, group_ids=[group.pk for group in groups])


def glance_refresh_soon(*, tenant_id: int, group_id: int) -> None:
    """After the present transaction commits, judge a group once for a whole burst of events.

    The mark is taken away before the task looks, so a change after that look asks again. What gets lost, the
    nightly sync makes good.
    """
    if cache.add(_mark(tenant_id, group_id), 1, timeout=MARK_S):
        enqueue(REFRESH_TASK, tenant_id=tenant_id, countdown_s=PAUSE_S, group_ids=[group_id])


def glances_bring_up(*, tenant_id: int, group_ids: Iterable[int]) -> None:
    """Refresh these groups under their locks, some at a time. Safe to repeat and in parallel."""
    wanted = sorted(set(group_ids))
    cache.delete_many([_mark(tenant_id, one) for one in wanted])
    tenant = Tenant.objects.get(pk=tenant_id)
    for start in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            rows = Group.objects.select_for_update().filter(
                tenant=tenant, pk__in=wanted[start : start + CHUNK]
            )
            glance_refresh(tenant=tenant, group_ids=[group.pk for group in rows.order_by("pk")])


def _mark(tenant_id: int, group_id: int) -> str:
    return f"groups:glance:{tenant_id}:{group_id}"
