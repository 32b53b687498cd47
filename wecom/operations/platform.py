"""The same across tenants, for the platform's own staff and for Prometheus: sums and one row a tenant.

Everything here runs where the caller has opened `unscoped`. Rows hold counts, codes and times, never what anybody
wrote, and are made by a fixed number of statements whatever the number of tenants.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from outbox.selectors import backlogs_dead
from tenants.models import Tenant
from wecom import valkey
from wecom.enums import INBOUND_OPEN, AppState, InboundState, SendState
from wecom.models import App, InboundEvent, Landed, OutboundSend, SyncState
from wecom.operations.arrivals import WAIT_BROKEN_S, WAIT_LOOK_S
from wecom.operations.shape import State, worst

OPEN_SENDS = (SendState.QUEUED, SendState.CLAIMED, SendState.UNKNOWN)
SEEN_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Sums:
    """Over all tenants. `sends` is keyed by (kind, state)."""

    inbox: dict[str, int]
    inbox_oldest_s: float
    sends: dict[tuple[str, str], int]
    apps: dict[str, int]
    breakers_open: int


def sums(now: datetime) -> Sums:
    """Six statements and one round trip to Valkey, all over what is not finished."""
    waiting = InboundEvent.objects.filter(state__in=INBOUND_OPEN)
    states = {state.value: 0 for state in INBOUND_OPEN}
    counted = waiting.values_list("state").annotate(n=Count("pk"))
    dead = InboundEvent.objects.filter(state=InboundState.DEAD).count()
    oldest = waiting.aggregate(at=Min("received_at"))["at"]
    landed = Landed.objects.aggregate(count=Count("pk"), at=Min("received_at"))
    oldest = min(filter(None, (oldest, landed["at"])), default=None)
    sends = (
        OutboundSend.objects.filter(state__in=OPEN_SENDS).values_list("kind", "state").annotate(n=Count("pk"))
    )
    apps = list(App.objects.values_list("tenant_id", "corp_id", "state"))
    inbox = {**states, **dict(counted), InboundState.DEAD.value: dead}
    inbox[InboundState.PENDING.value] += landed["count"]
    return Sums(
        inbox=inbox,
        inbox_oldest_s=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        sends={(kind, state): n for kind, state, n in sends},
        apps={state.value: sum(one[2] == state for one in apps) for state in AppState},
        breakers_open=len(open_breakers({(tenant_id, corp_id) for tenant_id, corp_id, _state in apps}, now)),
    )


def open_breakers(corps: Iterable[tuple[int, str]], now: datetime) -> set[int]:
    """Tenants with a corp whose line is closed for now. One round trip."""
    wanted = sorted(corps)
    with valkey.client().pipeline(transaction=False) as pipe:
        for tenant_id, corp_id in wanted:
            pipe.hget(valkey.key("breaker", valkey.corp_tag(tenant_id, corp_id)), "until")
        found = pipe.execute()
    return {
        tenant_id
        for (tenant_id, _corp), until in zip(wanted, found, strict=True)
        if until and float(until) > now.timestamp()
    }


@dataclass
class Row:
    """One tenant. `why` is the most important thing that is wrong, in a few words."""

    tenant: Tenant
    has_app: bool = False
    dead: int = 0
    failed: int = 0
    parked: int = 0
    reactions_dead: int = 0
    waiting_s: float = 0.0
    last_at: datetime | None = None
    found: list[tuple[State, str]] = field(default_factory=list)

    @property
    def state(self) -> State:
        return worst([state for state, _why in self.found] or [State.GOOD if self.has_app else State.IDLE])

    @property
    def why(self) -> str:
        return next((why for state, why in self.found if state is self.state), "")


def rows(now: datetime) -> list[Row]:
    """Every tenant, the worst first. Seven statements."""
    made = {tenant.pk: Row(tenant) for tenant in Tenant.objects.order_by("name", "pk")}
    _apps(made, now)
    _inbox(made, now)
    _sends(made, now)
    for tenant_id, count in backlogs_dead().items():
        made[tenant_id].reactions_dead = count
        made[tenant_id].found.append((State.BROKEN, _("reactions failed for good")))
    failed = SyncState.objects.exclude(error="").values_list("tenant_id", flat=True).distinct()
    for tenant_id in failed:
        made[tenant_id].found.append((State.LOOK, _("a read from WeCom failed")))
    order = (State.BROKEN, State.LOOK, State.GOOD, State.IDLE)
    return sorted(made.values(), key=lambda row: (order.index(row.state), row.tenant.name))


def _apps(made: dict[int, Row], now: datetime) -> None:
    apps = list(App.objects.values_list("tenant_id", "corp_id", "state", "state_code"))
    try:
        closed = open_breakers({(tenant_id, corp_id) for tenant_id, corp_id, _s, _c in apps}, now)
    except RedisError:
        closed = set()
    for tenant_id, _corp, state, code in apps:
        row = made[tenant_id]
        row.has_app = True
        if state == AppState.BROKEN:
            row.found.append((State.BROKEN, _("calls are stopped (%(code)s)") % {"code": code}))
        elif state == AppState.PAUSED:
            row.found.append((State.LOOK, _("calls are paused")))
        elif state == AppState.NEW:
            row.found.append((State.LOOK, _("not connected yet")))
        if tenant_id in closed:
            row.found.append((State.BROKEN, _("WeCom does not answer")))


def _inbox(made: dict[int, Row], now: datetime) -> None:
    dead = InboundEvent.objects.filter(state=InboundState.DEAD).values_list("tenant_id")
    for tenant_id, count in dead.annotate(n=Count("pk")):
        made[tenant_id].dead = count
        made[tenant_id].found.append((State.BROKEN, _("events to decide")))
    waiting = InboundEvent.objects.filter(state__in=INBOUND_OPEN).values("tenant_id")
    counted = waiting.annotate(
        failed=Count("pk", filter=Q(state=InboundState.FAILED)),
        oldest=Min("received_at", filter=Q(state=InboundState.PENDING)),
    )
    oldest = dict(Landed.objects.values_list("tenant_id").annotate(at=Min("received_at")))
    for one in counted:
        made[one["tenant_id"]].failed = one["failed"]
        if one["oldest"]:
            oldest[one["tenant_id"]] = min(one["oldest"], oldest.get(one["tenant_id"], one["oldest"]))
    for tenant_id, at in oldest.items():
        made[tenant_id].waiting_s = max(0.0, (now - at).total_seconds())
    for row in made.values():
        if row.failed:
            row.found.append((State.LOOK, _("events are tried again")))
        if row.waiting_s >= WAIT_LOOK_S:
            state = State.BROKEN if row.waiting_s >= WAIT_BROKEN_S else State.LOOK
            row.found.append((state, _("events wait too long")))
    recent = InboundEvent.objects.filter(received_at__gte=now - SEEN_WITHIN)
    for tenant_id, last_at in recent.values_list("tenant_id").annotate(at=Max("received_at")):
        made[tenant_id].last_at = last_at


def _sends(made: dict[int, Row], now: datetime) -> None:
    parked = OutboundSend.objects.filter(state=SendState.UNKNOWN).values_list("tenant_id")
    for tenant_id, count in parked.annotate(n=Count("pk")):
        made[tenant_id].parked = count
        made[tenant_id].found.append((State.LOOK, _("sends to decide")))
