"""The two ways in side by side, and the people of each step (R30)."""

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models.expressions import RawSQL
from django.http import Http404
from django.utils.translation import gettext as _

from analytics.views import PeopleTable, tabs
from console.listing import ListPage
from console.pages import TemplatePage
from contacts.enums import PathStep, WayIn
from contacts.selectors import customer_list
from contacts.selectors.paths import StepFigures, WayFigures, basic_skus, people_on_way, way_figures
from tenants import clock

WINDOWS = (30, 90, 365)
EVERYONE = "all"


def window_of(raw: str) -> int:
    """The days asked for, or the middle window."""
    return int(raw) if raw.isdecimal() and int(raw) in WINDOWS else 90


class PathsPage(TemplatePage):
    """Both ways for everybody first seen in the last `?days=`."""

    template_name = "analytics/paths.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, now = self.request.tenant.pk, clock.now()
        days = window_of(self.request.GET.get("days", ""))
        found = way_figures(tenant_id=tenant_id, since=now - timedelta(days=days), until=now)
        return {
            "ways": [self._way(found.get(way, WayFigures()), way, days) for way in WayIn],
            "people": sum(one.people for one in found.values()),
            "untold": found.get("", WayFigures()).people,
            "untold_url": self._people("", EVERYONE, days),
            "by_hand": sum(one.by_hand for one in found.values()),
            "days": days,
            "windows": WINDOWS,
            "skus": basic_skus(tenant_id=tenant_id),
            "tabs": tabs(self, "paths"),
            "at": now,
        }

    def _way(self, found: WayFigures, way: WayIn, days: int) -> dict[str, Any]:
        return {
            "label": way.label,
            "people": found.people,
            "url": self._people(way, EVERYONE, days),
            "sourced": found.sourced,
            "steps": [self._step(way, step, days) for step in found.steps],
        }

    def _step(self, way: WayIn, step: StepFigures, days: int) -> dict[str, Any]:
        return {
            "label": step.step.label,
            "people": step.people,
            "rate": step.rate,
            "median_s": step.median_s,
            "url": self._people(way, step.step, days),
        }

    def _people(self, way: str, step: str, days: int) -> str:
        return f"{self.url('analytics:path_people')}?way={way}&step={step}&days={days}"


class PathPeoplePage(ListPage):
    """The people of one step: as many as the page counted."""

    template_name = "analytics/path_people.html"
    table_class = PeopleTable
    key = "analytics.paths"
    has_views = False

    @property
    def _asked(self) -> tuple[str, str]:
        way, step = self.request.GET.get("way", ""), self.request.GET.get("step", EVERYONE)
        if way not in ("", *WayIn.values) or step not in (EVERYONE, *PathStep.values):
            raise Http404
        return way, step

    @cached_property
    def _ids(self) -> list[int]:
        way, step = self._asked
        now, days = clock.now(), window_of(self.request.GET.get("days", ""))
        return people_on_way(
            tenant_id=self.request.tenant.pk, since=now - timedelta(days=days), until=now, way=way,
            step="" if step == EVERYONE else step,
        )  # fmt: skip

    def queryset(self) -> Any:
        ids = RawSQL("select unnest(%s::bigint[])", [self._ids])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "url": lambda pk: self.url("contacts:detail", pk=pk),
            "tenant_id": self.request.tenant.pk,
        }

    def context(self) -> dict[str, Any]:
        way, step = self._asked
        name = WayIn(way).label if way else _("The way in is not told")
        days = window_of(self.request.GET.get("days", ""))
        return {"title": name if step == EVERYONE else f"{name}: {PathStep(step).label}", "days": days}
