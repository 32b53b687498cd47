"""Camps, one camp, execution, the people behind a figure, and what every metric means."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.metrics import METRICS
from analytics.selectors.camps import (
    Flow,
    OrderDays,
    Stage,
    camp_get,
    camp_list,
    camp_rows,
    count_of,
    funnel,
    lift,
    order_days,
    tier_flow,
)
from analytics.selectors.execution import execution_by, execution_total, least_done
from analytics.selectors.people import Camp, People, figure_people, people_of
from console.exports import csv_response
from console.listing import ListPage
from console.pages import ConsoleView, TemplatePage, render
from console.tables import ConsoleTable
from console.templatetags.q import moment, tier
from contacts.selectors import customer_list, group_names
from groups.enums import PaymentBasis
from leads.selectors import tiers_of
from sop.filters import payments_asked
from sop.policies.peaks import peaks
from sop.selectors.execution import skip_reasons
from sop.selectors.peaks import peak_days
from tenants import clock
from tenants.enums import Permission

SALT = "analytics.people"
ORDERS = ("rarra", "aarrr")
TITLES = {
    "cohort": gettext_lazy("Cohort"),
    "late_joiners": gettext_lazy("Late joiners"),
    "present": gettext_lazy("In a group now"),
    "late": gettext_lazy("late joiners"),
    "done": gettext_lazy("got there"),
    "growing": gettext_lazy("can still grow"),
    "lost": gettext_lazy("lost"),
}


def people_query(camp: Camp, figure: str, at: datetime) -> str:
    """The signed query of a figure's people: which camp, which figure, as of when."""
    said = {"tenant": camp.tenant_id, "run": camp.run_id, "figure": figure, "at": at.isoformat()}
    return signing.dumps(said, salt=SALT, compress=True)


class CampView(ConsoleView):
    """Base of pages about one camp."""

    def camp(self, run_pk: int) -> Camp:
        found = camp_get(tenant_id=self.request.tenant.pk, run_id=run_pk)
        if found is None:
            raise Http404
        return found

    def people_url(self, camp: Camp, figure: str, at: datetime) -> str:
        return f"{self.url('analytics:people')}?f={people_query(camp, figure, at)}"


class CampsPage(TemplatePage):
    """All camps with their main figures."""

    template_name = "analytics/camps.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        rows = camp_rows(tenant_id=self.request.tenant.pk, now=now)
        return {
            "rows": [
                {
                    "row": row,
                    "url": self.url("analytics:camp", run_pk=row.camp.run_id),
                    "is_running": row.camp.starts_at <= now < row.camp.ends_at,
                    "is_planned": row.camp.starts_at > now,
                }
                for row in rows
            ],
            "metrics": METRICS,
            "tabs": tabs(self, "camps"),
        }


def tabs(view: ConsoleView, current: str) -> list[dict[str, Any]]:
    """The pages of insights."""
    names = (
        ("overview", _("Overview")),
        ("stars", _("North star")),
        ("league", _("Groups compared")),
        ("camps", _("Camps")),
        ("cohorts", _("Retention")),
        ("funnels", _("Funnels")),
        ("order_classes", _("Why bought")),
        ("leads:persona", _("Buyer persona")),
        ("paths", _("Ways in")),
        ("channels", _("Channel quality")),
        ("flows", _("Movements")),
        ("execution", _("Execution")),
        ("metrics", _("Definitions")),
    )
    return [
        {
            "label": label,
            "url": view.url(name if ":" in name else f"analytics:{name}"),
            "is_current": name == current,
        }
        for name, label in names
    ]


class CampPage(CampView):
    """One camp: `?order=aarrr` turns the funnel, `?export=csv` downloads it."""

    def get(self, request: HttpRequest, run_pk: int) -> Any:
        camp = self.camp(run_pk)
        now = clock.now()
        at = min(now, camp.ends_at)
        people = people_of(camp, at=at)
        order = request.GET.get("order", "rarra") if request.GET.get("order") in ORDERS else "rarra"
        stages = funnel(people, order=order)
        if request.GET.get("export") == "csv":
            return self.export(camp, stages)
        days = order_days(camp, zone=self.request.tenant.timezone, at=at)
        rows = execution_by(tenant_id=camp.tenant_id, run_id=run_pk)
        context = {
            "camp": camp,
            "camps": camp_list(tenant_id=camp.tenant_id)[:30],
            "day": (clock.local_date(at, self.request.tenant.timezone)
                    - clock.local_date(camp.starts_at, self.request.tenant.timezone)).days + 1,
            "at": at,
            "is_over": now >= camp.ends_at,
            "order": order,
            "stages": [self.stage_row(people, one) for one in stages],
            "lift": lift(people),
            "lift_points": _points(people),
            "figures": self.figures(people),
            "orders": days,
            **self.orders_context(camp, days, at),
            "buyers_url": self.people_url(camp, "revenue.done", at),
            "flow": self.flow_table(people),
            "execution": {by: {"rows": found, "total": execution_total(found)} for by, found in rows.items()},
            "reasons": skip_reasons(tenant_id=camp.tenant_id, run_id=run_pk),
            "metrics": METRICS,
            "can_export": self.can(Permission.EXPORT),
        }  # fmt: skip
        return render(request, "analytics/camp.html", context)

    def orders_context(self, camp: Camp, days: OrderDays, at: datetime) -> dict[str, Any]:
        """The chart of orders by camp day, with the two peaks that are expected and whether they came (R46)."""
        tenant = self.request.tenant
        expected = peak_days(tenant=tenant, run_id=camp.run_id)
        today = (clock.local_date(at, tenant.timezone) - days.days[0]).days + 1 if days.days else 0
        found = peaks(days.daily, opening=expected[0], end=expected[1], today=today) if expected else []
        names = {"opening": _("Opening"), "end": _("End of the offer")}
        return {
            "orders_chart": orders_chart(
                days, [(names[one.name], one.first, one.last) for one in found if one.came]
            ),
            "peaks": [(names[one.name], one) for one in found],
        }

    def stage_row(self, people: People, stage: Stage) -> dict[str, Any]:
        parts = ("done", "growing", "lost")
        return {
            "stage": stage,
            "links": {
                part: self.people_url(people.camp, f"{stage.metric.key}.{part}", people.at)
                for part in parts
                if getattr(stage, part) is not None
            },
        }

    def figures(self, people: People) -> list[dict[str, Any]]:
        """Who is looked at: each number with its list."""
        names = (("cohort", METRICS["cohort"]), ("present", None), ("late_joiners", METRICS["late_joiners"]))
        return [
            {
                "label": TITLES[name],
                "value": count_of(people, name),
                "url": self.people_url(people.camp, name, people.at),
                "metric": metric,
            }
            for name, metric in names
        ]

    def flow_table(self, people: People) -> dict[str, Any]:
        flow: Flow = tier_flow(people)
        most = max((n for row in flow.cells.values() for n in row.values()), default=0)
        rows = []
        for name in flow.rows:
            cells = [
                {
                    "column": column,
                    "n": flow.cells[name][column],
                    "heat": _heat(column, flow.cells[name][column], most),
                    "url": self.people_url(people.camp, f"flow:{name or '-'}:{column or '-'}", people.at),
                }
                for column in flow.columns
            ]
            rows.append({"tier": name, "cells": cells, "sum": sum(flow.cells[name].values())})
        return {"columns": flow.columns, "rows": rows, "total": flow.total}

    def export(self, camp: Camp, stages: list[Stage]) -> Any:
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        head = [_("Stage"), _("Got there"), _("Out of"), _("Rate"), _("Can still grow"), _("Lost")]
        body = [
            [
                str(one.metric.label),
                one.done,
                one.out_of,
                one.rate and round(one.rate, 4),
                one.growing,
                one.lost,
            ]
            for one in stages
        ]
        rows = [["" if cell is None else cell for cell in row] for row in body]
        return csv_response([head, *rows], f"camp-{camp.run_id}.csv")


def _points(people: People) -> dict[str, Any]:
    """Positions in percent for the interval drawing; the axis ends at twice the base rate or above the interval."""
    found = lift(people)
    top = max(2 * found.base_rate, (found.high or 0) * 1.1, 0.01)

    def at(value: float | None) -> float | None:
        return None if value is None else round(100 * value / top, 2)

    return {
        "base": at(found.base_rate),
        "rate": at(found.rate),
        "low": at(found.low),
        "high": at(found.high),
        "top": top,
    }


def _heat(column: str, number: int, most: int) -> str:
    if not number:
        return "is-nil"
    if column in ("won", "left"):
        return f"is-{column}"
    step = number / most if most else 0
    return "is-h4" if step > 0.5 else "is-h2" if step > 0.15 else "is-h1"


def orders_chart(days: OrderDays, expected: Sequence[tuple[str, int, int]] = ()) -> dict[str, Any]:
    """Stacked bars a day: asked first, prompted, not yet known; behind them the peaks that came (name, first, last)."""
    names = [_("Day %(n)s") % {"n": number} for number in range(1, len(days.days) + 1)]
    series = [
        (_("Asked first"), days.active),
        (_("Prompted"), days.stimulated),
        (_("Not yet known"), days.unknown),
    ]
    return {
        "legend": {"data": [name for name, _data in series]},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": name,
                "type": "bar",
                "stack": "orders",
                "data": data,
                **({"markArea": _areas(names, expected)} if expected and not number else {}),
            }
            for number, (name, data) in enumerate(series)
        ],
    }


def _areas(names: list[str], expected: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    return {
        "silent": True,
        "itemStyle": {"color": "--q-c1", "opacity": 0.12},
        "label": {"color": "--q-ink-2", "opacity": 1},
        "data": [
            [{"name": name, "xAxis": names[first - 1]}, {"xAxis": names[last - 1]}]
            for name, first, last in expected
            if 1 <= first <= last <= len(names)
        ],
    }


class CampOrdersView(CampPage):
    """GET by htmx: only the orders of a camp by day, for pages that show them beside something else."""

    def get(self, request: HttpRequest, run_pk: int) -> Any:
        camp = self.camp(run_pk)
        at = min(clock.now(), camp.ends_at)
        days = order_days(camp, zone=self.request.tenant.timezone, at=at)
        context = {
            **self.orders_context(camp, days, at),
            "at": at,
            "orders": days,
            "lift": lift(people_of(camp, at=at)),
            "buyers_url": self.people_url(camp, "revenue.done", at),
            "metrics": METRICS,
        }
        return render(request, "analytics/_orders.html", context, partial="analytics/_orders.html")


class ExecutionPage(TemplatePage):
    """Execution over all camps, or of one by `?run=`; `?payment=`: in groups paid for in this way only."""

    template_name = "analytics/execution.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        asked = self.request.GET.get("run", "")
        run_id = int(asked) if asked.isdecimal() else None
        tenant_id = self.request.tenant.pk
        payments, opened = payments_asked(self.request.GET), self.request.GET.get("all", "")
        found = execution_by(tenant_id=tenant_id, run_id=run_id, payments=payments)
        return {
            "execution": {
                by: {
                    "rows": rows if by == opened else least_done(rows),
                    "of": len(rows),
                    "total": execution_total(rows),
                }
                for by, rows in found.items()
            },
            "total": execution_total(found["staff"]),
            "reasons": skip_reasons(tenant_id=tenant_id, run_id=run_id, payments=payments),
            "payments": payments,
            "payment_bases": PaymentBasis.choices,
            "camps": camp_list(tenant_id=tenant_id)[:50],
            "run_id": run_id,
            "metric": METRICS["execution"],
            "tabs": tabs(self, "execution"),
            "at": now,
        }


class MetricsPage(TemplatePage):
    """Every metric with its formula, denominator, exclusions, time rule, source and owner (R95)."""

    template_name = "analytics/metrics.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"metrics": METRICS.values(), "tabs": tabs(self, "metrics")}


class PeopleTable(ConsoleTable):
    """Customers behind a figure."""

    name = tables.Column(verbose_name=gettext_lazy("Customer"))
    groups = tables.Column(verbose_name=gettext_lazy("Groups"), empty_values=(), orderable=False)
    tier = tables.Column(verbose_name=gettext_lazy("Tier"), empty_values=(), orderable=False)
    first_seen_at = tables.Column(verbose_name=gettext_lazy("First seen"))

    class Meta(ConsoleTable.Meta):
        row_header = "name"

    def __init__(self, *args: Any, url: Any, tenant_id: int, **kwargs: Any) -> None:
        self.url, self.known = url, _Known(tenant_id, self._shown)
        super().__init__(*args, **kwargs)

    def _shown(self) -> list[int]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return [row.record.pk for row in rows]

    def render_name(self, record: Any) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record.pk), record)

    def value_name(self, record: Any) -> str:
        return str(record)

    def render_groups(self, record: Any) -> str:
        return _(", ").join(self.known.groups.get(record.pk, [])) or "–"

    def render_tier(self, record: Any) -> SafeString:
        return tier(self.known.tiers.get(record.pk, ""))

    def value_tier(self, record: Any) -> str:
        return self.known.tiers.get(record.pk, "")

    def render_first_seen_at(self, record: Any) -> str:
        return moment(record.first_seen_at)


class _Known:
    """Groups and tiers of the people of one page, read when first asked for."""

    def __init__(self, tenant_id: int, shown: Callable[[], list[int]]) -> None:
        self.tenant_id, self.shown = tenant_id, shown
        self._groups: dict[int, list[str]] | None = None
        self._tiers: dict[int, str] | None = None

    @property
    def groups(self) -> dict[int, list[str]]:
        if self._groups is None:
            self._groups = group_names(tenant_id=self.tenant_id, customer_ids=self.shown())
        return self._groups

    @property
    def tiers(self) -> dict[int, str]:
        if self._tiers is None:
            self._tiers = tiers_of(tenant_id=self.tenant_id, customer_ids=self.shown())
        return self._tiers


class PeoplePage(ListPage):
    """The people of one figure: as many as the figure said. The query is signed, so it cannot be made up."""

    template_name = "analytics/people.html"
    table_class = PeopleTable
    key = "analytics.people"
    has_views = False

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        try:
            said = signing.loads(request.GET.get("f", ""), salt=SALT)
        except signing.BadSignature as error:
            raise Http404 from error
        camp = camp_get(tenant_id=self.request.tenant.pk, run_id=said["run"])
        if camp is None or said["tenant"] != self.request.tenant.pk:
            raise Http404
        self.camp, self.figure = camp, said["figure"]
        self.at = datetime.fromisoformat(said["at"])
        ids = figure_people(people_of(camp, at=self.at), self.figure)
        if ids is None:
            raise Http404
        self.ids = ids
        return super().get(request, **kwargs)

    def queryset(self) -> Any:
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=self.ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "url": lambda pk: self.url("contacts:detail", pk=pk),
            "tenant_id": self.request.tenant.pk,
        }

    def show(self, context: dict[str, Any]) -> HttpResponse:
        return super().show(context)

    def context(self) -> dict[str, Any]:
        name, _dot, part = self.figure.partition(".")
        if self.figure.startswith("flow:"):
            _flow, row, column = self.figure.split(":", 2)
            title = (
                f"{METRICS['tier_flow'].label}: {row if row != '-' else _('Unranked')} → {_flow_word(column)}"
            )
        elif name in METRICS:
            label = METRICS[name].label
            title = f"{label}: {TITLES[part]}" if part in TITLES else str(label)
        else:
            title = str(TITLES.get(name, name))
        return {
            "title": title, "camp": self.camp, "at": self.at, "count": len(self.ids), "metric": METRICS.get(name),
            "f": self.request.GET["f"],
        }  # fmt: skip


def _flow_word(column: str) -> str:
    words = {"won": _("won"), "left": _("left"), "-": _("Unranked"), "*": _("anywhere")}
    return words.get(column, column)
