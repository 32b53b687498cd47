"""Figures of days of such a company: half a year of each of its 1,000 groups and of the company."""

from typing import Any

from benchmarks.page_work import Each

DAYS, GROUPS = 180, 1_000
_DAY = f"current_date - mod(n, {DAYS})"

FIRST: dict[str, dict[str, Any]] = {
    "analytics.DayFill": {"wanted": 1, "done": 1},
    "analytics.DayFigures": {"customers": 200, "active_7": 60, "active_28": 90},
}
# The last rows are of the whole company.
TABLES: dict[str, tuple[int, dict[str, str | Each]]] = {
    "analytics.DayFill": (DAYS, {"day": _DAY, "until": f"{_DAY} + interval '1 day'", "filled_at": "now()"}),
    "analytics.DayFigures": (DAYS * (GROUPS + 1), {
        "day": _DAY, "group_id": Each("groups.Group", f"n / {DAYS}", but=f"n >= {DAYS * GROUPS}"),
        "joined": "mod(n * 7, 9)", "left": "mod(n * 5, 4)", "speakers_7": "mod(n, 40)", "orders": "mod(n * 3, 5)",
    }),
}  # fmt: skip
