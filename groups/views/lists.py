"""The group list: tabs, health at a glance, what waits for a decision, bulk actions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console.keys import key_of
from console.listing import BulkAction, ListPage
from console.pages import FormPage, go, render
from groups.enums import LIVE_STATES, Risk, State
from groups.filters import GroupFilter
from groups.forms import PlanForm
from groups.models import Group
from groups.policies.checks import Finding, evaluate
from groups.policies.naming import name_after
from groups.policies.plan import GroupPlan
from groups.selectors import (
    BROKEN,
    active_counts,
    counts,
    group_counts,
    group_facts_many,
    group_list,
    people_total,
)
from groups.selectors.bulk import bulk_verbs
from groups.selectors.first_days import in_first_days
from groups.selectors.group_tags import with_tags
from groups.selectors.naming import names_taken
from groups.selectors.setup_steps import Checklist, checklists, with_setup_steps
from groups.services.next_group import group_plan_next
from groups.services.setup import group_plan
from groups.tables import GroupTable
from groups.views.fresh import callbacks_for, stamp_for
from team.selectors import staff_contactable
from team.viewer import own_staff
from tenants import clock
from tenants.enums import Permission

DECIDE_ROWS = 6


@dataclass(frozen=True)
class Glance:
    """What a row shows of one group beyond its columns."""

    facts: GroupPlan
    findings: list[Finding]
    active: int | None
    active_before: int | None
    day_number: int | None
    days_total: int | None
    setup: Checklist | None = None

    @property
    def worst(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    @property
    def stops(self) -> int:
        return sum(finding.stops for finding in self.findings)

    @property
    def active_share(self) -> float | None:
        if self.active is None or not self.facts.customer_count:
            return None
        return self.active / self.facts.customer_count

    @property
    def active_change(self) -> float | None:
        """Percentage points against the week before, of the customers now in the group."""
        if self.active is None or self.active_before is None or not self.facts.customer_count:
            return None
        return 100 * (self.active - self.active_before) / self.facts.customer_count


def glances(*, tenant: Any, groups: Iterable[Group]) -> dict[int, Glance]:
    """{group id: Glance} in a constant number of queries."""
    rows = list(groups)
    now = clock.now()
    sitting = counts(tenant_id=tenant.pk, group_ids=[row.pk for row in rows])
    facts = group_facts_many(tenant=tenant, groups=rows, sitting=sitting)
    hours = max((fact.limits.active_hours for fact in facts.values()), default=0)
    since = now - timedelta(hours=hours)
    active = active_counts(
        tenant_id=tenant.pk, group_ids=[row.pk for row in rows if row.state in LIVE_STATES],
        before=since - timedelta(hours=hours), since=since, until=now + timedelta(seconds=1),
    )  # fmt: skip
    planned = [row for row in rows if row.state == State.PLANNING]
    setups = checklists(tenant=tenant, groups=planned, facts=facts, names_owners=False)
    found = {}
    for row in rows:
        fact = facts[row.pk]
        started = row.starts_on or (
            clock.local_date(row.goes_live_at, tenant.timezone) if row.goes_live_at else None
        )
        found[row.pk] = Glance(
            facts=fact,
            findings=evaluate(fact),
            setup=setups.get(row.pk),
            active=active[row.pk].now if row.pk in active else None,
            active_before=active[row.pk].before if row.pk in active else None,
            day_number=(fact.today - started).days + 1 if started and started <= fact.today else None,
            days_total=(row.ends_on - started).days + 1 if started and row.ends_on else None,
        )
    return found


@dataclass(frozen=True)
class Stage:
    """One stage of the life cycle and how many groups stand in it; `query` of the list shows them."""

    query: str
    label: str
    count: int


def _stage_query(state: State) -> str:
    """Archived groups stand in the tab of those that are over; the dissolved ones are counted apart."""
    return f"tab=over&state={state.value}" if state == State.ARCHIVED else f"state={state.value}"


def _mine(request: HttpRequest) -> Q:
    staff = own_staff(request)
    return Q(owner_id=staff.pk) if staff else Q(pk=None)


class GroupListPage(ListPage):
    """Groups by risk, then by end date."""

    template_name = "groups/list.html"
    partial_name = "groups/_list.html"
    table_class = GroupTable
    filterset_class = GroupFilter
    key = "groups"
    title = gettext_lazy("Groups")
    purpose = gettext_lazy(
        "First what waits for your decision, then what is about to go wrong. "
        "Each group says its stage, the cause of its health and the next step."
    )
    has_views = True

    @cached_property
    def tabs(self) -> dict[str, tuple[Any, Q]]:
        """The fixed views: key -> (label, rows)."""
        is_open = ~Q(state=State.ARCHIVED) & Q(dismissed_at=None)
        return {
            "": (pgettext("list of groups", "Open"), is_open),
            "mine": (_("Mine"), _mine(self.request) & is_open),
            "first": (
                pgettext("groups watched", "First days"),
                in_first_days(tenant_id=self.request.tenant.pk),
            ),
            "risk": (_("At risk"), Q(risk__gte=Risk.WARN, dismissed_at=None)),
            "planning": (_("Planning"), Q(state=State.PLANNING, dismissed_at=None)),
            "frozen": (_("Frozen"), Q(frozen_at__isnull=False, dismissed_at=None)),
            "over": (_("Over"), Q(state=State.ARCHIVED) | Q(dismissed_at__isnull=False)),
        }

    def queryset(self) -> QuerySet[Group]:
        rows = with_setup_steps(with_tags(group_list(tenant_id=self.request.tenant.pk)))
        chosen = self.tabs.get(self.request.GET.get("tab", ""))
        return rows.filter(chosen[1]) if chosen else rows

    def bulk(self) -> list[BulkAction]:
        if not self.can(Permission.OPERATE):
            return []
        return [
            BulkAction(_("Set type"), self.url("groups:bulk", verb="kind")),
            BulkAction(_("Give names"), self.url("groups:names")),
            BulkAction(pgettext("verb", "Tag"), self.url("groups:bulk_tag", verb="tag")),
            BulkAction(_("Take a tag off"), self.url("groups:bulk_tag", verb="untag")),
            BulkAction(_("Change owner"), self.url("groups:bulk", verb="owner")),
            *(BulkAction(verb.label, self.url("groups:bulk", verb=verb.key)) for verb in bulk_verbs()),
            BulkAction(_("Open an incident"), self.url("groups:incident_new")),
            BulkAction(_("Freeze sends"), self.url("groups:bulk", verb="freeze"), is_danger=True),
            BulkAction(_("Resume sends"), self.url("groups:bulk", verb="unfreeze")),
        ]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """`?part=people`: only the people of the filtered groups, which take longer to count than the page; with
        `?people=1` the page waits for them, for browsers that run no scripts."""
        if request.GET.get("part") != "people":
            return super().get(request, **kwargs)
        return render(request, "groups/_people.html", self._people())

    def _people(self) -> dict[str, int]:
        rows, _bar = self.filtered()
        seats, people = people_total(tenant_id=self.request.tenant.pk, group_ids=rows.order_by().values("pk"))
        return {"seats": seats, "people": people}

    def show(self, context: dict[str, Any]) -> HttpResponse:
        tenant, table = self.request.tenant, context["table"]
        rows = [row.record for row in table.page.object_list]
        urgent = list(
            group_list(tenant_id=tenant.pk).filter(risk__gte=Risk.WARN, dismissed_at=None)[:DECIDE_ROWS]
        )
        known = glances(tenant=tenant, groups={row.pk: row for row in [*rows, *urgent]}.values())
        callbacks = callbacks_for(self.request)
        for row in [*rows, *urgent]:
            row.glance = known[row.pk]  # type: ignore[attr-defined]
            row.stamp = stamp_for(row, callbacks)  # type: ignore[attr-defined]
        found = {
            "urgent": urgent,
            "callbacks": callbacks,
            "is_elsewhere": True,
        }
        if self.request.GET.get("people") == "1":
            found |= self._people()
        return super().show(context | found | self._aside())

    def _aside(self) -> dict[str, Any]:
        if self.request.htmx and not self.request.htmx.boosted:
            return {}
        tabs = self.tabs
        counted = group_counts(
            tenant_id=self.request.tenant.pk,
            **{f"tab_{key}": rows for key, (_label, rows) in tabs.items()},
            **{f"stage_{state}": Q(state=state, dismissed_at=None) for state in State.values},
            stage_dissolved=Q(dismissed_at__isnull=False),
            broken=BROKEN,
        )
        self.request.groups_broken = counted["broken"]  # the menu shows it: it need not count again
        stages = [
            Stage(_stage_query(state), str(state.label), counted[f"stage_{state.value}"]) for state in State
        ]
        stages.append(Stage("tab=over", _("Dissolved"), counted["stage_dissolved"]))
        return {
            "tabs": [(key, label, counted[f"tab_{key}"]) for key, (label, _rows) in tabs.items()],
            "present_tab": self.request.GET.get("tab", ""),
            "stages": stages,
            "stage_most": max(stage.count for stage in stages),
            "total": sum(stage.count for stage in stages),
            "live": sum(counted[f"stage_{state}"] for state in LIVE_STATES),
        }


class GroupPlanPage(FormPage):
    """Plan a group that does not exist yet."""

    permission = write_permission = Permission.OPERATE
    form_class = PlanForm
    template_name = "groups/plan.html"
    title = gettext_lazy("New group")
    purpose = gettext_lazy(
        "Think first, open it in WeCom when the checks pass. A group opened there under this name is recognised."
    )
    submit_label = gettext_lazy("Plan it")

    @cached_property
    def after(self) -> Group | None:
        """The group that the new one follows, `?after=`: what was decided for it is taken over."""
        asked = key_of(self.request.GET.get("after", ""))
        return group_list(tenant_id=self.request.tenant.pk).filter(pk=asked).first() if asked else None

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        own = own_staff(self.request)
        first: dict[str, Any] = {"leader": own.pk if own else ""}
        if self.after is None:
            return first
        taken = names_taken(tenant_id=self.request.tenant.pk)
        return {
            "name": name_after(str(self.after), taken), "series": self.after.series, "kind": self.after.kind,
            "leader": self.after.owner_id or first["leader"],
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"after": self.after}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        staff = staff_contactable(tenant_id=self.request.tenant.pk)
        return {"staff": [(one.pk, str(one)) for one in staff]}

    def done(self, form: PlanForm, **kwargs: Any) -> HttpResponse:
        data = form.cleaned_data
        told: dict[str, Any] = {
            "tenant": self.request.tenant, "name": data["name"], "series": data["series"], "kind": data["kind"],
            "starts_on": data["starts_on"], "leader_id": data["leader"], "actor": self.request.actor,
        }  # fmt: skip
        group = group_plan_next(after_id=self.after.pk, **told) if self.after else group_plan(**told)
        return go(self.request, self.url("groups:readiness", pk=group.pk))
