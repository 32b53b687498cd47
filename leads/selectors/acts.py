"""Behaviours as the tier policy reads them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from contacts.selectors import behaviours_for
from contacts.selectors.identity import same_people
from leads.policies.rules import MESSAGE_KIND, ORDER_KIND, REFUND_KIND, Rule
from leads.policies.tiers import Act

_COLUMNS = ("id", "customer_id", "source", "event_id", "kind", "occurred_at", "object_id", "object_title", "text",
            "amount_fen")  # fmt: skip


def acts_for(
    *,
    tenant_id: int,
    customer_ids: Iterable[int],
    since: datetime,
    rules: Sequence[Rule],
    until: datetime | None = None,
    more_kinds: Iterable[str] = (),
) -> dict[int, list[Act]]:
    """{customer id: behaviours in [since, until) that any of these rules reads, with whatever record of the person}.

    `more_kinds` are read besides. Two queries.
    Messages without a keyword are left in the database: they are most of the stream and move no tier.
    """
    kinds = {ORDER_KIND, REFUND_KIND, *more_kinds}.union(*(rule.counted_kinds for rule in rules))
    words = sorted({word for rule in rules for word in rule.keywords})
    wanted = Q(kind__in=sorted(kinds))
    asked = Q()
    for word in words:
        asked |= Q(text__contains=word)
    if words:
        wanted |= Q(kind=MESSAGE_KIND) & asked
    asked_for = set(customer_ids)
    same = same_people(tenant_id=tenant_id, customer_ids=asked_for)
    records = asked_for.union(*same.values())
    rows = behaviours_for(tenant_id=tenant_id, customer_ids=list(records), since=since, until=until)
    did: dict[int, list[Act]] = defaultdict(list)
    for row in rows.filter(wanted).order_by().values_list(*_COLUMNS):
        did[row[1]].append(
            Act(
                id=row[0],
                key=f"{row[2]}:{row[3]}",
                kind=row[4],
                at=row[5],
                object_id=row[6],
                title=row[7],
                text=row[8],
                amount_fen=row[9],
            )
        )
    return {one: [act for record in sorted(same.get(one, {one})) for act in did[record]] for one in asked_for}
