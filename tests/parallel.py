"""Several workers at once, each in a thread with database connections of its own."""

import threading
from collections.abc import Callable

from django.db import connections

PATIENCE_S = 300  # of a test on a slow machine: what takes longer hangs


def in_parallel(count: int, work: Callable[[int], object]) -> None:
    """Run work(0) ... work(count - 1) from one moment on. What one of them raises is raised here, at the end."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            gate.wait(PATIENCE_S)
            work(number)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE_S)
    assert not any(one.is_alive() for one in threads), "a worker hangs"
    for error in errors:
        raise error
