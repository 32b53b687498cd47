"""What the checks look at, gathered in a constant number of queries."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.db.models.functions import JSONObject

from contacts.enums import GROUP_PER_DAY
from contacts.selectors import tagged_ids
from groups.enums import (
    ACTIVE_HOURS,
    AD_SHARE,
    DAY_ITEMS,
    DEAD_DAYS,
    FIRST_DAYS,
    FIRST_SILENT_HOURS,
    FLASH_DAYS,
    GROUP_ADS,
    LADDER_STEPS,
    LIVE_STATES,
    MARKETING_SHARE,
    NAME_EMOJI,
    NAME_LIMIT,
    PROMISE_GAP,
    RULE_CHARACTERS,
    SETUP_DAYS,
    SIZE_REASON,
    SIZE_TARGET,
    STAFF_LEAST,
    STAFF_MOST,
    SUPER_BAND,
    SUPER_SHARE,
    SUPER_TAG,
    USUAL_DAYS,
    Kind,
    Question,
    Side,
)
from groups.models import Approval, Group, JoinWayRoom, ReadinessAnswer
from groups.policies import answers
from groups.policies.plan import Allowed, GroupPlan, Limits
from groups.policies.promises import Ledger
from groups.selectors.activity import Spoken, messages_spoken
from groups.selectors.ads import ads_last_night
from groups.selectors.members import Counts, counts, customers_among
from groups.selectors.panels import Week, weeks_of
from groups.selectors.promises import ledgers_of
from groups.selectors.sides import group_side, newcomer_codes
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.archive.selectors import rooms_heard

_LIMITS = {
    "name_characters": NAME_LIMIT, "name_emoji": NAME_EMOJI, "staff_least": STAFF_LEAST, "staff_most": STAFF_MOST,
    "size_target": SIZE_TARGET, "size_reason": SIZE_REASON, "marketing_percent": MARKETING_SHARE,
    "dead_days": DEAD_DAYS, "active_hours": ACTIVE_HOURS, "flash_days": FLASH_DAYS, "super_percent": SUPER_SHARE,
    "super_band": SUPER_BAND, "super_tag": SUPER_TAG, "promise_gap_percent": PROMISE_GAP, "first_days": FIRST_DAYS,
    "first_silent_hours": FIRST_SILENT_HOURS, "ad_percent": AD_SHARE, "rule_characters": RULE_CHARACTERS,
    "ladder_steps": LADDER_STEPS, "usual_days": USUAL_DAYS, "posts_a_day": GROUP_PER_DAY, "day_items": DAY_ITEMS,
    "setup_days": SETUP_DAYS, "outsider_ads": GROUP_ADS,
}  # fmt: skip

NO_PROMISES = Ledger()


def limits_of(*, tenant_id: int) -> Limits:
    """The tenant's settings that the checks read, in one query."""
    own = preferences.values(tenant_id, *_LIMITS.values())
    return Limits(**{name: own[setting.key] for name, setting in _LIMITS.items()})


def answers_of(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, dict[str, dict[str, Any]]]:
    """{group id: {question: answer}}."""
    found: dict[int, dict[str, dict[str, Any]]] = {}
    rows = ReadinessAnswer.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids))
    for row in rows:
        found.setdefault(row.group_id, {})[row.question] = row.answer
    return found


def _settled(
    tenant_id: int, group_ids: list[int]
) -> tuple[dict[int, dict[str, dict[str, Any]]], dict[int, dict[str, Allowed]]]:
    """What `answers_of` tells, and {group id: {check code: Allowed}}, in one query."""
    mine = {"tenant_id": OuterRef("tenant_id"), "group": OuterRef("pk")}
    answers = ReadinessAnswer.objects.filter(**mine).values(
        one=JSONObject(question="question", answer="answer")
    )
    approvals = Approval.objects.filter(**mine).values(
        one=JSONObject(code="code", reason="reason", review_on="review_on", by="approved_by")
    )
    rows = Group.objects.filter(tenant_id=tenant_id, pk__in=group_ids).annotate(
        answered=ArraySubquery(answers), allowed=ArraySubquery(approvals)
    )
    answered, allowed = {}, {}
    for pk, told, granted in rows.values_list("pk", "answered", "allowed"):
        answered[pk] = {one["question"]: one["answer"] for one in told}
        allowed[pk] = {
            one["code"]: Allowed(one["reason"], _day(one["review_on"]), one["by"]) for one in granted
        }
    return answered, allowed


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None


def group_facts(*, tenant: Tenant, group: Group, seats: Counts | None = None) -> GroupPlan:
    """What the checks look at, for one group. `seats`: who sits in it, if at hand."""
    sitting = None if seats is None else {group.pk: seats}
    return group_facts_many(tenant=tenant, groups=[group], sitting=sitting)[group.pk]


def group_facts_many(
    *, tenant: Tenant, groups: Iterable[Group], sitting: dict[int, Counts] | None = None
) -> dict[int, GroupPlan]:
    """{group id: facts} in a constant number of queries. `sitting`: what `counts` gave, if at hand."""
    rows = list(groups)
    ids = [row.pk for row in rows]
    now = clock.now()
    limits = limits_of(tenant_id=tenant.pk)
    answered, allowed = _settled(tenant.pk, ids)
    siblings = _siblings(tenant.pk, rows)
    if sitting is None:
        sitting = counts(tenant_id=tenant.pk, group_ids=ids)
    spoken = messages_spoken(tenant_id=tenant.pk, group_ids=ids, now=now)
    weeks = weeks_of(
        tenant_id=tenant.pk, group_ids=[row.pk for row in rows if row.state in LIVE_STATES], now=now
    )
    supers = _supers(tenant.pk, rows, limits.super_tag)
    codes = _open_codes(tenant.pk, rows)
    newcomers = newcomer_codes(
        tenant_id=tenant.pk, group_ids=[row.pk for row in rows if group_side(row) == Side.OLD]
    )
    ledgers = ledgers_of(
        tenant_id=tenant.pk, group_ids=[row.pk for row in rows if row.kind == Kind.DELIVERY], now=now
    )
    ads = ads_last_night(tenant_id=tenant.pk)
    heard = rooms_heard(tenant_id=tenant.pk, room_ids=[row.chat_id for row in rows])
    return {
        row.pk: _facts(
            tenant, row, now=now, limits=limits, answered=answered.get(row.pk, {}), allowed=allowed.get(row.pk, {}),
            seats=sitting[row.pk], siblings=siblings.get(row.series, 0), spoken=spoken.get(row.pk),
            is_heard=row.chat_id in heard, week=weeks.get(row.pk) if weeks is not None else None,
            super_count=supers.get(row.pk), open_codes=codes.get(row.pk, 0),
            newcomer_count=newcomers.get(row.pk, 0),
            ledger=ledgers.get(row.pk, NO_PROMISES), outsider_ads=ads.get(row.pk),
        )
        for row in rows
    }  # fmt: skip


def week_facts(*, tenant: Tenant, group: Group) -> GroupPlan:
    """What the checks of a week look at (Context.WEEK): its settings, answers and approvals; not who sits in it, nor
    what was said and promised. One query and the settings."""
    answered, allowed = _settled(tenant.pk, [group.pk])
    return _facts(
        tenant, group, now=clock.now(), limits=limits_of(tenant_id=tenant.pk), answered=answered.get(group.pk, {}),
        allowed=allowed.get(group.pk, {}), seats=Counts(), siblings=0, spoken=None, is_heard=False, week=None,
        super_count=None, open_codes=0, newcomer_count=0, ledger=NO_PROMISES, outsider_ads=None,
    )  # fmt: skip


def _siblings(tenant_id: int, rows: list[Group]) -> dict[str, int]:
    """{series: groups in it}; a group alone in its series has one."""
    wanted = {row.series for row in rows if row.series}
    if not wanted:
        return {}
    found = Group.objects.filter(tenant_id=tenant_id, series__in=wanted, dismissed_at=None).values("series")
    return {row["series"]: row["size"] for row in found.annotate(size=Count("pk"))}


def _super_groups(rows: list[Group]) -> list[int]:
    return [row.pk for row in rows if row.kind == Kind.SUPER_USER]


def _supers(tenant_id: int, rows: list[Group], tag: str) -> dict[int, int]:
    """{super-user group: its customers who carry the tag}; {} without such a group."""
    wanted = _super_groups(rows)
    if not wanted:
        return {}
    tagged = tagged_ids(tenant_id=tenant_id, name=tag)
    found = customers_among(tenant_id=tenant_id, group_ids=wanted, people=tagged)
    return {one: found.get(one, 0) for one in wanted}


def _open_codes(tenant_id: int, rows: list[Group]) -> dict[int, int]:
    """{super-user group: group codes in use that lead to it}; only those must have none."""
    wanted = _super_groups(rows)
    if not wanted:
        return {}
    found = JoinWayRoom.objects.filter(
        tenant_id=tenant_id, group_id__in=wanted, removed_at=None, join_way__ended_at=None
    )
    return dict(
        found.values("group_id").annotate(n=Count("join_way_id", distinct=True)).values_list("group_id", "n")
    )


def _first_week_left(group: Group, answered: dict[str, dict[str, Any]], today: date, zone: str) -> int:
    """Slots still ahead in the first week that the readiness gate planned; 0 once it is over."""
    started = group.starts_on or (clock.local_date(group.goes_live_at, zone) if group.goes_live_at else None)
    if started is None:
        return 0
    return answers.planned_after(
        answers.week_of(answered.get(Question.OPERATION, {})), (today - started).days
    )


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
    spoken: Spoken | None,
    is_heard: bool,
    week: Week | None,
    super_count: int | None,
    open_codes: int,
    newcomer_count: int,
    ledger: Ledger,
    outsider_ads: int | None,
) -> GroupPlan:
    is_linked = bool(group.chat_id)
    crew = answered.get(Question.MANAGEMENT, {}).get("crew", [])
    today = clock.local_date(now, tenant.timezone)
    ends_at = group.ends_at(tenant.timezone)
    return GroupPlan(
        now=now,
        today=today,
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
        ends_at=clock.local(ends_at, tenant.timezone) if ends_at else None,
        value_proposition=group.value_proposition,
        welcome=group.welcome,
        announcement=group.announcement or group.notice,
        replies=group.replies,
        answers=answered,
        approvals=allowed,
        last_message_at=spoken.last_at if spoken else None,
        sees_messages=is_heard or spoken is not None,
        is_heard=is_heard,
        owner_sits_in=seats.owners > 0 if is_linked and group.owner_userid else None,
        week_ahead=None
        if week is None
        else week.ahead + _first_week_left(group, answered, today, tenant.timezone),
        sent=week.sent if week else 0,
        sent_marketing=week.sent_marketing if week else 0,
        spoken=spoken.count if spoken else 0,
        spoken_before=spoken.before if spoken else 0,
        outsider_ads=outsider_ads,
        super_count=super_count,
        open_codes=open_codes,
        side=group_side(group),
        newcomer_codes=newcomer_count,
        promises_due=ledger.due,
        promises_open=ledger.open,
        limits=limits,
    )
