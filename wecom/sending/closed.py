"""Which kinds of sends had better not be claimed now."""

from redis.exceptions import RedisError

from tenants import clock
from wecom.adapters import ADAPTERS
from wecom.endpoints import ENDPOINTS
from wecom.enums import SendKind, SendState
from wecom.errors import Retryable, Stopped, WecomError
from wecom.gateway.client import WecomClient
from wecom.models import App, OutboundSend

BUSY_MINUTES = (0, 30)  # WeCom advises against many app messages then (PROTOCOL 4)
MANY = 200


def closed_kinds(app: App) -> list[str] | None:
    """Kinds that wait: their call is paused after a rate limit, or many of them are due at a minute when everybody
    sends. None when no call goes out at all.

    A line that was down is tried with a harmless read: a mass send would be parked if the line were still dead.
    """
    client = WecomClient(app)
    try:
        now = client.gate.state()
        if now.state == "half_open":
            client.customers.follow_users()
        if now.state != "half_open" and now.is_held:
            return None
    except (Retryable, Stopped, RedisError):
        return None
    except WecomError:
        pass  # WeCom answered, if only with a refusal
    closed = [
        str(kind)
        for kind, adapter in ADAPTERS.items()
        if adapter.endpoint and ENDPOINTS[adapter.endpoint].path in now.paused
    ]
    return closed + [str(kind) for kind in _crowded(app.tenant_id)]


def _crowded(tenant_id: int) -> list[SendKind]:
    """App messages wait for the next minute when many are due at a full or half hour."""
    now = clock.now()
    if now.minute not in BUSY_MINUTES:
        return []
    due = OutboundSend.objects.filter(
        tenant_id=tenant_id, state=SendState.QUEUED, kind=SendKind.APP_MESSAGE, next_at__lte=now
    )
    return [SendKind.APP_MESSAGE] if due[:MANY].count() == MANY else []
