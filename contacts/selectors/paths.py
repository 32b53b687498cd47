"""Reads of the two ways in: the steps of everybody first seen in a time, or of one person."""

from datetime import datetime
from typing import Any

from django.db import connection

from contacts.enums import PATH_SKUS, BehaviourKind, SkuKind
from contacts.models import WayInSet
from contacts.policies.paths import Walk
from contacts.selectors.skus import sku_codes
from tenants import preferences

# What a person does once they are in a group and a friend: the nurture has begun.
NURTURE = (
    BehaviourKind.MESSAGE, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.LIVE, BehaviourKind.RADAR,
    BehaviourKind.CHECKIN, BehaviourKind.FORM,
)  # fmt: skip
_WALKS = """
with people as (
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
), nurtured as (
  select r.person, min(b.occurred_at) as at from records r
  join joined j on j.person = r.person join friends f on f.person = r.person
  join contacts_behaviour b on b.tenant_id = %(tenant)s and b.customer_id = r.id and b.kind = any(%(nurture)s)
    and b.occurred_at >= greatest(j.at, f.at)
  group by 1
), basic as (
  select code from contacts_sku where tenant_id = %(tenant)s and kind = 'first'
), bought as (
  select r.person, min(o.ordered_at) as at from records r
  join contacts_order o on o.tenant_id = %(tenant)s and o.customer_id = r.id and o.state = 'paid'
    and case when %(skus)s::text[] is not null then o.sku_id = any(%(skus)s)
      when exists (select from basic) then o.sku_id in (select code from basic) else true end
  group by 1
)
select p.id, joined.at, friends.at, nurtured.at, bought.at, coalesce(friends.sourced, false), coalesce(w.way, '')
from people p left join joined on joined.person = p.id left join friends on friends.person = p.id
  left join nurtured on nurtured.person = p.id left join bought on bought.person = p.id
  left join contacts_wayinset w on w.tenant_id = %(tenant)s and w.customer_id = p.id
order by p.id
"""


def basic_skus(*, tenant_id: int) -> list[str] | None:
    """The SKUs that count as the first basic one, by the setting or else the catalogue; None: any order does."""
    named = skus_from(preferences.value(tenant_id, PATH_SKUS))
    return named or sorted(sku_codes(tenant_id=tenant_id, kind=SkuKind.FIRST)) or None


def skus_from(text: str) -> list[str] | None:
    """The SKUs that the setting names; None: the catalogue tells."""
    return sorted({one.strip() for one in text.replace("，", ",").split(",") if one.strip()}) or None


def walks(*, tenant_id: int, since: datetime, until: datetime) -> list[Walk]:
    """The ways of everybody first seen in [since, until), each person once. Three queries at most."""
    which = "first_seen_at >= %(since)s and first_seen_at < %(until)s"
    return _read(tenant_id, which, {"since": since, "until": until}, basic_skus(tenant_id=tenant_id))


def walk_of(*, tenant_id: int, customer_id: int, skus: list[str] | None) -> Walk | None:
    """One person's way, by the record that stands for the person; None for another record. `skus`: `skus_from`."""
    found = _read(tenant_id, "id = %(customer)s", {"customer": customer_id}, skus)
    return found[0] if found else None


def way_set_of(*, tenant_id: int, customer_id: int) -> WayInSet | None:
    """What staff said of a person's way, if they did."""
    return WayInSet.objects.filter(tenant_id=tenant_id, customer_id=customer_id).first()


def _read(tenant_id: int, which: str, values: dict[str, Any], skus: list[str] | None) -> list[Walk]:
    told = {
        **values,
        "tenant": tenant_id,
        "nurture": [str(kind) for kind in NURTURE],
        "skus": skus,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WALKS.format(which=which), told)
        return [Walk(*row) for row in cursor.fetchall()]
