"""Waiting for what another process does: a condition and a deadline, never a guessed pause."""

import time
from collections.abc import Callable

LOOK_EVERY_S = 0.02


def wait_until(holds: Callable[[], object], what: str, *, within_s: float = 30.0) -> None:
    """Return as soon as it holds. AssertionError naming `what` when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        # Between two looks: looking must not take the core from who is awaited.
        time.sleep(LOOK_EVERY_S)
