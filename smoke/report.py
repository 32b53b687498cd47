"""The figures of a smoke run, counted in the database, and the stages that must not be empty."""

from datetime import datetime
from typing import Any

from django.db import connection

from analytics.selectors.camps import camp_get, funnel
from analytics.selectors.people import people_of
from demo.company import Company
from tenants.scoping import tenant_scope, unscoped

# Stage -> the least that a camp of three companies leaves behind.
LEAST = {
    "groups": 24,
    "members": 2000,
    "callbacks_sent": 1000,
    "touches_planned": 500,
    "touches_sent": 300,
    "behaviours": 5000,
    "orders": 20,
}
LATENESS_LIMIT_S = 1800


def _rows(sql: str) -> list[tuple]:
    with unscoped("the smoke run counts what three companies left behind"), connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _one(sql: str) -> Any:
    return _rows(sql)[0][0]


def figures(companies: list[Company], run_ids: dict[int, int], now: datetime) -> dict[str, Any]:
    """Counts of every stage over all companies; funnels by company."""
    return {
        "groups": _one("select count(*) from groups_group where chat_id <> '' and dismissed_at is null"),
        "members": _one(
            "select count(distinct (tenant_id, customer_id)) from groups_member where customer_id is not null"
        ),
        "members_at_end": _one(
            "select count(distinct (tenant_id, customer_id)) from groups_member "
            "where left_at is null and customer_id is not null"
        ),
        "touches_planned": _one("select count(*) from sop_touch"),
        "touches_sent": _one("select count(*) from sop_touch where state in ('submitted', 'confirmed')"),
        "touches_blocked": dict(
            _rows("select rule_code, count(*) from sop_touch where state = 'blocked' group by 1 order by 1")
        ),
        "touches_by_state": dict(_rows("select state, count(*) from sop_touch group by 1 order by 1")),
        "lateness_p99_s": _one(
            "select coalesce(percentile_disc(0.99) within group (order by lateness_s), 0) from sop_touch "
            "where lateness_s is not null"
        ),
        "behaviours": _one("select count(*) from contacts_behaviour"),
        "tiers": dict(
            _rows(
                "select case when tier = '' then 'unranked' else tier end, count(*) from leads_lead "
                "group by 1 order by 1"
            )
        ),
        "lead_states": dict(_rows("select state, count(*) from leads_lead group by 1 order by 1")),
        "orders": _one("select count(*) from contacts_order"),
        "dead_letters": _one("select count(*) from outbox_delivery where state = 'dead'")
        + _one("select count(*) from wecom_inboundevent where state = 'dead'"),
        "welcomes": _one("select count(*) from wecom_outboundsend where kind = 'welcome' and state = 'done'"),
        "parked_sends": _one("select count(*) from wecom_outboundsend where state = 'unknown'"),
        "funnel": {one.plan.name: _funnel(one, run_ids[one.tenant.pk], now) for one in companies},
    }


def _funnel(company: Company, run_id: int, now: datetime) -> dict[str, Any]:
    """Stage -> who got there, of how many; None is unknown."""
    with tenant_scope(company.tenant):
        camp = camp_get(tenant_id=company.tenant.pk, run_id=run_id)
        if camp is None:
            return {}
        stages = funnel(people_of(camp, at=now), order="aarrr")
        return {stage.metric.key: {"done": stage.done, "of": stage.out_of} for stage in stages}


def missing(found: dict[str, Any]) -> list[str]:
    """What a camp must have left behind and did not."""
    short = [
        f"{name}: {found[name]}, at least {least}" for name, least in LEAST.items() if found[name] < least
    ]
    short += [f"no lead of tier {tier}" for tier in ("S", "A+", "A", "B") if not found["tiers"].get(tier)]
    if found["dead_letters"]:
        short.append(f"{found['dead_letters']} dead letters")
    if found["lateness_p99_s"] > LATENESS_LIMIT_S:
        short.append(f"p99 lateness {found['lateness_p99_s']} s, at most {LATENESS_LIMIT_S}")
    return short
