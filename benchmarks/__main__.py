"""python -m benchmarks [name ...]: writes benchmarks/results.json and prints a table.

`pages --only NAME` measures the pages whose name holds NAME; `--keep` asks the company of the last run instead of
filling one anew; `--share 20` fills a twentieth. None of these writes results.
"""

import argparse
import json
import os
import platform
import struct
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import django

from smoke import database
from smoke.processes import ROOT

NAME = "qunce_bench"
RESULTS = Path(__file__).with_name("results.json")
FLOOR_TABLES = """
drop table if exists floor_due;
create table floor_due (id bigserial primary key, state varchar(12) not null, due_at timestamptz not null,
  handed_at timestamptz);
create index floor_due_at on floor_due (due_at) where state = 'planned';
"""


def _nine_o_clock() -> Path:
    """A clock file that makes it 09:00 in Shanghai: caps and quiet hours count as on a working morning."""
    local = datetime.now(ZoneInfo("Asia/Shanghai"))
    path = ROOT / ".local" / "bench-clock"
    path.write_bytes(struct.pack("<d", local.replace(hour=9, minute=0, second=0).timestamp() - time.time()))
    return path


def _environment() -> dict[str, str]:
    own = {name: os.environ[name] for name in database.ADDRESSES}
    return {
        **own,
        "DATABASE_URL": database.renamed(own["DATABASE_URL"], NAME),
        "DATABASE_OWNER_URL": database.renamed(own["DATABASE_OWNER_URL"], NAME),
        "DJANGO_SETTINGS_MODULE": "scrm.settings.dev",
        "QUNCE_VALKEY_PREFIX": f"bench{os.getpid()}",
        "QUNCE_LOG_LEVEL": "ERROR",
        "QUNCE_CLOCK_FILE": "",
    }


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--share", type=int, default=1)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    environment = _environment()
    if not asked.keep:
        database.make_fresh(os.environ["DATABASE_OWNER_URL"], environment, NAME)
    os.environ.update(environment | {"QUNCE_CLOCK_FILE": str(_nine_o_clock())})
    django.setup()
    from benchmarks import (  # noqa: PLC0415  need Django's settings of this run
        bulk,
        callback,
        checkins,
        due,
        freeze,
        group_event,
        insights,
        neighbours,
        owner,
        pages,
        tiers,
    )
    from tenants.models import Tenant, User  # noqa: PLC0415
    from tenants.services import tenant_sign_up  # noqa: PLC0415

    if asked.keep:
        tenant = Tenant.objects.earliest("pk")
    else:
        owner.run(FLOOR_TABLES)
        tenant = tenant_sign_up(name="基准", owner=User.objects.create_user("bench@qunce.example"))
    known: dict[str, Callable[[Tenant], dict]] = {
        "callback": callback.measure,
        "checkins": checkins.measure,
        "due": due.measure,
        "freeze": freeze.measure,
        "group_event": group_event.measure,
        "insights": partial(insights.measure, keep=asked.keep, share=asked.share),
        "neighbours": neighbours.measure,
        "bulk": partial(bulk.measure, keep=asked.keep, share=asked.share),
        "tiers": tiers.measure,
        "pages": partial(pages.measure, only=asked.only, keep=asked.keep, share=asked.share),
    }
    results = []
    for name, measure in known.items():
        if not asked.names or name in asked.names:
            print(f"bench: {name} ...", flush=True)
            results.append(measure(tenant))
            print(_line(results[-1]), flush=True)
    if not (asked.only or asked.keep or asked.share > 1):
        _write(results)
    return 0 if all(one["met"] for one in results) else 1


def _write(results: list[dict]) -> None:
    """Renew the figures that were measured; those of an earlier run stay, with their day and machine."""
    measured = {
        "on": datetime.now(UTC).date().isoformat(), "cores": os.cpu_count(), "python": platform.python_version(),
    }  # fmt: skip
    held = json.loads(RESULTS.read_text())["results"] if RESULTS.exists() else []
    whole = {one["name"]: one for one in held} | {
        one["name"]: {**one, "measured": measured} for one in results
    }
    RESULTS.write_text(json.dumps({"results": list(whole.values())}, indent=2, ensure_ascii=False) + "\n")


def _line(result: dict) -> str:
    extra = {key: value for key, value in result.items() if "p99" in key or "p95" in key}
    return (
        f"{result['name']}: {result['product']} {result['unit']}, floor {result['floor']}, "
        f"ratio {result['ratio']}, {extra}; budget: {result['budget']}: {'met' if result['met'] else 'NOT met'}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
