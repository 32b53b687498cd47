"""Hand work to Celery after the transaction commits: ids only, the tenant always named.

The row in the database is the truth and a tick finds what was never handed over, so a broker that is down
delays work and loses none.
"""

from functools import partial
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def enqueue(task_name: str, *, tenant_id: int, countdown_s: float | None = None, **ids: Any) -> None:
    """Run `task_name` soon, after the present transaction commits. Never raises for a missing broker."""
    transaction.on_commit(partial(_send, task_name, {"tenant_id": tenant_id, **ids}, countdown_s))


def enqueue_now(task_name: str, *, tenant_id: int, **ids: Any) -> None:
    """The same for a caller outside any transaction, without asking for a database connection."""
    _send(task_name, {"tenant_id": tenant_id, **ids}, None)


def enqueue_platform(task_name: str, **arguments: Any) -> None:
    """The same for a task that works across tenants (a tick)."""
    transaction.on_commit(partial(_send, task_name, arguments, None))


def _send(task_name: str, arguments: dict[str, Any], countdown_s: float | None) -> None:
    try:
        current_app.send_task(task_name, kwargs=arguments, countdown=countdown_s, retry=False)
    except (OperationalError, ConnectionError, OSError) as error:
        log.warning("broker_unreachable", task=task_name, error=str(error))
