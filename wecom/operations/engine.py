"""What drives everything: beat, the queues and their workers, the outbox, Valkey."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from outbox.selectors import backlog
from wecom.operations import pulse
from wecom.operations.facts import Facts
from wecom.operations.shape import Action, Line, Part, State, lasting, number
from wecom.operations.work import lateness

# Seconds the oldest task of a queue may wait: before somebody should look, before something is broken.
PATIENCE_S: dict[str, tuple[float, float]] = {"welcome": (5, 15)}
USUAL_PATIENCE_S = (60, 300)
BEAT_COMMAND = "celery -A scrm.beat beat"


def part(facts: Facts) -> Part:
    """Beat, queues, outbox."""
    if facts.engine is None:
        says = _(
            "Valkey does not answer: tokens, limits and queues cannot be used, and figures are missing here."
        )
        todo = _(
            "Start it, or correct REDIS_URL. Nothing is lost: what came in is in the database and goes on by itself."
        )
        lines = [Line("valkey", State.BROKEN, _("Valkey"), says, todo)]
    else:
        lines = [_beat(facts.engine), *_queues(facts.engine), *_late_workers(facts.engine)]
    return Part("engine", _("Processes and queues"), [*lines, _outbox(facts)])


def _beat(engine: pulse.Engine) -> Line:
    if not engine.is_beat_dead:
        return Line(
            "beat", State.GOOD, _("Beat"), _("Ticked %(time)s ago.") % {"time": lasting(engine.beat_age_s)}
        )
    if engine.beat_age_s is None:
        says = _("Beat has never ticked: nothing that is due starts by itself.")
    else:
        says = _("Beat has not ticked for %(time)s: nothing that is due starts by itself.") % {
            "time": lasting(engine.beat_age_s)
        }
    return Line("beat", State.BROKEN, _("Beat"), says, _("Start it on the server:"), command=BEAT_COMMAND)


def _queues(engine: pulse.Engine) -> Iterable[Line]:
    lines = [made for queue in engine.queues if (made := judge(queue))]
    bad = [one for one in lines if one.needs_somebody]
    yield from bad
    if not bad:
        depth = sum(queue.depth for queue in engine.queues)
        says = ngettext(
            "All queues are served; %(n)s task waits.", "All queues are served; %(n)s tasks wait.", depth
        ) % {"n": number(depth)}
        yield Line("queues", State.GOOD, _("Queues"), says)


def judge(queue: pulse.Queue) -> Line:
    """One queue: is it served, does it keep up."""
    title, key = _("Queue %(name)s") % {"name": queue.name}, f"queue:{queue.name}"
    if not queue.workers:
        says = ngettext(
            "No worker serves it; %(n)s task waits.", "No worker serves it; %(n)s tasks wait.", queue.depth
        ) % {"n": number(queue.depth)}
        command = f"celery -A scrm worker -Q {queue.name} -n {queue.name}@%h"
        return Line(key, State.BROKEN, title, says, _("Start one on the server:"), command=command)
    look_s, broken_s = PATIENCE_S.get(queue.name, USUAL_PATIENCE_S)
    waited_s = queue.oldest_s or 0.0
    says = ngettext(
        "%(n)s task waits; the oldest for %(time)s.",
        "%(n)s tasks wait; the oldest for %(time)s.",
        queue.depth,
    ) % {"n": number(queue.depth), "time": lasting(waited_s)}
    if waited_s < look_s:
        return Line(key, State.GOOD, title, says)
    todo = _(
        "It does not keep up. Start a further worker for it, or wait if an import or a first read is going on."
    )
    return Line(key, State.BROKEN if waited_s >= broken_s else State.LOOK, title, says, todo)


def _late_workers(engine: pulse.Engine) -> Iterable[Line]:
    if not engine.late_workers:
        return
    says = ngettext(
        "%(n)s worker was not heard of for a while: %(names)s.",
        "%(n)s workers were not heard of for a while: %(names)s.",
        len(engine.late_workers),
    ) % {"n": len(engine.late_workers), "names": ", ".join(engine.late_workers[:3])}
    todo = _("If it was ended on purpose this line goes away within a day; else read its log.")
    yield Line("workers", State.LOOK, _("Workers"), says, todo)


def _outbox(facts: Facts) -> Line:
    title, found = _("Reactions inside"), backlog(tenant_id=facts.tenant.pk)
    if found.dead:
        says = ngettext(
            "%(n)s reaction to an event failed for good.",
            "%(n)s reactions to events failed for good.",
            found.dead,
        ) % {"n": number(found.dead)}
        action = Action(_("Try them again"), verb="redeliver")
        return Line(
            "outbox", State.BROKEN, title, says, _("Its cause is in the worker's log."), action=action
        )
    state, late_s = lateness(found.oldest_due_at, facts.now)
    says = ngettext(
        "%(n)s waits; the oldest is due for %(time)s.",
        "%(n)s wait; the oldest is due for %(time)s.",
        found.pending,
    ) % {"n": number(found.pending), "time": lasting(late_s)}
    if not found.pending:
        says = _("Every event has reached everyone it concerns.")
    todo = "" if state is State.GOOD else _("Look at beat and the queue derive: they hand events on.")
    return Line("outbox", state, title, says, todo)
