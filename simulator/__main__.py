"""python -m simulator --port 8900 --state-dir .local/simulator --clock-file .local/clock"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import logging
import os
import sys
from pathlib import Path

import uvicorn

from simulator.app import create_app
from simulator.clock import Clock
from simulator.human.corps import SIZES, create_corp
from simulator.runtime import Runtime


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A simulated WeCom.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument(
        "--state-dir", type=Path, default=Path(".local/simulator"), help="where the world is kept"
    )
    parser.add_argument(
        "--clock-file",
        type=Path,
        default=Path(os.environ.get("QUNCE_CLOCK_FILE") or ".local/clock"),
        help="8-byte float64 offset shared with the product",
    )
    parser.add_argument("--live", action="store_true", help="let the population live in real time")
    parser.add_argument("--size", choices=tuple(SIZES), help="make one corp of this size when empty")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--snapshot-s", type=float, default=5.0, help="0 keeps the world only on exit")
    return parser.parse_args()


def _remember_missing(name: str) -> None:
    """httpcore looks for this optional module at every request; a search that fails costs 0.3 ms each time."""
    if importlib.util.find_spec(name) is None:
        sys.modules[name] = None  # type: ignore[assignment]


def main() -> None:
    """Run until SIGTERM or Ctrl-C; the world is saved on the way out."""
    _remember_missing("sniffio")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    arguments = _arguments()
    runtime = Runtime(
        clock=Clock(arguments.clock_file), state_dir=arguments.state_dir, is_live=arguments.live
    )
    runtime.load()
    if arguments.size and not runtime.world.corps:
        asyncio.run(create_corp(runtime, {"size": arguments.size, "seed": arguments.seed}))
    app = create_app(runtime, snapshot_s=arguments.snapshot_s)
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
