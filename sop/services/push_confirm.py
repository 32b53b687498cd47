"""A confirmed week is a run like any other: an edition of the hidden template, carried out by the engine (R61)."""

from datetime import date, time
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from groups.enums import PLAN_DAYS
from outbox.services import publish
from sop.enums import (
    PUSH_WINDOW_MIN,
    Channel,
    ContentType,
    Evidence,
    OnBlock,
    RunState,
    TemplateKind,
    TouchState,
)
from sop.errors import GroupNotReady, WeekEmpty, WeekRefused
from sop.events import RunStarted
from sop.models import PushSlot, PushWeek, Run, TopicUse, Touch
from sop.selectors.push import slot_times
from sop.selectors.push_checks import COST_MINUTES
from sop.selectors.push_grid import grid_of
from sop.services.editions import edition_follow, hidden_template
from sop.services.push import week_open
from sop.services.runs import group_is_ready
from team.enums import PlanKind
from team.services.goals import goal_asked
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

PRIORITY = 60  # after the steps of a camp


def week_confirm(
    *, tenant: "Tenant", group_id: int, monday: date, actor: Actor, serves: str = ""
) -> PushWeek:
    """Carry a week out from now on. Safe to repeat: without an edit nothing changes. `serves`: how it serves the north
    star, asked for at the first time while one is in force (R96).

    Raises GroupNotReady, WeekEmpty, WeekRefused with the checks that stop it, SlotInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        if not group_is_ready(week.group):
            said = _("Not live yet: %(groups)s. Finish their readiness first.") % {"groups": week.group}
            raise GroupNotReady(said)
        grid = grid_of(tenant=tenant, group=week.group, monday=monday)
        if week.run_id and not grid.changed:
            return week
        if not week.run_id and not any(cell.row and not cell.is_fixed for cell in grid.cells):
            raise WeekEmpty
        if grid.judged.stopping:
            raise WeekRefused(grid.judged.stopping)
        is_first = not week.run_id
        run = _carried_out(tenant, week, actor)
        if is_first or serves.strip():
            goal_asked(tenant=tenant, kind=PlanKind.RUN, plan_id=run.pk, words=serves, actor=actor)
        week.run, week.confirmed_at, week.confirmed_by, week.undone = run, clock.now(), actor.name[:64], {}
        week.save(update_fields=["run", "confirmed_at", "confirmed_by", "undone"])
        publish(RunStarted(tenant_id=tenant.pk, occurred_at=clock.now(), run_id=run.pk, group_ids=[group_id]))
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.week.confirmed",
            target=week.group,
            changes={"monday": [None, monday.isoformat()], "slots": [None, grid.filled]},
        )
    return week


def _carried_out(tenant: "Tenant", week: PushWeek, actor: Actor) -> Run:
    template = hidden_template(tenant=tenant, kind=TemplateKind.WEEK, name=_("Weekly push table"))
    run = Run.objects.select_for_update().filter(tenant=tenant, pk=week.run_id).first() or Run(
        tenant=tenant,
        name=f"{week.group} {week.monday:%m-%d}"[:64],
        starts_on=week.monday,
        created_by=actor.name[:64],
    )
    run.state, run.ended_at = RunState.RUNNING, None
    times, window = slot_times(tenant_id=tenant.pk), preferences.value(tenant.pk, PUSH_WINDOW_MIN)
    rows = list(PushSlot.objects.filter(tenant=tenant, week=week))
    edition_follow(
        tenant=tenant,
        template=template,
        run=run,
        days=PLAN_DAYS,
        steps=[_step(row, row.at or times[row.slot], window) for row in rows],
        group_ids=[week.group_id],
        actor=actor,
    )
    _name_senders(tenant, rows, run)
    return run


def _step(row: PushSlot, at: time, window: int) -> dict[str, Any]:
    is_mass = row.channel == Channel.GROUP_MASS
    return {
        "key": row.key, "title": row.title, "day": row.number, "at": at, "window_minutes": window,
        "channel": row.channel, "content_type": row.content_type, "text": row.text, "links": row.links,
        "attachments": row.attachments, "material_id": row.material_id,
        "evidence": Evidence.SEND_RESULT if is_mass else Evidence.NOTE, "on_block": OnBlock.DELAY,
        "priority": PRIORITY, "is_marketing": row.content_type == ContentType.MARKETING,
        "opens_talk": row.content_type == ContentType.TOPIC, "cost_minutes": COST_MINUTES,
    }  # fmt: skip


def _name_senders(tenant: "Tenant", rows: list[PushSlot], run: Run) -> None:
    """Each planned touch goes to who was named in its slot; a topic's use is noted."""
    planned = Touch.objects.filter(
        tenant=tenant, run=run, step__version=run.version_id, state=TouchState.PLANNED
    )
    open_touches = {touch.step.key: touch for touch in planned.select_related("step")}
    named, uses = [], []
    for row in rows:
        touch = open_touches.get(row.key)
        if touch is None:
            continue
        if row.staff_id:
            touch.staff_id = row.staff_id
            named.append(touch)
        if row.topic_id:
            uses.append(TopicUse(tenant=tenant, topic_id=row.topic_id, touch=touch))
    Touch.objects.bulk_update(named, ["staff"])
    TopicUse.objects.bulk_create(uses, ignore_conflicts=True)
