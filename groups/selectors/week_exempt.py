"""Which groups owe no weekly plan: by their type, or each with its reason (R61)."""

from collections.abc import Iterable

from groups.enums import WEEK_ASKED
from groups.models import Group, WeekExempt
from tenants import preferences


def week_exempt(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, WeekExempt]:
    """{group id: why it owes no week} of those exempt one by one. One query."""
    rows = WeekExempt.objects.filter(tenant_id=tenant_id, group__in=list(group_ids))
    return {row.group_id: row for row in rows}


def kinds_exempt(*, tenant_id: int) -> set[str]:
    """Types of groups that owe no weekly plan by the company's settings. One query."""
    own = preferences.values(tenant_id, *WEEK_ASKED.values())
    return {kind for kind, setting in WEEK_ASKED.items() if not own[setting.key]}


def groups_owing(*, tenant_id: int, groups: Iterable[Group]) -> list[Group]:
    """Those of these groups that owe a weekly plan. Two queries."""
    rows = list(groups)
    free = week_exempt(tenant_id=tenant_id, group_ids=[one.pk for one in rows])
    kinds = kinds_exempt(tenant_id=tenant_id)
    return [one for one in rows if one.pk not in free and one.kind not in kinds]
