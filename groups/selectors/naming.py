"""What a new name is held against: the names in use, the brand, the series."""

from collections.abc import Iterable

from groups.models import Group
from groups.policies.plan import GroupPlan
from groups.selectors.facts import limits_of
from tenants import clock
from tenants.models import Tenant


def names_taken(*, tenant_id: int, apart_from: Iterable[int] = ()) -> set[str]:
    """Names that other groups have in WeCom or are planned to have; dissolved groups free theirs."""
    rows = Group.objects.filter(tenant_id=tenant_id, dismissed_at=None).exclude(pk__in=list(apart_from))
    return {name for pair in rows.values_list("name", "planned_name") for name in pair if name}


def name_plan(*, tenant: Tenant, series: str, group_ids: Iterable[int] = ()) -> GroupPlan:
    """What the checks of a name look at, for groups of this series; `group_ids` are those to be named."""
    now = clock.now()
    siblings = (
        Group.objects.filter(tenant=tenant, series=series, dismissed_at=None)
        .exclude(pk__in=list(group_ids))
        .count()
        if series
        else 0
    )
    return GroupPlan(
        now=now, today=clock.local_date(now, tenant.timezone), brand=tenant.brand, series=series,
        sibling_count=siblings, limits=limits_of(tenant_id=tenant.pk),
    )  # fmt: skip
