"""Reads of staff and of what waits for them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from team.enums import Bucket, WorkState
from team.models import Department, Staff, WorkItem
from team.policies import TIERS
from tenants import clock
from tenants.enums import Role


@dataclass(frozen=True)
class RailBlock:
    """One block beside Today. `rows` are dicts: label, value, and at will max, tone, note, url, time, chip."""

    title: Any
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: Any = ""
    url: str = ""
    order: int = 100


RailProvider = Callable[..., RailBlock | None]
_rail: list[RailProvider] = []


def register_rail(provider: RailProvider) -> None:
    """Show a block beside Today: `provider(tenant=, staff=, now=) -> RailBlock | None`; `staff` None is everyone.

    A provider makes a constant number of queries. The same provider twice counts once.
    """
    if provider not in _rail:
        _rail.append(provider)


def rail_blocks(*, tenant: Any, staff: Staff | None, now: datetime) -> list[RailBlock]:
    """What the providers have to say, in their order."""
    made = [provider(tenant=tenant, staff=staff, now=now) for provider in _rail]
    return sorted((one for one in made if one is not None), key=lambda one: one.order)


@dataclass(frozen=True)
class Load:
    """A column of the staff list: `provider(tenant_id=, staff_ids=)` -> {staff id: count}; ids None: all staff."""

    label: Any
    provider: Callable[..., dict[int, int]]


_loads: list[Load] = []


def register_load(*, label: Any, provider: Callable[..., dict[int, int]]) -> None:
    """Add a figure to the staff list. The same provider twice counts once."""
    if all(one.provider is not provider for one in _loads):
        _loads.append(Load(label, provider))


def loads() -> list[Load]:
    return list(_loads)


def staff_get(*, tenant_id: int, staff_id: int) -> Staff:
    """Raises Staff.DoesNotExist, also for another tenant's id."""
    return Staff.objects.get(tenant_id=tenant_id, pk=staff_id)


def staff_list(*, tenant_id: int, active_only: bool = False) -> QuerySet[Staff]:
    """Staff, active ones first, by name."""
    found = Staff.objects.filter(tenant_id=tenant_id)
    if active_only:
        found = found.filter(is_active=True)
    return found.select_related("membership__user").order_by("-is_active", "name", "userid")


def staff_contactable(*, tenant_id: int) -> list[Staff]:
    """Active staff whom WeCom lets talk to customers."""
    return list(
        Staff.objects.filter(tenant_id=tenant_id, is_active=True, can_contact=True).order_by(
            "app_id", "userid"
        )
    )


def staff_leads(*, tenant_id: int) -> list[Staff]:
    """Active staff whose linked login leads a team; those of owners where no leader is linked."""
    linked = Staff.objects.filter(
        tenant_id=tenant_id, is_active=True, membership__ended_at=None, membership__suspended_at=None
    ).select_related("membership")
    rows = list(linked.filter(membership__role__in=[Role.LEADER, Role.OWNER]).order_by("pk"))
    leaders = [one for one in rows if one.membership is not None and one.membership.role == Role.LEADER]
    return leaders or rows


def staff_by_userid(*, tenant_id: int, userid: str, app_id: int | None = None) -> Staff | None:
    """The staff member behind a WeCom userid, in any case, active or not; or None."""
    found = Staff.objects.filter(tenant_id=tenant_id, userid__iexact=userid)
    return (found.filter(app_id=app_id) if app_id else found.order_by("-is_active", "app_id")).first()


def staff_by_userids(
    *, tenant_id: int, userids: Iterable[str], app_id: int | None = None
) -> dict[str, Staff]:
    """{userid: staff} of those known."""
    found = Staff.objects.filter(tenant_id=tenant_id, userid__in=set(userids))
    if app_id:
        found = found.filter(app_id=app_id)
    return {row.userid: row for row in found.order_by("is_active", "-app_id")}


def staff_by_id(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, Staff]:
    """{staff id: staff} of those known; no query for nobody."""
    wanted = set(staff_ids)
    return {row.pk: row for row in Staff.objects.filter(tenant_id=tenant_id, pk__in=wanted)} if wanted else {}


def staff_names(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, str]:
    """{staff id: name, or the userid where WeCom gave no name}."""
    rows = Staff.objects.filter(tenant_id=tenant_id, pk__in=set(staff_ids))
    return {row.pk: str(row) for row in rows}


def staff_for_membership(*, tenant_id: int, membership_id: int) -> Staff | None:
    """The staff member a leader linked to this console login, or None."""
    return (
        Staff.objects.filter(tenant_id=tenant_id, membership_id=membership_id, is_active=True)
        .order_by("app_id")
        .first()
    )


def staff_for_user(*, tenant_id: int, user_id: int) -> Staff | None:
    """The staff member whose linked login is this user's, or None."""
    return (
        Staff.objects.filter(
            tenant_id=tenant_id,
            membership__user_id=user_id,
            membership__ended_at=None,
            membership__suspended_at=None,
            is_active=True,
        )
        .order_by("app_id")
        .first()
    )


def staff_of_members(*, tenant_id: int, member_ids: Iterable[int]) -> dict[int, list[Staff]]:
    """{membership id: its staff members, active first}; absent when none is linked."""
    found: dict[int, list[Staff]] = {}
    rows = Staff.objects.filter(tenant_id=tenant_id, membership_id__in=list(member_ids))
    for row in rows.order_by("-is_active", "pk"):
        found.setdefault(row.membership_id or 0, []).append(row)
    return found


def department_names(*, tenant_id: int) -> dict[tuple[int, int], str]:
    """{(app id, department id): name}."""
    rows = Department.objects.filter(tenant_id=tenant_id)
    return {(row.app_id, row.dept_id): row.name for row in rows}


NOBODY = 0  # a viewer without a linked staff member: only what is for anyone


def _of(tenant_id: int, staff_id: int | None) -> QuerySet[WorkItem]:
    """Items of one person, those for anyone among them; None: everyone's; NOBODY: only those for anyone."""
    found = WorkItem.objects.filter(tenant_id=tenant_id)
    return found if staff_id is None else found.filter(Q(staff_id=staff_id) | Q(staff_id=None))


def work_item_get(*, tenant_id: int, item_id: int) -> WorkItem:
    """Raises WorkItem.DoesNotExist, also for another tenant's id."""
    return WorkItem.objects.select_related("staff", "group").get(tenant_id=tenant_id, pk=item_id)


@dataclass(frozen=True)
class ItemStanding:
    """How the item of one matter stands. `done_by` is "" when it closed by itself."""

    state: str
    rule_code: str
    starts_at: datetime | None
    done_by: str

    @property
    def waits(self) -> bool:
        return self.state in (WorkState.OPEN, WorkState.SNOOZED, WorkState.BLOCKED)


def work_items_of(*, tenant_id: int, source_kind: str, source_ids: Iterable[int]) -> dict[int, ItemStanding]:
    """{source id: how its item stands}; matters without an item are left out. One query."""
    rows = WorkItem.objects.filter(
        tenant_id=tenant_id, source_kind=source_kind, source_id__in=list(source_ids)
    )
    named = rows.values_list("source_id", "state", "rule_code", "starts_at", "done_by")
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
) -> QuerySet[WorkItem]:
    """What waits for one person (None: for everyone), in the one work order."""
    found = _of(tenant_id, staff_id).filter(state__in=list(states))
    if bucket:
        found = found.filter(bucket=bucket)
    found = found.select_related("staff", "group")
    return in_work_order(found, due="due_at", tier="tier", now=clock.now())


def work_item_done_list(*, tenant_id: int, staff_id: int | None, since: datetime) -> QuerySet[WorkItem]:
    """What a person finished since a moment, newest first."""
    found = _of(tenant_id, staff_id).filter(state=WorkState.DONE, done_at__gte=since)
    return found.select_related("staff", "group").order_by("-done_at", "-pk")


def work_counts(*, tenant_id: int, staff_id: int | None, since: datetime) -> dict[str, int]:
    """{"all", "must", "remind", "suggest", "late", "blocked", "snoozed", "done", "missed", "<bucket>_done"}; one query.

    `done` and `missed` count since the moment; the others are what waits now.
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
