"""What WeCom lists of customers and their ties to staff: compared page by page, written set by set.

One statement finds what differs on a page. Where nothing does, nothing is locked and nothing is written.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from contacts.events import FollowChanged
from contacts.models import Follow
from contacts.policies.follow import LIVE, after_listing
from contacts.selectors.personal import erased_among
from contacts.services.channels import ties_learn_channel
from contacts.services.customers import PersonSeen, customers_ensure
from contacts.services.tags import tag_ids_for, wecom_tags_set
from outbox.services import publish_many

_TOLD = """jsonb_to_recordset(%(told)s::jsonb) as t(number int, external_userid text, staff_id bigint, name text,
  avatar text, gender int, kind int, unionid text, remark text, description text, add_way int, state_code text,
  followed_at timestamptz, phone text, tags text[])"""
# An empty name or union id says nothing; what an event told after the page was asked for is later news.
_DIFFERENT = f"""
select t.number from {_TOLD}
left join contacts_customer c
  on c.tenant_id = %(tenant)s and c.app_id = %(app)s and c.external_userid = t.external_userid
left join contacts_follow f on f.tenant_id = %(tenant)s and f.customer_id = c.id and f.staff_id = t.staff_id
where c.id is null or f.id is null or c.synced_at is null
  or (c.synced_at <= %(read_at)s and (c.name, c.avatar, c.gender, c.kind, c.unionid) is distinct from
    (coalesce(nullif(t.name, ''), c.name), t.avatar, t.gender, t.kind, coalesce(nullif(t.unionid, ''), c.unionid)))
  or (c.phone = '' and t.phone <> '')
  or (f.event_at is null or f.event_at <= %(read_at)s) and (
    f.state not in ('full', 'customer_deleted')
    or (f.remark, f.description, f.add_way, f.state_code, f.followed_at) is distinct from (t.remark, t.description,
      t.add_way, coalesce(nullif(t.state_code, ''), f.state_code), coalesce(t.followed_at, f.followed_at))
    or t.tags is distinct from (
      select coalesce(array_agg(g.tag_id::text order by g.tag_id collate "C"), '{{}}')
      from contacts_customertag h join contacts_tag g on g.tenant_id = h.tenant_id and g.id = h.tag_id
      where h.tenant_id = %(tenant)s and h.customer_id = c.id and h.staff_id = t.staff_id and h.source = 'wecom'))
"""
_STORE_PEOPLE = f"""
with held as materialized (
  select id from contacts_customer where tenant_id = %(tenant)s and id = any(%(ids)s) order by id for no key update
)
update contacts_customer c set name = coalesce(nullif(t.name, ''), c.name), avatar = t.avatar, gender = t.gender,
  kind = t.kind, unionid = coalesce(nullif(t.unionid, ''), c.unionid), synced_at = %(read_at)s,
  phone = case when c.phone = '' then t.phone else c.phone end
from held, {_TOLD}
where c.id = held.id and c.tenant_id = %(tenant)s and c.app_id = %(app)s
  and c.external_userid = t.external_userid and (c.synced_at is null or c.synced_at <= %(read_at)s)
"""
_STORE_TIES = """
update contacts_follow f set state = t.state, ended_at = t.ended_at, remark = t.remark,
  description = t.description, add_way = t.add_way, state_code = t.state_code, followed_at = t.followed_at
from jsonb_to_recordset(%s::jsonb) as t(id bigint, state text, ended_at timestamptz, remark text, description text,
  add_way int, state_code text, followed_at timestamptz)
where f.tenant_id = %s and f.id = t.id
"""
_END_UNLISTED = """
update contacts_follow f set state = 'staff_deleted', ended_at = %(read_at)s from contacts_customer c
where c.tenant_id = f.tenant_id and c.id = f.customer_id and f.tenant_id = %(tenant)s and f.staff_id = %(staff)s
  and f.state in ('full', 'customer_deleted') and (f.event_at is null or f.event_at <= %(read_at)s)
  and not exists (select 1 from unnest(%(listed)s::text[]) as told(id) where told.id = c.external_userid)
returning c.id, c.external_userid, c.name, f.state_code
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One row of batch/get_by_user, as our columns hold it. Times are ISO 8601; `tags` is sorted."""

    number: int
    external_userid: str
    staff_id: int
    name: str
    avatar: str
    gender: int
    kind: int
    unionid: str
    remark: str
    description: str
    add_way: int
    state_code: str
    followed_at: str | None
    phone: str
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Missed:
    """A tie that no callback had told of: a friend made, or gone."""

    external_userid: str
    name: str
    staff_id: int


def _text(raw: Any, length: int) -> str:
    """People's words without the one character that PostgreSQL refuses, no longer than the column."""
    return str(raw or "").replace("\x00", "")[:length]


def told_of(number: int, entry: Mapping[str, Any], staff_id: int) -> Told:
    """{"external_contact": {...}, "follow_info": {..., "tag_id": [...]}} in our columns. Raises KeyError."""
    person, tie = entry["external_contact"], entry["follow_info"]
    phones = [one for one in tie.get("remark_mobiles") or [] if one]
    began = tie.get("createtime")
    return Told(
        number=number,
        external_userid=person["external_userid"],
        staff_id=staff_id,
        name=_text(person.get("name"), 128),
        avatar=_text(person.get("avatar"), 512),
        gender=int(person.get("gender") or 0),
        kind=int(person.get("type") or 0),
        unionid=_text(person.get("unionid"), 64),
        remark=_text(tie.get("remark"), 128),
        description=_text(tie.get("description"), 512),
        add_way=int(tie.get("add_way") or 0),
        state_code=_text(tie.get("state"), 64),
        followed_at=datetime.fromtimestamp(int(began), UTC).isoformat() if began else None,
        phone=_text(phones[0] if phones else "", 32),
        tags=sorted(set(tie.get("tag_id") or [])),
    )


def ties_store_page(
    *,
    tenant_id: int,
    app_id: int,
    entries: Iterable[Mapping[str, Any]],
    staff_ids: Mapping[str, int],
    read_at: datetime,
) -> list[Missed]:
    """Make ours equal to one page of batch/get_by_user; `staff_ids` maps its userids. Returns the missed ties.

    `read_at` is when the page was asked for: what events told later stays. One statement when nothing differs, a
    constant number otherwise. One transaction; safe to repeat.
    """
    told = [
        told_of(number, entry, staff_ids[userid])
        for number, entry in enumerate(entries)
        if (userid := str(entry["follow_info"].get("userid") or "").lower()) in staff_ids
    ]
    different = _different(tenant_id, app_id, told, read_at)
    people = {one.external_userid for one in different}
    erased = erased_among(tenant_id=tenant_id, app_id=app_id, external_userids=people)
    different = [one for one in different if one.external_userid not in erased]
    if not different:
        return []
    with transaction.atomic():
        ids = _store_people(tenant_id, app_id, different, read_at)
        return _store_ties(tenant_id, app_id, different, ids, read_at)


def _json(told: Iterable[Told]) -> str:
    return json.dumps([asdict(one) for one in told], ensure_ascii=False)


def _different(tenant_id: int, app_id: int, told: list[Told], read_at: datetime) -> list[Told]:
    if not told:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _DIFFERENT, {"told": _json(told), "tenant": tenant_id, "app": app_id, "read_at": read_at}
        )
        numbers = {row[0] for row in cursor.fetchall()}
    return [one for one in told if one.number in numbers]


def _store_people(tenant_id: int, app_id: int, told: list[Told], read_at: datetime) -> dict[str, int]:
    """{external_userid: customer id}, after writing what the page says of each person."""
    once = list({one.external_userid: one for one in told}.values())
    people = [PersonSeen(one.external_userid) for one in once]
    ids = customers_ensure(tenant_id=tenant_id, app_id=app_id, people=people, seen_at=read_at)
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE_PEOPLE,
            {
                "told": _json(once), "tenant": tenant_id, "app": app_id, "read_at": read_at,
                "ids": sorted(ids.values()),
            },
        )  # fmt: skip
    return ids


def follows_locked(*, tenant_id: int, pairs: Iterable[tuple[int, int]]) -> list[Follow]:
    """The ties of these (customer id, staff id), locked in order; new ones have state "". In a transaction."""
    wanted = sorted(set(pairs))
    Follow.objects.bulk_create(
        [Follow(tenant_id=tenant_id, customer_id=one, staff_id=two, state="") for one, two in wanted],
        ignore_conflicts=True,
    )
    rows = Follow.objects.select_for_update(no_key=True).filter(
        tenant_id=tenant_id,
        customer_id__in={one for one, _ in wanted},
        staff_id__in={two for _, two in wanted},
    )
    asked = set(wanted)
    return [
        row for row in rows.order_by("customer_id", "staff_id") if (row.customer_id, row.staff_id) in asked
    ]


def _store_ties(
    tenant_id: int, app_id: int, told: list[Told], ids: Mapping[str, int], read_at: datetime
) -> list[Missed]:
    by_pair = {(ids[one.external_userid], one.staff_id): one for one in told}
    ties, moved = [], []
    for row in follows_locked(tenant_id=tenant_id, pairs=by_pair):
        if row.event_at is not None and row.event_at > read_at:
            del by_pair[row.customer_id, row.staff_id]
            continue
        one = by_pair[row.customer_id, row.staff_id]
        state = after_listing(state=row.state, event_at=row.event_at, is_listed=True, read_at=read_at)
        if state != row.state:
            moved.append((row, state, one))
        ties.append(_tie(row, state, one))
    with connection.cursor() as cursor:
        cursor.execute(_STORE_TIES, [json.dumps(ties, ensure_ascii=False), tenant_id])
    ties_learn_channel(tenant_id=tenant_id, follow_ids=[one["id"] for one in ties])
    tag_ids = tag_ids_for(
        tenant_id=tenant_id, app_id=app_id, tag_ids={tag for one in by_pair.values() for tag in one.tags}
    )
    wecom_tags_set(
        tenant_id=tenant_id,
        wanted={
            (staff_id, customer_id): {tag_ids[tag] for tag in one.tags}
            for (customer_id, staff_id), one in by_pair.items()
        },
        read_at=read_at,
    )
    publish_many(
        _changed(tenant_id, read_at, row.customer_id, row.staff_id, state, one.state_code or row.state_code)
        for row, state, one in moved
    )
    return [Missed(one.external_userid, one.name, one.staff_id) for _, _, one in moved]


def _tie(row: Follow, state: str, told: Told) -> dict[str, Any]:
    ended_at = None if state in LIVE or row.ended_at is None else row.ended_at.isoformat()
    followed_at = told.followed_at or (row.followed_at.isoformat() if row.followed_at else None)
    return {
        "id": row.pk,
        "state": state,
        "ended_at": ended_at,
        "remark": told.remark,
        "description": told.description,
        "add_way": told.add_way,
        "state_code": told.state_code or row.state_code,
        "followed_at": followed_at,
    }


def _changed(
    tenant_id: int, at: datetime, customer_id: int, staff_id: int, state: str, state_code: str
) -> FollowChanged:
    return FollowChanged(
        tenant_id=tenant_id, occurred_at=at, customer_id=customer_id, staff_id=staff_id, state=state,
        state_code=state_code,
    )  # fmt: skip


def ties_end_unlisted(
    *, tenant_id: int, staff_id: int, listed: Iterable[str], read_at: datetime
) -> list[Missed]:
    """End the ties of a staff member that externalcontact/list did not name. Returns those that ended.

    One statement, and two more when some ended. Safe to repeat.
    """
    values: dict[str, Any] = {
        "read_at": read_at,
        "tenant": tenant_id,
        "staff": staff_id,
        "listed": list(listed),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_END_UNLISTED, values)
            rows = cursor.fetchall()
        publish_many(
            _changed(tenant_id, read_at, pk, staff_id, "staff_deleted", code) for pk, _, _, code in rows
        )
    return [Missed(external, name, staff_id) for _, external, name, _ in rows]
