"""What goes out and what drives it: sends, welcomes, planned touches, tokens, reads, quota."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants import clock
from wecom import selectors
from wecom.enums import AppState, ReceiverKind
from wecom.gateway.reactions import reaction_to
from wecom.gateway.tokens import Held
from wecom.models import App, QuotaEntry, SyncState
from wecom.operations.facts import Facts, sources
from wecom.operations.shape import Action, Figure, Line, Part, State, Text, at, lasting, number

LATE_LOOK_S, LATE_BROKEN_S = 60, 600
WELCOME_BUDGET_S = 20.0
WELCOME_RACES = (41050, 41051, 41096)  # another app's welcome was first: nobody's fault (PROTOCOL 3.7)
DAY = timedelta(hours=24)
NEAR_LEFT = 3
NEAR_SHOWN = 4

_TOKEN_LABELS: dict[str, Text] = {
    "access": gettext_lazy("Access token"),
    "jsapi": gettext_lazy("Page ticket of the company"),
    "agent_config": gettext_lazy("Page ticket of the app"),
}
_SYNC_LABELS: dict[str, Text] = {
    "staff": gettext_lazy("Staff"),
    "tags": gettext_lazy("Tags"),
    "customers": gettext_lazy("Customers"),
    "groups": gettext_lazy("Groups"),
    "codes": gettext_lazy("Live codes"),
}


def lateness(oldest_at: datetime | None, now: datetime) -> tuple[State, float]:
    """How late the oldest thing is, and what to think of it."""
    late_s = max(0.0, (now - oldest_at).total_seconds()) if oldest_at else 0.0
    if late_s >= LATE_BROKEN_S:
        return State.BROKEN, late_s
    return (State.LOOK if late_s >= LATE_LOOK_S else State.GOOD), late_s


@dataclass(frozen=True)
class Outgoing:
    """What waits to be sent, what went wrong in the last 24 h, and the welcomes of the last 24 h."""

    queued: int
    due_at: datetime | None
    parked: int
    failed: int
    welcomed: int
    missed: int
    welcome_p95_s: float | None


_OUTGOING = """
select (select count(*) from wecom_outboundsend where tenant_id = %(tenant)s and state in ('queued', 'claimed')),
       (select min(next_at) from wecom_outboundsend
        where tenant_id = %(tenant)s and state in ('queued', 'claimed') and next_at <= %(now)s),
       (select count(*) from wecom_outboundsend where tenant_id = %(tenant)s and state = 'unknown'),
       (select count(*) from wecom_outboundsend
        where tenant_id = %(tenant)s and state = 'failed' and created_at >= %(since)s),
       welcomes.*
from (select count(*) filter (where state = 'done'),
             count(*) filter (where state in ('failed', 'cancelled', 'unknown') and error_code <> all(%(races)s)),
             percentile_cont(0.95) within group (order by (answer->>'latency_s')::float)
      from wecom_outboundsend
      where tenant_id = %(tenant)s and kind = 'welcome' and created_at >= %(since)s) welcomes
"""


def outgoing(*, tenant_id: int, now: datetime) -> Outgoing:
    """One statement."""
    given: dict[str, Any] = {
        "tenant": tenant_id,
        "now": now,
        "since": now - DAY,
        "races": list(WELCOME_RACES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OUTGOING, given)
        return Outgoing(*cursor.fetchone())


def part(facts: Facts) -> Part:
    """Sends, welcomes and touches."""
    found = outgoing(tenant_id=facts.tenant.pk, now=facts.now)
    return Part("work", _("What goes out"), [*_sends(found, facts.now), _welcome(found), _touches(facts)])


def _sends(found: Outgoing, now: datetime) -> Iterable[Line]:
    yield _queued(found.queued, found.due_at, now)
    if found.parked:
        says = ngettext(
            "%(n)s send may or may not have reached WeCom; it is never sent twice by itself.",
            "%(n)s sends may or may not have reached WeCom; they are never sent twice by themselves.",
            found.parked,
        ) % {"n": number(found.parked)}
        todo = _("Look it up at WeCom, then say whether it was done.")
        action = Action(_("Decide"), "wecom:sends", query="state=unknown")
        yield Line("parked", State.LOOK, _("Parked"), says, todo, action=action)
    if found.failed:
        says = ngettext(
            "%(n)s send failed in the last 24 h.", "%(n)s sends failed in the last 24 h.", found.failed
        ) % {"n": number(found.failed)}
        action = Action(_("Read why"), "wecom:sends", query="state=failed")
        yield Line("failed", State.LOOK, _("Failed"), says, action=action)


def _queued(count: int, due_at: datetime | None, now: datetime) -> Line:
    title = _("Sends")
    if not count:
        return Line("sends", State.GOOD, title, _("No send waits."))
    state, late_s = lateness(due_at, now)
    said = ngettext(
        "%(n)s send waits; the oldest is due for %(time)s.",
        "%(n)s sends wait; the oldest is due for %(time)s.",
        count,
    )
    todo = "" if state is State.GOOD else _("Are calls stopped above? Else look at the queue wecom below.")
    return Line("sends", state, title, said % {"n": number(count), "time": lasting(late_s)}, todo)


def _welcome(found: Outgoing) -> Line:
    """Welcomes of the last 24 h: how fast, and how many new customers got none by our fault."""
    title = _("Welcome messages")
    sent, missed, p95_s = found.welcomed, found.missed, found.welcome_p95_s
    if not sent and not missed:
        return Line("welcome", State.IDLE, title, _("No new customer was welcomed in the last 24 h."))
    says = ngettext(
        "%(n)s welcome sent in 24 h; 95 of 100 within %(time)s.",
        "%(n)s welcomes sent in 24 h; 95 of 100 within %(time)s.",
        sent,
    ) % {"n": number(sent), "time": lasting(p95_s)}
    if not missed:
        is_slow = p95_s is not None and p95_s > WELCOME_BUDGET_S / 2
        todo = (
            _("WeCom takes a welcome for 20 seconds only: look at the queue welcome below.")
            if is_slow
            else ""
        )
        return Line("welcome", State.LOOK if is_slow else State.GOOD, title, says, todo)
    says += " " + ngettext("%(n)s was missed.", "%(n)s were missed.", missed) % {"n": number(missed)}
    todo = _(
        "They came after 20 seconds or WeCom did not answer: give the queue welcome a worker of its own and look "
        "whether calls are held back."
    )
    return Line("welcome", State.LOOK, title, says, todo)


def _touches(facts: Facts) -> Line:
    title, late = _("Planned touches"), sources.due_late(facts.tenant.pk, facts.now)
    if not late.count:
        return Line("due", State.GOOD, title, _("Nothing that is due waits."))
    state, late_s = lateness(late.oldest_at, facts.now)
    says = ngettext(
        "%(n)s touch is due and not handed over; the oldest for %(time)s.",
        "%(n)s touches are due and not handed over; the oldest for %(time)s.",
        late.count,
    ) % {"n": number(late.count), "time": lasting(late_s)}
    if state is State.GOOD:
        return Line("due", state, title, says)
    todo = _("Look at beat and the queue touch below: they start what is due.")
    return Line("due", state, title, says, todo, action=Action(_("See which"), "sop:touches"))


def tokens(facts: Facts) -> Part:
    """Age and end of each token and ticket; never its value."""
    lines = [
        _token(one.app, kind, held, facts.now, is_only=len(facts.apps) == 1)
        for one in facts.apps
        for kind, held in one.tokens.items()
    ]
    return Part("tokens", _("Tokens and tickets"), lines)


def _token(app: App, kind: str, held: Held | None, now: datetime, *, is_only: bool) -> Line:
    title = str(_TOKEN_LABELS[kind]) if is_only else f"{_TOKEN_LABELS[kind]} · {app}"
    key = f"token:{app.pk}:{kind}"
    if held is None:
        return Line(key, State.IDLE, title, _("None is held; it is fetched when it is first needed."))
    age_s, left_s = now.timestamp() - held.fetched_s, held.expires_s - now.timestamp()
    if left_s <= 0:
        return Line(key, State.IDLE, title, _("Ended %(at)s; a new one is fetched with the next call.") % {
            "at": at(datetime.fromtimestamp(held.expires_s, UTC))
        })  # fmt: skip
    says = _("Fetched %(age)s ago, ends in %(left)s; renewed by itself 10 minutes before.") % {
        "age": lasting(max(age_s, 0)), "left": lasting(left_s),
    }  # fmt: skip
    return Line(key, State.GOOD, title, says)


def reads(facts: Facts) -> Part:
    """How current what was read from WeCom is, and what callbacks had missed."""
    lines = [_read(row, facts) for row in selectors.sync_list(tenant_id=facts.tenant.pk)]
    return Part("reads", _("Reading from WeCom"), lines)


def _read(row: SyncState, facts: Facts) -> Line:
    title, key = str(_SYNC_LABELS.get(row.what, row.what)), f"read:{row.what}"
    setup = Action(_("Open"), "wecom:setup")
    if row.error:
        why = reaction_to(row.error_code).meaning if row.error_code else _("it stopped by itself")
        says = _("The last read failed: %(why)s. It is tried again %(at)s.") % {
            "why": why,
            "at": at(row.next_at),
        }
        return Line(key, State.LOOK, title, says, code=row.error_code, action=setup)
    if row.leased_until:
        return Line(key, State.GOOD, title, _("Being read now: %(done)s of %(total)s.") % {
            "done": number(row.done), "total": number(row.total),
        })  # fmt: skip
    if row.finished_at is None:
        is_due = facts.app is not None and facts.app.state == AppState.CONNECTED and row.next_at is None
        says = _("Not read yet.")
        return Line(key, State.LOOK if is_due else State.IDLE, title, says, action=setup if is_due else None)
    says = _("Read whole %(at)s.") % {"at": at(row.finished_at)}
    if not row.lost_events:
        return Line(key, State.GOOD, title, says)
    says += " " + ngettext(
        "%(n)s difference that no callback had told was repaired.",
        "%(n)s differences that no callback had told were repaired.",
        row.lost_events,
    ) % {"n": number(row.lost_events)}
    todo = _("A few are WeCom's; many mean that callbacks do not arrive.")
    return Line(key, State.GOOD, title, says, todo, action=Action(_("See which"), "wecom:lost"))


def quota(facts: Facts) -> Part:
    """Groups that may get few more mass sends in WeCom's present window."""
    day = clock.local_date(facts.now, facts.tenant.timezone)
    window = selectors.quota_window(tenant_id=facts.tenant.pk, day=day)
    used = (
        QuotaEntry.objects.filter(
            tenant_id=facts.tenant.pk,
            receiver_kind=ReceiverKind.GROUP,
            local_date__range=(window.first, window.last),
        )
        .values_list("receiver_id")
        .annotate(n=Count("pk"))
    )
    near = list(used.filter(n__gte=max(1, window.limit - NEAR_LEFT)).order_by("-n", "receiver_id"))
    figures = [Figure(_("Sends a group may get"), number(window.limit), _("until %(day)s") % {
        "day": f"{window.last:%m-%d}"
    })]  # fmt: skip
    return Part("quota", _("Mass sends left"), [_near(facts, near, window.limit)], figures)


def _near(facts: Facts, near: list[tuple[str, int]], limit: int) -> Line:
    title = _("Groups near their limit")
    if not near:
        return Line(
            "quota", State.GOOD, title, _("Every group may get more than %(n)s sends.") % {"n": NEAR_LEFT}
        )
    known = sources.group_names(facts.tenant.pk, [chat_id for chat_id, _used in near[:NEAR_SHOWN]])
    told = ", ".join(
        f"{known[chat_id][1] if chat_id in known else chat_id} ({max(0, limit - n)})"
        for chat_id, n in near[:NEAR_SHOWN]
    )
    says = ngettext(
        "%(n)s group may get %(few)s or fewer: %(told)s.",
        "%(n)s groups may get %(few)s or fewer: %(told)s.",
        len(near),
    ) % {"n": number(len(near)), "few": NEAR_LEFT, "told": told + (" …" if len(near) > NEAR_SHOWN else "")}
    todo = _("What members send by themselves counts too. Plan the rest as tasks that staff forward by hand.")
    return Line("quota", State.LOOK, title, says, todo, action=Action(_("See the plan"), "sop:touches"))
