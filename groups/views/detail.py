"""One group: facts, checks, six panels, members, record, and the tabs other apps add."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from console.audit_changes import change_words
from console.audit_words import verb_label
from console.listing import FORMATS, RowsAsFile
from console.pages import ConsoleView, TemplatePage, go, render, toast
from groups.enums import LIVE_STATES, TRANSITIONS, Question, State
from groups.models import Group
from groups.policies.answers import AUDIENCE_SIDES
from groups.policies.checks import Finding, evaluate, passed
from groups.policies.known import why_nobody_known
from groups.policies.plan import GroupPlan
from groups.selectors import change_list, group_facts, group_get, member_list, panels_counted, panels_of
from groups.selectors.findings import findings_since, with_judgement
from groups.selectors.first_days import sources_of
from groups.selectors.group_tags import with_tags
from groups.selectors.incidents import incidents_of_group
from groups.selectors.members import seats_of, with_seats
from groups.selectors.wordings import wording_standing
from groups.services.moving import group_move
from groups.tables.members import MemberTable
from groups.views import six
from groups.views.fresh import freshness_context
from groups.views.members import members_asked, members_context, profiles_of
from groups.views.next_steps import next_steps
from team.selectors import staff_by_id
from tenants import clock
from tenants.enums import Permission
from tenants.selectors import audit_list

RECORD_ROWS = 60


def group_or_404(request: HttpRequest, pk: int, among: QuerySet[Group] | None = None) -> Group:
    """The tenant's group; a foreign id is a 404 like an unknown one. `among`: as group_get."""
    try:
        return group_get(tenant_id=request.tenant.pk, group_id=pk, among=among)  # type: ignore[attr-defined]
    except Group.DoesNotExist as error:
        raise Http404 from error


class GroupDetailPage(TemplatePage):
    """A group's page. `?tab=` chooses the tab; `?days=`, or `?from=&to=`, the range of the panels."""

    template_name = "groups/detail.html"
    partial_name = "groups/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        shown = with_seats(with_judgement(with_tags(Group.objects.all())))
        group = group_or_404(self.request, kwargs["pk"], shown)
        tenant = self.request.tenant
        facts = group_facts(tenant=tenant, group=group, seats=seats_of(group))
        self.request.group_facts = facts  # panels of other apps read it
        findings = evaluate(facts)
        tab = self.request.GET.get("tab", "overview")
        fresh = freshness_context(self.request, group)
        unknown = why_nobody_known(
            has_app=self.request.wecom_app is not None, is_linked=bool(group.chat_id),
            knows_members=group.knows_members or facts.members > 0,
        )  # fmt: skip
        base = {
            "group": group, "facts": facts, "findings": findings, "passed": passed(facts), "tab": tab,
            "members_unknown": unknown,
            "staff": [] if unknown else member_list(tenant_id=tenant.pk, group_id=group.pk, which="staff"),
            "crew": [] if group.chat_id else _crew(facts, tenant.pk),
            "panels": panels_counted(group),
            "moves": [State(one) for one in sorted(TRANSITIONS[group.state]) if group.state != State.PLANNING],
            "is_live": group.state in LIVE_STATES, "ends_at": facts.ends_at,
            "sides": [facts.answers.get(Question.POSITIONING, {}).get(side) for side in AUDIENCE_SIDES
                      if facts.answers.get(Question.POSITIONING, {}).get(side)],
            "positioning": facts.answers.get(Question.POSITIONING, {}), "rules": facts.answers.get(Question.RULES, {}),
            "judged_at": group.judged_at,  # type: ignore[attr-defined]
            "wordings": wording_standing(group=group),
            "incidents": incidents_of_group(tenant_id=tenant.pk, group_id=group.pk),
            "tags_now": group.tags_now,  # type: ignore[attr-defined]
            "watch": _first_week(facts, findings), **_day_of(group, facts),
            **fresh,
        }  # fmt: skip
        return base | self._tab(group, facts, tab, unknown)

    def _tab(self, group: Group, facts: GroupPlan, tab: str, unknown: str) -> dict[str, Any]:
        if tab == "overview":
            since = findings_since(group)
            watch = _first_week(facts, [])
            left = next_steps(tenant=self.request.tenant, group=group, facts=facts) if watch else []
            return {
                **({} if unknown else six.overview(self.request, group, facts)), "since": since, "next_steps": left,
                "next_done": sum(one.is_done for one in left),
            }  # fmt: skip
        if tab == "members":
            return members_context(self.request, group, facts)
        if tab == "record":
            return self._record(group)
        for panel in panels_of(group):
            if panel.key == tab:
                return {"panel": panel, **panel.context(self.request, group)}
        raise Http404

    def _record(self, group: Group) -> dict[str, Any]:
        ours = audit_list(tenant=self.request.tenant).filter(
            target_kind="groups.group", target_id=str(group.pk)
        )
        seen = change_list(tenant_id=group.tenant_id, group_id=group.pk)
        told = [
            (one, verb_label(one.verb), change_words(one.target_kind, one.changes))
            for one in ours[:RECORD_ROWS]
        ]
        return {"entries": told, "seen": list(seen[:RECORD_ROWS])}


def _crew(facts: GroupPlan, tenant_id: int) -> list[Any]:
    """The staff chosen to run a group that no chat belongs to yet, the owner to be first."""
    chosen = facts.answer(Question.MANAGEMENT).get("crew", [])
    found = staff_by_id(tenant_id=tenant_id, staff_ids=chosen)
    return [found[one] for one in chosen if one in found]


def _first_week(facts: GroupPlan, findings: list[Finding]) -> dict[str, Any] | None:
    """The watch over the first days of a running group; None when they are over."""
    if facts.goes_live_at is None or not facts.is_live:
        return None
    run = facts.now - facts.goes_live_at
    if run > timedelta(days=facts.limits.first_days):
        return None
    return {"day": run.days + 1, "is_silent": any(one.code == "LIFE-01" for one in findings)}


def _day_of(group: Group, facts: Any) -> dict[str, Any]:
    """Which day of its life the group is in."""
    zone = group.tenant.timezone
    started = group.starts_on or (clock.local_date(group.goes_live_at, zone) if group.goes_live_at else None)
    return {
        "day_number": (facts.today - started).days + 1 if started and started <= facts.today else None,
        "days_total": (group.ends_on - started).days + 1 if started and group.ends_on else None,
        "days_left": (group.ends_on - facts.today).days if group.ends_on else None,
    }


class GroupSourcesPart(ConsoleView):
    """From where people came in a group's first days: a part of its page that comes after it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        context = {"group": group, "sources": sources_of(group=group)}
        return render(request, "groups/_sources.html", context, partial="groups/_sources.html")


class GroupProfilesPart(ConsoleView):
    """How much of the camp's profiles is known: a part of the members tab that comes after it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        context = {"group": group, "profiles": profiles_of(group)}
        return render(request, "groups/_profiles.html", context, partial="groups/_profiles.html")


class GroupMembersFile(RowsAsFile):
    """The members that the tab shows, all of them, as a file: the parameters are those of the tab and `?export=`."""

    permission = Permission.EXPORT
    table_class = MemberTable
    key = "groups.members"

    def table_kwargs(self) -> dict[str, Any]:
        return {"group": self.group}

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        self.group = group_or_404(request, pk)
        if request.GET.get("export") not in FORMATS:
            raise Http404
        facts = group_facts(tenant=self.request.tenant, group=self.group)
        rows, _which, _figure = members_asked(request, self.group, facts)
        return self.export(
            self.table_class(rows.select_related("customer", "staff", "channel"), group=self.group)
        )


class GroupMovePage(ConsoleView):
    """Move a group along its life."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        moved = group_move(
            tenant=self.request.tenant, group_id=group.pk, state=request.POST.get("state", ""),
            reason=request.POST.get("reason", ""), actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("The group is now: %(state)s") % {"state": moved.get_state_display()})
        return go(request, self.url("groups:detail", pk=pk))
