"""Console pages of a company with 1,000 groups and 200,000 customers: statements and times of each.

In this process, through the whole stack of middleware, one request after the other, as its owner sees them.
"""

import gc
import math
import re
import time
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from benchmarks import owner
from benchmarks.bare import bare
from benchmarks.page_people import PEOPLE_TABLES, people_fill
from benchmarks.page_routes import LEFT_OUT, addresses
from benchmarks.page_tables import TABLES, tables_fill
from console.shell import tenant_url
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from wecom.services import app_connect

ROUNDS = 10
WARM = 2
P95 = 0.95
MOST_QUERIES = 25
MOST_MS = 150
CORP_ID = "wwbenchmark0000005"
EMAIL = "bench@qunce.example"


def _percentile(took: list[float], share: float) -> float:
    return round(sorted(took)[math.ceil(share * len(took)) - 1], 1)


def timed(client: Client, given: list[str]) -> dict[str, Any]:
    """Times of one page in milliseconds, its statements and the longest of them.

    `cpu_ms` is the median of this process's own work; `sql_ms` what the statements of one warm request took.
    """
    took, work = [], []
    for number in range(WARM + ROUNDS):
        address = given[number % len(given)]
        began, worked = time.perf_counter(), time.process_time()
        answer = client.get(address)
        if number >= WARM:
            took.append(1000 * (time.perf_counter() - began))
            work.append(1000 * (time.process_time() - worked))
        if answer.status_code != 200:
            return {"failed": f"{address} answered {answer.status_code}"}
    with CaptureQueriesContext(connection) as caught:
        client.get(given[0])
    worst = max(caught, key=lambda one: float(one["time"]), default={"time": "0", "sql": ""})
    return {
        "queries": len(caught), "median_ms": _percentile(took, 0.5), "p95_ms": _percentile(took, P95),
        "cpu_ms": _percentile(work, 0.5), "sql_ms": round(1000 * sum(float(one["time"]) for one in caught)),
        "worst": f"{round(1000 * float(worst['time']))} ms {_short(worst['sql'])}",
    }  # fmt: skip


def _short(sql: str) -> str:
    """The table and condition of a statement, enough to find it."""
    told = re.sub(r"SELECT .*? FROM", "select … from", " ".join(sql.split()), count=1)
    return told.replace('"', "")[:140]


def _is_over(one: dict[str, Any]) -> bool:
    return "failed" in one or one["queries"] > MOST_QUERIES or one["cpu_ms"] + one["sql_ms"] > MOST_MS


def fill(tenant: Tenant, *, share: int = 1) -> None:
    """The whole company, and what the database knows of its tables once it has gone over them, as it does by itself."""
    with tenant_scope(tenant):
        app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
        with bare([*PEOPLE_TABLES, *(apps.get_model(label)._meta.db_table for label in TABLES)]):
            people_fill(app, share=share)
            tables_fill(tenant, share=share)
    owner.settle()


def measure(tenant: Tenant, *, only: str = "", keep: bool = False, share: int = 1) -> dict[str, Any]:
    """Fill the company, then ask for each page. `ratio`: the slowest page's 95th percentile over the lightest's."""
    if not keep:
        fill(tenant, share=share)
    with tenant_scope(tenant):
        asked = {name: one for name, one in addresses(tenant).items() if only in name}
    _settle_in()
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(email=EMAIL))
    pages = {}
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["testserver"]):
        floor = timed(client, [tenant_url(tenant, "console:profile")])
        for name, given in asked.items():
            pages[name] = timed(client, given)
            print(f"  {'OVER' if _is_over(pages[name]) else 'ok  '} {name:<34} {pages[name]}", flush=True)
    return _summed(pages, floor)


def _settle_in() -> None:
    """What scrm.wsgi does before the first request: what is loaded by then is none of the collector's business.

    Without it every page had one request in ten of 150 to 250 ms more: a full collection over all that is loaded.
    """
    reverse(settings.LOGIN_URL)
    gc.collect()
    gc.freeze()


def _summed(pages: dict[str, dict[str, Any]], floor: dict[str, Any]) -> dict[str, Any]:
    slowest = max(one.get("p95_ms", 0) for one in pages.values())
    over = sorted(name for name, one in pages.items() if _is_over(one))
    return {
        "name": "console pages, 1,000 groups and 200,000 customers",
        "unit": "ms, 95th percentile of the slowest",
        "product": slowest,
        "floor": floor["p95_ms"],
        "ratio": round(slowest / floor["p95_ms"], 2),
        "budget": f"<= {MOST_QUERIES} queries, p95 <= {MOST_MS} ms",
        "pages": len(pages),
        "left_out": LEFT_OUT,
        "over": {name: pages[name] for name in over},
        "met": not over,
    }
