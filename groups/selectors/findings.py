"""What running groups break: since when, and which groups break a check."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from groups.models import Group, GroupFinding, NightCheck


def findings_since(*, tenant_id: int, group_id: int) -> list[tuple[str, datetime]]:
    """(code, first seen at) of what one group breaks, the oldest first."""
    rows = GroupFinding.objects.filter(tenant_id=tenant_id, group_id=group_id).order_by(
        "first_seen_at", "code"
    )
    return list(rows.values_list("code", "first_seen_at"))


def groups_breaking(*, tenant_id: int, codes: Iterable[str]) -> QuerySet:
    """Ids of the groups that break any of these checks, for a filter."""
    return GroupFinding.objects.filter(tenant_id=tenant_id, code__in=list(codes)).values("group_id")


def with_judgement(rows: QuerySet[Group]) -> QuerySet[Group]:
    """The groups, each with `judged_at`: when the last night's judgement ended, None before the first."""
    nights = NightCheck.objects.filter(tenant_id=OuterRef("tenant_id")).order_by("-day")
    return rows.annotate(judged_at=Subquery(nights.values("at")[:1]))
