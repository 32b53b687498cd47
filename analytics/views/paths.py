"""The two ways in side by side, and the people of each step (R30)."""

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from analytics.views import PeopleTable, tabs
from console.listing import ListPage
from console.pages import TemplatePage, is_part, render
from contacts.enums import PathStep, WayIn
from contacts.selectors import customer_list
from contacts.selectors.paths import (
    StepFigures,
    WayFigures,
    basic_skus,
    newcomers,
    people_on_way,
    way_figures,
)
from tenants import clock
from tenants.enums import Permission

WINDOWS = (30, 90, 365)
AT_ONCE = 5_000  # people whose ways are told with the page
EVERYONE = "all"


def window_of(raw: str) -> int:
    """The days asked for, or the middle window."""
    return int(raw) if raw.isdecimal() and int(raw) in WINDOWS else 90


class PathsPage(TemplatePage):
    """Both ways for everybody first seen in the last `?days=`.

    Of very many people the figures come after the page: `?part=figures` gives them alone; with `?figures=1` the page
    waits for them, for browsers that run no scripts.
    """

    template_name = "analytics/paths.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        days, now = window_of(request.GET.get("days", "")), clock.now()
        seen: dict[str, Any] = {
            "tenant_id": self.request.tenant.pk, "since": now - timedelta(days=days), "until": now,
        }  # fmt: skip
        if request.GET.get("part") == "figures":
            return render(request, "analytics/_paths.html", self._figures(days, seen))
        people = newcomers(**seen)
        base = {"people": people, "days": days, "windows": WINDOWS, "tabs": tabs(self, "paths"), "at": now}
        if people <= AT_ONCE or request.GET.get("figures"):
            base |= self._figures(days, seen)
        return render(request, self.template_name, base, partial=self.template_name)

    def _figures(self, days: int, seen: dict[str, Any]) -> dict[str, Any]:
        found = way_figures(**seen)
        return {
            "ways": [self._way(found.get(way, WayFigures()), way, days) for way in WayIn],
            "untold": found.get("", WayFigures()).people,
            "untold_url": self._people("", EVERYONE, days),
            "by_hand": sum(one.by_hand for one in found.values()),
            "skus": basic_skus(tenant_id=seen["tenant_id"]),
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
    """The people of one step: as many as the page counted.

    Where they are sought among very many the list comes after the page, by htmx: `?rows=1` waits for it, for browsers
    that run no scripts.
    """

    template_name = "analytics/path_people.html"
    table_class = PeopleTable
    key = "analytics.paths"
    has_views = False

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if is_part(request) or not request.GET.keys().isdisjoint(("export", "rows")):
            return super().get(request, **kwargs)
        days, now = window_of(request.GET.get("days", "")), clock.now()
        if (
            newcomers(tenant_id=self.request.tenant.pk, since=now - timedelta(days=days), until=now)
            <= AT_ONCE
        ):
            return super().get(request, **kwargs)
        later = {"is_later": True, "can_export": self.can(Permission.EXPORT), **self.context()}
        return render(request, self.template_name, later)

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
