"""python -m smoke [--chaos] [--seed N] [--days N]; python -m smoke --storm [--seconds N] [--rate N]

Plays a 33-day camp of three companies. The last line of standard output is one JSON object; anything that was
lost, doubled, mixed between companies or missing makes the exit code 1. `--chaos` runs on engines of its own and
kills web, worker, beat, Valkey and PostgreSQL at random. `--storm` sends changes of one corp at a rate instead, in
real time and with the same kills.
"""

import argparse
import json
import random
import sys
import time
from typing import Any

from smoke.stage import Stage, stage


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m smoke")
    parser.add_argument("--chaos", action="store_true", help="kill parts and engines at random")
    parser.add_argument("--storm", action="store_true", help="callbacks at a rate, parts and engines killed")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=33)
    parser.add_argument("--seconds", type=int, default=60, help="of the storm")
    parser.add_argument("--rate", type=int, default=300, help="changes a second of the storm")
    parser.add_argument("--kill-every", type=int, default=20, help="seconds between two kills of the storm")
    return parser.parse_args()


def _play(options: argparse.Namespace, on: Stage) -> dict[str, Any]:
    dice = random.Random(options.seed)
    if options.storm:
        from smoke.storm import Storm  # noqa: PLC0415  needs Django's settings of this run

        return Storm(on, dice=dice, seconds=options.seconds, rate=options.rate).play(options.kill_every)
    from smoke.story import Story  # noqa: PLC0415  needs Django's settings of this run

    return Story(on, dice=dice, days=options.days).play()


def main() -> int:
    options = _options()
    began = time.monotonic()
    name = "storm" if options.storm else "smoke"
    with stage(name, has_own_engines=options.chaos or options.storm) as on:
        report = _play(options, on)
    report["seconds"] = round(time.monotonic() - began, 1)
    for line in report.pop("faults_found"):
        print(f"smoke: {line}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
