"""The behaviour stream (R111): one append-only table, whatever the source, each event once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from contacts.enums import BehaviourKind
from contacts.events import BehavioursRecorded
from contacts.selectors import customer_ids_by_external, customer_ids_known, group_ids_by_chat
from contacts.selectors.personal import erased_among, erased_name
from contacts.services.orders import orders_derive
from outbox.services import publish
from tenants import clock

ACCEPTED, DUPLICATE, UNKNOWN, REJECTED = "accepted", "duplicate", "unknown_customer", "rejected"
_BOUGHT = (BehaviourKind.ORDER, BehaviourKind.REFUND)
_KINDS = frozenset(BehaviourKind.values)
_EVENT_ROWS = 500

_INSERT = """
insert into contacts_behaviour
    (tenant_id, source, event_id, kind, customer_id, external_userid, group_id, staff_id, occurred_at, received_at,
     object_kind, object_id, object_title, amount_fen, text, data)
select %s, %s, event_id, kind, customer_id, external_userid, group_id, staff_id, occurred_at, %s,
    object_kind, object_id, object_title, amount_fen, text, data
from unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[],
    %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::jsonb[])
    as t(event_id, kind, customer_id, external_userid, group_id, staff_id, occurred_at,
         object_kind, object_id, object_title, amount_fen, text, data)
on conflict (tenant_id, source, event_id) do nothing
returning id, event_id
"""
_ATTACH = """
update contacts_behaviour b set customer_id = known.id
from unnest(%s::text[], %s::bigint[]) as known(external_userid, id)
where b.tenant_id = %s and b.customer_id is null and b.external_userid = known.external_userid
returning b.id, b.customer_id, b.kind, b.occurred_at, b.source, b.object_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourItem:
    """One event as a source tells it. `occurred_at` is aware; `amount_fen` is money in fen.

    Who: `customer_id`, or `external_userid` of WeCom. Where: `group_id`, or WeCom's `chat_id`. For an order or a
    refund `object_id` is the order's number and `data["sku_id"]` the product; for a click `object_id` is the link.
    """

    event_id: str
    kind: str
    occurred_at: datetime
    customer_id: int | None = None
    external_userid: str = ""
    group_id: int | None = None
    chat_id: str = ""
    staff_id: int | None = None
    object_kind: str = ""
    object_id: str = ""
    object_title: str = ""
    amount_fen: int | None = None
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: accepted, duplicate, unknown_customer (kept, attached later) or rejected."""

    event_id: str
    state: str
    reason: str = ""


def behaviour_record_many(*, tenant_id: int, source: str, items: list[BehaviourItem]) -> list[Outcome]:
    """Add events to the stream, in one transaction. Answers stand in the order of `items`. Safe to repeat.

    The same (source, event_id) counts once, also within one call. Orders and refunds become Order rows. A person
    not known yet is kept by `external_userid` and attached when that customer appears. Publishes BehavioursRecorded.
    """
    bad = {index: why for index, one in enumerate(items) if (why := _fault(one))}
    good = [one for index, one in enumerate(items) if index not in bad]
    with transaction.atomic():
        people = _people(tenant_id, good)
        good = _veiled(tenant_id, good, people)
        inserted = _insert(tenant_id, source, good, people)
        known = {one.event_id: one for one in reversed(good)}
        fresh = [(pk, known[event_id]) for event_id, pk in inserted.items()]
        orders_derive(
            tenant_id=tenant_id, keys=[(source, one.object_id) for _pk, one in fresh if one.kind in _BOUGHT]
        )
        _tell(
            tenant_id,
            [
                (pk, people[one.event_id], one.kind, one.occurred_at)
                for pk, one in fresh
                if people[one.event_id]
            ],
        )
    return _outcomes(items, bad, inserted, people)


def _veiled(tenant_id: int, items: list[BehaviourItem], people: dict[str, int | None]) -> list[BehaviourItem]:
    """What erased people do is still counted, without who they were and what they said. Fills `people`."""
    unknown = {one.external_userid for one in items if people[one.event_id] is None}
    erased = erased_among(tenant_id=tenant_id, external_userids=unknown)
    if not erased:
        return items
    veiled = [
        _veil(one, erased[one.external_userid]) if one.external_userid in erased else one for one in items
    ]
    people.update({one.event_id: one.customer_id for one in veiled if one.customer_id in erased.values()})
    return veiled


def _veil(item: BehaviourItem, customer_id: int) -> BehaviourItem:
    event_id = item.event_id.replace(item.external_userid, erased_name(customer_id))
    return replace(
        item, event_id=event_id[:128], customer_id=customer_id, external_userid="", text="", data={}
    )


def _fault(item: BehaviourItem) -> str:
    """Why an item can never be stored; "" when it can."""
    if item.kind not in _KINDS:
        return f"unknown kind {item.kind!r}"
    if not item.event_id or len(item.event_id) > 128:
        return "event_id has 1 to 128 characters"
    if item.occurred_at.tzinfo is None:
        return "occurred_at has no time zone"
    if item.kind in _BOUGHT and not item.object_id:
        return "an order or refund names its order number"
    return ""


def _people(tenant_id: int, items: list[BehaviourItem]) -> dict[str, int | None]:
    """event_id -> customer id or None. A customer id of elsewhere finds nobody."""
    named = {one.customer_id for one in items if one.customer_id is not None}
    own = customer_ids_known(tenant_id=tenant_id, customer_ids=named) if named else set()
    sought = {one.external_userid for one in items if one.external_userid and one.customer_id not in own}
    by_external = customer_ids_by_external(tenant_id=tenant_id, external_userids=sought) if sought else {}
    return {
        one.event_id: one.customer_id if one.customer_id in own else by_external.get(one.external_userid)
        for one in items
    }


def _insert(
    tenant_id: int, source: str, items: list[BehaviourItem], people: dict[str, int | None]
) -> dict[str, int]:
    """event_id -> new row id, for what was not there."""
    if not items:
        return {}
    groups = group_ids_by_chat(tenant_id=tenant_id, chat_ids={one.chat_id for one in items if one.chat_id})
    rows = [
        (
            one.event_id,
            one.kind,
            people[one.event_id],
            one.external_userid,
            one.group_id if one.group_id is not None else groups.get(one.chat_id),
            one.staff_id,
            one.occurred_at,
            one.object_kind[:32],
            one.object_id[:128],
            one.object_title[:200],
            one.amount_fen,
            one.text,
            json.dumps({**one.data, **({"chat_id": one.chat_id} if one.chat_id else {})}, ensure_ascii=False),
        )
        for one in sorted(items, key=lambda item: item.event_id)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [tenant_id, source, clock.now(), *columns])
        return {event_id: pk for pk, event_id in cursor.fetchall()}


def _outcomes(
    items: list[BehaviourItem], bad: dict[int, str], inserted: dict[str, int], people: dict[str, int | None]
) -> list[Outcome]:
    told: set[str] = set()
    answers = []
    for index, one in enumerate(items):
        if index in bad:
            answers.append(Outcome(one.event_id, REJECTED, bad[index]))
            continue
        is_new = one.event_id in inserted and one.event_id not in told
        told.add(one.event_id)
        state = (ACCEPTED if people[one.event_id] else UNKNOWN) if is_new else DUPLICATE
        answers.append(Outcome(one.event_id, state))
    return answers


def behaviours_attach(*, tenant_id: int, customers: dict[str, int]) -> int:
    """Give waiting behaviours their customers ({external_userid: customer id}). In the caller's transaction.

    Returns how many were attached. Safe to repeat.
    """
    if not customers:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ATTACH, [list(customers), list(customers.values()), tenant_id])
        rows = cursor.fetchall()
    orders_derive(tenant_id=tenant_id, keys=[(row[4], row[5]) for row in rows if row[2] in _BOUGHT])
    _tell(tenant_id, [row[:4] for row in rows])
    return len(rows)


def _tell(tenant_id: int, rows: Iterable[tuple[int, int | None, str, datetime]]) -> None:
    """Publish what became known, a few hundred rows an event."""
    ordered = sorted(rows)
    for start in range(0, len(ordered), _EVENT_ROWS):
        part = ordered[start : start + _EVENT_ROWS]
        times = [row[3] for row in part]
        publish(
            BehavioursRecorded(
                tenant_id=tenant_id,
                occurred_at=clock.now(),
                customer_ids=sorted({row[1] for row in part if row[1] is not None}),
                behaviour_ids=[row[0] for row in part],
                kinds=sorted({row[2] for row in part}),
                first_at=min(times),
                last_at=max(times),
            )
        )
