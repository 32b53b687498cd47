"""What the members of groups do, from the behaviour stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_in
from groups.models import Group, Member
from tenants.counting import RowCount

# What counts as an activity of a customer (R19). A staff message never does: staff are no customers.
ACTIVE_KINDS = frozenset(
    {
        BehaviourKind.MESSAGE, BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK,
        BehaviourKind.ORDER, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.FORM, BehaviourKind.LIVE,
        BehaviourKind.MINI_PROGRAM, BehaviourKind.CHECKIN, BehaviourKind.DRAW, BehaviourKind.RED_PACKET,
        BehaviourKind.RADAR, BehaviourKind.COUPON, BehaviourKind.COUPON_VIEW, BehaviourKind.REDEEM,
    }
)  # fmt: skip


WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Active:
    """How many of the customers now in a group were active, and how many in the time before."""

    now: int = 0
    before: int = 0


def active_counts(
    *, tenant_id: int, group_ids: Iterable[int], before: datetime, since: datetime, until: datetime
) -> dict[int, Active]:
    """{group id: Active} of [since, until) and of [before, since), in one query; each group asked for is there.

    What counts is done in this group, or outside any group: what a person does in another group counts there.
    """
    wanted = list(group_ids)

    def acted(since: datetime, until: datetime) -> Exists:
        acts = behaviours_in(tenant_id=tenant_id, since=since, until=until, kinds=ACTIVE_KINDS)
        here = Q(group=None) | Q(group=OuterRef("group"))
        return Exists(acts.filter(here, customer=OuterRef("customer")))

    rows = (
        Member.objects.filter(tenant_id=tenant_id, group__in=wanted, left_at=None, is_staff=False)
        .order_by()
        .values("group_id")
        .annotate(
            now=Count("pk", filter=acted(since, until)),
            before=Count("pk", filter=acted(before, since)),
        )
    )
    found = {row["group_id"]: Active(row["now"], row["before"]) for row in rows}
    return {one: found.get(one, Active()) for one in wanted}


@dataclass(frozen=True)
class Spoken:
    """Customers' messages of one group: the latest, how many in the last week and in the week before."""

    last_at: datetime
    count: int
    before: int


def messages_spoken(*, tenant_id: int, group_ids: Iterable[int], now: datetime) -> dict[int, Spoken]:
    """{group id: Spoken} of the customers now in it, in one query; absent when none is known."""
    here = Member.objects.filter(
        tenant_id=tenant_id,
        group=OuterRef("group"),
        customer=OuterRef("customer"),
        left_at=None,
        is_staff=False,
    )
    everything = behaviours_in(tenant_id=tenant_id, kinds=[BehaviourKind.MESSAGE])
    said = everything.filter(Exists(here), group=OuterRef("pk"))
    rows = Group.objects.filter(tenant_id=tenant_id, pk__in=list(group_ids)).values_list(
        "pk",
        Subquery(said.order_by("-occurred_at").values("occurred_at")[:1]),
        RowCount(said.filter(occurred_at__gt=now - WEEK)),
        RowCount(said.filter(occurred_at__gt=now - 2 * WEEK, occurred_at__lte=now - WEEK)),
    )
    return {pk: Spoken(at, count, before) for pk, at, count, before in rows if at is not None}
