"""Progress of long steps: what runs, for how many seconds, and how it ended."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

# On a terminal the seconds count up in place; in a log a line now and then shows that it lives.
TERMINAL_EVERY_S = 1.0
LOG_EVERY_S = 20.0


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Show `name` with its seconds while the block runs, and one final line."""
    began = time.monotonic()
    ended = threading.Event()
    ticker = threading.Thread(target=_tick, args=(name, began, ended), daemon=True)
    ticker.start()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        ended.set()
        ticker.join()
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{clear}{name}: {outcome} ({time.monotonic() - began:.1f} s)", flush=True)


def _tick(name: str, began: float, ended: threading.Event) -> None:
    terminal = sys.stdout.isatty()
    if terminal:
        print(f"{name} ...", end="", flush=True)
    while not ended.wait(TERMINAL_EVERY_S if terminal else LOG_EVERY_S):
        seconds = f"{name} ... {time.monotonic() - began:.0f} s"
        print(f"\r\033[K{seconds}" if terminal else seconds, end="" if terminal else "\n", flush=True)
