"""The end plan on the group's page: three tasks with their days, and who has not come along yet."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from groups.enums import END_LEAD_DAYS, EndKind, EndState, State
from groups.forms.life import EndTaskForm
from groups.models import EndTask, Group
from groups.policies import endplan
from groups.selectors import groups_open
from groups.selectors.endings import end_tasks, handover_of
from groups.services.endings import end_task_edit, end_task_settle
from groups.views.detail import group_or_404
from team.selectors import staff_contactable
from tenants import clock, preferences
from tenants.enums import Permission
from tenants.roles import allows

NAMES = 60


def ending_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_ending.html` shows."""
    rows = end_tasks(tenant_id=group.tenant_id, group_id=group.pk)
    live = [row for row in rows if row.state != EndState.CANCELLED]
    target = next((row.target for row in rows if row.kind == EndKind.HANDOVER and row.target), None)
    today = clock.local_date(clock.now(), request.tenant.timezone)
    lead = preferences.value(request.tenant.pk, END_LEAD_DAYS)
    planned = endplan.days(ends_on=group.ends_on, today=today, lead_days=lead) if group.ends_on else {}
    return {
        "tasks": live,
        "done": sum(row.state == EndState.DONE for row in live),
        "planned": [(EndKind(kind).label, day) for kind, day in planned.items()],
        "lead": lead,
        "today": today,
        "handover": handover_of(group=group, target=target) if target else None,
        "target": target,
        "most": NAMES,
        "may_close": group.state in (State.ACTIVE, State.DECLINING, State.WARMING)
        and allows(request.role, Permission.OPERATE),
    }


def _own(request: HttpRequest, pk: int, kind: str) -> EndTask:
    group = group_or_404(request, pk)
    for row in end_tasks(tenant_id=group.tenant_id, group_id=group.pk):
        if row.kind == kind:
            return row
    raise Http404


class EndTaskAct(ConsoleView):
    """A closing task is done, or not after all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, kind: str, verb: str) -> HttpResponse:
        row = _own(request, pk, kind)
        end_task_settle(
            tenant=self.request.tenant, task_id=row.pk, is_done=verb == "done", actor=self.request.actor
        )
        undo = self.url("groups:end_task_act", pk=pk, kind=kind, verb="open") if verb == "done" else ""
        said = _("Done: %(task)s") if verb == "done" else _("To be done again: %(task)s")
        toast(request, said % {"task": row.get_kind_display()}, undo)
        return go(request, self.url("groups:detail", pk=pk) + "?tab=ending")


class EndTaskPage(FormPage):
    """A drawer: day, owner, words and next group of a closing task."""

    permission = write_permission = Permission.OPERATE
    template_name = "groups/end_task.html"
    form_class = EndTaskForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = _own(self.request, kwargs["pk"], kwargs["kind"])
        return {"due_on": row.due_on, "owner": row.owner_id, "target": row.target_id, "script": row.script}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        open_groups = groups_open(tenant_id=tenant_id).exclude(pk=kwargs["pk"])[:300]
        return {
            "staff": [(one.pk, str(one)) for one in staff_contactable(tenant_id=tenant_id)],
            "groups": [(one.pk, str(one)) for one in open_groups],
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"row": _own(self.request, kwargs["pk"], kwargs["kind"])}

    def done(self, form: EndTaskForm, **kwargs: Any) -> HttpResponse:
        row, data = _own(self.request, kwargs["pk"], kwargs["kind"]), form.cleaned_data
        end_task_edit(
            tenant=self.request.tenant, task_id=row.pk, due_on=data["due_on"], script=data["script"],
            owner_id=data["owner"], target_id=data["target"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Kept"))
        return drawer_done(self.request)
