"""One group: facts, checks, six panels, members, record, and the tabs other apps add."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.audit_changes import change_words
from console.audit_words import verb_label
from console.pages import ConsoleView, TemplatePage, go, toast
from groups.enums import LIVE_STATES, TRANSITIONS, Question, State
from groups.models import Group
from groups.policies.checks import Finding, evaluate, passed
from groups.policies.plan import GroupPlan
from groups.selectors import change_list, group_facts, group_get, member_list, panels_counted, panels_of
from groups.selectors.findings import findings_since, with_judgement
from groups.selectors.group_tags import with_tags
from groups.selectors.incidents import incidents_of_group
from groups.selectors.koc import ROLES, mark_roles, role_members
from groups.selectors.members import seats_of, with_seats
from groups.selectors.violations import standing_of_members
from groups.selectors.wordings import wording_standing
from groups.services.moving import group_move
from groups.views import six
from groups.views.fresh import freshness_context
from team.selectors import staff_by_userids
from tenants import clock
from tenants.enums import Permission
from tenants.selectors import audit_list

MEMBERS_A_PAGE = 50
RECORD_ROWS = 60
WHICH = ("customers", "staff", "leads", "everyone", "left", *ROLES)


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
        base = {
            "group": group, "facts": facts, "findings": findings, "passed": passed(facts), "tab": tab,
            "staff": member_list(tenant_id=tenant.pk, group_id=group.pk, which="staff"),
            "panels": panels_counted(group),
            "moves": [State(one) for one in sorted(TRANSITIONS[group.state]) if group.state != State.PLANNING],
            "is_live": group.state in LIVE_STATES, "ends_at": facts.ends_at,
            "positioning": facts.answers.get(Question.POSITIONING, {}), "rules": facts.answers.get(Question.RULES, {}),
            "judged_at": group.judged_at,  # type: ignore[attr-defined]
            "wordings": wording_standing(group=group),
            "incidents": incidents_of_group(tenant_id=tenant.pk, group_id=group.pk),
            "tags_now": group.tags_now,  # type: ignore[attr-defined]
            "watch": _first_week(facts, findings), **_day_of(group, facts),
            **freshness_context(self.request, group),
        }  # fmt: skip
        return base | self._tab(group, facts, tab)

    def _tab(self, group: Group, facts: GroupPlan, tab: str) -> dict[str, Any]:
        if tab == "overview":
            since = findings_since(group)
            return {**six.overview(self.request, group, facts), "since": since}
        if tab == "members":
            return self._members(group, facts)
        if tab == "record":
            return self._record(group)
        for panel in panels_of(group):
            if panel.key == tab:
                return {"panel": panel, **panel.context(self.request, group)}
        raise Http404

    def _members(self, group: Group, facts: GroupPlan) -> dict[str, Any]:
        which = self.request.GET.get("which", "customers")
        which = which if which in WHICH else "customers"
        rows = member_list(
            tenant_id=group.tenant_id, group_id=group.pk, which="everyone" if which == "leads" else which
        )
        if which == "leads":
            rows = rows.filter(userid__in=[group.owner_userid, *group.admin_userids])
        if which in ROLES:
            rows = rows.filter(customer_id__in=role_members(group=group, role=which))
        figure = six.figure_asked(self.request, group, facts)
        if figure is not None:
            rows = member_list(tenant_id=group.tenant_id, group_id=group.pk, member_ids=figure.member_ids)
        if text := self.request.GET.get("q", "").strip():
            rows = rows.filter(customer__name__icontains=text)
        paginator = Paginator(rows, MEMBERS_A_PAGE)
        page = paginator.get_page(self.request.GET.get("page"))
        _name_inviters(page, group.tenant_id)
        _count_breaches(page, group)
        mark_roles(page, group=group)
        return {
            "which": which, "page": page, "paginator": paginator, "page_field": "page", "text": text, "figure": figure,
            "shows_left": which == "left" or any(row.left_at for row in page),
            **({"staff": figure.crew} if figure else {}),
        }  # fmt: skip

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


def _name_inviters(rows: Any, tenant_id: int) -> None:
    """Who brought each member in: the name of staff, else WeCom's id as it came."""
    found = staff_by_userids(tenant_id=tenant_id, userids={row.invited_by for row in rows if row.invited_by})
    for row in rows:
        row.inviter = str(found.get(row.invited_by, row.invited_by))


def _first_week(facts: GroupPlan, findings: list[Finding]) -> dict[str, Any] | None:
    """The watch over the first days of a running group; None when they are over."""
    if facts.goes_live_at is None or not facts.is_live:
        return None
    run = facts.now - facts.goes_live_at
    if run > timedelta(days=facts.limits.first_days):
        return None
    return {"day": run.days + 1, "is_silent": any(one.code == "LIFE-01" for one in findings)}


def _count_breaches(rows: Any, group: Group) -> None:
    """Breaches of the rules that count: in this group, and in all others of the company."""
    found = standing_of_members(tenant_id=group.tenant_id, userids={row.userid for row in rows})
    for row in rows:
        counts = found.get(row.userid, {})
        row.breaches = counts.get(group.pk, 0)
        row.breaches_elsewhere = sum(counts.values()) - row.breaches


def _day_of(group: Group, facts: Any) -> dict[str, Any]:
    """Which day of its life the group is in."""
    zone = group.tenant.timezone
    started = group.starts_on or (clock.local_date(group.goes_live_at, zone) if group.goes_live_at else None)
    return {
        "day_number": (facts.today - started).days + 1 if started and started <= facts.today else None,
        "days_total": (group.ends_on - started).days + 1 if started and group.ends_on else None,
        "days_left": (group.ends_on - facts.today).days if group.ends_on else None,
    }


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
