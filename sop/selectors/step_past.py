"""How a step did in earlier runs, through all versions of its template, for whoever edits it."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Max

from sop.models import Run, Touch
from sop.selectors.execution import Execution, execution_of_step
from sop.selectors.materials import DONE, PEOPLE, Outcome, touch_outcomes

if TYPE_CHECKING:
    from sop.models import Step
    from tenants.models import Tenant

SHOWN = 6
TOUCHES_MOST = 2000  # of one step in these runs; more is said


@dataclass(frozen=True)
class Past:
    """A step in one run: how often it fell due and was done in time, and what came of what was sent."""

    run: Run
    version: int
    execution: Execution
    outcome: Outcome

    @property
    def figures(self) -> list[tuple[str, int | None]]:
        """(figure, people; None where it cannot be known)."""
        found = self.outcome.figures()
        return [(name, getattr(found, name)) for name in PEOPLE]


def step_past(*, tenant: "Tenant", step: "Step") -> list[Past]:
    """The latest runs in which a step of this key was due, the newest first. Eight queries."""
    touches = Touch.objects.filter(
        tenant=tenant, step__key=step.key, step__version__template=step.version.template_id
    )
    ids = list(
        touches.values("run")
        .annotate(last=Max("planned_at"))
        .order_by("-last")
        .values_list("run", flat=True)[:SHOWN]
    )
    if not ids:
        return []
    by_run = _outcomes(tenant, _sent(tenant, step, ids))
    runs = Run.objects.filter(tenant=tenant).select_related("version").in_bulk(ids)
    rates = execution_of_step(tenant_id=tenant.pk, key=step.key, run_ids=ids)
    return [Past(runs[pk], runs[pk].version.number, rates[pk], by_run.get(pk, Outcome())) for pk in ids]


def _sent(tenant: "Tenant", step: "Step", run_ids: list[int]) -> list[Touch]:
    rows = Touch.objects.filter(
        tenant=tenant, run__in=run_ids, step__key=step.key, state__in=DONE, done_at__isnull=False
    )
    return list(rows.select_related("step").order_by("-pk")[:TOUCHES_MOST])


def _outcomes(tenant: "Tenant", touches: list[Touch]) -> dict[int, Outcome]:
    found: dict[int, Outcome] = defaultdict(Outcome)
    for touch, outcome in zip(touches, touch_outcomes(tenant, touches), strict=True):
        found[touch.run_id].add(outcome)
    return found


def step_people(*, tenant: "Tenant", run: Run, key: str, figure: str) -> set[int]:
    """The people behind one figure. Raises KeyError for an unknown figure."""
    if figure not in PEOPLE:
        raise KeyError(figure)
    rows = Touch.objects.filter(tenant=tenant, run=run, step__key=key, state__in=DONE, done_at__isnull=False)
    touches = list(rows.select_related("step").order_by("-pk")[:TOUCHES_MOST])
    return getattr(_outcomes(tenant, touches).get(run.pk, Outcome()), figure) or set()
