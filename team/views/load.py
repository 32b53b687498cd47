"""The team's week: shifts, who stands in, what each carries, and who is overloaded (R124)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from console.pages import TemplatePage
from team.enums import LOAD_ITEMS, NIGHT_DAYS, StaffKind
from team.models import Staff, StaffProfile
from team.policies.shifts import Hours, Span
from team.selectors import loads, on_shift, own_metrics, staff_list
from team.selectors.load import Carried, carried
from team.selectors.profiles import profiles_of, staff_without_kind, staff_without_metric
from team.selectors.shifts import hours_of
from tenants import clock, preferences
from tenants.enums import Permission

PAGE_ROWS = 50
FINDING_ROWS = 12


@dataclass(frozen=True)
class Row:
    """One colleague's line. `cells`: (day, shift or None, whether it is a day off)."""

    staff: Staff
    profile: StaffProfile | None
    cells: list[tuple[date, Span | None, bool]]
    has_week: bool
    is_on: bool
    figures: list[tuple[int, bool]]  # of each load, and whether it is above its limit
    load: Carried

    @property
    def is_too_much(self) -> bool:
        return self.load.is_too_much or any(is_over for _count, is_over in self.figures)


class LoadPage(TemplatePage):
    """A row a person, a column a day."""

    template_name = "team/load.html"
    partial_name = "team/load.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, now = self.request.tenant, clock.now()
        where = {"tenant_id": tenant.pk}
        today = clock.local_date(now, tenant.timezone)
        monday = today - timedelta(days=today.weekday())
        if self.request.GET.get("week") == "next":
            monday += timedelta(days=7)
        days = [monday + timedelta(days=number) for number in range(7)]
        page = Paginator(staff_list(**where, active_only=True), PAGE_ROWS).get_page(
            self.request.GET.get("page")
        )
        ids = [one.pk for one in page]
        hours, profiles = hours_of(**where, staff_ids=ids, since=monday), profiles_of(**where, staff_ids=ids)
        working, load = on_shift(**where, at=now), carried(tenant=tenant, staff_ids=ids)
        limits = preferences.values(
            tenant.pk, LOAD_ITEMS, NIGHT_DAYS, *(one.limit for one in loads() if one.limit)
        )
        counted = [
            (one.label, one.provider(**where, staff_ids=ids), limits[one.limit.key] if one.limit else None)
            for one in loads()
        ]
        rows = []
        for one in page:
            week = hours.get(one.pk, Hours())
            cells = [(day, week.week.get(day.weekday()), day in week.days_off) for day in days]
            rows.append(Row(
                one, profiles.get(one.pk), cells, bool(week.week), working is None or one.pk in working,
                [
                    (count := figures.get(one.pk, 0), limit is not None and count > limit)
                    for _label, figures, limit in counted
                ],
                load[one.pk],
            ))  # fmt: skip
        return {
            "title": _("Load and shifts"),
            "rows": rows,
            "page": page,
            "heads": [(day, WEEKDAYS_ABBR[day.weekday()]) for day in days],
            "today": today,
            "is_next": monday > today,
            "labels": [label for label, _figures, _limit in counted],
            "limits": [(label, limit) for label, _figures, limit in counted if limit is not None],
            "kinds": StaffKind.choices,
            "no_kind": list(staff_without_kind(**where)[:FINDING_ROWS]),
            "no_metric": list(staff_without_metric(**where)[:FINDING_ROWS])
            if own_metrics(converts=True)
            else [],
            "items_limit": limits[LOAD_ITEMS.key],
            "nights_limit": limits[NIGHT_DAYS.key],
            "can_lead": self.can(Permission.APPROVE),
        }
