"""What has reached a person today and this week, beside the caps."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db import connection
from django.db.models import OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from contacts.enums import CAP_PER_DAY, CAP_PER_WEEK
from contacts.models import Customer, Exposure, ExposureDay, ExposureWeek, GroupDay
from contacts.policies.touch import week_start
from tenants import clock, preferences
from tenants.arrays import ids_of
from tenants.models import Tenant

_NEW = """
select coalesce(person_id, id), min(first_seen_at) from contacts_customer
where tenant_id = %s and (id = any(%s) or person_id = any(%s))
group by 1 having min(first_seen_at) > %s
"""
_GIVEN = """
select person, count(distinct touch_key) from (
    select coalesce(c.person_id, c.id) as person, e.touch_key from contacts_customer c
    join contacts_exposure e on e.tenant_id = c.tenant_id and e.customer_id = c.id and e.gives_value
    where c.tenant_id = %s and (c.id = any(%s) or c.person_id = any(%s))
    group by c.id, 1, 2 having sum(e.weight) > 0
) given group by 1
"""


@dataclass(frozen=True)
class Exposures:
    """Messages of the tenant's present local day and week (from Monday), and how many the caps allow."""

    today: int
    week: int
    per_day: int
    per_week: int


def exposures_now(*, tenant: Tenant, customer_id: int, caps: Mapping[str, Any] | None = None) -> Exposures:
    """Of the person, whichever record is given. Two queries; one with the `caps`, values of the two settings, at
    hand."""
    day = clock.local_date(clock.now(), tenant.timezone)
    caps = caps or preferences.values(tenant.pk, CAP_PER_DAY, CAP_PER_WEEK)
    who = {"tenant": tenant, "customer": Coalesce(OuterRef("person_id"), OuterRef("pk"))}
    days = ExposureDay.objects.filter(**who, local_date=day).values("count")[:1]
    weeks = ExposureWeek.objects.filter(**who, starts_on=week_start(day)).values("count")[:1]
    person = Customer.objects.filter(tenant=tenant, pk=customer_id)
    today, week = person.values_list(Subquery(days), Subquery(weeks)).first() or (None, None)
    return Exposures(today or 0, week or 0, caps[CAP_PER_DAY.key], caps[CAP_PER_WEEK.key])


def counts_on(
    *, tenant_id: int, person_ids: Iterable[int], day: date
) -> tuple[dict[int, int], dict[int, int]]:
    """What people were reached by on a local day, and in its week: {person: messages}; absent for none. Two queries."""
    who = {"tenant": tenant_id, "customer__in": ids_of(person_ids)}
    days = ExposureDay.objects.filter(**who, local_date=day)
    weeks = ExposureWeek.objects.filter(**who, starts_on=week_start(day))
    return dict(days.values_list("customer", "count")), dict(weeks.values_list("customer", "count"))


def group_counts_on(*, tenant_id: int, group_ids: Iterable[int], day: date) -> dict[int, int]:
    """{group id: messages into it on a local day}; absent for none. One query."""
    rows = GroupDay.objects.filter(tenant=tenant_id, group__in=list(group_ids), local_date=day)
    return dict(rows.values_list("group", "count"))


def people_exposed(*, tenant_id: int, parts: Sequence[Collection[str]]) -> list[set[int]]:
    """Customer ids on record for any touch of each part (keys of touches), given back or not.

    One query, none for no keys.
    """
    keys = {key for part in parts for key in part}
    found: list[set[int]] = [set() for _part in parts]
    if not keys:
        return found
    asked = {f"part_{n}": BoolOr(Q(touch_key__in=list(part))) for n, part in enumerate(parts) if part}
    rows = Exposure.objects.filter(tenant=tenant_id, touch_key__in=list(keys)).order_by()
    for row in rows.values("customer_id").annotate(**asked):
        for n, people in enumerate(found):
            if row.get(f"part_{n}"):
                people.add(row["customer_id"])
    return found


def people_by_touch(*, tenant_id: int, touch_keys: list[str]) -> dict[str, set[int]]:
    """{key of a touch: customers on record for it, given back or not}. One query, none for no keys."""
    found: dict[str, set[int]] = {}
    if touch_keys:
        rows = Exposure.objects.filter(tenant=tenant_id, touch_key__in=touch_keys).order_by()
        for key, customer_id in rows.values_list("touch_key", "customer_id"):
            found.setdefault(key, set()).add(customer_id)
    return found


def exposures_of(*, tenant_id: int, touch_keys: Iterable[str]) -> list[tuple[int, str, date]]:
    """(customer id, touch key, local day) of every exposure to these touches that stands. One query."""
    rows = Exposure.objects.filter(tenant=tenant_id, touch_key__in=list(touch_keys))
    stand = rows.values("customer_id", "touch_key", "local_date").annotate(weights=Sum("weight"))
    return list(
        stand.filter(weights__gt=0)
        .order_by("customer_id", "local_date", "touch_key")
        .values_list("customer_id", "touch_key", "local_date")
    )


def newcomers_since(*, tenant_id: int, person_ids: Iterable[int], since: datetime) -> dict[int, datetime]:
    """{person: when first seen with any record} of those first seen after a moment. One query, none for nobody."""
    return dict(_by_person(_NEW, tenant_id, person_ids, since))


def value_given(*, tenant_id: int, person_ids: Iterable[int]) -> dict[int, int]:
    """{person: different messages of value that stand}; absent for none. One query, none for nobody."""
    return dict(_by_person(_GIVEN, tenant_id, person_ids))


def _by_person(
    statement: str, tenant_id: int, person_ids: Iterable[int], *more: Any
) -> list[tuple[int, Any]]:
    people = sorted(set(person_ids))
    if not people:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [tenant_id, people, people, *more])
        return list(cursor.fetchall())
