"""Reads of the WeCom door. Those that ask WeCom itself say so."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from redis.exceptions import RedisError

from wecom.enums import AppState, SendState
from wecom.errors import NotConnected
from wecom.gateway.client import WecomClient, client_for
from wecom.gateway.limits import BreakerState, CorpGate
from wecom.models import App, InboundEvent, OutboundSend, SyncState
from wecom.reading.sync import kinds
from wecom.sending.ledger import quota_days as quota_days
from wecom.sending.ledger import quota_figures as quota_figures
from wecom.sending.ledger import quota_left as quota_left
from wecom.sending.ledger import quota_rules as quota_rules
from wecom.sending.ledger import quota_window as quota_window
from wecom.sending.own_reach import OWN as OWN
from wecom.sending.own_reach import own_days as own_days
from wecom.sending.own_reach import reach_between as reach_between
from wecom.sending.own_reach import reach_heard as reach_heard
from wecom.sending.own_reach import reach_list as reach_list
from wecom.sending.own_reach import reach_said as reach_said
from wecom.sending.own_reach import reach_words as reach_words
from wecom.sending.quota import Window as Window
from wecom.sending.quota import window_for as window_for

OAUTH_SCOPE = "snsapi_base"


def app_list(*, tenant_id: int) -> QuerySet[App]:
    """The tenant's apps, first entered first."""
    return App.objects.filter(tenant_id=tenant_id).order_by("pk")


def app_current(*, tenant_id: int) -> App | None:
    """The app the tenant works with: the connected one, else the first, else None."""
    return app_of(list(app_list(tenant_id=tenant_id)))


def app_of(rows: list[App]) -> App | None:
    """Which of a tenant's apps, in their order, it works with."""
    return next((row for row in rows if row.is_callable), rows[0] if rows else None)


def app_needed(*, tenant_id: int) -> App:
    """app_current, or NotConnected."""
    found = app_current(tenant_id=tenant_id)
    if found is None:
        raise NotConnected
    return found


@dataclass(frozen=True)
class MassSendResults:
    """What WeCom tells of one staff member's part of a mass send.

    `task_status`: 0 not confirmed yet, 2 sent; None: WeCom lists no task for this member. `rows`: one per
    receiver {"receiver_id", "status" 0 unsent, 1 sent, 2 not a friend, 3 over the limit, "sent_at"}; a group
    send lists only what was sent.
    """

    task_status: int | None
    confirmed_at: datetime | None
    rows: list[dict[str, Any]]


def mass_send_results(*, tenant_id: int, msgid: str, userid: str) -> MassSendResults:
    """Ask WeCom. Raises Retryable (41063: still being dispatched), Permanent, Stopped. Safe to repeat."""
    client = client_for(tenant_id)
    wanted = userid.lower()
    tasks = client.mass_sends.tasks(msgid=msgid)
    task = next((row for row in tasks if str(row.get("userid", "")).lower() == wanted), None)
    if task is None:
        return MassSendResults(None, None, [])
    rows = [
        {
            "receiver_id": row.get("chat_id") or row.get("external_userid") or "",
            "status": int(row.get("status") or 0),
            "sent_at": _moment(row.get("send_time")),
        }
        for row in client.mass_sends.results(msgid=msgid, userid=userid)
    ]
    return MassSendResults(int(task.get("status") or 0), _moment(task.get("send_time")), rows)


def _moment(epoch_s: Any) -> datetime | None:
    return datetime.fromtimestamp(int(epoch_s), UTC) if epoch_s else None


def oauth_url(*, app: App, redirect_uri: str, state: str) -> str:
    """Where a browser inside WeCom or WeChat is sent to learn who visits. Silent (snsapi_base)."""
    query = {
        "appid": app.corp_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": OAUTH_SCOPE,
        "state": state,
        "agentid": app.agent_id,
    }
    return f"{settings.WECOM_OPEN_BASE}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


def login_url(*, app: App, redirect_uri: str, state: str) -> str:
    """Where a browser outside WeCom is sent: a code to scan with WeCom's own app (document 98152)."""
    query = {
        "login_type": "CorpApp",
        "appid": app.corp_id,
        "agentid": app.agent_id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{settings.WECOM_LOGIN_BASE}/wwlogin/sso/login?{urlencode(query)}"


@dataclass(frozen=True)
class Identity:
    """Who visits: a staff member (`userid`), a customer (`external_userid`), or somebody unknown (`openid`)."""

    userid: str = ""
    external_userid: str = ""
    openid: str = ""


def oauth_identity(*, app: App, code: str) -> Identity:
    """Ask WeCom who a code stands for; it works once, for five minutes. Raises Permanent (40029) and others."""
    answer = WecomClient(app).contacts.visitor(code=code)
    return Identity(
        userid=str(answer.get("userid") or answer.get("UserId") or "").lower(),
        external_userid=str(answer.get("external_userid") or ""),
        openid=str(answer.get("openid") or answer.get("OpenId") or ""),
    )


@dataclass(frozen=True)
class Freshness:
    """How current the data from WeCom is. `state`: none, fresh, syncing, late, stopped, paused.

    `as_of` is when the slowest kind of data was last read whole, or None.
    """

    state: str
    as_of: datetime | None
    reason: str
    lost_events: int
    done: int
    total: int


def freshness(*, tenant_id: int) -> Freshness:
    """How current what we know is. Two queries."""
    return freshness_of(tenant_id=tenant_id, app=app_current(tenant_id=tenant_id))


def freshness_of(*, tenant_id: int, app: App | None) -> Freshness:
    """The same for who has the tenant's current app in hand. One query; none for an app of `apps_with_archive`."""
    told = getattr(app, "reads", None)
    every = SyncState.objects.filter(tenant_id=tenant_id) if told is None else map(_read_told, told)
    rows = [row for row in every if row.what in kinds()]
    ends = [row.finished_at for row in rows if row.finished_at]
    as_of = min(ends) if rows and len(ends) == len(rows) else None
    figures: dict[str, Any] = {
        "as_of": as_of,
        "lost_events": sum(row.lost_events for row in rows),
        "done": sum(row.done for row in rows),
        "total": sum(row.total for row in rows),
    }
    if app is None:
        return Freshness(state="none", reason="", **figures)
    if app.state in (AppState.BROKEN, AppState.PAUSED, AppState.NEW):
        named = {AppState.BROKEN: "stopped", AppState.PAUSED: "paused"}
        return Freshness(state=named.get(AppState(app.state), "none"), reason=app.state_reason, **figures)
    if any(row.leased_until for row in rows):
        return Freshness(state="syncing", reason="", **figures)
    failed = next((row for row in rows if row.error), None)
    state = "late" if failed or as_of is None else "fresh"
    return Freshness(state=state, reason=failed.error if failed else "", **figures)


def _read_told(one: dict[str, Any]) -> SyncState:
    """A row as `apps_with_archive` carries it, with what a page's freshness needs."""
    moments = {
        name: one[name] and datetime.fromisoformat(one[name]) for name in ("finished_at", "leased_until")
    }
    return SyncState(**{**one, **moments})


def sync_list(*, tenant_id: int) -> list[SyncState]:
    """One row per kind of data, in reading order; kinds never asked for are unsaved rows."""
    rows = {row.what: row for row in SyncState.objects.filter(tenant_id=tenant_id)}
    return [rows.get(what) or SyncState(tenant_id=tenant_id, what=what) for what in kinds()]


def inbound_list(*, tenant_id: int) -> QuerySet[InboundEvent]:
    """What came in, newest first."""
    return InboundEvent.objects.filter(tenant_id=tenant_id).order_by("-received_at", "-pk")


def send_list_stuck(*, tenant_id: int) -> QuerySet[OutboundSend]:
    """Sends that wait for a person: parked or failed, newest first."""
    return OutboundSend.objects.filter(
        tenant_id=tenant_id, state__in=[SendState.UNKNOWN, SendState.FAILED]
    ).order_by("-created_at", "-pk")


def breaker_state(tenant_id: int) -> BreakerState:
    """What holds calls of the tenant's app back: its breaker, paused and closed interfaces.

    One query and one look at Valkey; without Valkey `state` is "unknown" and nothing goes out.
    """
    app = app_current(tenant_id=tenant_id)
    if app is None:
        return BreakerState()
    try:
        found = CorpGate(tenant_id=tenant_id, corp_id=app.corp_id).state()
    except RedisError:
        return BreakerState(state="unknown")
    if app.state == AppState.BROKEN and not found.stopped_code:
        return replace(found, stopped_code=app.state_code)  # Valkey was emptied; the row remembers
    return found


def send_get(*, tenant_id: int, send_id: int) -> OutboundSend:
    """Raises OutboundSend.DoesNotExist."""
    return OutboundSend.objects.get(tenant_id=tenant_id, pk=send_id)


def send_known(*, tenant_id: int, key: str) -> bool:
    """Whether a send of this key was ever queued."""
    return OutboundSend.objects.filter(tenant_id=tenant_id, key=key).exists()


def sends_since(
    *, tenant_id: int, kind: str, ref_kind: str, ref_id: int, since: datetime
) -> list[tuple[datetime, dict[str, Any]]]:
    """(when it went or is to go, payload) of sends about one matter from then on; refused ones are left out."""
    rows = OutboundSend.objects.filter(tenant_id=tenant_id, ref_kind=ref_kind, ref_id=ref_id, kind=kind)
    rows = rows.exclude(state__in=[SendState.FAILED, SendState.CANCELLED])
    rows = rows.filter(Q(called_at__gte=since) | Q(called_at=None, next_at__gte=since))
    return [
        (called_at or next_at, payload)
        for called_at, next_at, payload in rows.values_list("called_at", "next_at", "payload")
    ]


_WAITING = """
select (select count(*) from wecom_inboundevent where tenant_id = %(tenant)s and state = 'dead')
     + (select count(*) from wecom_outboundsend where tenant_id = %(tenant)s and state = 'unknown')
"""


def attention_count(*, tenant_id: int) -> int:
    """How many entries wait for a person's decision: dead events and parked sends. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"tenant": tenant_id})
        return int(cursor.fetchone()[0])
