"""From steps to touch rows. Only what is still to come is planned, moved or taken back; the past stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F, Q

from contacts.services.touch import gate_release
from outbox.services import publish_many
from sop.enums import REF, Anchor, Rule, TouchState
from sop.events import TouchesStopped
from sop.models import Run, RunGroup, Step, Touch
from sop.policies import calendar
from sop.selectors.exits import out_of_runs
from sop.selectors.hands import carries, staff_by_role
from sop.services.own_given import own_sends_stand_alone
from sop.services.parked import parked_put
from sop.services.state import send_key, touch_move, touches_store
from team.services import work_items_close
from tenants import clock
from wecom.services import SendDraft, quota_return, send_queue_many, sends_cancel

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

AT_ONCE = 10_000  # touches of one statement: 60 steps for 150 groups

_RELEASED = 50  # stopped touches in one event
_REVIVABLE = (Rule.REPLANNED, Rule.GROUP_LEFT)


@dataclass(frozen=True)
class Slot:
    """Where a plan wants one touch of a step in a group."""

    step: Step
    group: "Group"
    due_at: datetime
    window_ends_at: datetime


def step_due_at(*, step: Step, run: Run, zone: str) -> datetime | None:
    """When a step of a run is due, aware UTC; None for what waits for an event, and a countdown without an offer."""
    if step.anchor == Anchor.RUN_START and step.day is not None and step.at is not None:
        return calendar.due_at(starts_on=run.starts_on, day=step.day, at=step.at, zone=zone)
    if step.anchor == Anchor.ABSOLUTE and step.on is not None and step.at is not None:
        return calendar.due_at(starts_on=step.on, day=1, at=step.at, zone=zone)
    if step.anchor == Anchor.OFFER_END and run.offer_ends_at is not None:
        return calendar.due_before_offer_end(run.offer_ends_at, step.offset_minutes)
    return None


def step_window_end(*, step: Step, run: Run, due_at: datetime) -> datetime:
    """When it is no longer worth sending; a countdown step never outlives its offer."""
    limit = run.offer_ends_at if step.anchor == Anchor.OFFER_END else None
    return calendar.window_end(due_at, step.window_minutes, not_after=limit)


def plan_apply(*, tenant: "Tenant", run: Run) -> int:
    """Make the run's rows match its plan from now on, in the caller's transaction. Returns how many are planned.

    New rows are added, planned ones move, those no longer wanted are cancelled. What an earlier version of the run
    did for a step in a group is not done again. Safe to repeat.
    """
    now = clock.now()
    rows = list(
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant=tenant, run=run, occurrence="")
        .annotate(step_key=F("step__key"), version_id=F("step__version"))
        .order_by("pk")
    )
    known = {(row.step_id, row.group_id): row for row in rows if row.version_id == run.version_id}
    past = {
        (row.step_key, row.group_id)
        for row in rows
        if row.version_id != run.version_id and not is_taken_back(row)
    }
    steps = Step.objects.filter(tenant=tenant, version_id=run.version_id)
    wanted = {(slot.step.pk, slot.group.pk): slot for slot in slots_of(tenant, run, steps)}
    slots = {
        place: slot
        for place, slot in wanted.items()
        if slot.window_ends_at > now and (place in known or (slot.step.key, slot.group.pk) not in past)
    }
    staff = staff_by_role(tenant_id=tenant.pk, groups=[slot.group for slot in slots.values()])
    Touch.objects.bulk_create(
        (
            slot_touch(run, slot, carries(staff[slot.group.pk], slot.step))
            for place, slot in slots.items()
            if place not in known
        ),
        batch_size=AT_ONCE,
        ignore_conflicts=True,
    )
    touches_store(_moved(known, slots, now))
    return len(slots)


def slots_of(tenant: "Tenant", run: Run, steps: Iterable[Step]) -> list[Slot]:
    """Every place that these steps ask for in the run's present groups, past ones too; not those of joins."""
    rows = RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None).select_related("group__owner")
    out = out_of_runs(tenant_id=tenant.pk, run_ids=[run.pk])[1][run.pk]
    groups = [row.group for row in rows.order_by("pk") if row.group_id not in out]
    found = []
    for step in steps:
        due = step_due_at(step=step, run=run, zone=tenant.timezone)
        if due is None:
            continue
        end = step_window_end(step=step, run=run, due_at=due)
        found += [Slot(step, group, due, end) for group in groups]
    return found


def slot_touch(run: Run, slot: Slot, staff_id: int | None) -> Touch:
    """A new row for a place; not saved."""
    return Touch(
        tenant_id=run.tenant_id,
        run=run,
        step=slot.step,
        group_id=slot.group.pk,
        staff_id=staff_id,
        channel=slot.step.channel,
        planned_at=slot.due_at,
        due_at=slot.due_at,
        window_ends_at=slot.window_ends_at,
    )


def _moved(
    known: dict[tuple[int, int | None], Touch], slots: dict[tuple[int, int], Slot], now: datetime
) -> list[Touch]:
    """Rows to write back: moved, revived or no longer wanted."""
    changed = []
    for place, row in known.items():
        slot = slots.get(place)  # type: ignore[arg-type]
        if row.state == TouchState.PLANNED and slot is None and row.window_ends_at > now:
            changed.append(
                touch_move(
                    row, TouchState.CANCELLED, rule=Rule.REPLANNED, reason=str(Rule.REPLANNED.label), at=now
                )
            )
        elif slot is not None and _is_open_to_plan(row) and row.planned_at != slot.due_at:
            row.planned_at = row.due_at = slot.due_at
            row.window_ends_at = slot.window_ends_at
            changed.append(touch_revived(row))
        elif slot is not None and is_taken_back(row):
            changed.append(touch_revived(row))
    return changed


def is_taken_back(row: Touch) -> bool:
    """Whether a plan took the row back: a later plan may take it up again."""
    return row.state == TouchState.CANCELLED and row.rule_code in _REVIVABLE


def _is_open_to_plan(row: Touch) -> bool:
    return row.state == TouchState.PLANNED or is_taken_back(row)


def touch_revived(row: Touch) -> Touch:
    """A row that a plan took back, planned again; the caller stores it."""
    if row.state == TouchState.CANCELLED:
        touch_move(row, TouchState.PLANNED, done_at=None)
    return row


def plan_cancel(*, tenant: "Tenant", run: Run) -> int:
    """Take back everything of a run that has not ended, in the caller's transaction. Returns how many rows."""
    return touches_take_back(
        tenant=tenant,
        touches=Touch.objects.filter(tenant=tenant, run=run),
        to=TouchState.CANCELLED,
        rule=str(Rule.RUN_ENDED),
        reason=str(Rule.RUN_ENDED.label),
    )


def touches_take_back(
    *, tenant: "Tenant", touches: object, to: str, rule: str, reason: str, is_urgent: bool = False
) -> int:
    """Stop open touches of a query: queued sends are cancelled and their quota given back,
    tasks in WeCom are cancelled too, exposures given back; `is_urgent`: those follow (TouchesStopped), for they are
    one a person and the stop need not wait for them.

    Runs in the caller's transaction. Returns how many rows were stopped. Safe to repeat.
    """
    now = clock.now()
    open_states = Q(state__in=[TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED, TouchState.PARKED])
    rows = list(touches.filter(open_states).select_for_update(of=("self",)).order_by("pk"))  # type: ignore[attr-defined]
    handed = [row for row in rows if row.state == TouchState.HANDED]
    parked = {row.run_id for row in rows if row.state == TouchState.PARKED}
    sent = {send_key(row): row for row in handed if row.send_id}
    unsent = sends_cancel(tenant_id=tenant.pk, keys=sorted(sent))
    _cancel_in_wecom(tenant, [row for key, row in sent.items() if key not in unsent])
    if unsent:
        quota_return(tenant_id=tenant.pk, vendor_msgids={f"{REF}:{sent[key].pk}" for key in unsent})
    for row in rows:
        touch_move(row, to, rule=rule, reason=reason, at=now)
    touches_store(rows)
    if parked:
        parked_put(tenant=tenant, run_ids=parked)
    if handed:
        ids = [row.pk for row in handed]
        if is_urgent:
            some = (ids[start : start + _RELEASED] for start in range(0, len(ids), _RELEASED))
            publish_many(
                TouchesStopped(tenant_id=tenant.pk, occurred_at=now, touch_ids=part) for part in some
            )
        else:
            exposures_return(tenant_id=tenant.pk, touch_ids=ids)
        _close_work(tenant, handed)
    return len(rows)


def exposures_return(*, tenant_id: int, touch_ids: list[int]) -> None:
    """Give back what stopped touches had counted with their people. Runs in a transaction. Safe to repeat."""
    gate_release(tenant_id=tenant_id, keys=[f"{REF}:{one}" for one in touch_ids], now=clock.now())
    own_sends_stand_alone(tenant_id=tenant_id, touch_ids=touch_ids)


def _cancel_in_wecom(tenant: "Tenant", rows: list[Touch]) -> None:
    drafts = [
        SendDraft(
            kind="cancel_mass_send",
            key=f"sop.cancel:{row.send_id}",
            payload={"msgid": row.evidence["msgid"]},
            ref_kind="sop.cancel",
            ref_id=row.send_id or 0,
        )
        for row in rows
        if row.evidence.get("msgid")
    ]
    send_queue_many(tenant=tenant, sends=drafts)


def _close_work(tenant: "Tenant", rows: list[Touch]) -> None:
    """Close the work item of each bundle of which nothing is left to do."""
    bundles = {row.bundle for row in rows if row.bundle}
    waiting = set(
        Touch.objects.filter(
            tenant=tenant, bundle__in=bundles, state__in=[TouchState.HANDED, TouchState.PARKED]
        ).values_list("bundle", flat=True)
    )
    work_items_close(
        tenant_id=tenant.pk, source_kind=REF, source_ids=sorted(bundles - waiting), state="cancelled"
    )
