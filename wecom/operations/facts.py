"""What the parts of the page are made from, gathered once: a few round trips, whatever the number of parts.

Figures of other apps are registered by `scrm.wiring`; this package imports none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from celery import current_app
from redis.exceptions import RedisError

from tenants import clock
from tenants.models import Tenant
from wecom import selectors, valkey
from wecom.gateway import health
from wecom.gateway.health import ApiHealth
from wecom.gateway.limits import IN_FLIGHT, BreakerState, CorpGate
from wecom.gateway.tokens import Held, TokenStore
from wecom.models import App
from wecom.operations import pulse, tally

log = structlog.get_logger(__name__)

TOKENS = ("access", "jsapi", "agent_config")


@dataclass(frozen=True)
class Late:
    """Work that should have happened: how much, and since when the oldest."""

    count: int = 0
    oldest_at: datetime | None = None


@dataclass
class _Sources:
    """Other apps' figures: `due_late(tenant_id or None for all, now)`, `groups_active(tenant_id)`, and
    `group_names(tenant_id, chat_ids)` -> {chat_id: (group id, name)}."""

    due_late: Callable[[int | None, datetime], Late] = lambda tenant_id, now: Late()
    groups_active: Callable[[int], int] = lambda tenant_id: 0
    group_names: Callable[[int, list[str]], dict[str, tuple[int, str]]] = lambda tenant_id, chat_ids: {}


sources = _Sources()


def register_sources(**given: Callable[..., Any]) -> None:
    """Connect other apps' figures; called once at start-up."""
    for name, source in given.items():
        if not hasattr(sources, name):
            raise AttributeError(name)
        setattr(sources, name, source)


def queue_names() -> tuple[str, ...]:
    """The queues of this installation, the most urgent first."""
    return tuple(queue.name for queue in current_app.conf.task_queues or ())


@dataclass(frozen=True)
class AppFacts:
    """One app with what Valkey knows of it. Empty where Valkey could not be asked."""

    app: App
    apis: list[ApiHealth] = field(default_factory=list)
    gate: BreakerState = field(default_factory=BreakerState)
    rooms: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, Held | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """`has_valkey` is False when the shared figures could not be read; `rates` and `engine` are None then."""

    tenant: Tenant
    now: datetime
    apps: list[AppFacts]
    rates: tally.Rates | None
    engine: pulse.Engine | None
    has_valkey: bool

    @property
    def app(self) -> App | None:
        """The app the tenant works with."""
        rows = [one.app for one in self.apps]
        return next((row for row in rows if row.is_callable), rows[0] if rows else None)


def gather(tenant: Tenant) -> Facts:
    """Ask once. Needs the tenant's scope; a Valkey that does not answer is a fact, not a failure."""
    apps = list(selectors.app_list(tenant_id=tenant.pk))
    now = clock.now()
    try:
        return Facts(
            tenant=tenant,
            now=now,
            apps=[_of_app(app) for app in apps],
            rates=tally.rates(tenant_id=tenant.pk),
            engine=pulse.read(queue_names()),
            has_valkey=True,
        )
    except RedisError as error:
        log.warning("operations_without_valkey", error=str(error))
        bare = [AppFacts(app) for app in apps]
        return Facts(tenant=tenant, now=now, apps=bare, rates=None, engine=None, has_valkey=False)


def _of_app(app: App) -> AppFacts:
    apis = health.api_health(tenant_id=app.tenant_id, app_id=app.pk)
    store = TokenStore(
        tenant_id=app.tenant_id, corp_id=app.corp_id, app_id=app.pk, version=app.secret_version
    )
    return AppFacts(
        app=app,
        apis=apis,
        gate=CorpGate(tenant_id=app.tenant_id, corp_id=app.corp_id).state(),
        rooms=_rooms(app, [one.path for one in apis]),
        tokens={kind: store.read(kind) for kind in TOKENS},
    )


def _rooms(app: App, paths: list[str]) -> dict[str, int]:
    """Interfaces that may have fewer calls in flight than usual, after WeCom said there were too many."""
    if not paths:
        return {}
    tag = valkey.corp_tag(app.tenant_id, app.corp_id)
    found = valkey.client().mget([valkey.key("room", tag, path) for path in paths])
    rooms = {path: int(raw) for path, raw in zip(paths, found, strict=True) if raw}
    return {path: room for path, room in rooms.items() if room < IN_FLIGHT}
