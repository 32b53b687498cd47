"""Who was reached by what colleagues sent by themselves in WeCom (R54): a mass send into a group reaches whoever sat
there at that moment, a private one and a post in Moments the customers whom WeCom names."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from contacts.selectors import customer_ids_by_external
from contacts.services.exposures import Reached, exposures_note
from groups.models import Group
from wecom.selectors import reach_list

CHANNELS = {"group": "group_mass", "single": "private_mass", "moment": "moments"}
# Customers who sat in a group at a moment.
_SAT = """
select asked.n, m.customer_id from unnest(%s::int[], %s::bigint[], %s::timestamptz[]) as asked(n, group_id, at)
join groups_member m on m.tenant_id = %s and m.group_id = asked.group_id and not m.is_staff
  and m.customer_id is not null and m.joined_at <= asked.at and (m.left_at is null or m.left_at > asked.at)
group by 1, 2
"""


def own_sends_count(*, tenant_id: int, reach_ids: Iterable[int]) -> int:
    """Count these rows of WeCom's raw log with the people they reached. Returns how many exposures are new.

    Who is not known here (no customer, no group) counts with nobody. Safe to repeat.
    """
    rows = list(reach_list(tenant_id=tenant_id, reach_ids=reach_ids))
    with transaction.atomic():
        return exposures_note(
            tenant_id=tenant_id,
            reached=[
                *_in_groups(tenant_id, [one for one in rows if one.kind == "group"]),
                *_in_private(tenant_id, [one for one in rows if one.kind != "group"]),
            ],
        )


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
