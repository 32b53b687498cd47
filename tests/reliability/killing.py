"""Starting a worker process, and kill -9 at a chosen line of it."""

import os
import select
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.db import connection

from tests.reliability.worker import Orders
from tests.waiting import wait_until

START = "import django; django.setup(); from tests.reliability import worker; worker.main()"
SAYS_WITHIN_S = 60  # a process starts and does its job; far more than either needs on a busy machine


def run(*, tenant_id: int, job: str, **named: Any) -> None:
    """A worker does its job to the end, as after a restart."""
    assert _until_it_stands(tenant_id=tenant_id, job=job, named=named) == "done"


def kill_at(
    stand_at: str, *, tenant_id: int, job: str, after: bool = False, count: int = 1, **named: Any
) -> bool:
    """kill -9 of a worker before (or after) the `count`-th call of a function; returns when its locks are free.

    False: the job ended without coming so far.
    """
    where = {"stand_at": stand_at, "after": after, "count": count}
    return _until_it_stands(tenant_id=tenant_id, job=job, named=named, **where) == "standing"


def _until_it_stands(**orders: Any) -> str:
    given = Orders(
        database=os.environ["QUNCE_TEST_DATABASE_NAME"], wecom_url=settings.WECOM_API_BASE, **orders
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", START, given.as_json()],
        stdout=subprocess.PIPE,
        bufsize=0,  # select() sees what the pipe holds, so nothing of it may be read ahead
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrm.settings.test"},
    )
    try:
        backend = int(_line(worker))
        said = _line(worker)
    finally:
        worker.kill()
        worker.wait(10)
        assert worker.stdout is not None
        worker.stdout.close()
    wait_until(lambda: not _lives(backend), "PostgreSQL notices that the worker is gone")
    return said


def _line(worker: "subprocess.Popen[bytes]") -> str:
    assert worker.stdout is not None
    readable, _, _ = select.select([worker.stdout], [], [], SAYS_WITHIN_S)
    assert readable, "the worker says nothing"
    line = worker.stdout.readline().decode().strip()
    assert line, f"the worker ended by itself: {worker.wait(10)}"
    return line


def _lives(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_stat_activity where pid = %s", [backend])
        return cursor.fetchone() is not None


def leases_end(table: str) -> None:
    """The time that a claim of a killed worker holds is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"update {table} set leased_until = clock_timestamp() - interval '1 second'"
            " where leased_until is not null"
        )
