"""Step funnels (R103): strict order, a window, segments, two beside each other, and exactly who is behind a figure."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.enums import FRIEND, FUNNEL_STEPS, Segment
from analytics.forms import STEPS, FunnelForm
from analytics.metrics import METRICS
from analytics.models import Funnel
from analytics.selectors.funnels import (
    DROPPED,
    PARTS,
    REACHED,
    WAITING,
    StepRow,
    funnel_get,
    funnel_list,
    funnel_people,
    funnel_segments,
    funnel_steps,
    segment_label,
    segment_names,
)
from analytics.services.funnels import funnel_again, funnel_ask, funnel_delete, funnel_name, ways_keep
from analytics.tables.funnels import FunnelTable
from analytics.views import PeopleTable, tabs
from console.listing import AsFile, ListPage
from console.pages import ConsoleView, FormPage, go, render, toast
from contacts.enums import BehaviourKind
from contacts.selectors import customer_list
from tenants.enums import Permission

HOURS_A_DAY = 24
PART_LABELS = {
    REACHED: gettext_lazy("got there"), DROPPED: gettext_lazy("dropped out"), WAITING: gettext_lazy("still on the way"),
}  # fmt: skip
READY: dict[str, list[str]] = {
    "purchase": [
        BehaviourKind.LINK_CLICK,
        BehaviourKind.PURCHASE_CLICK,
        BehaviourKind.PAY_CLICK,
        BehaviourKind.ORDER,
    ],
    "camp": [BehaviourKind.JOIN, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.ORDER],
    "group": [BehaviourKind.JOIN, FRIEND, BehaviourKind.MESSAGE, BehaviourKind.ORDER],
    "friend": [FRIEND, BehaviourKind.JOIN, BehaviourKind.MESSAGE, BehaviourKind.ORDER],
}


class FunnelsPage(ListPage):
    """The funnels that are kept."""

    template_name = "analytics/funnels.html"
    table_class = FunnelTable
    key = "analytics.funnels"
    has_views = False

    def queryset(self) -> QuerySet:
        return funnel_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": partial(self.url, "analytics:funnel"), "tenant_id": self.request.tenant.pk}

    def context(self) -> dict[str, Any]:
        return {"tabs": tabs(self, "funnels"), "has_some": self.queryset().exists()}


class FunnelNewPage(FormPage):
    """Ask for a funnel; `?ready=` begins with the steps of one of READY."""

    form_class = FunnelForm
    permission = Permission.WORK
    title = gettext_lazy("New funnel")
    purpose = gettext_lazy(
        "Steps that people take one after the other. It is counted in the background and shown as soon as it is done."
    )
    submit_label = gettext_lazy("Count")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        steps = READY.get(self.request.GET.get("ready", ""), [])
        return {f"step_{n}": str(step) for n, step in enumerate(steps, 1)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("analytics:funnels"), "steps": STEPS}

    def done(self, form: FunnelForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        funnel = funnel_ask(
            tenant=self.request.tenant, steps=told["steps"], window_hours=told["window"] * HOURS_A_DAY,
            days=told["days"], name=told["name"], actor=self.request.actor,
        )  # fmt: skip
        return go(self.request, self.url("analytics:funnel", pk=funnel.pk))


class FunnelWaysView(ConsoleView):
    """POST: keep the two ways in as funnels, and show them side by side."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        named = {_("A: group first"): READY["group"], _("B: friend first"): READY["friend"]}
        one, other = ways_keep(tenant=self.request.tenant, named=named, actor=self.request.actor)
        return go(request, f"{self.url('analytics:funnel', pk=one.pk)}?beside={other.pk}")


class FunnelPage(AsFile):
    """One funnel: `?by=tier` and so on tells segments apart, `?beside=` another funnel, `?export=csv|xlsx` a file.

    While it is counted the page says so, and `?part=figures` gives the figures alone as soon as they are there.
    """

    key = "analytics.funnel"

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        funnel = funnel_get(tenant_id=self.request.tenant.pk, funnel_id=pk)
        if "export" in request.GET:
            return self._file(funnel)
        context = self._figures(funnel)
        if request.GET.get("part") == "figures":
            return render(request, "analytics/_funnel_figures.html", context)
        others = funnel_list(tenant_id=self.request.tenant.pk).exclude(pk=funnel.pk)
        actor = self.request.actor
        is_mine = not funnel.name or funnel.owner_id == actor.id or self.can(Permission.MANAGE)
        page = {"tabs": tabs(self, "funnels"), "others": others, "can_change": self.can(Permission.WORK) and is_mine,
                "can_export": self.can(Permission.EXPORT), "can_work": self.can(Permission.WORK)}  # fmt: skip
        return render(request, "analytics/funnel.html", context | page, partial="analytics/funnel.html")

    def _figures(self, funnel: Funnel) -> dict[str, Any]:
        by = self.request.GET.get("by", Segment.TIER)
        by = by if by in Segment.values else Segment.TIER.value
        asked = self.request.GET.get("beside", "")
        beside = None
        if asked.isdecimal() and len(asked) < 19:
            beside = funnel_get(tenant_id=funnel.tenant_id, funnel_id=int(asked))
        labels = [FUNNEL_STEPS.get(one, one) for one in funnel.steps]
        steps = funnel_steps(funnel=funnel)
        return {
            "funnel": funnel, "labels": labels, "days": funnel.window_hours // HOURS_A_DAY, "by": by,
            "bys": Segment.choices, "metric": METRICS["funnel_reached"], "beside": beside,
            "tables": [self._table(one) for one in (funnel, beside) if one is not None],
            "chart": funnel_chart(labels, steps),
            "segments": [
                {"label": one.label, "cells": [self._cell(funnel, step, one.key) for step in one.steps]}
                for one in funnel_segments(funnel=funnel, by=by)
            ] if funnel.until else [],
        }  # fmt: skip

    def _table(self, funnel: Funnel) -> dict[str, Any]:
        labels = [FUNNEL_STEPS.get(one, one) for one in funnel.steps]
        rows = [
            {"label": label, "is_last": row.step == len(labels), **self._cell(funnel, row, "")}
            for label, row in zip(labels, funnel_steps(funnel=funnel), strict=True)
        ]
        return {"funnel": funnel, "rows": rows}

    def _cell(self, funnel: Funnel, row: StepRow, segment: str) -> dict[str, Any]:
        base = f"{self.url('analytics:funnel_people', pk=funnel.pk)}?step={row.step}&segment={segment}&part="
        return {"row": row} | {f"{part}_url": f"{base}{part}" for part in PARTS}

    def _file(self, funnel: Funnel) -> HttpResponseBase:
        by = self.request.GET.get("by", "")
        told = [(_("Everybody"), funnel_steps(funnel=funnel))]
        if by in Segment.values:
            told += [(one.label, one.steps) for one in funnel_segments(funnel=funnel, by=by)]
        head = [
            _("Segment"), _("Step"), _("Got there"), _("Of the first step"), _("Dropped out"), _("Still on the way"),
            _("Median seconds since the step before"),
        ]  # fmt: skip
        lines = [
            [
                name, str(FUNNEL_STEPS.get(funnel.steps[row.step - 1], "")), row.reached,
                "" if row.of_first is None else round(row.of_first, 4), row.dropped, row.waiting,
                "" if row.median_s is None else round(row.median_s),
            ]
            for name, steps in told for row in steps
        ]  # fmt: skip
        return self.send_lines(head, lines)


def funnel_chart(labels: list[Any], steps: tuple[StepRow, ...]) -> dict[str, Any]:
    """How many reached each step, as bars from left to right."""
    return {
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category", "data": [str(one) for one in labels],
            "axisLabel": {"interval": 0, "width": 90, "overflow": "break"},
        },
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": str(METRICS["funnel_reached"].label), "type": "bar", "barMaxWidth": 64,
                "label": {"show": True, "position": "top"}, "data": [one.reached for one in steps],
            }
        ],
    }  # fmt: skip


class FunnelActView(ConsoleView):
    """POST `name` (with `name`), `delete` or `again`."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        who = {"tenant": self.request.tenant, "funnel_id": pk, "actor": self.request.actor}
        if verb == "delete":
            funnel_delete(**who)
            toast(request, _("The funnel is deleted."))
            return go(request, self.url("analytics:funnels"))
        if verb == "again":
            funnel_again(**who)
        elif verb == "name":
            funnel_name(name=request.POST.get("name", ""), **who)
            toast(request, _("It stays, and is counted every night."))
        else:
            raise Http404
        return go(request, self.url("analytics:funnel", pk=pk))


class FunnelPeoplePage(ListPage):
    """`?step=2&part=reached|dropped|waiting&segment=tier:A`: the people of one figure, as many as it said."""

    template_name = "analytics/funnel_people.html"
    table_class = PeopleTable
    key = "analytics.funnel_people"
    has_views = False

    @property
    def asked(self) -> dict[str, Any]:
        asked = self.request.GET
        step, part, segment = asked.get("step", "1"), asked.get("part", REACHED), asked.get("segment", "")
        is_known = not segment or segment.partition(":")[0] in Segment.values
        is_step = step.isdecimal() and len(step) == 1 and 1 <= int(step) <= len(self.funnel.steps)
        if not is_step or part not in PARTS or not is_known:
            raise Http404
        return {"step": int(step), "part": part, "segment": segment[:32]}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        self.funnel = funnel_get(tenant_id=self.request.tenant.pk, funnel_id=kwargs["pk"])
        return super().get(request, **kwargs)

    def queryset(self) -> QuerySet:
        rows = funnel_people(funnel=self.funnel, **self.asked)
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=rows.values("customer_id"))

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("contacts:detail", pk=pk), "tenant_id": self.request.tenant.pk}

    def context(self) -> dict[str, Any]:
        asked, funnel = self.asked, self.funnel
        segment = asked["segment"]
        named = ""
        if segment:
            named = segment_label(
                segment, segment_names(tenant_id=funnel.tenant_id, by=segment.partition(":")[0])
            )
        step = FUNNEL_STEPS.get(funnel.steps[asked["step"] - 1], "")
        return {
            "title": f"{step}: {PART_LABELS[asked['part']]}", "funnel": funnel, "named": named,
            "count": funnel_people(funnel=funnel, **asked).count(), "metric": METRICS["funnel_reached"],
            "back": self.url("analytics:funnel", pk=funnel.pk), "at": funnel.until,
        }  # fmt: skip
