"""How the company and each group go: figures of days against those before, the league of groups, who is behind."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.filters import LeagueFilter
from analytics.metrics import METRICS
from analytics.models import DayFigures
from analytics.policies import share
from analytics.selectors.days import (
    AGES,
    MOVES,
    PEOPLE,
    PERIODS,
    Newest,
    Period,
    figure_moves,
    figure_persons,
    league,
    newest_day,
    peers_of,
    period_of,
)
from analytics.selectors.standings import team_group_ids
from analytics.tables import LeagueTable, MovesTable
from analytics.views import PeopleTable, tabs
from console.listing import ListPage
from console.pages import TemplatePage
from console.templatetags.q import figure, money, percent, signed
from contacts.selectors import customer_list
from groups.selectors import groups_by_id

SALT = "analytics.days"
SHARES = ("active", "speakers", "buyers")  # shown as a share of the customers, too
LOST = ("left",)  # where more is worse


class OverviewPage(TemplatePage):
    """The company, or one group by `?group=`, over the last `?days=` (7 or 28) against as many days before."""

    template_name = "analytics/overview.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, asked = self.request.tenant, self.request.GET.get("days", "")
        days = int(asked) if asked.isdecimal() and int(asked) in PERIODS else PERIODS[0]
        newest, group = newest_day(tenant_id=tenant.pk), self._group()
        shown: dict[str, Any] = {
            "tabs": tabs(self, "overview"),
            "days": days,
            "periods": PERIODS,
            "group": group,
        }
        if newest is None:
            return shown
        period = period_of(
            tenant_id=tenant.pk, newest=newest, days=days, group_id=group.pk if group else None
        )
        return {
            **shown, "newest": newest, "stats": self._stats(period, newest), "period": period,
            "chart": trend_chart(period.rows), "rows": list(reversed(period.rows[-days:])), "metrics": METRICS,
            "is_told": period.now["messages"] is not None,
        }  # fmt: skip

    def _group(self) -> Any:
        asked = self.request.GET.get("group", "")
        if not asked:
            return None
        pk = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
        found = groups_by_id(tenant_id=self.request.tenant.pk, group_ids=[pk])
        if pk not in found:
            raise Http404
        return found[pk]

    def _stats(self, period: Period, newest: Newest) -> list[dict[str, Any]]:
        names = ("customers", "joined", "left", "active", "speakers", "messages", "buyers", "paid_fen")
        return [self._stat(name, period, newest) for name in names]

    def _stat(self, name: str, period: Period, newest: Newest) -> dict[str, Any]:
        now, before = period.now[name], period.before[name]
        metric = METRICS[f"day_{name}"]
        group = self.request.GET.get("group", "")
        opens = {"messages": "speakers", "paid_fen": "buyers"}.get(name, name)
        url = figure_url(self, opens, newest, period.days, group) if now else ""
        return {
            "label": metric.label, "metric": metric, "value": money(now) if name == "paid_fen" and now is not None
            else figure(now), "unit": _unit(name, period), "url": url, **_delta(name, now, before, period.days),
        }  # fmt: skip


def figure_url(
    view: Any, name: str, newest: Newest, days: int, group: str, behind: Mapping[str, Any] | None = None
) -> str:
    """The list behind a figure. What it says is signed, so that it cannot be made up.

    `behind`: where else the list belongs to: {"team": department, "star": north star, "label": its name}.
    """
    said = {
        "tenant": view.request.tenant.pk, "group": int(group) if group else None, "figure": name,
        "day": newest.day.isoformat(), "until": newest.until.isoformat(), "days": days, **(behind or {}),
    }  # fmt: skip
    there = "analytics:day_moves" if name in MOVES else "analytics:day_people"
    return f"{view.url(there)}?f={signing.dumps(said, salt=SALT, compress=True)}"


def _unit(name: str, period: Period) -> str:
    now = period.now
    if name in SHARES:
        part = share(now[name], now["customers"])
        return "" if part is None else percent(part)
    if name == "left" and now["removed"]:
        return ngettext("%(n)s of them removed", "%(n)s of them removed", now["removed"]) % {
            "n": figure(now["removed"])
        }
    if name == "joined" and now["net"] is not None:
        return _("net %(n)s") % {"n": signed(now["net"])}
    if name == "messages" and now["speakers"]:
        return ngettext("by %(n)s person", "by %(n)s people", now["speakers"]) % {
            "n": figure(now["speakers"])
        }
    if name == "paid_fen" and now["orders"]:
        return ngettext("%(n)s order", "%(n)s orders", now["orders"]) % {"n": figure(now["orders"])}
    return ""


def _delta(name: str, now: int | None, before: int | None, days: int) -> dict[str, Any]:
    """How a figure moved against the days before; nothing where one of the two is unknown."""
    if now is None:
        return {"against": _("nothing tells of it yet")}
    against = ngettext("against the day before", "against the %(n)s days before", days) % {"n": days}
    if before is None:
        return {"against": _("no days before to compare with")}
    moved = now - before
    if not moved:
        return {"against": _("as many as in the %(n)s days before") % {"n": days}}
    is_good = (moved > 0) != (name in LOST)
    shown = money(abs(moved)) if name == "paid_fen" else figure(abs(moved))
    return {
        "delta": shown,
        "delta_up": moved > 0,
        "delta_tone": "ok" if is_good else "bad",
        "against": against,
    }


def trend_chart(rows: list[DayFigures]) -> dict[str, Any]:
    """Customers by day as bars, and the share that was active in the 7 days up to it as a line."""
    shares = [share(one.active_7, one.customers) for one in rows]
    return {
        "legend": {"show": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [one.day.strftime("%m-%d") for one in rows]},
        "yAxis": [
            {"type": "value", "minInterval": 1},
            {
                "type": "value", "min": 0, "max": 100, "interval": 25, "axisLabel": {"formatter": "{value}%"},
                "splitLine": {"show": False},
            },
        ],
        "series": [
            {"name": str(METRICS["day_customers"].label), "type": "bar", "data": [one.customers for one in rows]},
            {
                "name": _("Active in 7 days"), "type": "line", "yAxisIndex": 1, "showSymbol": False,
                "data": [None if one is None else round(100 * one, 1) for one in shares],
            },
        ],
    }  # fmt: skip


class LeaguePage(ListPage):
    """Groups by how alive they are, each beside the middle of its peers (R108's league)."""

    template_name = "analytics/league.html"
    table_class = LeagueTable
    filterset_class = LeagueFilter
    key = "analytics.league"
    title = gettext_lazy("Groups compared")

    @cached_property
    def newest(self) -> Newest | None:
        return newest_day(tenant_id=self.request.tenant.pk)

    def queryset(self) -> QuerySet:
        if self.newest is None:
            return DayFigures.objects.none()
        return league(tenant_id=self.request.tenant.pk, newest=self.newest).order_by(
            "-active_share", "group_id"
        )

    def table_kwargs(self) -> dict[str, Any]:
        tenant_id, newest = self.request.tenant.pk, self.newest
        period = period_of(tenant_id=tenant_id, newest=newest, days=7) if newest else None
        return {
            "url": lambda pk: f"{self.url('analytics:overview')}?group={pk}",
            "peers": peers_of(tenant_id=tenant_id, newest=newest) if newest else {},
            "at": newest.until if newest else None,
            "is_heard": period is None or period.now["messages"] is not None,
        }

    def context(self) -> dict[str, Any]:
        return {"newest": self.newest, "tabs": tabs(self, "league"), "ages": AGES}


class _Behind(ListPage):
    """A list behind a figure of days: what it is of stands signed in `?f=`."""

    has_views = False
    figures: tuple[str, ...]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            said = signing.loads(request.GET.get("f", ""), salt=SALT)
        except signing.BadSignature as error:
            raise Http404 from error
        if said["tenant"] != self.request.tenant.pk or said["figure"] not in self.figures:
            raise Http404
        self.said = said
        return super().get(request, **kwargs)

    def asked(self) -> dict[str, Any]:
        said, tenant_id = self.said, self.request.tenant.pk
        groups = [said["group"]] if said["group"] else None
        if said.get("team"):
            groups = team_group_ids(tenant_id=tenant_id, department_id=said["team"])
        return {
            "tenant_id": tenant_id, "group_ids": groups, "figure": said["figure"],
            "day": date.fromisoformat(said["day"]), "until": datetime.fromisoformat(said["until"]),
            "days": said["days"], "zone": self.request.tenant.timezone,
        }  # fmt: skip

    def context(self) -> dict[str, Any]:
        group_id = self.said["group"]
        found = groups_by_id(tenant_id=self.request.tenant.pk, group_ids=[group_id]) if group_id else {}
        metric = METRICS[f"day_{self.said['figure']}"]
        query = f"?days={self.said['days']}" + (f"&group={group_id}" if group_id else "")
        star = self.said.get("star")
        back = self.url("analytics:star", pk=star) if star else self.url("analytics:overview") + query
        return {
            "title": metric.label, "metric": metric, "at": datetime.fromisoformat(self.said["until"]),
            "days": self.said["days"], "group": found.get(group_id), "f": self.request.GET["f"], "back": back,
            "back_label": self.said.get("label", ""),
        }  # fmt: skip


class DayPeoplePage(_Behind):
    """The people of one figure, as many as it said."""

    template_name = "analytics/day_people.html"
    table_class = PeopleTable
    key = "analytics.day_people"
    figures = PEOPLE

    @cached_property
    def persons(self) -> list[int]:
        return figure_persons(**self.asked())

    def queryset(self) -> QuerySet:
        ids = RawSQL("select unnest(%s::bigint[])", [[one for one in self.persons if one > 0]])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("contacts:detail", pk=pk), "tenant_id": self.request.tenant.pk}

    def context(self) -> dict[str, Any]:
        unnamed = sum(one < 0 for one in self.persons)
        return {**super().context(), "count": len(self.persons), "unnamed": unnamed}


class DayMovesPage(_Behind):
    """The comings or goings of one figure, as many as it said."""

    template_name = "analytics/day_people.html"
    table_class = MovesTable
    key = "analytics.day_moves"
    figures = MOVES

    @cached_property
    def rows(self) -> QuerySet:
        return figure_moves(**self.asked())

    def queryset(self) -> QuerySet:
        return self.rows

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda name, pk: self.url(name, pk=pk), "is_left": self.said["figure"] == "left"}

    def context(self) -> dict[str, Any]:
        return {**super().context(), "count": self.rows.count(), "unnamed": 0, "are_times": True}
