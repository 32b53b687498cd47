"""100,000 touches due at 09:00: from due to handed over, gate included, beside a plain SKIP LOCKED claim loop."""

import multiprocessing
import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.urls import get_resolver

from benchmarks.load import quantile
from benchmarks.people import Crowd, crowd_make
from sop.services.dispatch import dispatch_due
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope, unscoped

TOUCHES = 100_000
WORKERS = 2
BATCH = 200
_CLAIM = """
update floor_due set state = 'claimed' where id in (
  select id from floor_due where state = 'planned' and due_at <= now() order by due_at, id limit %s
  for update skip locked) returning id
"""


def _floor_worker(started: float, lateness_s: Any) -> None:
    connection.close()
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_CLAIM, [BATCH])
            ids = [row[0] for row in cursor.fetchall()]
            if not ids:
                return
            cursor.execute(
                "update floor_due set state = 'handed', handed_at = now() where id = any(%s)", [ids]
            )
            lateness_s.extend([time.time() - started] * len(ids))


def _product_worker(tenant_id: int) -> None:
    connection.close()
    with tenant_scope(tenant_id):
        while dispatch_due(tenant_id=tenant_id):
            pass


def _in_parallel(work: Any, *arguments: Any) -> float:
    """Run the same work in `WORKERS` processes. Returns seconds."""
    context = multiprocessing.get_context("fork")
    connection.close()
    processes = [context.Process(target=work, args=arguments) for _ in range(WORKERS)]
    began = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a worker of the benchmark failed")
    return time.perf_counter() - began


def _floor() -> tuple[float, float]:
    """(rows a second, p99 seconds late) of the plain loop."""
    with connection.cursor() as cursor:
        cursor.execute("truncate floor_due")
        cursor.execute(
            "insert into floor_due (state, due_at) select 'planned', now() from generate_series(1, %s)",
            [TOUCHES],
        )
        cursor.execute("analyze floor_due")
    manager = multiprocessing.Manager()
    lateness_s = manager.list()
    took_s = _in_parallel(_floor_worker, time.time(), lateness_s)
    late = sorted(lateness_s)
    return len(late) / took_s, quantile(late, 0.99)


def _product(tenant: Tenant, crowd: Crowd) -> tuple[float, float, dict[str, int]]:
    """(touches a second, p99 seconds late, touches by state)."""
    get_resolver().url_patterns  # noqa: B018 - a worker that runs has loaded its addresses
    began_at = clock.now()
    took_s = _in_parallel(_product_worker, tenant.pk)
    with unscoped("the benchmark reads what it made"), connection.cursor() as cursor:
        cursor.execute("select state, count(*) from sop_touch where run_id = %s group by 1", [crowd.run_id])
        states = dict(cursor.fetchall())
        cursor.execute(
            "select extract(epoch from handed_at - %s) from sop_touch where run_id = %s and handed_at is not null "
            "order by 1",
            [began_at, crowd.run_id],
        )
        late = [float(row[0]) for row in cursor.fetchall()]
    return len(late) / took_s, quantile(late, 0.99), states


def measure(tenant: Tenant) -> dict[str, Any]:
    """One run of each over the same number of rows."""
    crowd = crowd_make(tenant=tenant, touches=TOUCHES, due_at=clock.now() - timedelta(seconds=1))
    floor_per_s, floor_p99_s = _floor()
    product_per_s, product_p99_s, states = _product(tenant, crowd)
    return {
        "name": "100,000 touches due at 09:00, to handed over",
        "unit": "touches/s",
        "product": round(product_per_s, 1),
        "floor": round(floor_per_s, 1),
        "ratio": round(product_per_s / floor_per_s, 3),
        "budget": "p99 lateness <= 30 s",
        "product_p99_s": round(product_p99_s, 2),
        "floor_p99_s": round(floor_p99_s, 2),
        "states": states,
        "met": product_p99_s <= 30 and states == {"handed": TOUCHES},
    }
