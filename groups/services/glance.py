"""Keep what lists show and sort by true: member counts and the worst failing check of each group."""

from collections.abc import Iterable

from groups.enums import LIVE_STATES, Risk, Severity, State
from groups.models import Group
from groups.policies.checks import evaluate
from groups.policies.facts import GroupFacts
from groups.selectors import counts, group_facts_many
from tenants.models import Tenant

_RISKS = {
    Severity.BLOCK: Risk.BAD, Severity.APPROVAL: Risk.WARN, Severity.WARN: Risk.WARN, Severity.NOTE: Risk.NOTE,
}  # fmt: skip


def risk_of(facts: GroupFacts) -> tuple[int, str]:
    """(enums.Risk, code of the check that gives it). A group in planning or over is at no risk: it is not ready."""
    if facts.state not in LIVE_STATES:
        return Risk.NONE.value, ""
    findings = evaluate(facts)
    if not findings:
        return Risk.NONE.value, ""
    return _RISKS[Severity(findings[0].severity)].value, findings[0].code


def glance_refresh(*, tenant: Tenant, group_ids: Iterable[int]) -> None:
    """Recount and re-judge these groups, in the caller's transaction and a constant number of queries.

    Safe to repeat. Call it under the groups' locks, after what changed is written.
    """
    groups = list(Group.objects.filter(tenant=tenant, pk__in=set(group_ids)).exclude(state=State.ARCHIVED))
    seats = counts(tenant_id=tenant.pk, group_ids=[group.pk for group in groups])
    facts = group_facts_many(tenant=tenant, groups=groups)
    for group in groups:
        group.customer_count, group.staff_count = seats[group.pk].customers, seats[group.pk].staff
        group.risk, group.risk_code = risk_of(facts[group.pk])
    Group.objects.bulk_update(groups, ["customer_count", "staff_count", "risk", "risk_code"])
