"""python -m benchmarks [name ...]: writes benchmarks/results.json and prints a table."""

import json
import os
import platform
import struct
import sys
import time
from datetime import UTC, datetime
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


def main(names: list[str]) -> int:
    environment = _environment()
    database.make_fresh(os.environ["DATABASE_OWNER_URL"], environment, NAME)
    os.environ.update(environment | {"QUNCE_CLOCK_FILE": str(_nine_o_clock())})
    django.setup()
    from benchmarks import callback, due, freeze, group_event, neighbours, owner, pages  # noqa: PLC0415  need Django's settings of this run
    from tenants.models import User  # noqa: PLC0415
    from tenants.services import tenant_sign_up  # noqa: PLC0415

    owner.run(FLOOR_TABLES)
    tenant = tenant_sign_up(name="基准", owner=User.objects.create_user("bench@qunce.example"))
    known = {
        "callback": callback.measure,
        "due": due.measure,
        "freeze": freeze.measure,
        "group_event": group_event.measure,
        "neighbours": neighbours.measure,
        "pages": pages.measure,
    }
    results = []
    for name, measure in known.items():
        if not names or name in names:
            print(f"bench: {name} ...", flush=True)
            results.append(measure(tenant))
            print(_line(results[-1]), flush=True)
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
