"""Orders with what speaks for their class (R72), and how many of each class a camp has."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from analytics.selectors.pushes import Push, sales_pushes
from contacts.enums import OrderClass
from contacts.selectors.identity import same_people
from leads.selectors.orders import inquiries_of
from leads.services.rules import rules_current

CAMPS = 12  # newest camps whose counts the page shows
_COUNTS = """
select w.id, w.name, w.source_id, o.order_class, o.class_confirmed_by = '', count(*)
from (
    select * from leads_window where tenant_id = %(tenant)s and source_kind = 'sop.run'
    order by starts_at desc, id desc limit %(most)s
) w
left join leads_windowmember m on m.tenant_id = w.tenant_id and m.window_id = w.id
left join contacts_order o on o.tenant_id = w.tenant_id and o.customer_id = m.customer_id
    and o.ordered_at >= w.starts_at and o.ordered_at < w.ends_at
group by 1, 2, 3, 4, 5, w.starts_at order by w.starts_at desc, w.id desc
"""
_IN_CAMP = """
select o.id from contacts_order o
join leads_windowmember m on m.tenant_id = o.tenant_id and m.customer_id = o.customer_id
join leads_window w on w.tenant_id = m.tenant_id and w.id = m.window_id
where o.tenant_id = %s and w.id = %s and o.ordered_at >= w.starts_at and o.ordered_at < w.ends_at
"""


@dataclass(frozen=True)
class ClassCounts:
    """The orders placed in one camp by class; `to_confirm` of them nobody has judged. None as `window_id`: all."""

    window_id: int | None
    name: str
    run_id: int | None
    classes: Counter[str]
    to_confirm: int

    @property
    def total(self) -> int:
        return self.classes.total()

    @property
    def by_class(self) -> list[tuple[str, int]]:
        return [(one, self.classes[one]) for one in OrderClass.values]


@dataclass(frozen=True)
class Evidence:
    """What is on record before an order: the first question and the first sales message of the person's camps.

    `in_camp` False: the person was in no camp then, so that nothing is suggested.
    """

    in_camp: bool = False
    asked_at: datetime | None = None
    asked_text: str = ""
    pushed_at: datetime | None = None
    pushed_title: str = ""


def class_counts(*, tenant_id: int) -> list[ClassCounts]:
    """Of the newest camps. One query. An order of somebody in two camps at once stands in both."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"tenant": tenant_id, "most": CAMPS})
        rows = cursor.fetchall()
    found: dict[int, ClassCounts] = {}
    waiting: Counter[int] = Counter()
    for window_id, name, run_id, order_class, is_open, count in rows:
        one = found.setdefault(window_id, ClassCounts(window_id, name, run_id, Counter(), 0))
        if order_class is not None:
            one.classes[order_class] += count
            waiting[window_id] += count if is_open else 0
    return [
        ClassCounts(one.window_id, one.name, one.run_id, one.classes, waiting[one.window_id or 0])
        for one in found.values()
    ]


def orders_in_camp(*, tenant_id: int, window_id: int) -> tuple[str, list[Any]]:
    """The statement, with its values, of the orders placed in a camp by its people."""
    return _IN_CAMP, [tenant_id, window_id]


def evidence_of(*, tenant_id: int, orders: Sequence[Any]) -> dict[int, Evidence]:
    """{order id: what speaks for its class}, by the same facts the rule reads. Eight queries, however many orders."""
    people = {one.customer_id for one in orders}
    if not people:
        return {}
    rule = rules_current(tenant_id=tenant_id)[-1][1]
    known = inquiries_of(tenant_id=tenant_id, customer_ids=people, rule=rule)
    same = same_people(tenant_id=tenant_id, customer_ids=people)
    pushes: dict[int, list[Push]] = defaultdict(list)
    for push in sales_pushes(tenant_id=tenant_id, customer_ids=sorted(people.union(*same.values()))):
        pushes[push.customer_id].append(push)
    return {
        one.pk: _evidence(
            one.ordered_at,
            known.since.get(one.customer_id),
            known.asked.get(one.customer_id, []),
            [push for record in same.get(one.customer_id, {one.customer_id}) for push in pushes[record]],
        )
        for one in orders
    }


def _evidence(at: datetime, since: datetime | None, asked: list[Any], pushes: list[Push]) -> Evidence:
    if since is None or at < since:
        return Evidence()
    question = next((one for one in asked if one.at <= at), None)
    push = min((one for one in pushes if since <= one.at <= at), key=lambda one: one.at, default=None)
    return Evidence(
        in_camp=True,
        asked_at=question.at if question else None,
        asked_text=question.text if question else "",
        pushed_at=push.at if push else None,
        pushed_title=push.title if push else "",
    )
