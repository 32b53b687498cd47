"""Retention by join week (R102): who still sits there, who still does something, and exactly who they are."""

from datetime import date, datetime
from functools import cached_property, partial
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.enums import CohortOf
from analytics.metrics import METRICS
from analytics.models import CohortCells
from analytics.policies import share
from analytics.selectors.camps import camp_get
from analytics.selectors.cohort_rows import CELLS
from analytics.selectors.cohorts import (
    NEWCOMERS,
    cohort_choices,
    cohort_persons,
    cohorts_of,
    counted_until,
)
from analytics.tables.cohorts import CohortTable
from analytics.views import PeopleTable, tabs
from console.listing import ListPage
from contacts.selectors import customer_list
from contacts.selectors.channels import channel_get
from groups.selectors import groups_by_id

SALT = "analytics.cohorts"
ON, SINCE = "on", "since"
VARIANTS = {ON: gettext_lazy("On that very day"), SINCE: gettext_lazy("On that day or later")}
CHARTED_WEEKS = 26
LINES = (("seat", 7, "solid", "circle"), ("seat", 30, "dashed", "rect"), ("act", 7, "dotted", "triangle"),
         ("act", 30, [8, 3, 2, 3], "diamond"))  # fmt: skip


def cell_label(cell: str) -> str:
    """ "Active in group, day 7" of "act_on_7"."""
    measure, _dash, days = cell.rpartition("_")
    return _("%(what)s, day %(n)s") % {"what": METRICS[measure].label, "n": days}


def people_url(view: Any, row: CohortCells, figure: str, until: datetime) -> str:
    """The people of a cell. What it says is signed, so that it cannot be made up."""
    said = {
        "tenant": view.request.tenant.pk, "of": row.of, "id": row.of_id, "week": row.week.isoformat(),
        "figure": figure, "until": until.isoformat(),
    }  # fmt: skip
    return f"{view.url('analytics:cohort_people')}?f={signing.dumps(said, salt=SALT, compress=True)}"


class CohortsPage(ListPage):
    """`?of=company|group|camp|channel&id=7`, `?by=on|since`; `?q=` looks for a group by name."""

    template_name = "analytics/cohorts.html"
    table_class = CohortTable
    key = "analytics.cohorts"
    has_views = False

    @cached_property
    def asked(self) -> tuple[str, int | None]:
        of, raw = self.request.GET.get("of", CohortOf.COMPANY), self.request.GET.get("id", "")
        if of not in CohortOf.values:
            raise Http404
        if of == CohortOf.COMPANY:
            return of, 0
        return of, int(raw) if raw.isdecimal() and len(raw) < 19 else None

    @cached_property
    def by(self) -> str:
        by = self.request.GET.get("by", ON)
        return by if by in VARIANTS else ON

    @cached_property
    def until(self) -> datetime | None:
        return counted_until(tenant_id=self.request.tenant.pk)

    @cached_property
    def named(self) -> str:
        """What the cohorts are of; Http404 for what is not this company's."""
        of, of_id = self.asked
        if of == CohortOf.COMPANY or of_id is None:
            return ""
        return name_of(self.request.tenant.pk, of, of_id)

    def queryset(self) -> QuerySet:
        of, of_id = self.asked
        rows = cohorts_of(tenant_id=self.request.tenant.pk, of=of, of_id=of_id or 0)
        return rows.none() if of_id is None or self.until is None else rows

    def table_kwargs(self) -> dict[str, Any]:
        until = self.until
        return {"by": self.by, "url": partial(people_url, self, until=until) if until else None}

    def context(self) -> dict[str, Any]:
        of, of_id = self.asked
        tenant_id, words = self.request.tenant.pk, self.request.GET.get("q", "").strip()[:64]
        rows = list(reversed(self.queryset()[:CHARTED_WEEKS])) if self.until else []
        is_open = of != CohortOf.COMPANY
        return {
            "tabs": tabs(self, "cohorts"), "of": of, "of_id": of_id, "named": self.named, "by": self.by,
            "ofs": CohortOf.choices, "variants": VARIANTS.items(), "until": self.until, "words": words,
            "choices": cohort_choices(tenant_id=tenant_id, of=of, words=words) if is_open else [],
            "chart": retention_chart(rows, self.by) if rows else None,
            "metrics": [METRICS[f"{one}_{self.by}"] for one in ("seat", "act")],
            "people_metric": METRICS["cohort_people"],
        }  # fmt: skip


def name_of(tenant_id: int, of: str, of_id: int) -> str:
    """The name of a group, camp or channel. Raises Http404, or Channel.DoesNotExist, which a page shows as one."""
    if of == CohortOf.CHANNEL:
        return channel_get(tenant_id=tenant_id, channel_id=of_id).name
    found: Any
    if of == CohortOf.GROUP:
        found = groups_by_id(tenant_id=tenant_id, group_ids=[of_id]).get(of_id)
    else:
        camp = camp_get(tenant_id=tenant_id, run_id=of_id)
        found = camp.name if camp else None
    if found is None:
        raise Http404
    return str(found)


def retention_chart(rows: list[CohortCells], by: str) -> dict[str, Any]:
    """Shares by join week, oldest first. Lines differ in dashes and marks, not in colour alone."""

    def line(what: str, days: int, dashes: Any, mark: str) -> dict[str, Any]:
        cell = f"{what}_{by}_{days}"
        shares = [share(getattr(one, cell), one.people) for one in rows]
        return {
            "name": cell_label(cell), "type": "line", "symbol": mark, "showSymbol": True, "symbolSize": 7,
            "lineStyle": {"type": dashes}, "data": [None if one is None else round(100 * one, 1) for one in shares],
        }  # fmt: skip

    return {
        "legend": {"show": True, "icon": None},
        "grid": {"top": 56},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [one.week.strftime("%m-%d") for one in rows]},
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": 100,
            "interval": 25,
            "axisLabel": {"formatter": "{value}%"},
        },
        "series": [line(*one) for one in LINES],
    }


class CohortPeoplePage(ListPage):
    """The people of one cell, as many as it said. What it is of stands signed in `?f=`."""

    template_name = "analytics/cohort_people.html"
    table_class = PeopleTable
    key = "analytics.cohort_people"
    has_views = False

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            said = signing.loads(request.GET.get("f", ""), salt=SALT)
        except signing.BadSignature as error:
            raise Http404 from error
        if said["tenant"] != self.request.tenant.pk or said["figure"] not in (NEWCOMERS, *CELLS):
            raise Http404
        self.said = said
        return super().get(request, **kwargs)

    @cached_property
    def persons(self) -> list[int]:
        said, tenant = self.said, self.request.tenant
        return cohort_persons(
            tenant_id=tenant.pk, of=said["of"], of_id=said["id"], week=date.fromisoformat(said["week"]),
            figure=said["figure"], until=datetime.fromisoformat(said["until"]), zone=tenant.timezone,
        )  # fmt: skip

    def queryset(self) -> QuerySet:
        ids = RawSQL("select unnest(%s::bigint[])", [[one for one in self.persons if one > 0]])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("contacts:detail", pk=pk), "tenant_id": self.request.tenant.pk}

    def context(self) -> dict[str, Any]:
        said, figure = self.said, self.said["figure"]
        is_all = figure == NEWCOMERS
        named = name_of(self.request.tenant.pk, said["of"], said["id"]) if said["id"] else ""
        return {
            "title": METRICS["cohort_people"].label if is_all else cell_label(figure),
            "metric": METRICS["cohort_people" if is_all else figure.rpartition("_")[0]],
            "week": date.fromisoformat(said["week"]), "at": datetime.fromisoformat(said["until"]), "named": named,
            "count": len(self.persons), "unnamed": sum(one < 0 for one in self.persons), "f": self.request.GET["f"],
            "back": f"{self.url('analytics:cohorts')}?of={said['of']}&id={said['id']}",
        }  # fmt: skip
