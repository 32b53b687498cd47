"""Pages of insights over 10,000,000 behaviours, 2,000 groups and 400,000 customers, beside count(*) of the rollup.

A year of days of each group is copied from the newest one that was summed: what a page reads is as much. Join weeks and
funnels are counted as the product counts them, and how long that takes stands beside the pages.
"""

import gc
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from analytics.models import CohortCells, DayFigures, DayFill, Funnel, FunnelPerson
from analytics.services.fills import days_fill
from analytics.services.funnels import funnel_ask, funnels_count
from analytics.services.weeks import weeks_fill
from benchmarks import owner
from benchmarks.insight_world import DAYS, counts, world_make
from benchmarks.pages import P95, _percentile, _settle_in
from console.shell import tenant_url
from groups.models import Group
from leads.models import Window
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope

MOST_MS = 200
ROUNDS, WARM = 20, 2
EMAIL = "bench@qunce.example"
STEPS = ["join", "message", "purchase_click", "order"]
_COPIED = """
insert into {table} ({columns}) select {values} from {table} base cross join generate_series(1, %s) n
where base.tenant_id = %s and base.day = %s on conflict do nothing
"""


def measure(tenant: Tenant, *, keep: bool = False, share: int = 1) -> dict[str, Any]:
    """Fill the company, sum and count, then ask for each page. `ratio`: the slowest page's p95 over the floor's."""
    made = counts(tenant) if keep else world_make(tenant, share=share)
    print(f"  made {made}", flush=True)
    with tenant_scope(tenant):
        fills = {} if keep else _fill(tenant)
        asked = _addresses(tenant)
        floor = _floor()
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email=EMAIL))
    _settle_in()
    gc.collect()
    pages = {}
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["testserver"]):
        for name, url in asked.items():
            pages[name] = _timed(partial(_got, client, url))
            print(f"  {name:<28} {pages[name]}", flush=True)
    slowest = max(one["p95_ms"] for one in pages.values())
    return {
        "name": f"insights, {made.get('behaviours', 0):,} behaviours",
        "unit": "ms, 95th percentile of the slowest page",
        "product": slowest,
        "floor": floor["p95_ms"],
        "ratio": round(slowest / floor["p95_ms"], 1),
        "budget": f"p95 <= {MOST_MS} ms at 10,000,000 behaviours; at most 1.3 x that of a tenth of them",
        "world": made,
        "fills_s": fills,
        "pages": pages,
        "met": slowest <= MOST_MS,
    }


def _fill(tenant: Tenant) -> dict[str, float]:
    """Seconds that summing a day, counting a join week and a funnel took, in the background of the product."""
    took = {"seven days": _seconds(lambda: days_fill(tenant=tenant))}
    _copy_days(tenant)
    weeks = 0
    began = time.perf_counter()
    while done := weeks_fill(tenant=tenant):
        weeks += done
    took["one join week"] = round((time.perf_counter() - began) / max(weeks, 1), 2)
    for name, steps in (("基准漏斗", STEPS), ("基准漏斗 B", ["friend", *STEPS])):
        funnel_ask(tenant=tenant, steps=steps, window_hours=720, days=90, name=name, actor=SYSTEM)
    took["two funnels of 90 days"] = _seconds(lambda: funnels_count(tenant=tenant, most=2))
    owner.settle()
    print(f"  seconds of filling {took}", flush=True)
    return took


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return round(time.perf_counter() - began, 2)


def _copy_days(tenant: Tenant) -> None:
    """The newest summed day, once for each of the days before it, as far as one is not there."""
    last = DayFill.objects.filter(until__isnull=False).latest("day").day
    for model in (DayFigures, DayFill):
        columns = [str(field.column) for field in model._meta.concrete_fields if field.column != "id"]
        values = ["base.day - n" if one == "day" else f'base."{one}"' for one in columns]
        sql = _COPIED.format(
            table=model._meta.db_table,
            columns=", ".join(f'"{one}"' for one in columns),
            values=", ".join(values),
        )
        if model is DayFill:
            DayFill.objects.exclude(day=last).delete()
        with connection.cursor() as cursor:
            cursor.execute(sql, [DAYS - 1, tenant.pk, last])


def _addresses(tenant: Tenant) -> dict[str, str]:
    run_id = Window.objects.latest("pk").source_id
    group = Group.objects.earliest("pk")
    funnel, other = Funnel.objects.order_by("pk")[:2]
    one = tenant_url(tenant, "analytics:funnel", pk=funnel.pk)
    cohorts = tenant_url(tenant, "analytics:cohorts")
    return {
        "overview": tenant_url(tenant, "analytics:overview"),
        "overview of a group": f"{tenant_url(tenant, 'analytics:overview')}?group={group.pk}&days=28",
        "groups compared": tenant_url(tenant, "analytics:league"),
        "retention": cohorts,
        "retention of a group": f"{cohorts}?of=group&id={group.pk}",
        "retention of a camp": f"{cohorts}?of=camp&id={run_id}&by=since",
        "funnels": tenant_url(tenant, "analytics:funnels"),
        "funnel by tag": f"{one}?by=tag",
        "funnels side by side": f"{one}?beside={other.pk}",
        "people of a funnel": f"{tenant_url(tenant, 'analytics:funnel_people', pk=funnel.pk)}?step=2&part=dropped",
        "camp": tenant_url(tenant, "analytics:camp", run_pk=run_id),
    }


def _floor() -> dict[str, Any]:
    """count(*) of what the pages read."""

    def count() -> None:
        for model in (DayFigures, CohortCells, FunnelPerson):
            model.objects.count()

    return _timed(count)


def _got(client: Client, url: str) -> None:
    answer = client.get(url)
    if answer.status_code != 200:
        raise RuntimeError(f"{url} answered {answer.status_code}")


def _timed(act: Callable[[], None]) -> dict[str, Any]:
    took = []
    for number in range(WARM + ROUNDS):
        began = time.perf_counter()
        act()
        if number >= WARM:
            took.append(1000 * (time.perf_counter() - began))
    return {"p50_ms": _percentile(took, 0.5), "p95_ms": _percentile(took, P95)}
