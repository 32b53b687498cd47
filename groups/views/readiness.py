"""The readiness gate: six questions, live checks, a preview of what members see, and going live."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import ConsoleView, go, render, toast
from groups.enums import PLAN_DAYS, ContentKind, Kind, Question, Severity, Slot, State
from groups.errors import AnswerInvalid, NotReady
from groups.forms import ANSWER_FIELDS, ApproveForm, ReadinessForm
from groups.models import Group
from groups.policies import answers, names
from groups.policies.checks import Finding, evaluate, passed
from groups.policies.openings import PLANS
from groups.policies.plan import GroupPlan
from groups.selectors import group_facts
from groups.selectors.results import goal_of
from groups.selectors.setup_steps import checklists
from groups.selectors.wordings import wording_standing
from groups.services.approvals import check_ask, kinds_ask, target_of
from groups.services.fixes import group_fix, promise_draft
from groups.services.moving import group_go_live
from groups.services.readiness import readiness_save
from groups.services.setup import group_approve, kind_needs_approval
from groups.views.detail import group_or_404
from groups.views.results import opening_filled
from team.selectors import approvals_of_targets, staff_contactable
from tenants.enums import Permission

_NEXT_KIND: dict[str, str] = {
    "": ContentKind.VALUE,
    "value": ContentKind.TALK,
    "talk": ContentKind.MARKETING,
    "marketing": "",
}
STEPS = (
    ("type", gettext_lazy("Type")), ("positioning", gettext_lazy("1 Positioning")),
    ("operation", gettext_lazy("2 How we operate")), ("deliverable", gettext_lazy("3 What we deliver")),
    ("rules", gettext_lazy("4 Rules")), ("management", gettext_lazy("5 Management")),
    ("ending", gettext_lazy("6 How it ends")), ("crisis", gettext_lazy("Crisis plan")),
    ("name", gettext_lazy("Name and size")), ("welcome", gettext_lazy("Welcome")),
)  # fmt: skip
TYPE_CARDS = (
    (
        Kind.FLASH,
        gettext_lazy("Short events: flash sale, group buy, live stream"),
        gettext_lazy("Never runs long"),
        gettext_lazy("Has an end time and is dissolved then"),
        "FLASH-01",
    ),
    (
        Kind.NEW_USER,
        gettext_lazy("Brings new customers to buy again, upgrade, recommend"),
        gettext_lazy("Never ads only"),
        gettext_lazy("At most half marketing, value or talk every day"),
        "NEW-02",
    ),
    (
        Kind.SUPER_USER,
        gettext_lazy("Three super users in ten carry seven potential ones"),
        gettext_lazy("Never neglected"),
        gettext_lazy("An empty week raises an alarm; by invitation only"),
        "SUPER-01",
    ),
    (
        Kind.DELIVERY,
        gettext_lazy("Delivers the course or service that was paid for"),
        gettext_lazy("Never over-promises"),
        gettext_lazy("Each promise has a date and evidence"),
        "DELIV-01",
    ),
)


class ReadinessPage(ConsoleView):
    """GET shows the gate. POST saves what is typed; htmx gets the checks, the week and the preview back.

    `fix` among the values names what one press mends (services.fixes), after saving what was typed before it:
    `whole` says that the page's values came along.
    """

    permission = Permission.VIEW
    write_permission = Permission.OPERATE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        return render(request, "groups/readiness.html", self._context(group), partial="groups/readiness.html")

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        what = request.POST.get("fix", "")
        if what and "whole" not in request.POST:
            return self._mended(pk, what)
        form = ReadinessForm(request.POST)
        if not form.is_valid():
            return self._answer(request, group, form, status=422)
        self._save(request, group, form)
        if what:
            return self._mended(pk, what)
        if request.htmx:  # type: ignore[attr-defined]
            return self._answer(request, group_or_404(request, pk), form)
        toast(request, _("Draft saved"))
        return go(request, self.url("groups:readiness", pk=pk))

    def _save(self, request: HttpRequest, group: Group, form: ReadinessForm) -> None:
        kinds = form.kinds()
        if kind_needs_approval(group, kinds["kind"], self.request.actor):
            self._ask_kind(group, kinds, form.cleaned_data["reason"])
            kinds |= {"kind": group.kind, "sub_kind": group.sub_kind}
        readiness_save(
            tenant=self.request.tenant, group_id=group.pk, plan=form.plan(), kinds=kinds,
            answered=self._answered(request, group, form), reason=form.cleaned_data["reason"], actor=self.request.actor,
            keep_words="keep" in request.POST or not request.htmx,  # type: ignore[attr-defined]
        )  # fmt: skip

    def _ask_kind(self, group: Group, kinds: dict[str, str], reason: str) -> None:
        """Another type of a live group waits for a leader; while somebody still types nothing is asked."""
        if self.request.htmx or not kinds["kind"]:
            return
        kinds_ask(
            tenant=self.request.tenant, group_ids=[group.pk], kind=kinds["kind"], reason=reason,
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Asked: a team lead decides about the type."))

    def _mended(self, pk: int, what: str) -> HttpResponse:
        kind, _colon, opening = what.partition(":")
        if kind == "opening":
            return opening_filled(self, pk, opening)
        who: dict[str, Any] = {"tenant": self.request.tenant, "group_id": pk, "actor": self.request.actor}
        if what == "promise":
            promise_draft(**who)
        else:
            group_fix(**who, what=what)
        toast(self.request, _("Mended; the record shows what changed"))
        return go(self.request, self.url("groups:readiness", pk=pk))

    def _answer(
        self, request: HttpRequest, group: Group, form: ReadinessForm, status: int = 200
    ) -> HttpResponse:
        context = self._context(group) | {"bound": form}
        if not request.htmx:  # type: ignore[attr-defined]
            return render(request, "groups/readiness.html", context | {"form": form}, status=status)
        return render(request, "groups/_gate_swap.html", context, partial="groups/_gate_swap.html")

    def _answered(self, request: HttpRequest, group: Group, form: ReadinessForm) -> dict[str, Any]:
        facts = group_facts(tenant=self.request.tenant, group=group)
        found = form.answers()
        operation = facts.answer(Question.OPERATION)
        week = answers.week_of(operation)
        if cell := request.POST.get("cell"):
            week = _turned(week, cell)
        found[Question.OPERATION.value] = {**operation, "week": week} if any(map(any, week.values())) else {}
        if crew := self._crew(request, facts):
            found[Question.MANAGEMENT.value]["crew"] = crew
        return found

    def _crew(self, request: HttpRequest, facts: GroupPlan) -> list[int]:
        """Staff picked on the page, whoever was picked first before the others; once the chat exists the page asks for
        nobody, and who was chosen stays."""
        before = facts.answer(Question.MANAGEMENT).get("crew", [])
        if facts.is_linked:
            return list(before)
        picked = set(request.POST.getlist("crew"))
        staff = [
            one.pk for one in staff_contactable(tenant_id=self.request.tenant.pk) if str(one.pk) in picked
        ]
        return [*(one for one in before if one in staff), *(one for one in staff if one not in before)]

    def _context(self, group: Group) -> dict[str, Any]:
        tenant = self.request.tenant
        facts = group_facts(tenant=tenant, group=group)
        findings = evaluate(facts)
        week = answers.week_of(facts.answer(Question.OPERATION))
        return {
            "group": group, "facts": facts, "form": ReadinessForm(initial=_initial(group, facts)),
            "cards": TYPE_CARDS, "crew": facts.answer(Question.MANAGEMENT).get("crew", []),
            "staff": staff_contactable(tenant_id=tenant.pk) if not facts.is_linked else [],
            "week": _week_rows(week), "week_days": _week_days(group, facts.today), **_mix(week, facts),
            "findings": findings, "stops": [one for one in findings if one.stops], "passed": passed(facts),
            "steps": [(anchor, label, _worst(findings, anchor)) for anchor, label in STEPS],
            "wordings": wording_standing(group=group),
            "name_length": names.length((facts.planned_name or facts.name).strip()),
            "setup": checklists(tenant=tenant, groups=[group], facts={group.pk: facts}).get(group.pk),
            "asked": {one.wish.get("code"): one for one in approvals_of_targets(
                tenant_id=tenant.pk, target=target_of(group.pk)).values()},
            "openings": list(PLANS.values()) if group.state == State.PLANNING else [], "chosen": _opening(group),
            "can_approve": self.can(Permission.APPROVE), "can_operate": self.can(Permission.OPERATE),
        }  # fmt: skip


def _opening(group: Group) -> str:
    """The ready plan that filled a new-user group, "" for none."""
    goal = goal_of(tenant_id=group.tenant_id, group_id=group.pk) if group.kind == Kind.NEW_USER else None
    return goal.opening if goal else ""


def _worst(findings: list[Finding], anchor: str) -> str:
    """The severity that stands beside a step; "" when it holds."""
    found = [one.severity for one in findings if one.anchor == anchor and one.severity != Severity.NOTE]
    return found[0] if found else ""


def _initial(group: Group, facts: GroupPlan) -> dict[str, Any]:
    own = ("kind", "sub_kind", "payment_basis", "purpose", "scenario", "value_proposition", "starts_on", "ends_on",
           "ends_time", "series", "target_size", "size_reason", "welcome", "announcement", "replies")  # fmt: skip
    values = {name: getattr(group, name) for name in own}
    values["planned_name"] = group.planned_name or group.name
    values |= {name: facts.answer(question).get(key, "") for name, (question, key) in ANSWER_FIELDS.items()}
    return values


def _turned(week: answers.Week, cell: str) -> answers.Week:
    """The week with one cell turned to the next kind. `cell`: "noon-3"."""
    slot, _dash, day = cell.rpartition("-")
    if slot not in Slot.values or day not in map(str, range(PLAN_DAYS)):
        raise AnswerInvalid
    days = [str(_NEXT_KIND[kind]) if number == int(day) else kind for number, kind in enumerate(week[slot])]
    return {**week, slot: days}


def _week_rows(week: answers.Week) -> list[dict[str, Any]]:
    labels = dict(ContentKind.choices)
    return [
        {
            "label": Slot(slot).label,
            "cells": [
                {"value": f"{slot}-{day}", "kind": kind, "label": labels.get(kind, "")}
                for day, kind in enumerate(week[slot])
            ],
        }
        for slot in Slot.values
    ]


def _week_days(group: Group, today: date) -> list[date]:
    first = group.starts_on or today
    return [first + timedelta(days=number) for number in range(PLAN_DAYS)]


def _mix(week: answers.Week, facts: GroupPlan) -> dict[str, Any]:
    marketing, planned = answers.mix(week)
    return {
        "marketing": marketing,
        "planned": planned,
        "marketing_share": marketing / planned if planned else None,
        "marketing_limit": facts.limits.marketing_percent,
        "is_over": planned and marketing * 100 > facts.limits.marketing_percent * planned,
    }


class FixPage(ConsoleView):
    """One button that mends what one check names. `next=group` leads back to the group's page."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, what: str) -> HttpResponse:
        group_or_404(request, pk)
        group_fix(tenant=self.request.tenant, group_id=pk, what=what, actor=self.request.actor)
        back = "detail" if request.POST.get("next") == "group" else "readiness"
        toast(request, _("Mended; the record shows what changed"))
        return go(request, self.url(f"groups:{back}", pk=pk))


class GoLivePage(ReadinessPage):
    """The one door from planning to running. What stands on the page comes along (`whole`) and is saved first."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        if "whole" in request.POST:
            form = ReadinessForm(request.POST)
            if not form.is_valid():
                return self._answer(request, group, form, status=422)
            self._save(request, group, form)
        try:
            group_go_live(tenant=self.request.tenant, group_id=group.pk, actor=self.request.actor)
        except NotReady:
            if "whole" not in request.POST:
                raise
            toast(request, _("Saved, but not live: look at the checks."))
            return go(request, self.url("groups:readiness", pk=pk))
        toast(request, _("The group is live"))
        return go(request, self.url("groups:detail", pk=pk))


class ApprovePage(ConsoleView):
    """A leader lets one check pass; an operator asks a leader to."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        form = ApproveForm(request.POST)
        if not form.is_valid():
            raise AnswerInvalid
        act = group_approve if self.can(Permission.APPROVE) else check_ask
        act(tenant=self.request.tenant, group_id=group.pk, actor=self.request.actor, **form.cleaned_data)
        toast(
            request,
            _("Approved; it stands in the record")
            if act is group_approve
            else _("Asked: a team lead decides."),
        )
        return go(request, self.url("groups:readiness", pk=pk))
