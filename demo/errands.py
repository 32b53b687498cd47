"""What people of the companies do while the simulated world goes on: each in a thread, done before time moves."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connections


class Errands:
    """At most `at_once` side by side; the others wait in line."""

    def __init__(self, at_once: int) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="errand")
        self._begun: list[Future[None]] = []

    def begin(self, act: Callable[..., Any], *given: Any) -> None:
        """Returns at once; what `act` answers is nobody's."""
        self._begun.append(self._pool.submit(_run, act, given))

    def finish(self) -> int:
        """Wait for all that were begun. Returns how many; raises what one of them raised."""
        begun, self._begun = self._begun, []
        for errand in begun:
            errand.result()
        return len(begun)


def _run(act: Callable[..., Any], given: tuple[Any, ...]) -> None:
    try:
        act(*given)
    finally:
        connections.close_all()  # this thread's own
