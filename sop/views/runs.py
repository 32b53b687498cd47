"""Runs: the list, starting one, its calendar, and what may be changed while it runs."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.keys import key_of, keys_of
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, go, render, toast
from groups.selectors import group_facts_many, groups_to_pick, weeks_of_groups
from groups.selectors.group_tags import group_tag_choices, groups_tagged
from sop.enums import RunState
from sop.filters import RunFilter
from sop.forms import OfferForm, ReasonForm, RunForm, offer_default
from sop.models import Run, Step, Version
from sop.policies.weekdays import next_weekday
from sop.selectors.calendar import (
    Week,
    calendar_week,
    ledger,
    run_get,
    run_group_ids,
    run_last,
    run_list,
    runs_running,
)
from sop.selectors.findings import broken, explained
from sop.selectors.flow import flow_glance
from sop.selectors.preview import run_preview, weekday_to_start
from sop.selectors.templates import step_list, version_list_usable
from sop.selectors.timeline import day_bars
from sop.services.runs import (
    group_fits,
    group_is_ready,
    groups_busy,
    run_ask_offer_end,
    run_cancel,
    run_needs,
    run_set_groups,
    run_set_offer_end,
    run_start,
    works_inside,
)
from sop.tables import RunTable
from sop.views.days import day_named
from team.enums import PlanKind
from team.selectors.goals import goal_now, goals_served
from tenants import clock
from tenants.enums import Permission

KEPT = ("key_interaction", "interaction_url", "product_title", "product_url")


def found_run(request: Any, pk: int) -> Run:
    try:
        return run_get(tenant=request.tenant, run_id=pk)
    except Run.DoesNotExist as error:
        raise Http404 from error


def usable_versions(request: Any) -> list[Version]:
    """Published versions, the newest of each template only. Asked once a request."""
    if hasattr(request, "usable_versions"):
        return list(request.usable_versions)
    seen: set[int] = set()
    found = []
    for version in version_list_usable(tenant=request.tenant):
        if version.template_id not in seen:
            seen.add(version.template_id)
            found.append(version)
    request.usable_versions = found
    return found


class RunsPage(ListPage):
    """All runs."""

    table_class = RunTable
    filterset_class = RunFilter
    template_name = "sop/runs.html"
    key = "sop.runs"
    title = gettext_lazy("Runs")
    purpose = gettext_lazy("Each run carries one version out in some groups. It keeps its version for good.")

    def queryset(self) -> Any:
        return run_list(tenant=self.request.tenant)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}

    def context(self) -> dict[str, Any]:
        return {"has_versions": bool(usable_versions(self.request))}


class RunNewPage(FormPage):
    """From a template to a running camp on one page, with what it will ask of people before it starts."""

    template_name = "sop/run_new.html"
    form_class = RunForm
    write_permission = Permission.OPERATE
    picked: Sequence[int] | None = None  # groups picked elsewhere; None: by URL, else all that fit

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "versions": [(one.pk, f"{one.template.name} v{one.number}") for one in self.usable],
            "needs": {self.version.pk: run_needs(self.steps)} if self.version else {},
            "groups": [
                (one.pk, _label(one, self.busy.get(one.pk))) for one in self.groups if self.is_ready(one)
            ],
            "goal": goal_now(tenant=self.request.tenant),
        }

    @cached_property
    def usable(self) -> list[Version]:
        return usable_versions(self.request)

    @cached_property
    def version(self) -> Version | None:
        """The version that is chosen, the newest one at first."""
        asked = self.request.POST.get("version") or self.request.GET.get("version", "")
        return next(
            (one for one in self.usable if str(one.pk) == asked), self.usable[0] if self.usable else None
        )

    def starts_on(self) -> date:
        """The first day that is chosen; at first tomorrow, or the next day of the week that the steps speak of."""
        tomorrow = clock.local_date(clock.now(), self.request.tenant.timezone) + timedelta(days=1)
        asked = self.request.POST.get("starts_on") or self.request.GET.get("starts_on")
        return _day(asked, default=next_weekday(tomorrow, weekday_to_start(self.steps)))

    @cached_property
    def busy(self) -> dict[int, str]:
        """{group: the camp it is in on these days}."""
        if self.version is None:
            return {}
        found = groups_busy(
            tenant=self.request.tenant, group_ids=[one.pk for one in self.groups], version=self.version,
            starts_on=self.starts_on(),
        )  # fmt: skip
        return {row.group_id: row.run.name for row in found}

    def is_ready(self, group: Any) -> bool:
        """Whether the group may take part in what is chosen: staff work begins before a group is live."""
        return group_is_ready(group, is_inside=self.is_inside)

    @cached_property
    def is_inside(self) -> bool:
        return works_inside(self.steps)

    @cached_property
    def steps(self) -> list[Step]:
        """Those of the chosen version."""
        return step_list(version=self.version) if self.version else []

    @cached_property
    def groups(self) -> list[Any]:
        return list(groups_to_pick(tenant_id=self.request.tenant.pk))

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        starts_on, version = self.starts_on(), self.version
        return {
            **self.kept(version),
            "version": version.pk if version else None,
            "starts_on": starts_on,
            "name": _("%(template)s %(month)s")
            % {"template": version.template.name, "month": f"{starts_on:%y%m%d}"}
            if version
            else "",
            "groups": self._chosen(),
            "offer_ends_at": offer_default(starts_on, version.offer_day, version.offer_at)
            if version
            else None,
            "serves": self._serves(version),
        }

    def _serves(self, version: Version | None) -> str:
        """What the template says of the north star, as a beginning."""
        if version is None:
            return ""
        said = goals_served(tenant_id=self.request.tenant.pk, kind=PlanKind.VERSION, plan_ids=[version.pk])
        return said[version.pk].words if version.pk in said else ""

    @property
    def tag(self) -> str:
        """The group tag whose groups the run is for: an id, or "" for all groups."""
        asked = self.request.GET.get("tag", "")
        return asked if asked.isdecimal() and len(asked) < 19 else ""

    @cached_property
    def tagged(self) -> set[int]:
        rows = groups_tagged(tenant_id=self.request.tenant.pk, tag_ids=[int(self.tag)])
        return set(rows.values_list("group_id", flat=True))

    def is_chosen(self, group: Any) -> bool:
        return not self.tag or group.pk in self.tagged

    def _chosen(self) -> Sequence[Any]:
        if self.picked is not None:
            return self.picked
        return self.request.GET.getlist("groups") or [
            one.pk
            for one in self.groups
            if self.is_ready(one) and self.is_chosen(one) and self.is_fit(one) and one.pk not in self.busy
        ]

    def is_fit(self, group: Any) -> bool:
        return self.version is None or group_fits(group, self.version)

    def kept(self, version: Version | None) -> dict[str, Any]:
        """What the last run said, of this template where it ran before; what was typed before the template changed."""
        last = run_last(tenant=self.request.tenant, template_id=version.template_id if version else None)
        values = {name: getattr(last, name) if last else "" for name in KEPT}
        values["key_interaction"] = values["key_interaction"] or "live"
        return {**values, **{name: self.request.GET[name] for name in KEPT if self.request.GET.get(name)}}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "has_versions": bool(self.usable),
            "waiting": [one for one in self.groups if not self.is_ready(one)],
            "group_tags": group_tag_choices(tenant_id=self.request.tenant.pk),
            "present_tag": self.tag,
        }

    def done(self, form: RunForm, **kwargs: Any) -> HttpResponse:
        run = run_start(tenant=self.request.tenant, wish=form.to_wish(), actor=self.request.actor)
        toast(
            self.request,
            _("The run has started. Nothing goes out by itself: staff get tasks when a step is due."),
        )
        return go(self.request, self.url("sop:run", pk=run.pk))


def run_for_groups(request: Any, groups: Sequence[Any]) -> HttpResponse:
    """The page that starts a run, with the groups picked in their list. Says how many cannot take part yet."""
    page = RunNewPage(picked=[one.pk for one in groups if group_is_ready(one)])
    page.setup(request)
    waiting = len(groups) - len(page.picked or ())
    if waiting:
        said = ngettext(
            "%(n)s of them is not live and cannot take part",
            "%(n)s of them are not live and cannot take part",
            waiting,
        )
        toast(request, said % {"n": waiting})
    return page.get(request)


class RunPreviewView(RunNewPage):
    """POST by htmx: what the run in the form would ask of people. Writes nothing."""

    write_permission = Permission.VIEW

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = RunForm(request.POST, **self.form_kwargs())
        form.is_valid()
        data = form.cleaned_data
        version = next((one for one in self.usable if one.pk == data.get("version")), None)
        picked = set(data.get("groups") or [])
        chosen = [one for one in self.groups if one.pk in picked]
        if version is None or not data.get("starts_on") or not chosen:
            return render(request, "sop/_preview.html", {"preview": None}, partial="sop/_preview.html")
        preview = run_preview(
            tenant=self.request.tenant,
            version=version,
            groups=chosen,
            starts_on=data["starts_on"],
            offer_ends_at=data.get("offer_ends_at"),
        )
        context = {
            "preview": preview,
            "findings": sorted(
                [*explained(preview.findings), *broken(preview.broken)], key=lambda one: not one.stops
            ),
            "version": version,
            "groups": chosen,
            "bars": day_bars(preview.messages, version.days + version.after_days, preview.messages_limit),
        }
        return render(request, "sop/_preview.html", context, partial="sop/_preview.html")


def _label(group: Any, busy_in: str | None = None) -> str:
    """A group beside its check box: name, owner, size, and the camp that it is in on these days."""
    people = _("members not known yet")
    if group.knows_members:
        people = _("%(count)s people") % {"count": group.customer_count}
    parts = [str(group), str(group.owner or ""), people]
    if busy_in:
        parts.append(_("in “%(run)s” on these days") % {"run": busy_in})
    return " · ".join(part for part in parts if part)


class RunPage(TemplatePage):
    """The calendar of one run: groups by days, and the ledger of the chosen cell."""

    template_name = "sop/run.html"
    partial_name = "sop/run.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        run = found_run(self.request, kwargs["pk"])
        today = clock.local_date(clock.now(), tenant.timezone)
        day = _day(self.request.GET.get("day"), default=max(today, run.starts_on))
        running = runs_running(tenant=tenant)
        week = calendar_week(tenant=tenant, runs=[run], day=day)
        if run.state == RunState.RUNNING:
            _judge_weeks(tenant, week)
        chosen = key_of(self.request.GET.get("group"))
        return {
            "run": run,
            "running": running if run in running else [run, *running],
            "week": week,
            "day": day,
            "group_id": chosen,
            "group": next(
                (row.group for band in week.bands for row in band.rows if row.group.pk == chosen), None
            ),
            "ledger": ledger(tenant=tenant, run=run, group_id=chosen, day=day) if chosen else [],
            "previous": week.days[0] - timedelta(days=7),
            "following": week.days[0] + timedelta(days=7),
            "is_running": run.state == RunState.RUNNING,
            "glance": flow_glance(tenant=tenant, run=run),
        }


def _judge_weeks(tenant: Any, week: Week) -> None:
    """Give each row what the next seven days of its group break, over all its runs."""
    rows = [row for band in week.bands for row in band.rows]
    groups = [row.group for row in rows]
    facts = group_facts_many(tenant=tenant, groups=groups, sitting={row.group.pk: row.seats for row in rows})
    ahead = weeks_of_groups(tenant=tenant, groups=groups, known=facts)
    for row in rows:
        row.broken = ahead[row.group.pk].findings


def _day(raw: str | None, *, default: date) -> date:
    try:
        return day_named(raw)
    except ValueError:
        return default


class RunCancelPage(FormPage):
    """A drawer: call the run off, with a reason."""

    template_name = "sop/cancel_drawer.html"
    form_class = ReasonForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"run": found_run(self.request, kwargs["pk"])}

    def done(self, form: ReasonForm, **kwargs: Any) -> HttpResponse:
        found_run(self.request, kwargs["pk"])
        run_cancel(
            tenant=self.request.tenant,
            run_id=kwargs["pk"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("The run is called off. Nothing more goes out."))
        return go(self.request, self.url("sop:run", pk=kwargs["pk"]))


class RunOfferPage(FormPage):
    """A drawer: move the end of the offer, with a reason; an operator asks a leader to (R128)."""

    template_name = "sop/offer_drawer.html"
    form_class = OfferForm
    write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"offer_ends_at": found_run(self.request, kwargs["pk"]).offer_ends_at}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"run": found_run(self.request, kwargs["pk"]), "can_approve": self.can(Permission.APPROVE)}

    def done(self, form: OfferForm, **kwargs: Any) -> HttpResponse:
        found_run(self.request, kwargs["pk"])
        leads = self.can(Permission.APPROVE)
        act = run_set_offer_end if leads else run_ask_offer_end
        act(tenant=self.request.tenant, run_id=kwargs["pk"], actor=self.request.actor, **form.cleaned_data)
        said = _("The countdown follows the new end.") if leads else _("Asked: a team lead decides.")
        toast(self.request, said)
        return go(self.request, self.url("sop:run", pk=kwargs["pk"]))


class RunGroupsPage(ConsoleView):
    """A drawer: which groups take part from now on."""

    write_permission = Permission.OPERATE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = found_run(request, pk)
        chosen = set(run_group_ids(tenant_id=self.request.tenant.pk, run_id=pk))
        inside = works_inside(step_list(version=run.version))
        rows = groups_to_pick(tenant_id=self.request.tenant.pk)
        groups = [one for one in rows if group_is_ready(one, is_inside=inside)]
        context = {"run": run, "groups": groups, "chosen": chosen}
        return render(request, "sop/groups_drawer.html", context, partial="sop/groups_drawer.html")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found_run(request, pk)
        run_set_groups(
            tenant=self.request.tenant,
            run_id=pk,
            group_ids=keys_of(request.POST.getlist("groups")),
            actor=self.request.actor,
        )
        toast(request, _("The plan follows the groups. What has happened stays."))
        return go(request, self.url("sop:run", pk=pk))
