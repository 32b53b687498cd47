"""What the checks look at, gathered in a constant number of queries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count

from groups.enums import (
    ACTIVE_HOURS,
    DEAD_DAYS,
    MARKETING_SHARE,
    NAME_EMOJI,
    NAME_LIMIT,
    SIZE_REASON,
    SIZE_TARGET,
    STAFF_LEAST,
    STAFF_MOST,
    Question,
)
from groups.models import Approval, Group, ReadinessAnswer
from groups.policies.plan import Allowed, GroupPlan, Limits
from groups.selectors.activity import last_messages
from groups.selectors.members import Counts, counts, members_current
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.archive.selectors import rooms_heard


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
        ACTIVE_HOURS,
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
        active_hours=own[ACTIVE_HOURS.key],
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


def group_facts(*, tenant: Tenant, group: Group) -> GroupPlan:
    """What the checks look at, for one group."""
    return group_facts_many(tenant=tenant, groups=[group])[group.pk]


def group_facts_many(
    *, tenant: Tenant, groups: Iterable[Group], members: dict[int, list[int]] | None = None
) -> dict[int, GroupPlan]:
    """{group id: facts} in a constant number of queries. `members`: what members_current gave, if at hand."""
    rows = list(groups)
    ids = [row.pk for row in rows]
    now = clock.now()
    limits = limits_of(tenant_id=tenant.pk)
    answered = answers_of(tenant_id=tenant.pk, group_ids=ids)
    allowed = approvals_of(tenant_id=tenant.pk, group_ids=ids)
    seats = counts(tenant_id=tenant.pk, group_ids=ids)
    siblings = _siblings(tenant.pk, rows)
    if members is None:
        members = members_current(tenant_id=tenant.pk, group_ids=ids)
    spoke = last_messages(tenant_id=tenant.pk, members=members)
    heard = rooms_heard(tenant_id=tenant.pk, room_ids=[row.chat_id for row in rows])
    return {
        row.pk: _facts(
            tenant, row, now=now, limits=limits, answered=answered.get(row.pk, {}), allowed=allowed.get(row.pk, {}),
            seats=seats[row.pk], siblings=siblings.get(row.series, 0), spoke_at=spoke.get(row.pk),
            is_heard=row.chat_id in heard,
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
    is_heard: bool,
) -> GroupPlan:
    is_linked = bool(group.chat_id)
    crew = answered.get(Question.MANAGEMENT, {}).get("crew", [])
    return GroupPlan(
        now=now,
        today=clock.local_date(now, tenant.timezone),
        brand=tenant.brand,
        name=group.name if is_linked else group.planned_name,
        planned_name=group.planned_name,
        series=group.series,
        sibling_count=max(siblings - 1, 0),
        kind=group.kind,
        sub_kind=group.sub_kind,
        purpose=group.purpose,
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
        sees_messages=is_heard or spoke_at is not None,
        limits=limits,
    )
