"""What running groups break: since when, and which groups break a check."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from groups.models import Group, GroupFinding, NightCheck


def findings_since(group: Group) -> list[tuple[str, datetime]]:
    """(code, first seen at) of what a group that `with_judgement` read breaks, the oldest first."""
    return [(one["code"], datetime.fromisoformat(one["at"])) for one in group.broken_since]  # type: ignore[attr-defined]


def groups_breaking(*, tenant_id: int, codes: Iterable[str]) -> QuerySet:
    """Ids of the groups that break any of these checks, for a filter."""
    return GroupFinding.objects.filter(tenant_id=tenant_id, code__in=list(codes)).values("group_id")


def with_judgement(rows: QuerySet[Group]) -> QuerySet[Group]:
    """The groups, each with `judged_at`: when the last night's judgement ended, None before the first; and with what
    `findings_since` reads."""
    nights = NightCheck.objects.filter(tenant_id=OuterRef("tenant_id")).order_by("-day")
    broken = GroupFinding.objects.filter(tenant_id=OuterRef("tenant_id"), group=OuterRef("pk"))
    since = broken.order_by("first_seen_at", "code").values(one=JSONObject(code="code", at="first_seen_at"))
    return rows.annotate(judged_at=Subquery(nights.values("at")[:1]), broken_since=ArraySubquery(since))
