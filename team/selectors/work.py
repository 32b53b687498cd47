"""Reads of what waits for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from team.enums import Bucket, WorkKind, WorkState
from team.models import WorkItem
from team.policies import TIERS
from tenants import clock

NOBODY = 0  # a viewer without a linked staff member: only what is for anyone


def _of(tenant_id: int, staff_id: int | None) -> QuerySet[WorkItem]:
    """Items of one person, with those for anyone and those they stand in for.

    None: everyone's; NOBODY: only those for anyone.
    """
    found = WorkItem.objects.filter(tenant_id=tenant_id)
    return (
        found
        if staff_id is None
        else found.filter(Q(staff_id=staff_id) | Q(staff_id=None) | Q(cover_id=staff_id))
    )


def work_item_get(*, tenant_id: int, item_id: int) -> WorkItem:
    """Raises WorkItem.DoesNotExist, also for another tenant's id."""
    return WorkItem.objects.select_related("staff", "group").get(tenant_id=tenant_id, pk=item_id)


@dataclass(frozen=True)
class ItemStanding:
    """How the item of one matter stands. `done_by` is "" when it closed by itself; `done_at`: when it closed."""

    state: str
    rule_code: str
    starts_at: datetime | None
    done_by: str
    done_at: datetime | None

    @property
    def waits(self) -> bool:
        return self.state in (WorkState.OPEN, WorkState.SNOOZED, WorkState.BLOCKED)


def work_items_of(*, tenant_id: int, source_kind: str, source_ids: Iterable[int]) -> dict[int, ItemStanding]:
    """{source id: how its item stands}; matters without an item are left out. One query."""
    rows = WorkItem.objects.filter(
        tenant_id=tenant_id, source_kind=source_kind, source_id__in=list(source_ids)
    )
    named = rows.values_list("source_id", "state", "rule_code", "starts_at", "done_by", "done_at")
    return {source_id: ItemStanding(*values) for source_id, *values in named}


def work_sources_waiting(*, tenant_id: int, source_kind: str) -> list[int]:
    """Matters of one kind whose item waits."""
    rows = WorkItem.objects.filter(
        tenant_id=tenant_id, source_kind=source_kind, state__in=[WorkState.OPEN, WorkState.SNOOZED]
    )
    return list(rows.order_by("source_id").values_list("source_id", flat=True))


def in_work_order(rows: QuerySet, *, due: str, tier: Case | str, now: datetime) -> QuerySet:
    """Rows in the one work order (R123) that Today, the lead board and the phone share, sorted by the database.

    What is past due comes first, by tier and then by how long; then what is due by the time left, then the rest by
    tier. Exactly due is past due; equal rows keep the order of their ids. `due`: the field of the deadline; `tier`: the
    field of the tier, or the rank itself. Annotates `late_rank` and `tier_rank`.
    """
    rank = tier_ranked(tier) if isinstance(tier, str) else tier
    late = Case(
        When(**{f"{due}__lte": now}, then=rank), default=Value(len(TIERS) + 1), output_field=IntegerField()
    )
    return rows.annotate(tier_rank=rank, late_rank=late).order_by(*work_order(due))


def tier_ranked(field: str) -> Case:
    """0 for S, rising; the unranked come last."""
    ranks = (When(**{field: tier}, then=Value(rank)) for rank, tier in enumerate(TIERS))
    return Case(*ranks, default=Value(len(TIERS)), output_field=IntegerField())


def work_order(due: str) -> list[Any]:
    """What rows of `in_work_order` are sorted by."""
    return [F("late_rank").asc(), F(due).asc(nulls_last=True), F("tier_rank").asc(), F("pk").asc()]


def work_item_list(
    *,
    tenant_id: int,
    staff_id: int | None = None,
    states: Iterable[str] = (WorkState.OPEN,),
    bucket: str = "",
    kind: str = "",
) -> QuerySet[WorkItem]:
    """What waits for one person (None: for everyone), in the one work order; of one WorkKind, or of all."""
    found = _of(tenant_id, staff_id).filter(state__in=list(states))
    if kind:
        found = found.filter(kind=kind)
    if bucket:
        found = found.filter(bucket=bucket)
    found = found.select_related("staff", "group")
    return in_work_order(found, due="due_at", tier="tier", now=clock.now())


def work_item_done_list(
    *, tenant_id: int, staff_id: int | None, since: datetime, kind: str = ""
) -> QuerySet[WorkItem]:
    """What a person finished since a moment, newest first; of one WorkKind, or of all."""
    found = _of(tenant_id, staff_id).filter(state=WorkState.DONE, done_at__gte=since)
    if kind:
        found = found.filter(kind=kind)
    return found.select_related("staff", "group").order_by("-done_at", "-pk")


def work_counts(*, tenant_id: int, staff_id: int | None, since: datetime, kind: str = "") -> dict[str, int]:
    """{"all", "must", "remind", "suggest", "late", "blocked", "snoozed", "done", "missed", "<bucket>_done"}; one query.

    `done` and `missed` count since the moment; the others are what waits now. Of one WorkKind, or of all; "kind:<kind>"
    is what waits of each, whichever is asked for.
    """
    waiting, now = Q(state=WorkState.OPEN), clock.now()
    done = Q(state=WorkState.DONE, done_at__gte=since)
    counts = {
        "all": waiting,
        "late": waiting & Q(due_at__lte=now),
        "blocked": Q(state=WorkState.BLOCKED),
        "snoozed": Q(state=WorkState.SNOOZED),
        "done": done,
        "missed": Q(state=WorkState.MISSED, done_at__gte=since),
    }
    for bucket in Bucket.values:
        counts[bucket] = waiting & Q(bucket=bucket)
        counts[f"{bucket}_done"] = done & Q(bucket=bucket)
    if kind:
        counts = {name: condition & Q(kind=kind) for name, condition in counts.items()}
    for one in WorkKind.values:
        counts[f"kind:{one}"] = waiting & Q(kind=one)
    return _of(tenant_id, staff_id).aggregate(
        **{name: Count("pk", filter=condition) for name, condition in counts.items()}
    )


def open_items(*, tenant_id: int, staff_id: int | None, bucket: str) -> QuerySet:
    """Open items of one bucket that wait for a person; None: for everyone. What the menu counts."""
    return _of(tenant_id, staff_id).filter(state=WorkState.OPEN, bucket=bucket).values("pk")


def open_counts(*, tenant_id: int) -> dict[int, int]:
    """{staff id: open items}; absent means none."""
    rows = (
        WorkItem.objects.filter(tenant_id=tenant_id, state=WorkState.OPEN, staff__isnull=False)
        .values("staff_id")
        .annotate(items=Count("pk"))
    )
    return {row["staff_id"]: row["items"] for row in rows}


def tenants_with_sweepable() -> list[int]:
    """Tenants with a snoozed item to wake or a window that closed. Runs across tenants: the caller is a tick."""
    now = clock.now()
    due = WorkItem.objects.filter(
        Q(state__in=(WorkState.OPEN, WorkState.SNOOZED, WorkState.BLOCKED), window_ends_at__lte=now)
        | Q(state=WorkState.SNOOZED, snoozed_until__lte=now)
    )
    return list(due.values_list("tenant_id", flat=True).distinct())
