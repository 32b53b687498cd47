"""Groups themselves: lists, look-ups, and what was seen to change."""

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from groups.enums import Risk, State
from groups.models import Group, GroupChange

BROKEN = Q(risk=Risk.BAD, dismissed_at=None)  # groups that break a rule now: the figure in the menu


def group_list(*, tenant_id: int) -> QuerySet[Group]:
    """Every group that was not dissolved before anyone planned it, worst first, then by end date."""
    return (
        Group.objects.filter(tenant_id=tenant_id)
        .select_related("owner")
        .order_by("-risk", "ends_on", "name", "pk")
    )


def groups_broken(*, tenant_id: int) -> QuerySet:
    """Groups that break a rule now, for a count."""
    return Group.objects.filter(BROKEN, tenant_id=tenant_id).values("pk")


def group_get(*, tenant_id: int, group_id: int, among: QuerySet[Group] | None = None) -> Group:
    """Raises Group.DoesNotExist, also for another tenant's id. `among`: groups with more about each."""
    rows = Group.objects.all() if among is None else among
    return rows.select_related("owner", "tenant").get(tenant_id=tenant_id, pk=group_id)


def groups_by_id(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, Group]:
    """{id: group}; foreign and unknown ids are absent."""
    rows = Group.objects.filter(tenant_id=tenant_id, pk__in=set(group_ids)).select_related("owner")
    return {row.pk: row for row in rows}


def groups_open(*, tenant_id: int) -> QuerySet[Group]:
    """Groups that exist in WeCom and may be sent to: linked, not dissolved, not archived; by name."""
    return (
        Group.objects.filter(tenant_id=tenant_id, dismissed_at=None)
        .exclude(chat_id="")
        .exclude(state=State.ARCHIVED)
        .select_related("owner")
        .order_by("name", "pk")
    )


# What a list of groups to pick from shows, and whether each may take part.
_PICKED = (
    "tenant", "name", "planned_name", "chat_id", "state", "kind", "dismissed_at", "customer_count", "owner",
    "value_proposition", "owner__name", "owner__userid", "synced_at", "staff_count",
)  # fmt: skip


def groups_to_pick(*, tenant_id: int) -> QuerySet[Group]:
    """`groups_open` with only what a list to pick from shows: a company may have a thousand of them."""
    return groups_open(tenant_id=tenant_id).only(*_PICKED)


def group_ids_by_chat(*, tenant_id: int, chat_ids: Iterable[str]) -> dict[str, int]:
    """{chat_id: group id} of the groups known."""
    rows = Group.objects.filter(tenant_id=tenant_id, chat_id__in=[one for one in chat_ids if one])
    return dict(rows.values_list("chat_id", "pk"))


def change_list(*, tenant_id: int, group_id: int) -> QuerySet[GroupChange]:
    """Name, announcement and owner as seen to change in WeCom, newest first."""
    return GroupChange.objects.filter(tenant_id=tenant_id, group_id=group_id).order_by("-at", "-pk")


def group_counts(*, tenant_id: int, **conditions: Q) -> dict[str, int]:
    """{name: groups that meet its condition}, in one query."""
    counted = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    return Group.objects.filter(tenant_id=tenant_id).aggregate(**counted)
