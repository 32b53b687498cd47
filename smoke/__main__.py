"""python -m smoke [--chaos] [--seed N]

Plays a 33-day camp of three companies. The last line of standard output is one JSON object; anything that was
lost, doubled, mixed between companies or missing makes the exit code 1. `--chaos` runs on engines of its own and
kills web, worker, beat, Valkey and PostgreSQL at random.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time

import django

from smoke import database
from smoke.engines import OwnEngines
from smoke.processes import HOST, ROOT, Processes, free_port

FOLDER = ROOT / ".local" / "smoke"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m smoke")
    parser.add_argument("--chaos", action="store_true", help="kill parts and engines at random")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=33)
    return parser.parse_args()


def _environment(addresses: dict[str, str], web_port: int, simulator_port: int) -> dict[str, str]:
    simulator = f"http://{HOST}:{simulator_port}"
    return {
        "DATABASE_URL": database.renamed(addresses["DATABASE_URL"]),
        "DATABASE_OWNER_URL": database.renamed(addresses["DATABASE_OWNER_URL"]),
        "REDIS_URL": addresses["REDIS_URL"],
        "DJANGO_SETTINGS_MODULE": "scrm.settings.dev",
        "QUNCE_VALKEY_PREFIX": f"smoke{os.getpid()}",
        "QUNCE_CLOCK_FILE": str(FOLDER / "clock"),
        "QUNCE_PUBLIC_URL": f"http://{HOST}:{web_port}",
        "QUNCE_WECOM_API_BASE": simulator,
        "QUNCE_WECOM_OPEN_BASE": simulator,
        "QUNCE_TICK_SCALE": "2",  # the driver asks for ticks itself whenever something is due
        "QUNCE_LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, _end)  # so that what was started is stopped
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    engines = OwnEngines(FOLDER / "engines") if options.chaos else None
    addresses = engines.up() if engines else {name: os.environ[name] for name in database.ADDRESSES}
    web_port, simulator_port = free_port(), free_port()
    environment = _environment(addresses, web_port, simulator_port)
    database.make_fresh(addresses["DATABASE_OWNER_URL"], environment)
    os.environ.update(environment)
    django.setup()
    from smoke.story import Story  # noqa: PLC0415  needs Django's settings of this run

    processes = Processes(
        folder=FOLDER, environment=environment, web_port=web_port, simulator_port=simulator_port
    )
    try:
        processes.start()
        story = Story(processes, engines, dice=random.Random(options.seed), days=options.days)
        report = story.play()
    finally:
        processes.stop()
        if engines:
            engines.down()
    report["seconds"] = round(time.monotonic() - began, 1)
    for line in report.pop("faults_found"):
        print(f"smoke: {line}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
