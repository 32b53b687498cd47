"""The Celery app of web and workers: every task is known to it."""

import gc
import os
import time

from celery import Celery
from celery.signals import task_prerun, worker_before_create_process
from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from scrm import pulse, schedule  # noqa: F401  pulse's signals watch the workers and the queues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.dev")
REST_S = 5.0

app = Celery("qunce", set_as_current=True)
schedule.configure(app)
app.autodiscover_tasks()
app.autodiscover_tasks(["wecom.archive"])

_used_at = [0.0]  # time.monotonic() of this process's last task


@task_prerun.connect
def _check_connections(**kwargs: object) -> None:
    """A connection that broke, lived too long or rested is closed, or asked whether it lives, before a task uses it.

    One that was used a moment ago is not asked: it would be one query more for every task. If it broke in that
    moment the task fails and comes again.
    """
    now = time.monotonic()
    has_rested = now - _used_at[0] > REST_S
    if has_rested or any(_is_spent(one, now) for one in connections.all(initialized_only=True)):
        close_old_connections()
    _used_at[0] = now


def _is_spent(one: BaseDatabaseWrapper, now: float) -> bool:
    return one.errors_occurred or (one.close_at is not None and now >= one.close_at)


@worker_before_create_process.connect
def _share_memory(**kwargs: object) -> None:
    """What is loaded stays for good: the collector leaves it alone, so that the children share its pages."""
    gc.collect()
    gc.freeze()
