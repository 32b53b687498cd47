"""What people did after the touches of a run, by strategy label (R51) or by step: what followed, not what it caused.

Reached: people on record for a carried-out touch, each once a label. Interacted: those of them who did the run's key
interaction within 24 hours of such a touch. Ordered: who placed a paid order within 48 hours. Somebody reached by two
labels counts with both.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from contacts.enums import OrderState
from sop.enums import REF, Strategy
from sop.models import Run
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

INTERACTED_WITHIN_H, ORDERED_WITHIN_H = 24, 48
_BY = {"strategy": "s.strategy", "step": "s.key"}
_SELECT = """
with t as materialized (
    select t.id, {by} as key, t.done_at, t.state in ('submitted', 'confirmed') as is_done
    from sop_touch t join sop_step s on s.id = t.step_id
    where t.tenant_id = %(tenant)s and t.run_id = %(run)s
),
reached as materialized (
    select t.key, e.customer_id, t.done_at as at
    from t join contacts_exposure e
        on e.tenant_id = %(tenant)s and e.touch_key = %(ref)s || t.id::text and e.weight = 1
    where t.is_done and not exists (  -- given back: whoever was left out, or whom a first try did not reach
        select from contacts_exposure back where back.tenant_id = e.tenant_id and back.touch_key = e.touch_key
            and back.customer_id = e.customer_id and back.seq = e.seq + 1
    )
),
acts as materialized (
    select customer_id, occurred_at from contacts_behaviour
    where tenant_id = %(tenant)s and kind = %(kind)s and occurred_at >= %(since)s and customer_id is not null
        and (%(object)s = '' or object_id = %(object)s)
),
bought as materialized (
    select customer_id, ordered_at from contacts_order
    where tenant_id = %(tenant)s and ordered_at >= %(since)s and customer_id is not null and state = %(paid)s
)
select k.key, k.done,
    (select count(distinct customer_id) from reached r where r.key = k.key),
    (select count(distinct r.customer_id) from reached r join acts a on a.customer_id = r.customer_id
        where r.key = k.key and a.occurred_at >= r.at and a.occurred_at < r.at + make_interval(hours => %(act_h)s)),
    (select count(distinct r.customer_id) from reached r join bought b on b.customer_id = r.customer_id
        where r.key = k.key and b.ordered_at >= r.at and b.ordered_at < r.at + make_interval(hours => %(order_h)s))
from (
    select t.key, count(*) filter (where t.is_done) as done from t group by t.key
) k order by k.key
"""


@dataclass(frozen=True)
class Result:
    """What followed the touches of one label or step. Counts of distinct people; rates are None where nobody was."""

    key: str
    label: str
    touches: int
    people: int
    interacted: int | None  # None: the run has no key interaction
    ordered: int

    @property
    def interaction_rate(self) -> float | None:
        return self.interacted / self.people if self.people and self.interacted is not None else None

    @property
    def order_rate(self) -> float | None:
        return self.ordered / self.people if self.people else None


def results_by(*, tenant: "Tenant", run: Run, by: str) -> list[Result]:
    """One row for each `by` ("strategy" or "step") of the run's touches. One query."""
    since = clock.day_bounds(run.starts_on, tenant.timezone)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT.format(by=_BY[by]),
            {
                "tenant": tenant.pk, "run": run.pk, "ref": f"{REF}:", "kind": run.key_interaction,
                "object": run.key_interaction_object, "paid": OrderState.PAID.value, "since": since,
                "act_h": INTERACTED_WITHIN_H, "order_h": ORDERED_WITHIN_H,
            },
        )  # fmt: skip
        rows: list[Any] = cursor.fetchall()
    labels = dict(Strategy.choices) if by == "strategy" else {}
    return [
        Result(
            key=key,
            label=str(labels.get(key, key)),
            touches=done,
            people=people,
            interacted=acted if run.key_interaction else None,
            ordered=bought,
        )
        for key, done, people, acted, bought in rows
    ]
