"""Breaches of the rules on the group's page: the ledger, one more, the step done, one taken back."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import ConsoleView, FormPage, drawer_done, go, render, toast
from console.pictures import picture_response
from groups.forms.life import OTHER_RULE, UndoForm, ViolationForm, breach_next
from groups.models import Group, Violation
from groups.selectors.culture import balance_of
from groups.selectors.violations import (
    members_to_record,
    norms_agreed,
    rules_of,
    standing_of_members,
    violation_get,
    violation_list,
    violation_picture,
)
from groups.services.violations import violation_record, violation_settle, violation_undo
from groups.views.detail import group_or_404
from tenants.enums import Permission
from tenants.roles import allows

ROWS = 100


def violations_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_violations.html` shows. `?who=` keeps one member. Words are hidden without SEE_PERSONAL."""
    who = request.GET.get("who", "")
    rows = list(violation_list(tenant_id=group.tenant_id, group_id=group.pk, userid=who)[:ROWS])
    counts = standing_of_members(tenant_id=group.tenant_id, userids={row.userid for row in rows})
    for row in rows:
        here = counts.get(row.userid, {})
        row.here = here.get(group.pk, 0)  # type: ignore[attr-defined]
        row.elsewhere = sum(here.values()) - row.here  # type: ignore[attr-defined]
    return {
        "violations": rows,
        "who": who,
        "balance": balance_of(group=group),
        "may_see": allows(request.role, Permission.SEE_PERSONAL),
        "may_work": allows(request.role, Permission.WORK),
    }


class ViolationNew(FormPage):
    """A drawer: record a breach. `?who=` chooses the member, and shows what stood before."""

    permission = write_permission = Permission.WORK
    template_name = "groups/violation.html"
    form_class = ViolationForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        rules = rules_of(group_or_404(self.request, kwargs["pk"]))
        return {"userid": self.request.GET.get("who", ""), "rule": rules[0][:200] if rules else OTHER_RULE}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        group = group_or_404(self.request, kwargs["pk"])
        norms = norms_agreed(tenant_id=group.tenant_id, group_id=group.pk)
        return {"people": _people(group), "rules": rules_of(group), "norms": norms}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        group = group_or_404(self.request, kwargs["pk"])
        told = self.request.POST or {**self.initial(**kwargs)}
        return {"group": group, **breach_next(group, told)}

    def done(self, form: ViolationForm, **kwargs: Any) -> HttpResponse:
        data = form.cleaned_data
        row = violation_record(
            tenant=self.request.tenant, group_id=kwargs["pk"], userid=data["userid"], rule=form.rule_named(),
            evidence=data["evidence"], evidence_url=data["evidence_url"], picture=data["picture"], step=data["step"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(
            self.request,
            _("Recorded. “%(step)s” waits with the group's owner.") % {"step": row.get_step_display()},
        )
        return drawer_done(self.request)


class ViolationNext(ConsoleView):
    """What stands against a member, the friendly words and the next ones, while somebody fills the form."""

    permission = write_permission = Permission.WORK
    http_method_names = ["get"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return render(
            request, "groups/_breach_next.html", breach_next(group_or_404(request, pk), request.GET)
        )


def _people(group: Group) -> list[tuple[str, str]]:
    """Members to choose from; who has a breach already says so."""
    people = members_to_record(group=group)
    counts = standing_of_members(tenant_id=group.tenant_id, userids={userid for userid, _name in people})
    named = []
    for userid, name in people:
        count = sum(counts.get(userid, {}).values())
        words = ngettext("%(n)s breach so far", "%(n)s breaches so far", count) % {"n": count}
        named.append((userid, f"{name} · {words}" if count else name))
    return named


class ViolationPicture(ConsoleView):
    """The picture that shows a breach, for whoever may see personal data."""

    permission = Permission.SEE_PERSONAL
    http_method_names = ["get"]

    def get(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        group = group_or_404(request, pk)
        found = violation_picture(tenant_id=group.tenant_id, group_id=group.pk, violation_id=number)
        if found is None:
            raise Http404
        return picture_response(*found)


class ViolationAct(ConsoleView):
    """The step was carried out, or not after all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, number: int, verb: str) -> HttpResponse:
        row = _own(request, pk, number)
        violation_settle(
            tenant=self.request.tenant, violation_id=row.pk, is_done=verb == "done", actor=self.request.actor
        )
        undo = self.url("groups:violation_act", pk=pk, number=number, verb="open") if verb == "done" else ""
        said = _("Done: %(step)s") if verb == "done" else _("To be done again: %(step)s")
        toast(request, said % {"step": row.get_step_display()}, undo)
        return go(request, self.url("groups:detail", pk=pk) + "?tab=violations")


def _own(request: HttpRequest, pk: int, number: int) -> Violation:
    group = group_or_404(request, pk)
    return violation_get(tenant_id=group.tenant_id, group_id=group.pk, violation_id=number)


class ViolationUndo(FormPage):
    """A drawer: take a breach back, with a reason."""

    permission = write_permission = Permission.WORK
    template_name = "groups/violation_undo.html"
    form_class = UndoForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"row": _own(self.request, kwargs["pk"], kwargs["number"])}

    def done(self, form: UndoForm, **kwargs: Any) -> HttpResponse:
        row = _own(self.request, kwargs["pk"], kwargs["number"])
        violation_undo(
            tenant=self.request.tenant, violation_id=row.pk, reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Taken back; it stays in the record and no longer counts."))
        return drawer_done(self.request)
