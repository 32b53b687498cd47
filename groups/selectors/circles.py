"""The circles of groups: what they follow from, who stands where, who moved (R21)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from contacts.enums import TrustStage
from groups.enums import (
    CIRCLE_ANSWER_MINUTES,
    CIRCLE_CORE_DAYS,
    CIRCLE_INFLUENCE_DAYS,
    Circle,
    MemberPassKind,
)
from groups.models import CircleSpell, Group, MemberPass
from groups.policies.circles import CIRCLES, CORE, ENGAGED, PERIPHERY, Beside, Did, Rule, beside
from groups.selectors.activity import ACTIVE_KINDS
from tenants import clock, preferences

# Days on which members of these groups were active, answered, brought somebody, or were seen to share.
_FACTS = """
with sitting as (
    select distinct m.group_id, m.customer_id from groups_member m
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and not m.is_staff
        and m.customer_id is not null and (m.left_at is null or m.left_at > %(since)s)
), said as (
    select b.group_id, b.customer_id, b.occurred_at, coalesce((b.data->>'is_question')::boolean, false) as asks,
        lag(b.customer_id) over place as before_id, lag(b.occurred_at) over place as before_at,
        lag(coalesce((b.data->>'is_question')::boolean, false)) over place as before_asks
    from contacts_behaviour b
    where b.tenant_id = %(tenant)s and b.group_id = any(%(groups)s) and b.kind = 'message'
        and b.customer_id is not null and b.occurred_at >= %(since)s and b.occurred_at < %(until)s
    window place as (partition by b.group_id order by b.occurred_at, b.source, b.event_id)
), facts as (
    select s.group_id, s.customer_id, 'active' as what, b.occurred_at as at from sitting s
    join contacts_behaviour b on b.tenant_id = %(tenant)s and b.customer_id = s.customer_id
        and (b.group_id is null or b.group_id = s.group_id) and b.kind = any(%(kinds)s)
        and b.occurred_at >= %(since)s and b.occurred_at < %(until)s
    union all
    select group_id, customer_id, 'answer', occurred_at from said
    where before_asks and not asks and before_id <> customer_id
        and occurred_at - before_at <= make_interval(mins => %(minutes)s)
    union all
    select m.group_id, c.id, 'referral', m.joined_at from groups_member m
    join contacts_customer c on c.tenant_id = m.tenant_id and c.external_userid = m.invited_by
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.invited_by <> '' and not m.is_staff
        and not m.is_creation_invitee and m.joined_at >= %(since)s and m.joined_at < %(until)s
    union all
    select s.group_id, s.customer_id, 'share', t.at from sitting s
    join contacts_stagemove t on t.tenant_id = %(tenant)s and t.customer_id = s.customer_id
        and t.to_stage = %(shares)s and t.source = 'hand' and t.at >= %(since)s and t.at < %(until)s
)
select group_id, customer_id, what, array_agg(distinct (at at time zone %(zone)s)::date)
from facts group by group_id, customer_id, what
"""
# Who stood where a week before and stands where now, and how many stood where in each week shown.
_FIGURES = """
select null::date, coalesce(b.circle, ''), coalesce(a.circle, ''), count(*) from
    (select customer_id, circle from groups_circlespell where tenant_id = %(tenant)s and group_id = %(group)s
        and from_day <= %(before)s and (until_day is null or until_day > %(before)s)) b
full join
    (select customer_id, circle from groups_circlespell where tenant_id = %(tenant)s and group_id = %(group)s
        and from_day <= %(day)s and (until_day is null or until_day > %(day)s)) a on a.customer_id = b.customer_id
group by 2, 3
union all
select d.day::date, s.circle, '', count(*)
from generate_series(%(first)s::date, %(day)s::date, interval '7 days') d(day)
join groups_circlespell s on s.tenant_id = %(tenant)s and s.group_id = %(group)s and s.from_day <= d.day
    and (s.until_day is null or s.until_day > d.day)
group by 1, 2
"""
WEEKS_SHOWN = 6
BESIDE_DAYS = 28
WEEK = timedelta(days=7)


def circle_rule(*, tenant_id: int) -> tuple[Rule, int]:
    """(the rule, minutes in which words after a question count as an answer) by the tenant's settings. One query."""
    own = preferences.values(tenant_id, CIRCLE_CORE_DAYS, CIRCLE_INFLUENCE_DAYS, CIRCLE_ANSWER_MINUTES)
    rule = Rule(own[CIRCLE_CORE_DAYS.key], own[CIRCLE_INFLUENCE_DAYS.key])
    return rule, own[CIRCLE_ANSWER_MINUTES.key]


def did_of(
    *, tenant_id: int, zone: str, group_ids: Iterable[int], first: date, until: date, minutes: int
) -> dict[tuple[int, int], Did]:
    """{(group id, customer id): Did} over the local days [first, until), in one statement; absent: did nothing."""
    values: dict[str, Any] = {
        "tenant": tenant_id, "groups": list(group_ids), "zone": zone, "minutes": minutes,
        "since": clock.day_bounds(first, zone)[0], "until": clock.day_bounds(until, zone)[0],
        "kinds": sorted(one.value for one in ACTIVE_KINDS), "shares": TrustStage.SHARES.value,
    }  # fmt: skip
    days: dict[tuple[int, int], dict[str, frozenset[date]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, values)
        for group_id, customer_id, what, some in cursor.fetchall():
            days.setdefault((group_id, customer_id), {})[what] = frozenset(some)
    return {key: Did(facts.pop("active", frozenset()), facts) for key, facts in days.items()}


def circles_as_of(*, tenant_id: int) -> date | None:
    """The local day for which circles were last worked out; None: never."""
    rows = MemberPass.objects.filter(
        tenant_id=tenant_id, kind=MemberPassKind.CIRCLES, finished_at__isnull=False
    )
    return rows.order_by("-day").values_list("day", flat=True).first()


def _now(tenant_id: int, group_ids: Iterable[int]) -> QuerySet[CircleSpell]:
    return CircleSpell.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids), until_day=None)


def circles_of(*, tenant_id: int, group_id: int, customer_ids: Iterable[int]) -> dict[int, CircleSpell]:
    """{customer id: the present spell} in one group."""
    rows = _now(tenant_id, [group_id]).filter(customer_id__in=list(customer_ids))
    return {row.customer_id: row for row in rows}


def circles_now(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, set[str]]:
    """{customer id: the circles this record stands in now, of any group}. One query."""
    rows = CircleSpell.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids), until_day=None)
    found: dict[int, set[str]] = {}
    for customer_id, circle in rows.values_list("customer_id", "circle"):
        found.setdefault(customer_id, set()).add(circle)
    return found


def circle_members(
    *, tenant_id: int, group_ids: Iterable[int], circles: Iterable[str] = ENGAGED, day: date | None = None
) -> dict[int, set[int]]:
    """{group id: customers in one of these circles now, or on a local day}; core and influence unless said otherwise.
    One query."""
    wanted = list(set(group_ids))
    found: dict[int, set[int]] = {one: set() for one in wanted}
    rows = (
        CircleSpell.objects.filter(tenant_id=tenant_id, group_id__in=wanted)
        if day
        else _now(tenant_id, wanted)
    )
    rows = (rows.filter(_on(day)) if day else rows).filter(circle__in=list(circles))
    for group_id, customer_id in rows.values_list("group_id", "customer_id"):
        found[group_id].add(customer_id)
    return found


@dataclass(frozen=True)
class CircleFigures:
    """One group's circles on a day and a week before, who moved, and the share over the weeks."""

    day: date
    counts: Mapping[str, int]
    before: Mapping[str, int]
    moves: Mapping[tuple[str, str], int]  # (from, to) -> people; "": not in the group then
    weeks: list[tuple[date, Mapping[str, int]]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def circle_figures(*, group: Group, day: date) -> CircleFigures:
    """One query. A person who was not in the group then or now stands under ""."""
    values: dict[str, Any] = {
        "tenant": group.tenant_id, "group": group.pk, "day": day, "before": day - WEEK,
        "first": day - (WEEKS_SHOWN - 1) * WEEK,
    }  # fmt: skip
    moves: dict[tuple[str, str], int] = {}
    weeks: dict[date, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, values)
        for when, before, after, count in cursor.fetchall():
            if when is None:
                moves[before, after] = count
            else:
                weeks.setdefault(when, {})[before] = count
    return CircleFigures(
        day=day,
        counts={one: sum(n for (_b, after), n in moves.items() if after == one) for one in Circle.values},
        before={one: sum(n for (before, _a), n in moves.items() if before == one) for one in Circle.values},
        moves=moves,
        weeks=sorted(weeks.items()),
    )


def circle_people(
    *, group: Group, day: date, circle: str = "", before: str | None = None
) -> QuerySet[CircleSpell]:
    """Those in a circle on a day; with `before`, only those who stood in that one a week earlier ("": not here)."""
    rows = CircleSpell.objects.filter(tenant_id=group.tenant_id, group=group).select_related("customer")
    found = rows.filter(_on(day), circle=circle)
    if before is not None:
        then = rows.filter(_on(day - WEEK)).order_by()
        found = (
            found.filter(customer_id__in=then.filter(circle=before).values("customer_id"))
            if before
            else found.exclude(customer_id__in=then.values("customer_id"))
        )
    return found.order_by("-active_days", "customer_id")


def circle_members_now(*, group: Group, day: date, circle: str = "") -> QuerySet[CircleSpell]:
    """Everybody who stands in a circle on a day, core first; `circle` keeps those of one. One query."""
    rows = CircleSpell.objects.filter(_on(day), tenant_id=group.tenant_id, group=group).select_related(
        "customer"
    )
    if circle:
        rows = rows.filter(circle=circle)
    rank = Case(
        *(When(circle=one, then=Value(number)) for number, one in enumerate(CIRCLES)),
        output_field=IntegerField(),
    )
    return rows.order_by(rank, "-active_days", "customer_id")


def circle_leavers(*, group: Group, day: date, before: str) -> QuerySet[CircleSpell]:
    """Those who stood in a circle a week earlier and sit in the group no more."""
    rows = CircleSpell.objects.filter(tenant_id=group.tenant_id, group=group).select_related("customer")
    here = rows.filter(_on(day)).order_by().values("customer_id")
    then = rows.filter(_on(day - WEEK), circle=before)
    return then.exclude(customer_id__in=here).order_by("customer_id")


def _on(day: date) -> Q:
    return Q(from_day__lte=day) & (Q(until_day=None) | Q(until_day__gt=day))


def core_beside_periphery(*, group: Group, zone: str, day: date) -> Beside:
    """The periphery's activity on days after at least half of the core was active, beside the other days (R21).

    The last 28 full days; circles are those of each day. Three queries.
    """
    first = day - timedelta(days=BESIDE_DAYS)
    _rule, minutes = circle_rule(tenant_id=group.tenant_id)
    did = did_of(
        tenant_id=group.tenant_id, zone=zone, group_ids=[group.pk], first=first, until=day, minutes=minutes
    )
    rows = list(
        CircleSpell.objects.filter(tenant_id=group.tenant_id, group=group, circle__in=[CORE, PERIPHERY])
        .filter(Q(until_day=None) | Q(until_day__gt=first))
        .values_list("customer_id", "circle", "from_day", "until_day")
    )
    days = [first + timedelta(days=number) for number in range(BESIDE_DAYS)]
    shares: dict[str, dict[date, float]] = {CORE: {}, PERIPHERY: {}}
    for one in days:
        for circle, found in shares.items():
            people = [
                who
                for who, own, since, until in rows
                if own == circle and since <= one and (not until or one < until)
            ]
            if people:
                nothing = Did()
                active = sum(one in did.get((group.pk, who), nothing).active for who in people)
                found[one] = active / len(people)
    return beside(
        days=days[1:],
        core_active=[one for one, share in shares[CORE].items() if share >= 0.5],
        periphery_share=shares[PERIPHERY],
    )
