"""What the members of groups do, from the behaviour stream."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for

# What counts as an activity of a customer (R19). A staff message never does: staff are no customers.
ACTIVE_KINDS = frozenset(
    {
        BehaviourKind.MESSAGE, BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK,
        BehaviourKind.ORDER, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.FORM, BehaviourKind.LIVE,
        BehaviourKind.MINI_PROGRAM, BehaviourKind.CHECKIN, BehaviourKind.DRAW, BehaviourKind.RED_PACKET,
        BehaviourKind.RADAR, BehaviourKind.COUPON, BehaviourKind.REDEEM,
    }
)  # fmt: skip


def active_members(
    *, tenant_id: int, members: dict[int, list[int]], since: datetime, until: datetime
) -> dict[int, set[int]]:
    """{group id: its customers active in [since, until)}: in this group, or outside any group.

    `members` is what members_current gives. What a person does in another group counts there.
    """
    return active_beside(tenant_id=tenant_id, members=members, before=since, since=since, until=until)[0]


def active_beside(
    *, tenant_id: int, members: dict[int, list[int]], before: datetime, since: datetime, until: datetime
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """`active_members` of [since, until), and of [before, since); one query."""
    everyone = {customer for listed in members.values() for customer in listed}
    rows = (
        behaviours_for(
            tenant_id=tenant_id, customer_ids=everyone, since=before, until=until, kinds=ACTIVE_KINDS
        )
        .filter(Q(group_id=None) | Q(group_id__in=list(members)))
        .order_by()
        .annotate(is_now=Q(occurred_at__gte=since))
        .values_list("customer_id", "group_id", "is_now")
        .distinct()
    )
    seen: dict[tuple[int | None, bool], set[int]] = {}
    for customer_id, group_id, is_now in rows:
        seen.setdefault((group_id, is_now), set()).add(customer_id)

    def active(is_now: bool) -> dict[int, set[int]]:
        anywhere = seen.get((None, is_now), set())
        return {
            one: set(listed) & (anywhere | seen.get((one, is_now), set())) for one, listed in members.items()
        }

    return active(True), active(False)


WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Spoken:
    """Customers' messages of one group: the latest, how many in the last week and in the week before."""

    last_at: datetime
    count: int
    before: int


def messages_spoken(*, tenant_id: int, members: dict[int, list[int]], now: datetime) -> dict[int, Spoken]:
    """{group id: Spoken} of the customers now in it, in one query; absent when none is known."""
    everyone = {customer for listed in members.values() for customer in listed}
    rows = (
        behaviours_for(tenant_id=tenant_id, customer_ids=everyone, kinds=[BehaviourKind.MESSAGE])
        .filter(group_id__in=list(members))
        .order_by()
        .values("group_id")
        .annotate(
            at=Max("occurred_at"),
            count=Count("pk", filter=Q(occurred_at__gt=now - WEEK)),
            before=Count("pk", filter=Q(occurred_at__gt=now - 2 * WEEK, occurred_at__lte=now - WEEK)),
        )
    )
    return {row["group_id"]: Spoken(row["at"], row["count"], row["before"]) for row in rows}
