"""Who moved between two days (R107): stages, circles, tiers of a camp; every cell opens its people."""

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.metrics import METRICS
from analytics.selectors.camps import camp_get, camp_list
from analytics.selectors.flows import (
    CIRCLE,
    KINDS,
    NOWHERE,
    STAGE,
    TIER,
    UNRANKED,
    Asked,
    flow_counts,
    flow_people,
    places,
)
from analytics.selectors.people import LEFT, WON, Camp
from analytics.views import PeopleTable, tabs
from console.listing import FORMATS, AsFile, ListPage
from console.pages import ConsoleView, render
from contacts.selectors import customer_list, groups_for_choice
from contacts.selectors.stages import stage_names
from groups.enums import Circle
from leads.enums import TIERS
from tenants import clock
from tenants.enums import Permission

SALT = "analytics.flows"
DAYS = 7
CAMPS = 50
NAMES = {
    STAGE: gettext_lazy("Trust stages"),
    CIRCLE: gettext_lazy("Circles"),
    TIER: gettext_lazy("Tiers of a camp"),
}


def _day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None


def _number(raw: str) -> int | None:
    return int(raw) if raw.isdecimal() and len(raw) < 19 else None


class _Flow(ConsoleView):
    """What words of a flow mean to both pages."""

    def words(self, kind: str) -> dict[str, str]:
        """{place: as people read it}, without "" for nowhere."""
        if kind == STAGE:
            names = stage_names(tenant_id=self.request.tenant.pk)
            return {str(number): f"{number} {name}" for number, name in names.items()}
        if kind == CIRCLE:
            return {str(value): str(label) for value, label in Circle.choices}
        return {
            **{str(one): str(one) for one in TIERS}, WON: _("Won"), LEFT: _("No longer in a group"),
            UNRANKED: _("Unranked"),
        }  # fmt: skip


class FlowsPage(AsFile, _Flow):
    """`?of=` stage, circle or tier, between the ends of the days `?first=` and `?then=`; circles of one `?group=`,
    tiers of one `?camp=` (a run). The counts come after the page (`?part=figures`; `?figures=1` waits for them);
    `?export=csv` or `xlsx`: as a file."""

    key = "analytics.flows"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        asked = self.asked
        if request.GET.get("export") in FORMATS:
            return self._file()
        base = {
            "of": self.kind, "kinds": [(one, NAMES[one]) for one in KINDS], "asked": asked, "camps": self.camps,
            "groups": groups_for_choice(tenant_id=asked.tenant_id) if self.kind == CIRCLE else [],
            "tabs": tabs(self, "flows"), "metric": METRICS[f"{self.kind}_moves"], "at": asked.now,
            "can_export": self.can(Permission.EXPORT), "is_told": self.kind != TIER or asked.camp is not None,
        }  # fmt: skip
        if request.GET.get("part") == "figures":
            return render(request, "analytics/_flows.html", base | self._figures())
        if request.GET.get("figures"):
            base |= self._figures()
        return render(request, "analytics/flows.html", base, partial="analytics/flows.html")

    @cached_property
    def kind(self) -> str:
        asked = self.request.GET.get("of", "")
        return asked if asked in KINDS else STAGE

    @cached_property
    def camps(self) -> list[Camp]:
        return camp_list(tenant_id=self.request.tenant.pk)[:CAMPS] if self.kind == TIER else []

    @cached_property
    def asked(self) -> Asked:
        tenant, now, told = self.request.tenant, clock.now(), self.request.GET
        today = clock.local_date(now, tenant.timezone)
        then = min(_day(told.get("then", "")) or today, today)
        first = _day(told.get("first", "")) or then - timedelta(days=DAYS)
        if first >= then:
            first = then - timedelta(days=DAYS)
        group_id, camp = None, None
        if self.kind == CIRCLE and told.get("group"):
            group_id = _number(told["group"])
            if group_id not in dict(groups_for_choice(tenant_id=tenant.pk)):
                raise Http404
        if self.kind == TIER:
            camp = self._camp(told.get("camp", ""))
        return Asked(tenant.pk, self.kind, first, then, tenant.timezone, now, group_id, camp)

    def _camp(self, raw: str) -> Camp | None:
        if not raw:
            return self.camps[0] if self.camps else None
        number = _number(raw)
        found = camp_get(tenant_id=self.request.tenant.pk, run_id=number) if number else None
        if found is None:
            raise Http404
        return found

    def _figures(self) -> dict[str, Any]:
        """Rows with their cells; a cell that stays where it was is marked."""
        found = flow_counts(self.asked) if self.kind != TIER or self.asked.camp else {}
        words, columns = self.words(self.kind), places(self.kind, of=1)
        most = max((n for (before, after), n in found.items() if before != after), default=0)
        rows = []
        for before in places(self.kind, of=0):
            cells = [self._cell(before, after, found.get((before, after), 0), most) for after in columns]
            rows.append({
                "name": words.get(before) or _("Not here yet"), "cells": cells,
                "sum": sum(cell["n"] for cell in cells),
            })  # fmt: skip
        moved = sum(n for (before, after), n in found.items() if before not in (after, NOWHERE))
        return {
            "counted": True, "rows": rows, "columns": [words.get(one) or _("No longer here") for one in columns],
            "total": sum(found.values()), "moved": moved,
            "came": sum(n for (before, _after), n in found.items() if before == NOWHERE),
        }  # fmt: skip

    def _cell(self, before: str, after: str, many: int, most: int) -> dict[str, Any]:
        step = many / most if most else 0
        heat = "is-h4" if step > 0.5 else "is-h2" if step > 0.15 else "is-h1"
        css = "is-nil" if not many else "is-stay" if before == after else heat
        return {"n": many, "css": css, "url": self._people(before, after) if many else ""}

    def _people(self, before: str, after: str) -> str:
        asked = self.asked
        said = {
            "tenant": asked.tenant_id, "of": asked.kind, "first": asked.first_day.isoformat(),
            "then": asked.then_day.isoformat(), "now": asked.now.isoformat(), "group": asked.group_id,
            "camp": asked.camp.run_id if asked.camp else None, "before": before, "after": after,
        }  # fmt: skip
        return f"{self.url('analytics:flow_people')}?f={signing.dumps(said, salt=SALT, compress=True)}"

    def _file(self) -> HttpResponseBase:
        told = self._figures()
        lines = [[row["name"], *(cell["n"] for cell in row["cells"]), row["sum"]] for row in told["rows"]]
        return self.send_lines([_("Before ↓ after →"), *told["columns"], _("Sum")], lines)


class FlowPeoplePage(ListPage, _Flow):
    """The people of one cell, as many as it said: what it is of stands signed in `?f=`."""

    template_name = "analytics/flow_people.html"
    table_class = PeopleTable
    key = "analytics.flow_people"
    has_views = False

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            said = signing.loads(request.GET.get("f", ""), salt=SALT)
        except signing.BadSignature as error:
            raise Http404 from error
        tenant = self.request.tenant
        if said["tenant"] != tenant.pk:
            raise Http404
        camp = camp_get(tenant_id=tenant.pk, run_id=said["camp"]) if said["camp"] else None
        if said["of"] == TIER and camp is None:
            raise Http404
        self.said = said
        self.asked = Asked(
            tenant.pk, said["of"], date.fromisoformat(said["first"]), date.fromisoformat(said["then"]),
            tenant.timezone, datetime.fromisoformat(said["now"]), said["group"], camp,
        )  # fmt: skip
        return super().get(request, **kwargs)

    @cached_property
    def persons(self) -> list[int]:
        return flow_people(self.asked, before=self.said["before"], after=self.said["after"])

    def queryset(self) -> QuerySet:
        ids = RawSQL("select unnest(%s::bigint[])", [self.persons])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("contacts:detail", pk=pk), "tenant_id": self.request.tenant.pk}

    def context(self) -> dict[str, Any]:
        words, asked = self.words(self.asked.kind), self.asked
        before = words.get(self.said["before"]) or _("Not here yet")
        after = words.get(self.said["after"]) or _("No longer here")
        back = f"?of={asked.kind}&first={asked.first_day}&then={asked.then_day}"
        back += (
            f"&camp={asked.camp.run_id}"
            if asked.camp
            else f"&group={asked.group_id}"
            if asked.group_id
            else ""
        )
        return {
            "title": f"{before} → {after}", "count": len(self.persons), "asked": asked, "back": back,
            "metric": METRICS[f"{asked.kind}_moves"], "at": asked.now, "name": NAMES[asked.kind],
            "f": self.request.GET["f"],
        }  # fmt: skip
