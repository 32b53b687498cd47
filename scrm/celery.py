"""The Celery app of web and workers: every task is known to it."""

import gc
import os

from celery import Celery
from celery.signals import task_prerun, worker_before_create_process
from django.db import close_old_connections

from scrm import pulse, schedule  # noqa: F401  pulse's signals watch the workers and the queues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrm.settings.dev")

app = Celery("qunce", set_as_current=True)
schedule.configure(app)
app.autodiscover_tasks()
app.autodiscover_tasks(["wecom.archive"])


@task_prerun.connect
def _check_connections(**kwargs: object) -> None:
    """A connection that broke, or lived too long, is closed before a task would use it."""
    close_old_connections()


@worker_before_create_process.connect
def _share_memory(**kwargs: object) -> None:
    """What is loaded stays for good: the collector leaves it alone, so that the children share its pages."""
    gc.collect()
    gc.freeze()
