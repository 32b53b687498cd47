"""The event API's own limit: requests a minute and key, counted in Valkey."""

from redis.exceptions import RedisError

from tenants import clock
from wecom import valkey


def over_limit(*, key_id: int, per_minute: int) -> int:
    """Count one request. Returns 0, or the seconds until the next minute when there were too many.

    Without Valkey nothing is limited: events are worth more than the limit.
    """
    now_s = clock.now().timestamp()
    name = valkey.key("api", key_id, int(now_s // 60))
    try:
        with valkey.client().pipeline() as pipe:
            pipe.incr(name)
            pipe.expire(name, 120)
            count, _ = pipe.execute()
    except RedisError:
        return 0
    return 0 if int(count) <= per_minute else int(60 - now_s % 60) + 1
