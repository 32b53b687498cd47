"""What running groups break, kept with the moment it was first seen."""

from collections.abc import Mapping, Sequence

from groups.models import GroupFinding
from groups.policies.checks import Finding
from groups.services.overdue import CHECK, overdue_settle
from tenants import clock


def findings_store(*, tenant_id: int, found: Mapping[int, Sequence[Finding]]) -> None:
    """Make the rows of these groups equal to what was found: {group id: findings}; an empty list clears a group.

    In the caller's transaction, under the groups' locks; at most five queries. Safe to repeat: what is still broken
    keeps the moment it was first seen.
    """
    stored: dict[tuple[int, str], GroupFinding] = {
        (row.group_id, row.code): row
        for row in GroupFinding.objects.filter(tenant_id=tenant_id, group_id__in=list(found))
    }
    now = clock.now()
    fresh, changed = [], []
    for group_id, findings in found.items():
        for one in findings:
            evidence = dict(one.evidence)
            row = stored.pop((group_id, one.code), None)
            if row is None:
                fresh.append(
                    GroupFinding(
                        tenant_id=tenant_id,
                        group_id=group_id,
                        code=one.code,
                        severity=one.severity,
                        evidence=evidence,
                        first_seen_at=now,
                    )
                )
            elif (row.severity, row.evidence) != (one.severity, evidence):
                row.severity, row.evidence = one.severity, evidence
                changed.append(row)
    if stored:
        GroupFinding.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in stored.values()]).delete()
        ended = [group_id for group_id, code in stored if code == CHECK]
        if ended:
            overdue_settle(tenant_id=tenant_id, group_ids=ended)
    if changed:
        GroupFinding.objects.bulk_update(changed, ["severity", "evidence"])
    if fresh:
        GroupFinding.objects.bulk_create(fresh)
