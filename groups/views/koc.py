"""The KOC tab of a group's page: whom to suggest, the way of each helper, their tasks, the owner's load."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from console.keys import key_of
from console.pages import ConsoleView, go, toast
from contacts.selectors.stages import stage_names
from groups.enums import KOC_MOVES, HelperRole, KocOrigin, KocState
from groups.models import Group, HelperTask, Koc
from groups.selectors.koc import koc_limits, koc_list, owner_load, suggestions
from groups.services.koc import helper_task_add, helper_task_close, koc_add, koc_edit, koc_move
from groups.views.detail import group_or_404
from tenants.enums import Permission
from tenants.roles import allows


def koc_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_koc.html` shows."""
    rows = list(koc_list(group=group))
    for row in rows:
        row.moves = [  # type: ignore[attr-defined]
            KocState(one) for one in KocState.values if one in KOC_MOVES[row.state] and one != KocState.ENDED
        ]
        row.may_end = KocState.ENDED in KOC_MOVES[row.state]  # type: ignore[attr-defined]
    can_operate = allows(request.role, Permission.OPERATE)
    stage, days = koc_limits(tenant_id=group.tenant_id)
    return {
        "kocs": rows,
        "suggestions": suggestions(group=group),
        "stage_label": stage_names(tenant_id=group.tenant_id)[stage],
        "koc_days": days,
        "load": owner_load(group=group, zone=request.tenant.timezone),
        "origins": list(KocOrigin),
        "helper_roles": list(HelperRole),
        "can_operate": can_operate,
        "can_work": allows(request.role, Permission.WORK),
    }


class _KocView(ConsoleView):
    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def back(self, group_id: int) -> HttpResponse:
        return go(self.request, f"{self.url('groups:detail', pk=group_id)}?tab=koc")


class KocAdd(_KocView):
    """Make a member a candidate."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group_or_404(request, pk)
        raw = request.POST.get("customer", "")
        row = koc_add(
            tenant=self.request.tenant, group_id=pk, customer_id=key_of(raw) or 0,
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("%(name)s is a candidate now") % {"name": row})
        return self.back(pk)


class KocMove(_KocView):
    """One step, or the end with its reason."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = koc_move(
            tenant=self.request.tenant, koc_id=pk, state=request.POST.get("state", ""),
            reason=request.POST.get("reason", ""), actor=self.request.actor,
        )  # fmt: skip
        toast(request, f"{row}: {row.get_state_display()}")
        return self.back(row.group_id)


class KocEdit(_KocView):
    """Role, privileges and origin."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = Koc.objects.get(tenant=self.request.tenant, pk=pk)
        origin = request.POST.get("origin", "")
        koc_edit(
            tenant=self.request.tenant, koc_id=pk, privileges=request.POST.get("privileges", ""),
            origin=origin if origin in KocOrigin.values else row.origin, role=request.POST.get("role"),
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("Kept."))
        return self.back(row.group_id)


class HelperTaskNew(_KocView):
    """Something a helper takes over."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = Koc.objects.get(tenant=self.request.tenant, pk=pk)
        helper_task_add(
            tenant=self.request.tenant, koc_id=pk, title=request.POST.get("title", ""),
            due_on=_day(request.POST.get("due_on", "")), actor=self.request.actor,
        )  # fmt: skip
        return self.back(row.group_id)


def _day(raw: str) -> Any:
    try:
        return parse_date(raw)
    except ValueError:
        return None


class HelperTaskAct(_KocView):
    """Done, or not after all."""

    permission = write_permission = Permission.WORK

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row = HelperTask.objects.select_related("koc").get(tenant=self.request.tenant, pk=pk)
        helper_task_close(tenant=self.request.tenant, task_id=pk, verb=verb, actor=self.request.actor)
        return self.back(row.koc.group_id)
