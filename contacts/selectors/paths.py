"""Reads of the two ways in: the steps of everybody first seen in a time, or of one person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.enums import PATH_SKUS, BehaviourKind, PathStep, SkuKind
from contacts.models import Customer, WayInSet
from contacts.policies.paths import STEPS, Walk
from contacts.selectors.skus import sku_codes
from tenants import preferences

# What a person does once they are in a group and a friend: the nurture has begun.
NURTURE = (
    BehaviourKind.MESSAGE, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.LIVE, BehaviourKind.RADAR,
    BehaviourKind.CHECKIN, BehaviourKind.FORM,
)  # fmt: skip
_PEOPLE = """
people as (
  select id from contacts_customer where tenant_id = %(tenant)s and person_id is null and {which}
), records as (
  select id as person, id from people
  union all
  select c.person_id, c.id from contacts_customer c join people on people.id = c.person_id
  where c.tenant_id = %(tenant)s and c.person_id is not null
), joined as (
  select r.person, min(b.occurred_at) as at from records r
  join contacts_behaviour b on b.tenant_id = %(tenant)s and b.customer_id = r.id and b.kind = 'join' group by 1
), friends as (
  select r.person, min(f.followed_at) as at, bool_or(f.channel_id is not null or f.state_code <> '') as sourced
  from records r join contacts_follow f on f.tenant_id = %(tenant)s and f.customer_id = r.id
  where f.followed_at is not null group by 1
)
"""
# Each step is read only where it is told: of everybody it is the most of the work.
_NURTURED = """
, nurtured as (
  select r.person, min(b.occurred_at) as at from records r
  join joined j on j.person = r.person join friends f on f.person = r.person
  join contacts_behaviour b on b.tenant_id = %(tenant)s and b.customer_id = r.id and b.kind = any(%(nurture)s)
    and b.occurred_at >= greatest(j.at, f.at)
  group by 1
)
"""
_BOUGHT = """
, basic as (
  select code from contacts_sku where tenant_id = %(tenant)s and kind = 'first'
), bought as (
  select r.person, min(o.ordered_at) as at from records r
  join contacts_order o on o.tenant_id = %(tenant)s and o.customer_id = r.id and o.state = 'paid'
    and case when %(skus)s::text[] is not null then o.sku_id = any(%(skus)s)
      when exists (select from basic) then o.sku_id in (select code from basic) else true end
  group by 1
)
"""
_WALKED = """
, walked as (
select p.id, joined.at as joined, friends.at as friend, {nurtured} as nurtured, {bought} as bought,
  coalesce(friends.sourced, false) as sourced, coalesce(w.way, '') as set_to
from people p left join joined on joined.person = p.id left join friends on friends.person = p.id {steps}
  left join contacts_wayinset w on w.tenant_id = %(tenant)s and w.customer_id = p.id
)
"""
_EACH = "with {walks} select id, joined, friend, nurtured, bought, sourced, set_to from walked order by id"
# The way as `way_of` tells it, and its first two steps in the order of that way.
_TOLD = """
with {walks}, told as (
  select *, case when set_to <> '' then set_to when joined is not distinct from friend then ''
    when friend is null or joined < friend then 'group' else 'friend' end as way from walked
), stepped as (
  select *, case way when 'friend' then friend else joined end as first,
    case way when 'friend' then joined else friend end as second from told
)
"""
_FIGURES = (
    _TOLD
    + """
select way, count(*), count(*) filter (where sourced), count(*) filter (where set_to <> ''),
  count(first), count(second), count(nurtured), count(bought),
  percentile_cont(0.5) within group (order by extract(epoch from second - first)) filter (where second >= first),
  percentile_cont(0.5) within group (order by extract(epoch from nurtured - greatest(first, second)))
    filter (where nurtured >= greatest(first, second)),
  percentile_cont(0.5) within group (order by extract(epoch from bought - greatest(first, second, nurtured)))
    filter (where bought >= greatest(first, second, nurtured))
from stepped group by way
"""
)
_WHO = _TOLD + "select id from stepped where way = %(way)s and (%(step)s = '' or {column} is not null)"
_COLUMNS = {
    PathStep.JOINED: "joined", PathStep.FRIEND: "friend", PathStep.NURTURED: "nurtured", PathStep.BOUGHT: "bought",
}  # fmt: skip


@dataclass(frozen=True)
class StepFigures:
    """How many took a step, out of all on that way, and the median seconds since the latest earlier step on record."""

    step: PathStep
    people: int
    out_of: int
    median_s: float | None

    @property
    def rate(self) -> float | None:
        return self.people / self.out_of if self.out_of else None


@dataclass(frozen=True)
class WayFigures:
    """One way, "" for those whose way nothing tells: people, of them with a known source, and set by hand."""

    people: int = 0
    sourced: int = 0
    by_hand: int = 0
    steps: tuple[StepFigures, ...] = ()


def basic_skus(*, tenant_id: int) -> list[str] | None:
    """The SKUs that count as the first basic one, by the setting or else the catalogue; None: any order does."""
    named = skus_from(preferences.value(tenant_id, PATH_SKUS))
    return named or sorted(sku_codes(tenant_id=tenant_id, kind=SkuKind.FIRST)) or None


def skus_from(text: str) -> list[str] | None:
    """The SKUs that the setting names; None: the catalogue tells."""
    return sorted({one.strip() for one in text.replace("，", ",").split(",") if one.strip()}) or None


_SEEN = "first_seen_at >= %(since)s and first_seen_at < %(until)s"


def walks(*, tenant_id: int, since: datetime, until: datetime) -> list[Walk]:
    """The ways of everybody first seen in [since, until), each person once. Three queries at most."""
    told = _values(tenant_id, basic_skus(tenant_id=tenant_id), since=since, until=until)
    return [Walk(*row) for row in _rows(_EACH, _SEEN, told)]


def way_figures(*, tenant_id: int, since: datetime, until: datetime) -> dict[str, WayFigures]:
    """{way: its figures} over everybody first seen in [since, until), as `funnel` counts them; counted by the database.

    Three queries at most.
    """
    told = _values(tenant_id, basic_skus(tenant_id=tenant_id), since=since, until=until)
    return {row[0]: _figures(*row) for row in _rows(_FIGURES, _SEEN, told)}


def _figures(way: str, people: int, sourced: int, by_hand: int, *counted: Any) -> WayFigures:
    took, medians = counted[:4], (None, *counted[4:])
    steps = tuple(
        StepFigures(step, took[n], people, None if medians[n] is None else float(medians[n]))
        for n, step in enumerate(STEPS.get(way, ()))
    )
    return WayFigures(people, sourced, by_hand, steps)


def people_on_way(*, tenant_id: int, since: datetime, until: datetime, way: str, step: str = "") -> list[int]:
    """Who of everybody first seen in [since, until) is on a way ("": told by nothing), of a step only who took it."""
    told = _values(tenant_id, basic_skus(tenant_id=tenant_id), since=since, until=until, way=way, step=step)
    column = _COLUMNS[PathStep(step)] if step else "id"
    return [pk for (pk,) in _rows(_WHO, _SEEN, told, steps={step}, column=column)]


def walk_of(*, tenant_id: int, customer_id: int, skus: list[str] | None) -> Walk | None:
    """One person's way, by the record that stands for the person; None for another record. `skus`: `skus_from`."""
    found = _rows(_EACH, "id = %(customer)s", _values(tenant_id, skus, customer=customer_id))
    return Walk(*found[0]) if found else None


def way_set_of(*, tenant_id: int, customer_id: int) -> WayInSet | None:
    """What staff said of a person's way, if they did."""
    return WayInSet.objects.filter(tenant_id=tenant_id, customer_id=customer_id).first()


def _values(tenant_id: int, skus: list[str] | None, **more: Any) -> dict[str, Any]:
    return {"tenant": tenant_id, "nurture": [str(kind) for kind in NURTURE], "skus": skus, **more}


_LATER = {PathStep.NURTURED: _NURTURED, PathStep.BOUGHT: _BOUGHT}


def _walks(which: str, steps: Collection[str]) -> str:
    """The walks of the people of a condition, with those of the later steps that are asked for."""
    parts, joins, told = [_PEOPLE.format(which=which)], [], {}
    for step, sql in _LATER.items():
        is_asked = step in steps
        told[str(step)] = f"{step}.at" if is_asked else "null::timestamptz"
        if is_asked:
            parts.append(sql)
            joins.append(f"left join {step} on {step}.person = p.id")
    return "".join([*parts, _WALKED.format(**told, steps=" ".join(joins))])


def _rows(
    sql: str, which: str, values: dict[str, Any], *, steps: Collection[str] = frozenset(_LATER), **parts: str
) -> list[tuple[Any, ...]]:
    """`which`: the condition on the people, SQL of this module."""
    with connection.cursor() as cursor:
        cursor.execute(sql.format(walks=_walks(which, steps), **parts), values)
        return list(cursor.fetchall())


def newcomers(*, tenant_id: int, since: datetime, until: datetime) -> int:
    """How many people were first seen in [since, until)."""
    rows = Customer.objects.filter(tenant_id=tenant_id, person=None)
    return rows.filter(first_seen_at__gte=since, first_seen_at__lt=until).count()
