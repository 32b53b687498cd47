"""A running run goes to another version of its template: only what is still to come is planned anew (R56)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from groups.selectors import groups_by_id
from outbox.services import publish
from sop.enums import Rule, RunState, TouchState, VersionState
from sop.enums.differences import MoveAct
from sop.errors import GroupBusy, ReasonMissing, RunInvalid
from sop.events import RunMoved
from sop.models import Run, RunGroup, Step, Touch, TouchRecipient, Version
from sop.policies import calendar, moves
from sop.policies.moves import Line, Place, Row
from sop.selectors.differences import Beside, ShownStep, beside_shown, versions_beside
from sop.selectors.hands import carries, staff_by_role
from sop.services.planning import slots_of, step_due_at, touch_revived
from sop.services.runs import BESIDE_KINDS, check_kinds, run_last_day, run_locked, run_needs, window_put
from sop.services.state import touch_move, touches_store
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.errors import DomainError
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


# What a preview reads of a touch.
_JUDGED = (
    "tenant", "step", "group", "occurrence", "state", "rule_code", "planned_at", "window_ends_at",
)  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """What a move does: its lines, and the touches it works on by id."""

    lines: list[Line]
    touches: dict[int, Touch]
    steps: dict[int, Step]  # of the new version, by id
    beside: Beside

    def counts(self) -> dict[str, int]:
        """Touches by what happens to them; those that no plan changes any more under "past"."""
        found = Counter(line.act.value for line in self.lines)
        held = {line.row.id for line in self.lines if line.row is not None}
        past = sum(
            1 for one in self.touches.values() if one.pk not in held and one.state != TouchState.CANCELLED
        )
        return {**{act: found[act] for act in MoveAct.values}, "past": past}


@dataclass(frozen=True)
class GroupMove:
    """What a move does in one group."""

    name: str
    counts: dict[str, int]


@dataclass(frozen=True)
class MovePreview:
    """What a move would do, before it does it. `refusal`: why it may not, in a sentence, or empty.

    `steps`: (what differs of a step, touches taken up, touches that come, touches that fall away).
    """

    counts: dict[str, int]
    groups: list[GroupMove]
    steps: list[tuple[ShownStep, dict[str, int]]]
    refusal: str


def run_move(*, run: Run, version: Version, actor: Actor, reason: str) -> Run:
    """Let a running run go on by another published version of its template. Safe to repeat.

    What was handed over, has ended or waits for a decision stays as it is. Planned touches of steps that say the same
    stay; those of changed or removed steps are taken back (SOP-11), and what the new version still wants is planned.
    A step done in a group is not done there again. Raises RunInvalid, RunOver, KindRefuses, GroupBusy, ReasonMissing,
    NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        held = run_locked(run.tenant, run.pk)
        if held.version_id == version.pk:
            return held
        tenant, before = held.tenant, held.version
        planned = move_plan(run=held, version=version, locked=True)
        move_check(run=held, version=version, steps=list(planned.steps.values()))
        _carry_out(tenant, held, planned)
        held.version, held.days, held.after_days = version, version.days, version.after_days
        held.phases = version.phases
        held.save(update_fields=["version", "days", "after_days", "phases"])
        window_put(tenant, held)
        _tell(tenant, held)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.run.moved",
            target=held,
            changes={
                "version": [f"v{before.number}", f"v{version.number}"],
                **{name: [None, count] for name, count in planned.counts().items() if count},
            },
            reason=reason.strip(),
        )
    return held


def move_check(*, run: Run, version: Version, steps: list[Step]) -> None:
    """Whether a run may go to a version of these steps. Raises RunInvalid, KindRefuses, GroupBusy; writes nothing."""
    tenant = run.tenant
    if version.tenant_id != run.tenant_id or version.template_id != run.version.template_id:
        raise RunInvalid(_("A run stays with its template: choose another version of it."))
    if version.state != VersionState.PUBLISHED:
        raise RunInvalid(_("Publish the version first. A run never follows a draft."))
    needs = run_needs(steps)
    missing = next((needs[name] for name in needs if not getattr(run, name)), "")
    if missing:
        raise RunInvalid(
            _("“%(step)s” needs a link or an end of the offer that this run was started without.")
            % {"step": missing}
        )
    last_day = calendar.day_date(run.starts_on, version.days + version.after_days)
    if last_day < clock.local_date(clock.now(), tenant.timezone):
        raise RunInvalid(_("All days of this version would be over already."))
    seats = RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None)
    group_ids = list(seats.values_list("group_id", flat=True))
    groups = groups_by_id(tenant_id=tenant.pk, group_ids=group_ids).values()
    check_kinds(tenant, version, steps, groups, run.starts_on, run.offer_ends_at)
    if version.template.kind in BESIDE_KINDS:
        return
    others = RunGroup.objects.filter(
        tenant=tenant, group__in=group_ids, removed_at=None, run__state=RunState.RUNNING,
        run__starts_on__gt=run_last_day(run), run__starts_on__lte=last_day,
    ).exclude(run=run).exclude(run__version__template__kind__in=BESIDE_KINDS)  # fmt: skip
    for row in others.select_related("run", "group"):
        raise GroupBusy(
            _("“%(group)s” is in “%(run)s” on these days.") % {"group": row.group, "run": row.run.name}
        )


def move_plan(*, run: Run, version: Version, locked: bool = False) -> Planned:
    """What `run_move` would do now. `locked` holds the run's touches against the dispatcher, in a transaction."""
    tenant, now = run.tenant, clock.now()
    # Conversations are of people who heard the old words: they stay as they are.
    own = Touch.objects.filter(tenant=tenant, run=run, is_talk=False)
    touches = own.annotate(step_key=F("step__key")).order_by("pk")
    touches = touches.select_for_update(of=("self",)) if locked else touches.only(*_JUDGED)
    found = {one.pk: one for one in touches}
    rows = [_row(one) for one in found.values()]
    beside = versions_beside(before=run.version, after=version)
    steps = {one.pk: one for one in beside.new.values()}
    known = steps | {one.pk: one for one in beside.old.values()}
    others = {row.step_id for row in rows} - known.keys()  # of versions the run went by before
    if others:
        known |= Step.objects.filter(tenant=tenant).in_bulk(others)
    lines = moves.move(
        rows=rows,
        places=[
            one
            for one in [*_dated(tenant, run, steps.values()), *_by_event(run, rows, known, beside.new)]
            if one.window_ends_at > now
        ],
        step_ids={key: one.pk for key, one in beside.new.items()},
        changes={key: one.kinds for key, one in beside.found.steps.items()},
        now=now,
    )
    return Planned(lines, found, steps, beside)


def move_preview(*, run: Run, version: Version) -> MovePreview:
    """Exactly what `run_move` would do now. Writes nothing."""
    planned = move_plan(run=run, version=version)
    by_step: dict[str, Counter[str]] = defaultdict(Counter)
    by_group: dict[int | None, Counter[str]] = defaultdict(Counter)
    for line in planned.lines:
        by_step[line.key][line.act.value] += 1
        by_group[line.group_id][line.act.value] += 1
    names = groups_by_id(tenant_id=run.tenant_id, group_ids=[one for one in by_group if one])
    shown = beside_shown(planned.beside)
    try:
        move_check(run=run, version=version, steps=list(planned.steps.values()))
        refusal = ""
    except DomainError as error:
        refusal = f"{error.message} ({error.code})"
    return MovePreview(
        counts=planned.counts(),
        groups=sorted(
            (GroupMove(str(names.get(one or 0, "–")), _every_act(by_group[one])) for one in by_group),
            key=lambda one: one.name,
        ),
        steps=[(one, _every_act(by_step[one.key])) for one in shown.steps],
        refusal=refusal,
    )


def _every_act(found: Counter[str]) -> dict[str, int]:
    return {act: found[act] for act in MoveAct.values}


def _row(touch: Touch) -> Row:
    return Row(
        id=touch.pk,
        key=touch.step_key,  # type: ignore[attr-defined]
        step_id=touch.step_id,
        group_id=touch.group_id,
        occurrence=touch.occurrence,
        state=touch.state,
        rule=touch.rule_code,
        planned_at=touch.planned_at,
        window_ends_at=touch.window_ends_at,
    )


def _dated(tenant: "Tenant", run: Run, steps: Iterable[Step]) -> Iterable[Place]:
    """Where the version's own days and hours want a touch."""
    return (
        Place(one.step.key, one.step.pk, one.group.pk, "", one.due_at, one.window_ends_at)
        for one in slots_of(tenant, run, steps)
    )


def _by_event(
    run: Run, rows: Iterable[Row], present: dict[int, Step], by_key: dict[str, Step]
) -> Iterable[Place]:
    """Where what already happened (a join) wants one: as long after it as the new version says."""
    for row in rows:
        before, after = present[row.step_id], by_key.get(row.key)
        if not row.is_open or after is None or before.anchor != after.anchor:
            continue
        if step_due_at(step=after, run=run, zone=run.tenant.timezone) is not None:
            continue
        due = row.planned_at + timedelta(minutes=after.offset_minutes - before.offset_minutes)
        end = calendar.window_end(due, after.window_minutes)
        yield Place(row.key, after.pk, row.group_id, row.occurrence, due, end)


def _carry_out(tenant: "Tenant", run: Run, planned: Planned) -> None:
    now = clock.now()
    followed: dict[int, list[int]] = defaultdict(list)  # step of the new version -> touches that stay
    step_ids = {one.key: one.pk for one in planned.steps.values()}
    stored, coming = [], []
    for line in planned.lines:
        if line.act == MoveAct.KEPT and line.place is None and line.row is not None:
            followed[step_ids[line.key]].append(line.row.id)
            continue
        if line.row is not None:
            stored.append(
                touch_move(
                    planned.touches[line.row.id],
                    TouchState.CANCELLED,
                    rule=Rule.REPLANNED,
                    reason=str(Rule.REPLANNED.label),
                    at=now,
                )
            )
        if line.revived is not None and line.place is not None:
            stored.append(_again(planned, line.place, planned.touches[line.revived.id]))
        elif line.place is not None:
            coming.append(line)
    touches_store(stored)
    for step_id, ids in followed.items():
        Touch.objects.filter(tenant=tenant, pk__in=ids).update(step=step_id)
    _create(tenant, run, planned, coming)


def _again(planned: Planned, place: Place, touch: Touch) -> Touch:
    touch_revived(touch)
    touch.planned_at = touch.due_at = place.due_at
    touch.window_ends_at = place.window_ends_at
    touch.channel = planned.steps[place.step_id].channel
    return touch


def _create(tenant: "Tenant", run: Run, planned: Planned, lines: list[Line]) -> None:
    places = [(line, line.place) for line in lines if line.place is not None]
    groups = groups_by_id(tenant_id=tenant.pk, group_ids=sorted({one.group_id or 0 for _line, one in places}))
    staff = staff_by_role(tenant_id=tenant.pk, groups=groups.values())
    made = Touch.objects.bulk_create(
        Touch(
            tenant=tenant,
            run=run,
            step=planned.steps[place.step_id],
            group_id=place.group_id,
            staff_id=carries(staff.get(place.group_id or 0, {}), planned.steps[place.step_id]),
            occurrence=place.occurrence,
            channel=planned.steps[place.step_id].channel,
            planned_at=place.due_at,
            due_at=place.due_at,
            window_ends_at=place.window_ends_at,
        )
        for _line, place in places
    )
    heirs = {
        line.row.id: touch.pk
        for (line, place), touch in zip(places, made, strict=True)
        if line.row is not None and place.occurrence
    }
    _people_follow(tenant, heirs)


def _people_follow(tenant: "Tenant", heirs: dict[int, int]) -> None:
    """Those a join touch was planned for belong to the touch that takes its place."""
    rows = list(TouchRecipient.objects.filter(tenant=tenant, touch__in=heirs))
    for row in rows:
        row.touch_id = heirs[row.touch_id]
    TouchRecipient.objects.bulk_update(rows, ["touch"], batch_size=1000)


def _tell(tenant: "Tenant", run: Run) -> None:
    publish(RunMoved(tenant_id=tenant.pk, occurred_at=clock.now(), run_id=run.pk))
