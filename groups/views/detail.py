"""One group: facts, checks, six panels, members, record, and the tabs other apps add."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console.audit_changes import change_words
from console.audit_words import verb_label
from console.pages import ConsoleView, TemplatePage, go, toast
from contacts.enums import BehaviourKind
from groups.enums import LIVE_STATES, TRANSITIONS, JoinScene, Question, State
from groups.models import Group
from groups.policies.checks import evaluate, passed
from groups.selectors import change_list, group_facts, group_get, member_list, panels, touches_of
from groups.selectors.chat import why_unknown
from groups.selectors.figures import (
    Book,
    book_of,
    daily_activity,
    people_of,
    rates_of,
    scenes_of,
)
from groups.selectors.findings import findings_since, judged_at
from groups.services.setup import group_move
from groups.views.fresh import freshness_context
from team.selectors import staff_by_userids
from tenants import clock
from tenants.enums import Permission
from tenants.selectors import audit_list

RANGES = (1, 7, 14)
DEFAULT_DAYS = 7
MEMBERS_A_PAGE = 50
RECORD_ROWS = 60
_RATE_LABELS = {
    "active": gettext_lazy("Activity rate"),
    "part": gettext_lazy("Participation rate"),
    "left": gettext_lazy("Leave rate"),
}
_DID = (
    (BehaviourKind.RADAR, gettext_lazy("Viewed tracked content")),
    (BehaviourKind.PURCHASE_CLICK, gettext_lazy("Opened a purchase link")),
    (BehaviourKind.LESSON, gettext_lazy("Finished a lesson")),
    (BehaviourKind.ASSIGNMENT, gettext_lazy("Handed in an assignment")),
    (BehaviourKind.CHECKIN, gettext_lazy("Checked in")),
    (BehaviourKind.RED_PACKET, gettext_lazy("Took a red packet")),
)


def group_or_404(request: HttpRequest, pk: int) -> Group:
    """The tenant's group; a foreign id is a 404 like an unknown one."""
    try:
        return group_get(tenant_id=request.tenant.pk, group_id=pk)  # type: ignore[attr-defined]
    except Group.DoesNotExist as error:
        raise Http404 from error


class GroupDetailPage(TemplatePage):
    """A group's page. `?tab=` chooses the tab, `?days=` the range of the panels."""

    template_name = "groups/detail.html"
    partial_name = "groups/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        group = group_or_404(self.request, kwargs["pk"])
        tenant = self.request.tenant
        facts = group_facts(tenant=tenant, group=group)
        findings = evaluate(facts)
        tab = self.request.GET.get("tab", "overview")
        base = {
            "group": group, "facts": facts, "findings": findings, "passed": passed(facts), "tab": tab,
            "staff": list(member_list(tenant_id=tenant.pk, group_id=group.pk, which="staff")),
            "panels": [(panel, panel.count(group)) for panel in panels()],
            "moves": [State(one) for one in sorted(TRANSITIONS[group.state]) if group.state != State.PLANNING],
            "is_live": group.state in LIVE_STATES, "ends_at": facts.ends_at,
            "positioning": facts.answers.get(Question.POSITIONING, {}), "rules": facts.answers.get(Question.RULES, {}),
            "since": findings_since(tenant_id=tenant.pk, group_id=group.pk),
            "judged_at": judged_at(tenant_id=tenant.pk),
            **_day_of(group, facts), **freshness_context(self.request, group),
        }  # fmt: skip
        return base | self._tab(group, tab)

    def _tab(self, group: Group, tab: str) -> dict[str, Any]:
        if tab == "overview":
            return self._overview(group)
        if tab == "members":
            return self._members(group)
        if tab == "record":
            return self._record(group)
        for panel in panels():
            if panel.key == tab:
                return {"panel": panel, **panel.context(self.request, group)}
        raise Http404

    def _days(self) -> int:
        asked = self.request.GET.get("days", "")
        return int(asked) if asked.isdecimal() and int(asked) in RANGES else DEFAULT_DAYS

    def _book(self, group: Group) -> Book:
        return book_of(group=group, zone=self.request.tenant.timezone, days=self._days())

    def _overview(self, group: Group) -> dict[str, Any]:
        book, days = self._book(group), self._days()
        scenes = scenes_of(book)
        return {
            "days": days, "ranges": RANGES, "customers": len(book.customers),
            "unknown_names": book.nameless,
            "scenes": [(scene, JoinScene(scene).label, scenes[scene]) for scene in JoinScene.values],
            "details": _details(book),
            "rates": [(rate, _RATE_LABELS[rate.key]) for rate in rates_of(book)],
            "net": len(book.joined(book.range)) - len(book.left(book.range)),
            "chart": _chart(book, self.request.tenant.timezone, days),
            "points": daily_activity(book, zone=self.request.tenant.timezone),
            **_chat(group, book),
            "did": [
                (kind.value, label, len(book.people([kind], book.range)), book.times([kind], book.range))
                for kind, label in _DID
            ],
            "touches": touches_of(
                tenant_id=group.tenant_id, group_id=group.pk, since=book.range.since, until=book.range.until
            ),
            "range": book.range, "as_of": clock.now(),
        }  # fmt: skip

    def _members(self, group: Group) -> dict[str, Any]:
        which = self.request.GET.get("which", "customers")
        which = which if which in ("customers", "staff", "left") else "customers"
        rows = member_list(tenant_id=group.tenant_id, group_id=group.pk, which=which)
        key, when = self.request.GET.get("people", ""), self.request.GET.get("when", "range")
        if key:
            rows = rows.filter(customer_id__in=people_of(self._book(group), key, when))
        if text := self.request.GET.get("q", "").strip():
            rows = rows.filter(customer__name__icontains=text)
        paginator = Paginator(rows, MEMBERS_A_PAGE)
        page = paginator.get_page(self.request.GET.get("page"))
        _name_inviters(page, group.tenant_id)
        return {
            "which": which, "page": page, "paginator": paginator, "page_field": "page", "people_key": key, "when": when,
            "days": self._days(), "people_label": _people_label(key, when), "text": text,
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


def _day_of(group: Group, facts: Any) -> dict[str, Any]:
    """Which day of its life the group is in."""
    zone = group.tenant.timezone
    started = group.starts_on or (clock.local_date(group.goes_live_at, zone) if group.goes_live_at else None)
    return {
        "day_number": (facts.today - started).days + 1 if started and started <= facts.today else None,
        "days_total": (group.ends_on - started).days + 1 if started and group.ends_on else None,
        "days_left": (group.ends_on - facts.today).days if group.ends_on else None,
    }


def _details(book: Book) -> list[tuple[str, Any, list[tuple[str, int]]]]:
    """Rows of the second panel: (key, label, [(when, people)])."""
    labels = (
        ("joined", pgettext("count of members", "Joined")),
        ("left", pgettext("count of members", "Left")),
        ("active", pgettext("count of members", "Active")),
        ("buyers", _("Paying")),
    )
    return [
        (key, label, [(when, len(people_of(book, key, when))) for when in ("today", "range", "ever")])
        for key, label in labels
    ]


def _chat(group: Group, book: Book) -> dict[str, Any]:
    """Customer messages of the range; `chat` is None when this group is not heard, and `chat_why` says why not."""
    kinds = [BehaviourKind.MESSAGE]
    why_not, source = why_unknown(tenant_id=group.tenant_id, chat_id=group.chat_id)
    seen = bool(book.people(kinds) or book.times(kinds, book.range))
    figures = {"count": book.times(kinds, book.range), "people": len(book.people(kinds, book.range))}
    return {"chat": figures if seen or not why_not else None, "chat_why": why_not, "chat_source": source}


def _chart(book: Book, zone: str, days: int) -> dict[str, Any] | None:
    """The activity rate by day as an ECharts option; None for a single day or nobody to divide by."""
    points = daily_activity(book, zone=zone)
    if days == 1 or not book.customers:
        return None
    return {
        "xAxis": {"type": "category", "boundaryGap": False, "data": [day for day, _value in points]},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
        "series": [
            {
                "name": str(_RATE_LABELS["active"]),
                "type": "line",
                "data": [None if value is None else round(100 * value, 1) for _day, value in points],
            }
        ],
    }


def _people_label(key: str, when: str) -> str:
    """What the shown people have in common, in words."""
    if not key:
        return ""
    names = {
        "joined": pgettext("count of members", "Joined"),
        "left": pgettext("count of members", "Left"),
        "active": pgettext("count of members", "Active"),
        "buyers": _("Paying"),
        "part": _("Took part"),
        **{f"scene-{scene.value}": scene.label for scene in JoinScene},
        **{kind.value: kind.label for kind in BehaviourKind},
    }  # fmt: skip
    times = {"today": _("today"), "range": _("in the range"), "ever": _("so far")}
    return f"{names.get(key, key)} · {times.get(when, when)}"


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
