"""How the SOP was carried out (R58), as sop declares it: due, in time, late, skipped, missed, without evidence."""

from dataclasses import dataclass
from typing import Any

from analytics.policies import share
from sop.selectors.execution import Execution as Figures
from sop.selectors.execution import execution_sides


@dataclass(frozen=True)
class Execution:
    """One step, colleague or group. `done` is in its window; the parts beside it add up to `due`.

    `rows_of`: the query string that opens its touches, without the figure.
    """

    key: Any
    name: str
    day: int | None
    due: int
    done: int
    late: int
    unproved: int
    skipped: int
    missed: int
    blocked: int
    rows_of: str = ""

    @property
    def rate(self) -> float | None:
        return share(self.done, self.due)


def execution_by(*, tenant_id: int, run_id: int | None = None) -> dict[str, list[Execution]]:
    """Execution by "step", "staff" and "group", of one run or of all, now. One query."""
    found = execution_sides(tenant_id=tenant_id, run_id=run_id)
    return {by: _shown(by, rows, run_id) for by, rows in found.items()}


def _shown(by: str, rows: list[Figures], run_id: int | None) -> list[Execution]:
    of_run = f"run={run_id}&" if run_id is not None else ""
    return [
        Execution(
            key=one.key or 0,
            name=one.name,
            day=one.day,
            due=one.due,
            done=one.in_window,
            late=one.late,
            unproved=one.no_evidence,
            skipped=one.skipped,
            missed=one.missed,
            blocked=one.blocked,
            rows_of=of_run
            + (f"step={one.key}&template={one.template_id}" if by == "step" else f"{by}={one.key}")
            if one.key is not None
            else "",
        )
        for one in rows
        if one.due or one.blocked
    ]


def execution_total(rows: list[Execution]) -> Execution:
    """All rows together."""
    parts = ("due", "done", "late", "unproved", "skipped", "missed", "blocked")
    return Execution("", "", None, *(sum(getattr(one, part) for one in rows) for part in parts))
