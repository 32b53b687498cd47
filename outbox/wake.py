"""Wake a relay for a tenant now instead of at the next tick. Only a hint: the rows and the tick are the truth.

However many events are published, one relay is asked for until it begins: the first to publish sets a mark, the relay
takes it away before it looks, so an event after that look asks for another.
"""

from functools import partial

import structlog
from django.core.cache import cache
from django.db import transaction
from redis.exceptions import RedisError

from outbox.dispatch import enqueue

log = structlog.get_logger(__name__)

TASK = "outbox.relay_tenant"
MARK_S = 5  # a relay that got lost is asked for again after this long


def relay_soon(*, tenant_id: int) -> None:
    """Have the tenant's deliveries relayed, after the present transaction commits. Safe to repeat."""
    transaction.on_commit(partial(_ask, tenant_id))


def relay_begins(*, tenant_id: int) -> None:
    """A relay is about to look: what is published from here on asks for another."""
    try:
        cache.delete(_mark(tenant_id))
    except RedisError as error:
        log.warning("valkey_unreachable", error=str(error))


def _ask(tenant_id: int) -> None:
    try:
        is_first = cache.add(_mark(tenant_id), 1, timeout=MARK_S)
    except RedisError as error:  # the tick asks
        log.warning("valkey_unreachable", error=str(error))
        return
    if is_first:
        enqueue(TASK, tenant_id=tenant_id)


def _mark(tenant_id: int) -> str:
    return f"outbox:relay:{tenant_id}"
