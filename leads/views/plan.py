"""The same next step for the picked leads of the board."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.keys import keys_of
from console.pages import render, toast
from leads.enums import LeadState, NextAction
from leads.forms import NextForm
from leads.selectors.board import lead_list
from leads.services import leads_plan
from leads.views.actions import ActionView
from leads.views.detail import times_ahead
from tenants import clock
from tenants.enums import Permission


class PlanManyView(ActionView):
    """GET: what and when for the picked leads, in the drawer; POST: plan it."""

    http_method_names = ["get", "post"]
    permission = Permission.WORK

    def get(self, request: HttpRequest) -> HttpResponse:
        now, tenant = clock.now(), self.request.tenant
        picked = keys_of(request.GET.getlist("pick"))
        rows = list(lead_list(tenant_id=tenant.pk).filter(pk__in=picked, state=LeadState.OPEN).order_by("pk"))
        context = {
            "rows": rows,
            "left_out": len(picked) - len(rows),
            "late": sum(one.next_action_at is not None and one.next_action_at < now for one in rows),
            "next_actions": NextAction.choices,
            "times": times_ahead(now, tenant.timezone),
            "back": self._back(),
        }
        return render(request, "leads/plan_many.html", context, partial="leads/plan_many.html")

    def act(self) -> None:  # type: ignore[override]
        data = self.read(NextForm)
        count = leads_plan(
            lead_ids=keys_of(self.request.POST.getlist("pick")), action=data["other"] or data["action"],
            at=data["at"] if data["in_minutes"] is None else clock.now() + timedelta(minutes=data["in_minutes"]),
            reason=data["reason"], **self.who,
        )  # fmt: skip
        said = ngettext("The next step of %(n)s lead is set.", "The next step of %(n)s leads is set.", count)
        toast(self.request, said % {"n": count} if count else _("None of the picked leads is open."))
