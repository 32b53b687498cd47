"""What people did after the touches of a run, by strategy label (R51) or by step: what followed, not what it caused.

Reached: people on record for a carried-out touch, each once a label whatever records they have. Interacted: those of
them who did the run's key interaction within 24 hours of such a touch. Ordered: who placed a paid order within 48
hours. Somebody reached by two labels counts with both.
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
_FOUND = """
with t as materialized (
    select t.id, {by} as key, t.done_at, t.state in ('submitted', 'confirmed') as is_done
    from sop_touch t join sop_step s on s.id = t.step_id
    where t.tenant_id = %(tenant)s and t.run_id = %(run)s
),
reached as materialized (
    select t.key, coalesce(c.person_id, c.id) as person, t.done_at as at
    from t join contacts_exposure e
        on e.tenant_id = %(tenant)s and e.touch_key = %(ref)s || t.id::text and e.weight = 1
    join contacts_customer c on c.tenant_id = e.tenant_id and c.id = e.customer_id
    where t.is_done and not exists (  -- given back: whoever was left out, or whom a first try did not reach
        select from contacts_exposure back where back.tenant_id = e.tenant_id and back.touch_key = e.touch_key
            and back.customer_id = e.customer_id and back.seq = e.seq + 1
    )
),
acts as materialized (
    select coalesce(c.person_id, c.id) as person, a.occurred_at from contacts_behaviour a
    join contacts_customer c on c.tenant_id = a.tenant_id and c.id = a.customer_id
    where a.tenant_id = %(tenant)s and a.kind = %(kind)s and a.occurred_at >= %(since)s
        and (%(object)s = '' or a.object_id = %(object)s)
),
bought as materialized (
    select coalesce(c.person_id, c.id) as person, o.ordered_at from contacts_order o
    join contacts_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
    where o.tenant_id = %(tenant)s and o.ordered_at >= %(since)s and o.state = %(paid)s
)
"""
_PEOPLE = {
    "people": "from reached r where true",
    "interacted": "from reached r join acts a on a.person = r.person"
    " where a.occurred_at >= r.at and a.occurred_at < r.at + make_interval(hours => %(act_h)s)",
    "ordered": "from reached r join bought b on b.person = r.person"
    " where b.ordered_at >= r.at and b.ordered_at < r.at + make_interval(hours => %(order_h)s)",
}
FIGURES = tuple(_PEOPLE)
_COUNTED = """
select k.key, k.done, {counts}
from (
    select t.key, count(*) filter (where t.is_done) as done from t group by t.key
) k order by k.key
"""
_COUNTS = ", ".join(
    f"(select count(distinct r.person) {rows} and r.key = k.key)" for rows in _PEOPLE.values()
)


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
    rows = _asked(tenant, run, _FOUND.format(by=_BY[by]) + _COUNTED.format(counts=_COUNTS))
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


def people_behind(*, tenant: "Tenant", run: Run, strategy: str, figure: str) -> set[int]:
    """Ids of the records that stand for the people whom a figure of a strategy counts. One query.

    Raises KeyError for a figure that is none.
    """
    found = (
        f"{_FOUND.format(by=_BY['strategy'])} select distinct r.person {_PEOPLE[figure]} and r.key = %(key)s"
    )
    return {row[0] for row in _asked(tenant, run, found, key=strategy)}


def _asked(tenant: "Tenant", run: Run, statement: str, **more: str) -> list[Any]:
    known: dict[str, Any] = {
        "tenant": tenant.pk, "run": run.pk, "ref": f"{REF}:", "kind": run.key_interaction,
        "object": run.key_interaction_object, "paid": OrderState.PAID.value,
        "since": clock.day_bounds(run.starts_on, tenant.timezone)[0],
        "act_h": INTERACTED_WITHIN_H, "order_h": ORDERED_WITHIN_H,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, {**known, **more})
        return cursor.fetchall()
