"""Which groups are for new and which for old customers, and where newcomers should land (R15)."""

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from groups.enums import Kind, Scenario, Side
from groups.models import Group, JoinWayRoom
from groups.policies.sides import NEWCOMER_CHANNELS, side_of
from groups.selectors.lists import groups_open

_NO_OWN = Q(own_side="")
_OLD_KINDS = Q(kind__in=[Kind.SUPER_USER, Kind.DELIVERY])
_OLD_SCENARIOS = Q(scenario__in=[Scenario.MEMBER, Scenario.COACHING, Scenario.BOARD])
# The same rule as policies.sides.side_of, for a filter.
SIDES: dict[str, Q] = {
    Side.NEW: Q(own_side=Side.NEW) | _NO_OWN & Q(kind=Kind.NEW_USER),
    Side.OLD: Q(own_side=Side.OLD)
    | _NO_OWN & (_OLD_KINDS | _OLD_SCENARIOS & ~Q(kind__in=[Kind.NEW_USER, Kind.SUPER_USER, Kind.DELIVERY])),
}  # fmt: skip


def group_side(group: Group) -> str:
    """Whom a group is for: "new", "old" or "" (nothing says it)."""
    return side_of(kind=group.kind, scenario=group.scenario, own=group.own_side)


def landing_groups(*, tenant_id: int) -> QuerySet[Group]:
    """Groups in WeCom for new customers, those with the fewest customers first: where referrals land by default."""
    return groups_open(tenant_id=tenant_id).filter(SIDES[Side.NEW]).order_by("customer_count", "name", "pk")


def newcomer_codes(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, int]:
    """{group: codes in use that lead newcomers into it and carry no reason}; absent where none does. One query."""
    rows = JoinWayRoom.objects.filter(
        tenant_id=tenant_id,
        group_id__in=list(group_ids),
        removed_at=None,
        join_way__ended_at=None,
        join_way__mix_reason="",
        join_way__channel__kind__in=sorted(NEWCOMER_CHANNELS),
    )
    counted = rows.values("group_id").annotate(n=Count("join_way_id", distinct=True))
    return dict(counted.values_list("group_id", "n"))
