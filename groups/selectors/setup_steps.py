"""The set-up checklist of planned groups (R12): each step with its state, owner and day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from groups.enums import LIVE_STATES, Question, SetupKind, State
from groups.models import Group, SetupStep
from groups.policies import setup_steps as policy
from groups.policies.checks import Finding, stopping
from groups.policies.plan import GroupPlan
from groups.selectors.facts import group_facts_many
from team.selectors import staff_by_id
from tenants import clock
from tenants.models import Tenant


@dataclass(frozen=True)
class Step:
    """One step, or one part of the last. `lacks`: titles of the checks that stand between it and its end.

    `ticked_by` is empty for what the product has seen itself. `waits`: nobody is seated before steps 1 to 3 are done.
    """

    kind: str
    is_done: bool
    owner: Any = None  # team.Staff
    due_on: date | None = None
    is_late: bool = False
    lacks: list[Any] = field(default_factory=list)
    ticked_by: str = ""
    ticked_at: datetime | None = None
    may_tick: bool = False
    waits: bool = False
    parts: list["Step"] = field(default_factory=list)

    @property
    def label(self) -> str:
        return str(SetupKind(self.kind).label)

    @property
    def anchor(self) -> str:
        """The part of the readiness page that settles it."""
        return policy.ANCHORS.get(self.kind, ("management",))[-1]


@dataclass(frozen=True)
class Checklist:
    """The six steps of one group, in order, and what else keeps it from going live."""

    steps: list[Step]
    beside: list[Finding]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def total(self) -> int:
        return len(self.steps)

    @property
    def next(self) -> Step | None:
        """The first step that is not done."""
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def late(self) -> list[Step]:
        return [step for step in self.steps if step.is_late]


def is_set_up(group: Group, facts: GroupPlan) -> bool:
    """Whether the checklist of a group is shown: in planning and warming, and in its first days."""
    if group.dismissed_at is not None or group.state not in (State.PLANNING, *LIVE_STATES):
        return False
    if group.state in (State.PLANNING, State.WARMING):
        return True
    first = timedelta(days=facts.limits.first_days)
    return (
        group.state == State.ACTIVE
        and group.goes_live_at is not None
        and facts.now - group.goes_live_at <= first
    )


def checklists(
    *,
    tenant: Tenant,
    groups: Iterable[Group],
    facts: dict[int, GroupPlan] | None = None,
    names_owners: bool = True,
) -> dict[int, Checklist]:
    """{group id: Checklist} of those that are being set up. Two queries beside the facts, whatever the number; fewer
    without the owners that nobody chose, and for groups read `with_setup_steps`."""
    rows = list(groups)
    if facts is None:
        facts = group_facts_many(tenant=tenant, groups=rows)
    shown = [row for row in rows if is_set_up(row, facts[row.pk])]
    if not shown:
        return {}
    kept = _kept(tenant, shown)
    crews = {row.pk: _crew(row, facts[row.pk]) for row in shown}
    staff = staff_by_id(
        tenant_id=tenant.pk, staff_ids={one for crew in crews.values() for one in crew if names_owners}
    )
    return {
        row.pk: _checklist(tenant, row, facts[row.pk], kept.get(row.pk, {}), crews[row.pk], staff)
        for row in shown
    }


def with_setup_steps(rows: QuerySet[Group]) -> QuerySet[Group]:
    """The groups, each with what `checklists` needs of its stored steps but their owners. No further query."""
    steps = SetupStep.objects.filter(tenant_id=OuterRef("tenant_id"), group_id=OuterRef("pk"))
    told = steps.order_by("kind").values(
        one=JSONObject(kind="kind", due_on="due_on", ticked_at="ticked_at", ticked_by="ticked_by")
    )
    return rows.annotate(setup_kept=ArraySubquery(told))


def _kept(tenant: Tenant, groups: list[Group]) -> dict[int, dict[str, SetupStep]]:
    """{group id: {kind: stored step}}: those at hand (`with_setup_steps`), the others in one query."""
    found: dict[int, dict[str, SetupStep]] = {}
    for group in groups:
        for one in getattr(group, "setup_kept", []):
            found.setdefault(group.pk, {})[one["kind"]] = SetupStep(
                tenant=tenant,
                group=group,
                kind=one["kind"],
                due_on=date.fromisoformat(one["due_on"]) if one["due_on"] else None,
                ticked_at=datetime.fromisoformat(one["ticked_at"]) if one["ticked_at"] else None,
                ticked_by=one["ticked_by"],
            )
    rest = [group.pk for group in groups if not hasattr(group, "setup_kept")]
    if rest:
        stored = SetupStep.objects.filter(tenant=tenant, group_id__in=rest)
        for step in stored.select_related("owner"):
            found.setdefault(step.group_id, {})[step.kind] = step
    return found


def _crew(group: Group, plan: GroupPlan) -> list[int]:
    """The owner first, then those chosen to run it."""
    chosen = [one for one in plan.answer(Question.MANAGEMENT).get("crew", []) if isinstance(one, int)]
    listed = [group.owner_id, *chosen] if group.owner_id else chosen
    return list(dict.fromkeys(listed))


def _checklist(
    tenant: Tenant,
    group: Group,
    plan: GroupPlan,
    kept: dict[str, SetupStep],
    crew: list[int],
    staff: dict[int, Any],
) -> Checklist:
    stops = stopping(plan)
    place = policy.Place(plan, tuple(stops), has_admin=bool(group.admin_userids))
    ticked = {kind for kind, row in kept.items() if row.ticked_at is not None}
    seen, done = policy.seen(place), policy.finished(place, ticked)
    days = policy.due_days(
        starts_on=group.starts_on,
        planned_on=clock.local_date(group.added_at, tenant.timezone),
        lead_days=plan.limits.setup_days,
    )
    may_seat = all(one in done for one in policy.FIRST)

    def made(kind: str) -> Step:
        row = kept.get(kind)
        due_on = row.due_on if row and row.due_on else days.get(kind)
        owner_id = policy.default_owner(kind, crew)
        by_hand = row is not None and row.ticked_at is not None and kind not in seen and kind in done
        return Step(
            kind=kind,
            is_done=kind in done,
            owner=row.owner if row and row.owner else staff.get(owner_id or 0),
            due_on=due_on,
            is_late=kind not in done and due_on is not None and due_on < plan.today,
            lacks=policy.lacks(kind, stops),
            ticked_by=row.ticked_by if row and by_hand else "",
            ticked_at=row.ticked_at if row and by_hand else None,
            may_tick=kind in policy.BY_HAND and kind not in seen and not policy.lacks(kind, stops),
            waits=kind in policy.SEATS and not may_seat and kind not in done,
            parts=[made(one) for one in policy.SEATS] if kind == SetupKind.SEATS else [],
        )

    return Checklist([made(kind) for kind in policy.STEPS], policy.beside(stops))
