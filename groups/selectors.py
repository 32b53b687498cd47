"""Reads of groups. Staff never count as customers; one person in three groups is one in totals (R37, R101)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for
from groups.enums import (
    DEAD_DAYS,
    MARKETING_SHARE,
    NAME_EMOJI,
    NAME_LIMIT,
    SIZE_REASON,
    SIZE_TARGET,
    STAFF_LEAST,
    STAFF_MOST,
    Question,
    State,
)
from groups.models import Approval, Group, GroupChange, Member, ReadinessAnswer
from groups.policies.facts import Allowed, GroupFacts, Limits
from tenants import clock, preferences
from tenants.models import Tenant

# What counts as an activity of a customer (R19). A staff message never does: staff are no customers.
ACTIVE_KINDS = frozenset(
    {
        BehaviourKind.MESSAGE, BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK,
        BehaviourKind.ORDER, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.FORM, BehaviourKind.LIVE,
        BehaviourKind.MINI_PROGRAM, BehaviourKind.CHECKIN, BehaviourKind.DRAW, BehaviourKind.RED_PACKET,
        BehaviourKind.RADAR, BehaviourKind.COUPON,
    }
)  # fmt: skip


# --- Groups


def group_list(*, tenant_id: int) -> QuerySet[Group]:
    """Every group that was not dissolved before anyone planned it, worst first, then by end date."""
    return (
        Group.objects.filter(tenant_id=tenant_id)
        .select_related("owner")
        .order_by("-risk", "ends_on", "name", "pk")
    )


def group_get(*, tenant_id: int, group_id: int) -> Group:
    """Raises Group.DoesNotExist, also for another tenant's id."""
    return Group.objects.select_related("owner", "tenant").get(tenant_id=tenant_id, pk=group_id)


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


def group_ids_by_chat(*, tenant_id: int, chat_ids: Iterable[str]) -> dict[str, int]:
    """{chat_id: group id} of the groups known."""
    rows = Group.objects.filter(tenant_id=tenant_id, chat_id__in=[one for one in chat_ids if one])
    return dict(rows.values_list("chat_id", "pk"))


# --- Members


def _present(tenant_id: int) -> QuerySet[Member]:
    return Member.objects.filter(tenant_id=tenant_id, left_at=None)


def members_current(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, list[int]]:
    """{group id: customer ids now in it}, each list in order. Staff are not among them."""
    found: dict[int, list[int]] = {one: [] for one in group_ids}
    rows = _present(tenant_id).filter(group_id__in=list(found), is_staff=False, customer_id__isnull=False)
    for group_id, customer_id in rows.order_by("group_id", "customer_id").values_list(
        "group_id", "customer_id"
    ):
        found[group_id].append(customer_id)
    return found


def members_since(*, tenant_id: int, group_ids: Iterable[int]) -> list[tuple[int, int, datetime]]:
    """(customer id, group id, joined_at) of everyone now in the groups, by group and customer: a cohort's raw form."""
    rows = _present(tenant_id).filter(group_id__in=list(group_ids), is_staff=False, customer_id__isnull=False)
    return list(rows.order_by("group_id", "customer_id").values_list("customer_id", "group_id", "joined_at"))


def customer_groups(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[Group]]:
    """{customer id: groups the person sits in now}, by name; absent when in none."""
    rows = (
        _present(tenant_id)
        .filter(customer_id__in=list(customer_ids), group__dismissed_at=None)
        .select_related("group")
        .order_by("group__name", "group_id")
    )
    found: dict[int, list[Group]] = {}
    for row in rows:
        if row.customer_id is not None:
            found.setdefault(row.customer_id, []).append(row.group)
    return found


def group_names_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """{customer id: names of the groups the person sits in now}."""
    found = customer_groups(tenant_id=tenant_id, customer_ids=customer_ids)
    return {customer_id: [str(group) for group in groups] for customer_id, groups in found.items()}


def staff_in(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, list[int]]:
    """{group id: staff ids now in it}."""
    found: dict[int, list[int]] = {one: [] for one in group_ids}
    rows = _present(tenant_id).filter(group_id__in=list(found), is_staff=True, staff_id__isnull=False)
    for group_id, staff_id in rows.order_by("group_id", "staff_id").values_list("group_id", "staff_id"):
        found[group_id].append(staff_id)
    return found


def member_list(*, tenant_id: int, group_id: int, which: str = "customers") -> QuerySet[Member]:
    """Spells of one group: `customers` and `staff` now in it, newest first, or those who `left`, latest first."""
    rows = Member.objects.filter(tenant_id=tenant_id, group_id=group_id).select_related("customer", "staff")
    if which == "left":
        return rows.filter(left_at__isnull=False).order_by("-left_at", "pk")
    return rows.filter(left_at=None, is_staff=which == "staff").order_by("-joined_at", "pk")


@dataclass(frozen=True)
class Counts:
    """Present members of one group, staff apart."""

    customers: int = 0
    staff: int = 0

    @property
    def seats(self) -> int:
        """Everyone in the chat: what WeCom's limit counts."""
        return self.customers + self.staff


def counts(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, Counts]:
    """{group id: Counts}, in one query."""
    wanted = list(group_ids)
    rows = (
        _present(tenant_id)
        .filter(group_id__in=wanted)
        .values("group_id")
        .annotate(
            customers=Count("userid", filter=Q(is_staff=False), distinct=True),
            staff=Count("userid", filter=Q(is_staff=True), distinct=True),
        )
    )
    found = {row["group_id"]: Counts(row["customers"], row["staff"]) for row in rows}
    return {one: found.get(one, Counts()) for one in wanted}


def people_total(*, tenant_id: int, group_ids: Iterable[int]) -> tuple[int, int]:
    """(member seats of customers, distinct customers) over the groups: a person in three groups is one."""
    rows = _present(tenant_id).filter(group_id__in=list(group_ids), is_staff=False)
    found = rows.aggregate(seats=Count("pk"), people=Count("userid", distinct=True))
    return found["seats"], found["people"]


# --- Activity, from the behaviour stream


def active_members(
    *, tenant_id: int, members: dict[int, list[int]], since: datetime, until: datetime
) -> dict[int, set[int]]:
    """{group id: its customers active in [since, until)}: in this group, or outside any group.

    `members` is what members_current gives. What a person does in another group counts there.
    """
    everyone = {customer for listed in members.values() for customer in listed}
    rows = (
        behaviours_for(
            tenant_id=tenant_id, customer_ids=everyone, since=since, until=until, kinds=ACTIVE_KINDS
        )
        .filter(Q(group_id=None) | Q(group_id__in=list(members)))
        .order_by()
        .values_list("customer_id", "group_id")
        .distinct()
    )
    anywhere: set[int] = set()
    inside: dict[int, set[int]] = {}
    for customer_id, group_id in rows:
        (anywhere if group_id is None else inside.setdefault(group_id, set())).add(customer_id)
    return {
        group_id: set(listed) & (anywhere | inside.get(group_id, set()))
        for group_id, listed in members.items()
    }


def last_messages(*, tenant_id: int, members: dict[int, list[int]]) -> dict[int, datetime]:
    """{group id: latest message of a customer now in it}; absent when none is known."""
    everyone = {customer for listed in members.values() for customer in listed}
    rows = (
        behaviours_for(tenant_id=tenant_id, customer_ids=everyone, kinds=[BehaviourKind.MESSAGE])
        .filter(group_id__in=list(members))
        .order_by()
        .values("group_id")
        .annotate(at=Max("occurred_at"))
    )
    return {row["group_id"]: row["at"] for row in rows}


# --- Facts for the checks


def limits_of(*, tenant_id: int) -> Limits:
    """The tenant's settings that the checks read, in one query."""
    own = preferences.values(
        tenant_id,
        NAME_LIMIT,
        NAME_EMOJI,
        STAFF_LEAST,
        STAFF_MOST,
        SIZE_TARGET,
        SIZE_REASON,
        MARKETING_SHARE,
        DEAD_DAYS,
    )
    return Limits(
        name_characters=own[NAME_LIMIT.key],
        name_emoji=own[NAME_EMOJI.key],
        staff_least=own[STAFF_LEAST.key],
        staff_most=own[STAFF_MOST.key],
        size_target=own[SIZE_TARGET.key],
        size_reason=own[SIZE_REASON.key],
        marketing_percent=own[MARKETING_SHARE.key],
        dead_days=own[DEAD_DAYS.key],
    )


def answers_of(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, dict[str, dict[str, Any]]]:
    """{group id: {question: answer}}."""
    found: dict[int, dict[str, dict[str, Any]]] = {}
    rows = ReadinessAnswer.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids))
    for row in rows:
        found.setdefault(row.group_id, {})[row.question] = row.answer
    return found


def approvals_of(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, dict[str, Allowed]]:
    """{group id: {check code: Allowed}}."""
    found: dict[int, dict[str, Allowed]] = {}
    for row in Approval.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids)):
        found.setdefault(row.group_id, {})[row.code] = Allowed(row.reason, row.review_on, row.approved_by)
    return found


def group_facts(*, tenant: Tenant, group: Group) -> GroupFacts:
    """What the checks look at, for one group."""
    return group_facts_many(tenant=tenant, groups=[group])[group.pk]


def group_facts_many(*, tenant: Tenant, groups: Iterable[Group]) -> dict[int, GroupFacts]:
    """{group id: facts} in a constant number of queries."""
    rows = list(groups)
    ids = [row.pk for row in rows]
    now = clock.now()
    limits = limits_of(tenant_id=tenant.pk)
    answered = answers_of(tenant_id=tenant.pk, group_ids=ids)
    allowed = approvals_of(tenant_id=tenant.pk, group_ids=ids)
    seats = counts(tenant_id=tenant.pk, group_ids=ids)
    siblings = _siblings(tenant.pk, rows)
    spoke = last_messages(tenant_id=tenant.pk, members=members_current(tenant_id=tenant.pk, group_ids=ids))
    return {
        row.pk: _facts(
            tenant, row, now=now, limits=limits, answered=answered.get(row.pk, {}), allowed=allowed.get(row.pk, {}),
            seats=seats[row.pk], siblings=siblings.get(row.series, 0), spoke_at=spoke.get(row.pk),
        )
        for row in rows
    }  # fmt: skip


def _siblings(tenant_id: int, rows: list[Group]) -> dict[str, int]:
    """{series: groups in it}; a group alone in its series has one."""
    wanted = {row.series for row in rows if row.series}
    if not wanted:
        return {}
    found = Group.objects.filter(tenant_id=tenant_id, series__in=wanted, dismissed_at=None).values("series")
    return {row["series"]: row["size"] for row in found.annotate(size=Count("pk"))}


def _facts(
    tenant: Tenant,
    group: Group,
    *,
    now: datetime,
    limits: Limits,
    answered: dict[str, dict[str, Any]],
    allowed: dict[str, Allowed],
    seats: Counts,
    siblings: int,
    spoke_at: datetime | None,
) -> GroupFacts:
    is_linked = bool(group.chat_id)
    crew = answered.get(Question.MANAGEMENT, {}).get("crew", [])
    return GroupFacts(
        now=now,
        today=clock.local_date(now, tenant.timezone),
        brand=tenant.brand,
        name=group.name if is_linked else group.planned_name,
        planned_name=group.planned_name,
        series=group.series,
        sibling_count=max(siblings - 1, 0),
        kind=group.kind,
        sub_kind=group.sub_kind,
        payment_basis=group.payment_basis,
        state=group.state,
        is_linked=is_linked,
        staff_count=seats.staff if is_linked else len(set(crew)),
        customer_count=seats.customers,
        target_size=group.target_size or limits.size_target,
        size_reason=group.size_reason,
        goes_live_at=group.goes_live_at,
        starts_on=group.starts_on,
        ends_at=group.ends_at(tenant.timezone),
        value_proposition=group.value_proposition,
        welcome=group.welcome,
        announcement=group.announcement or group.notice,
        answers=answered,
        approvals=allowed,
        last_message_at=spoke_at,
        sees_messages=spoke_at is not None,
        limits=limits,
    )


def change_list(*, tenant_id: int, group_id: int) -> QuerySet[GroupChange]:
    """Name, announcement and owner as seen to change in WeCom, newest first."""
    return GroupChange.objects.filter(tenant_id=tenant_id, group_id=group_id).order_by("-at", "-pk")


# --- Panels that higher apps show on a group's page


@dataclass(frozen=True)
class Panel:
    """One tab of the group page that another app fills. `template` is rendered with what `context` returns;
    `count` is the figure on the tab, None for none."""

    key: str
    label: Any
    template: str
    context: Callable[[Any, Group], dict[str, Any]]
    count: Callable[[Group], int | None] = lambda group: None
    order: int = 50


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Add a tab to every group's page. `context(request, group)`. The same key again replaces it."""
    _panels[panel.key] = panel


def panels() -> list[Panel]:
    """Registered tabs in order."""
    return sorted(_panels.values(), key=lambda panel: (panel.order, panel.key))
