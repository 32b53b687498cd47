"""Members who help (R22): whom to suggest and why, who helps now, and what the owner still does alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min, Prefetch, QuerySet
from django.db.models.functions import Coalesce, Least

from groups.enums import KOC_DAYS, KOC_STAGE, KocState
from groups.models import CircleSpell, Group, HelperTask, Koc
from groups.policies.circles import ENGAGED
from groups.policies.koc import Week, load_change, weeks_of
from groups.selectors.circles import circle_members, circles_of
from tenants import clock, preferences
from wecom.archive.selectors import room_days, rooms_heard_between

SUGGESTED = 10
LOAD_WEEKS = 4


@dataclass(frozen=True)
class Suggestion:
    """A member who could help: warm, active, and known for long."""

    customer: Any
    circle: str
    circle_label: str
    active_days: int
    stage: int
    days: int  # since the customer is known

    @property
    def evidence(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "circle": self.circle,
            "active_days": self.active_days,
            "days": self.days,
        }


def koc_limits(*, tenant_id: int) -> tuple[int, int]:
    """(trust stage from which, days known from which) a member is suggested. One query."""
    own = preferences.values(tenant_id, KOC_STAGE, KOC_DAYS)
    return own[KOC_STAGE.key], own[KOC_DAYS.key]


def suggestions(*, group: Group, customer_id: int | None = None) -> list[Suggestion]:
    """Core and influence of the group, warm and known long enough, who are not on the way yet. Two queries."""
    now = clock.now()
    stage, days = koc_limits(tenant_id=group.tenant_id)
    who = Coalesce("customer__person_id", "customer_id")
    known = Koc.objects.filter(tenant_id=group.tenant_id, group=group).annotate(who=who)
    rows = (
        CircleSpell.objects.filter(
            tenant_id=group.tenant_id, group=group, until_day=None, circle__in=ENGAGED, customer__opt_out_at=None
        )
        .annotate(
            who=who,
            stage=Coalesce("customer__person__stage", "customer__stage"),
            known_at=Least("customer__first_seen_at", "customer__person__first_seen_at"),
        )
        .filter(stage__gte=stage, known_at__lte=now - timedelta(days=days))
        .exclude(who__in=known.values("who"))
    )  # fmt: skip
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    ordered = rows.select_related("customer").order_by("circle", "-active_days", "customer_id")
    each = {row.who: row for row in reversed(ordered[: 2 * SUGGESTED])}  # a person with two records here once
    kept = sorted(each.values(), key=lambda row: (row.circle, -row.active_days, row.customer_id))
    return [_suggestion(row, now) for row in kept[:SUGGESTED]]


def _suggestion(row: Any, now: datetime) -> Suggestion:
    return Suggestion(
        row.customer, row.circle, str(row.get_circle_display()), row.active_days, row.stage,
        (now - row.known_at).days,
    )  # fmt: skip


def koc_list(*, group: Group) -> QuerySet[Koc]:
    """Everybody on the way or helping, then those who ended; tasks beside. Two queries."""
    tasks = HelperTask.objects.filter(tenant_id=group.tenant_id).order_by("done_at", "due_on", "pk")
    return (
        Koc.objects.filter(tenant_id=group.tenant_id, group=group)
        .select_related("customer")
        .prefetch_related(Prefetch("tasks", queryset=tasks))
        .order_by("ended_at", "-helper_at", "added_at", "pk")
    )


def koc_states(*, tenant_id: int, group_id: int, customer_ids: Iterable[int]) -> dict[int, Koc]:
    """{customer id: the row} of those who are, or are to become, KOC of a group."""
    rows = Koc.objects.filter(tenant_id=tenant_id, group_id=group_id, customer_id__in=list(customer_ids))
    return {row.customer_id: row for row in rows.exclude(state=KocState.ENDED)}


def helpers_of(*, tenant_id: int, group_id: int) -> set[int]:
    """Customers who help in a group now."""
    rows = Koc.objects.filter(tenant_id=tenant_id, group_id=group_id, state=KocState.HELPER)
    return set(rows.values_list("customer_id", flat=True))


ROLES = ("koc", "active")


def role_members(*, group: Group, role: str) -> set[int]:
    """Customers in one of the roles of R6: `koc` help, `active` stand in core or influence. One query."""
    if role == "koc":
        return helpers_of(tenant_id=group.tenant_id, group_id=group.pk)
    return circle_members(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]


def mark_roles(rows: Iterable[Any], *, group: Group) -> None:
    """Put `koc` and `circle` on members; None where there is none. Two queries."""
    listed = list(rows)
    ids = [row.customer_id for row in listed if row.customer_id is not None]
    who: dict[str, Any] = {"tenant_id": group.tenant_id, "group_id": group.pk, "customer_ids": ids}
    helping, standing = (koc_states(**who), circles_of(**who)) if ids else ({}, {})
    for row in listed:
        row.koc, row.circle = helping.get(row.customer_id), standing.get(row.customer_id)


@dataclass(frozen=True)
class OwnerLoad:
    """The owner's messages in the group a week: mean of the weeks before the first helper, and of those since.

    None: nothing is known of that time, or no full week of it. `since`: the first helper's start; None: nobody yet.
    """

    since: datetime | None
    before: float | None = None
    after: float | None = None
    weeks_before: int = 0
    weeks_after: int = 0
    change: float | None = None


def owner_load(*, group: Group, zone: str) -> OwnerLoad:
    """Four queries at most. Staff messages are known only where an archive or file tells them."""
    rows = Koc.objects.filter(tenant_id=group.tenant_id, group=group, helper_at__isnull=False)
    since = rows.aggregate(first=Min("helper_at"))["first"]
    if since is None or not group.owner_userid:
        return OwnerLoad(since)
    now = clock.now()
    heard = rooms_heard_between(tenant_id=group.tenant_id, room_ids=[group.chat_id]).get(group.chat_id)
    if heard is None:
        return OwnerLoad(since)
    before, after = weeks_of(since=since, heard_from=heard[0], heard_until=heard[1], now=now, most=LOAD_WEEKS)
    told = room_days(
        tenant_id=group.tenant_id, room_id=group.chat_id, since=since - timedelta(weeks=LOAD_WEEKS),
        until=now, zone=ZoneInfo(zone),
    )  # fmt: skip
    own = [(day, count) for day, sender, count in told if sender == group.owner_userid]
    means = [_mean(own, weeks, zone) for weeks in (before, after)]
    return OwnerLoad(since, means[0], means[1], len(before), len(after), load_change(means[0], means[1]))


def _mean(days: list[tuple[Any, int]], weeks: list[Week], zone: str) -> float | None:
    if not weeks:
        return None
    first, last = clock.local_date(weeks[0].start, zone), clock.local_date(weeks[-1].end, zone)
    return sum(count for day, count in days if first <= day < last) / len(weeks)
