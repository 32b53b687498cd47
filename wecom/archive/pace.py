"""At most 600 looks into a corp's archive a minute (PROTOCOL 3.14), shared by all workers."""

from redis.exceptions import RedisError

from tenants import clock
from wecom import valkey

PER_MINUTE = 600


def may_ask(*, tenant_id: int, corp_id: str) -> bool:
    """Take one place of the present minute. False: none is left, or Valkey cannot tell."""
    minute = int(clock.now().timestamp() // 60)
    name = valkey.key("archive", valkey.corp_tag(tenant_id, corp_id), minute)
    try:
        with valkey.client().pipeline() as pipe:
            pipe.incr(name)
            pipe.expire(name, 120)
            taken, _ = pipe.execute()
    except RedisError:
        return False
    return int(taken) <= PER_MINUTE
