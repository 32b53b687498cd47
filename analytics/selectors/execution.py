"""How the SOP was carried out (R58), as sop declares it: due, in time, late, skipped, missed, without evidence."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

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


LEAST = 50


def execution_by(
    *, tenant_id: int, run_id: int | None = None, payments: Collection[str] = ()
) -> dict[str, list[Execution]]:
    """Execution by "step", "staff" and "group", of one run or of all, now; `payments`: in groups paid for in one of
    these ways only. One query."""
    found = execution_sides(tenant_id=tenant_id, run_id=run_id, payments=payments)
    of_all = [("run", run_id)] if run_id is not None else []
    asked = urlencode([*of_all, *(("payment", one) for one in payments)])
    return {by: _shown(by, rows, f"{asked}&" if asked else "") for by, rows in found.items()}


def _shown(by: str, rows: list[Figures], asked: str) -> list[Execution]:
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
            rows_of=asked
            + (f"step={one.key}&template={one.template_id}" if by == "step" else f"{by}={one.key}")
            if one.key is not None
            else "",
        )
        for one in rows
        if one.due or one.blocked
    ]


def least_done(rows: list[Execution]) -> list[Execution]:
    """What a long table shows at first: the rows that were carried out least, of those the larger; a short one all,
    in its own order."""
    if len(rows) <= 1.2 * LEAST:
        return rows
    return sorted(rows, key=lambda one: (1.0 if one.rate is None else one.rate, -one.due))[:LEAST]


def execution_total(rows: list[Execution]) -> Execution:
    """All rows together."""
    parts = ("due", "done", "late", "unproved", "skipped", "missed", "blocked")
    return Execution("", "", None, *(sum(getattr(one, part) for one in rows) for part in parts))
