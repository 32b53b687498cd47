"""What comes in: whether callbacks arrive, how long they wait, which were refused, what a person must decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants import clock
from wecom import names
from wecom.enums import INBOUND_OPEN, InboundSource, InboundState
from wecom.models import InboundEvent, Landed
from wecom.operations import tally
from wecom.operations.facts import Facts, sources
from wecom.operations.shape import Action, Figure, Line, Part, State, at, lasting, number

SILENCE = timedelta(hours=3)
AWAKE = (time(8), time(22))  # nobody joins or leaves at night: hours of silence are counted by day
WAIT_LOOK_S, WAIT_BROKEN_S = 30, 300
EFFECT_LOOK_S = 10
SAMPLE = 2_000
MOST_KINDS = 3


@dataclass(frozen=True)
class Inbox:
    """How much lies in the inbox or waits to be filed there. `oldest_at` is when the longest waiting came;
    `dead_kinds` the commonest kinds."""

    pending: int
    failed: int
    dead: int
    oldest_at: datetime | None
    dead_kinds: list[tuple[str, int]]


def inbox(tenant_id: int) -> Inbox:
    """Three queries, each over the rows of one small index."""
    rows = InboundEvent.objects.filter(tenant_id=tenant_id)
    waiting = rows.filter(state__in=INBOUND_OPEN).aggregate(
        pending=Count("pk", filter=Q(state=InboundState.PENDING)),
        failed=Count("pk", filter=Q(state=InboundState.FAILED)),
        oldest_at=Min("received_at"),
    )
    landed = Landed.objects.filter(tenant_id=tenant_id).aggregate(count=Count("pk"), at=Min("received_at"))
    waiting["pending"] += landed["count"]
    waiting["oldest_at"] = min(filter(None, (waiting["oldest_at"], landed["at"])), default=None)
    dead = rows.filter(state=InboundState.DEAD).values_list("event", "change_type").annotate(n=Count("pk"))
    kinds = [(names.event_name(event, change), n) for event, change, n in dead.order_by("-n", "event")]
    return Inbox(dead=sum(n for _name, n in kinds), dead_kinds=kinds[:MOST_KINDS], **waiting)


def effect_p95_s(*, tenant_id: int, since: datetime) -> float | None:
    """From a callback's arrival to its effect, 95th percentile of the newest ones since then."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select extract(epoch from percentile_cont(0.95) within group (order by done_at - received_at))
               from (select done_at, received_at from wecom_inboundevent
                     where tenant_id = %s and received_at >= %s and state = 'done' and source = 'callback'
                     order by received_at desc limit %s) newest""",
            [tenant_id, since, SAMPLE],
        )
        found = cursor.fetchone()[0]
    return None if found is None else float(found)


def last_callback_at(tenant_id: int) -> datetime | None:
    rows = InboundEvent.objects.filter(tenant_id=tenant_id, source=InboundSource.CALLBACK)
    return rows.order_by("-received_at").values_list("received_at", flat=True).first()


def awake_between(start: datetime, end: datetime, zone: str) -> timedelta:
    """How much of a span lies in the hours when groups are awake; at most a week is counted. Pure."""
    start = max(start, end - timedelta(days=7))
    day, total = start.astimezone(ZoneInfo(zone)).date(), timedelta()
    while (opens := clock.at_local(day, AWAKE[0], zone)) < end:
        closes = clock.at_local(day, AWAKE[1], zone)
        total += max(timedelta(), min(end, closes) - max(start, opens))
        day += timedelta(days=1)
    return total


def part(facts: Facts) -> Part:
    """Callbacks: do they arrive, are they genuine, how long until they have effect."""
    tenant_id = facts.tenant.pk
    last_at = last_callback_at(tenant_id)
    p95_s = effect_p95_s(tenant_id=tenant_id, since=facts.now - timedelta(hours=1))
    lines = [_arriving(facts, last_at), *_refused(facts), _effect(p95_s)]
    received = facts.rates.minutes[tally.STORED] if facts.rates else []
    figures = [
        Figure(_("In the last hour"), number(sum(received)) if facts.rates else "–", _("callbacks received")),
        Figure(_("Last one"), at(last_at)),
        Figure(_("Until they have effect"), lasting(p95_s), _("95 of 100 are faster, last hour")),
    ]
    return Part("callbacks", _("Callbacks"), lines, figures)


def _arriving(facts: Facts, last_at: datetime | None) -> Line:
    title, app = _("Arrival"), facts.app
    setup = Action(_("Compare the callback's values"), "wecom:setup")
    if last_at is None:
        if app is None or not app.is_callable:
            return Line("arrival", State.IDLE, title, _("Nothing was received yet."))
        return Line(
            "arrival", State.BROKEN, title, _("WeCom has never called this server."),
            _("Enter URL, Token and EncodingAESKey in the WeCom console and save there."), _where(), action=setup,
        )  # fmt: skip
    groups = sources.groups_active(facts.tenant.pk)
    silent = awake_between(last_at, facts.now, facts.tenant.timezone)
    if groups and silent >= SILENCE:
        says = ngettext(
            "No callback for %(hours)s h by day although %(n)s group is active.",
            "No callback for %(hours)s h by day although %(n)s groups are active.",
            groups,
        ) % {"n": number(groups), "hours": int(silent.total_seconds() // 3600)}
        todo = _(
            "Open the callback's page in the WeCom console, compare the three values with ours and save there: "
            "WeCom then calls once and says whether it arrived. Also check the domain's certificate and firewall."
        )
        return Line("arrival", State.BROKEN, title, says, todo, _where(), action=setup)
    return Line("arrival", State.GOOD, title, _("The last callback came %(at)s.") % {"at": at(last_at)})


def _where() -> str:
    return _("WeCom console, App management, your app, Receive messages, Set API receive")


def _refused(facts: Facts) -> Iterable[Line]:
    """Requests to the callback's address that were not WeCom's, or that our keys did not fit."""
    if facts.rates is None:
        return
    refused, stored = (sum(facts.rates.minutes[name]) for name in (tally.REFUSED, tally.STORED))
    if not refused:
        yield Line("refused", State.GOOD, _("Signatures"), _("None was refused in the last hour."))
        return
    says = ngettext(
        "%(n)s request was refused in the last hour; the last one %(at)s: %(why)s.",
        "%(n)s requests were refused in the last hour; the last one %(at)s: %(why)s.",
        refused,
    ) % {
        "n": number(refused),
        "at": at(facts.rates.last_at("refused")),
        "why": names.refusal(str(facts.rates.last.get("refused", {}).get("why", ""))),
    }
    todo = _(
        "If nothing arrives any more, Token or EncodingAESKey in the WeCom console differ from ours: copy them again. "
        "If others arrive, somebody else knocks at this address; nothing of theirs is stored."
    )
    state = State.LOOK if stored else State.BROKEN
    yield Line(
        "refused", state, _("Signatures"), says, todo, _where(),
        action=Action(_("Compare the callback's values"), "wecom:setup"),
    )  # fmt: skip


def _effect(p95_s: float | None) -> Line:
    title = _("Effect")
    if p95_s is None:
        return Line("effect", State.IDLE, title, _("Nothing was processed in the last hour."))
    says = _("95 of 100 callbacks have their effect within %(time)s.") % {"time": lasting(p95_s)}
    if p95_s < EFFECT_LOOK_S:
        return Line("effect", State.GOOD, title, says)
    return Line(
        "effect", State.LOOK, title, says, _("Look at the queue ingest below: it may need more workers.")
    )


def inbox_part(facts: Facts) -> Part:
    """The inbox: what waits, what failed, what needs a person."""
    found = inbox(facts.tenant.pk)
    figures = [
        Figure(_("Not processed yet"), number(found.pending)),
        Figure(_("Tried again later"), number(found.failed)),
        Figure(_("To decide"), number(found.dead)),
    ]
    return Part("inbox", _("Inbox"), [_waiting(found, facts.now), _failing(found), _dead(found)], figures)


def _waiting(found: Inbox, now: datetime) -> Line:
    title = _("Not processed yet")
    if not found.pending and not found.failed:
        return Line("waiting", State.GOOD, title, _("Everything that came in is processed."))
    waited_s = (now - found.oldest_at).total_seconds() if found.oldest_at else 0
    says = ngettext(
        "%(n)s event waits; the oldest came %(time)s ago.", "%(n)s events wait; the oldest came %(time)s ago.",
        found.pending + found.failed,
    ) % {"n": number(found.pending + found.failed), "time": lasting(waited_s)}  # fmt: skip
    if waited_s < WAIT_LOOK_S:
        return Line("waiting", State.GOOD, title, says)
    state = State.BROKEN if waited_s >= WAIT_BROKEN_S and found.pending else State.LOOK
    todo = _("Look at the queue ingest below: does a worker serve it, and is it keeping up?")
    return Line("waiting", state, title, says, todo if found.pending else "")


def _failing(found: Inbox) -> Line:
    title = _("Failing")
    if not found.failed:
        return Line("failing", State.GOOD, title, _("No event waits for another try."))
    says = ngettext(
        "%(n)s event failed and is tried again by itself.", "%(n)s events failed and are tried again by themselves.",
        found.failed,
    ) % {"n": number(found.failed)}  # fmt: skip
    return Line(
        "failing", State.LOOK, title, says, action=Action(_("Read why"), "wecom:inbox", query="state=failed")
    )


def _dead(found: Inbox) -> Line:
    title = _("To decide")
    if not found.dead:
        return Line("dead", State.GOOD, title, _("No event waits for a decision."))
    said = ngettext(
        "%(n)s event could not be processed: %(kinds)s.",
        "%(n)s events could not be processed: %(kinds)s.",
        found.dead,
    )
    kinds = ", ".join(f"{name} ({number(n)})" for name, n in found.dead_kinds)
    return Line(
        "dead", State.BROKEN, title, said % {"n": number(found.dead), "kinds": kinds},
        _("Repair the cause, then process them again; or close them with a reason."),
        action=Action(_("Decide"), "wecom:inbox", query="state=dead"),
    )  # fmt: skip
