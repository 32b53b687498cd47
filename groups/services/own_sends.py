"""Who was reached by what colleagues sent by themselves in WeCom (R54): a mass send into a group reaches whoever sat
there at that moment, a private one and a post in Moments the customers whom WeCom names. What carried out something
planned counts there, and not here too: an upper app says which (`register_planned`)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from contacts.selectors import customer_ids_by_external
from contacts.services.exposures import Reached, exposures_note, gate_release
from groups.models import Group
from tenants import clock
from wecom.selectors import reach_list
from wecom.services import reach_count

# (tenant id, rows of WeCom's raw log) -> ids of those that something planned counts already.
Planned = Callable[[int, Sequence[Any]], set[int]]
_planned: list[Planned] = []
POST = "moment"
CHANNELS = {"group": "group_mass", "single": "private_mass", "moment": "moments"}
# Customers who sat in a group at a moment.
_SAT = """
select asked.n, m.customer_id from unnest(%s::int[], %s::bigint[], %s::timestamptz[]) as asked(n, group_id, at)
join groups_member m on m.tenant_id = %s and m.group_id = asked.group_id and not m.is_staff
  and m.customer_id is not null and m.joined_at <= asked.at and (m.left_at is null or m.left_at > asked.at)
group by 1, 2
"""


def register_planned(provider: Planned) -> None:
    """Once, from an upper app's nav. The provider runs in the transaction that counts, and locks what it looks at."""
    _planned.append(provider)


def own_sends_count(*, tenant_id: int, reach_ids: Iterable[int], looks_at_plans: bool = True) -> int:
    """Count these rows of WeCom's raw log with the people they reached. Returns how many exposures are new.

    Who is not known here (no customer, no group) counts with nobody. Safe to repeat. `looks_at_plans` False: for who
    holds the gate already, where nothing that is planned may be locked any more; the event's own turn looks.
    """
    told = list(reach_list(tenant_id=tenant_id, reach_ids=reach_ids))
    with transaction.atomic():
        rows = [one for one in told if one.counts or one.kind == POST]
        if looks_at_plans:
            rows = _without_planned(tenant_id, rows)
        return exposures_note(
            tenant_id=tenant_id,
            reached=[
                *_in_groups(tenant_id, [one for one in rows if one.kind == "group"]),
                *_in_private(tenant_id, [one for one in rows if one.kind != "group"]),
            ],
        )


def own_sends_again(*, tenant_id: int, reach_ids: Iterable[int]) -> None:
    """What these carried out counts no more: they count themselves. In the caller's transaction. Safe to repeat."""
    ids = list(reach_ids)
    if ids:
        reach_count(tenant_id=tenant_id, reach_ids=ids, counts=True)
        own_sends_count(tenant_id=tenant_id, reach_ids=ids, looks_at_plans=False)


def own_sends_carried(*, tenant_id: int, reach_ids: Iterable[int]) -> None:
    """These carried out what counts by itself: they count no more. In the caller's transaction. Safe to repeat."""
    ids = list(reach_ids)
    if ids:
        _give_back(tenant_id, list(reach_list(tenant_id=tenant_id, reach_ids=ids)))


def _without_planned(tenant_id: int, rows: list[Any]) -> list[Any]:
    """Those that carried out nothing planned. The others count no more, whoever counted them before."""
    sends = [one for one in rows if one.kind != POST]
    planned = {pk for provider in _planned for pk in provider(tenant_id, sends)} if sends else set()
    if not planned:
        return rows
    _give_back(tenant_id, [one for one in sends if one.pk in planned])
    return [one for one in rows if one.pk not in planned]


def _give_back(tenant_id: int, taken: list[Any]) -> None:
    """These sends count no more, and the places they took are free."""
    reach_count(tenant_id=tenant_id, reach_ids=[one.pk for one in taken], counts=False)
    people = customer_ids_by_external(
        tenant_id=tenant_id, external_userids={one.receiver_id for one in taken if one.kind != "group"}
    )
    whom: dict[str, list[int]] = defaultdict(list)
    for one in taken:
        if one.kind != "group" and one.receiver_id in people:
            whom[one.key].append(people[one.receiver_id])
    now = clock.now()
    into_groups = sorted({one.key for one in taken if one.kind == "group"})
    gate_release(tenant_id=tenant_id, keys=into_groups, now=now)
    for key, ids in sorted(whom.items()):
        gate_release(tenant_id=tenant_id, keys=[key], now=now, customer_ids=ids)


def _in_groups(tenant_id: int, rows: list[Any]) -> list[Reached]:
    chats = {one.receiver_id for one in rows}
    found = Group.objects.filter(tenant=tenant_id, chat_id__in=chats).order_by("-pk")
    groups = dict(found.values_list("chat_id", "pk"))  # known to several apps: the first
    known = [one for one in rows if one.receiver_id in groups]
    if not known:
        return []
    places = [groups[one.receiver_id] for one in known]
    with connection.cursor() as cursor:
        cursor.execute(_SAT, [list(range(len(known))), places, [one.sent_at for one in known], tenant_id])
        sat = cursor.fetchall()
    return [
        Reached(
            known[n].key, customer_id, known[n].sent_at, CHANNELS["group"], places[n], capped=known[n].counts
        )
        for n, customer_id in sat
    ]


def _in_private(tenant_id: int, rows: list[Any]) -> list[Reached]:
    people = customer_ids_by_external(tenant_id=tenant_id, external_userids={one.receiver_id for one in rows})
    return [
        Reached(one.key, people[one.receiver_id], one.sent_at, CHANNELS[one.kind], None, capped=one.counts)
        for one in rows
        if one.receiver_id in people
    ]
