"""How often something may happen: a count a minute, shared by all processes through the cache."""

from django.core.cache import cache


def within_minute(key: str, most: int) -> bool:
    """Count one more under `key`; whether it is among the first `most` of the minute that the first one began."""
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) <= most
    except ValueError:
        return True  # the minute ended between the two calls
