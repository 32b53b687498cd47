"""The Valkey that all processes share: tokens, limits, breakers, wake-ups. Losing it delays, never loses.

Keys hash by `{tenant.corp}`, so that in a cluster one corp's keys live on one node.
"""

from functools import cache

import redis
from django.conf import settings

SOCKET_TIMEOUT_S = 5


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        max_connections=64,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        health_check_interval=30,
        decode_responses=True,
    )


def client() -> redis.Redis:
    """This process's client, for all its threads; making one takes longer than most of what is asked of it."""
    return _client(settings.REDIS_URL)


def key(*parts: object) -> str:
    """A key of ours, under the installation's prefix."""
    return ":".join([settings.VALKEY_PREFIX, "wecom", *map(str, parts)])


def corp_tag(tenant_id: int, corp_id: str) -> str:
    """The hash tag of one tenant's corp. Two tenants never share a key, even for one corp id."""
    return f"{{{tenant_id}.{corp_id}}}"
