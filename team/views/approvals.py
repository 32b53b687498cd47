"""Approvals (R128): what waits for a decision, one's own requests, and what was decided."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from console.pages import ConsoleView, TemplatePage, go, toast
from team.models import Approval
from team.selectors import approvals_decided, approvals_waiting
from team.services import approval_decide, approval_kinds, approval_withdraw
from team.viewer import own_staff
from tenants.enums import Permission

PAGE_ROWS = 30
TABS = {"waiting": _("Waiting"), "mine": _("My requests"), "decided": _("Decided")}
SAID = {
    "grant": _("Granted and done: %(what)s"),
    "refuse": _("Refused: %(what)s"),
    "withdraw": _("Withdrawn: %(what)s"),
}


class ApprovalsPage(TemplatePage):
    """Requests with who asked, why and what would happen. Those who may approve decide here."""

    template_name = "team/approvals.html"
    partial_name = "team/approvals.html"
    permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        tab = self.request.GET.get("tab", "")
        tab = tab if tab in TABS else "waiting"
        waiting, decided = approvals_waiting(tenant_id=tenant_id), approvals_decided(tenant_id=tenant_id)
        rows = {"waiting": waiting, "decided": decided}.get(tab)
        if rows is None:
            rows = Approval.objects.filter(tenant_id=tenant_id, pk__in=self._own_ids()).order_by(
                "-asked_at", "-pk"
            )
        page = Paginator(rows, PAGE_ROWS).get_page(self.request.GET.get("page"))
        kinds = {one.code: one.label for one in approval_kinds()}
        return {
            "title": _("Approvals"),
            "tab": tab,
            "tabs": list(TABS.items()),
            "page": page,
            "rows": [(row, kinds.get(row.kind, row.kind), self._is_own(row)) for row in page],
            "kinds": list(kinds.values()),
            "can_approve": self.can(Permission.APPROVE),
        }

    def _is_own(self, row: Approval) -> bool:
        own = own_staff(self.request)
        return row.asked_user_id == self.request.user.pk or (own is not None and row.asked_staff_id == own.pk)

    def _own_ids(self) -> list[int]:
        own = own_staff(self.request)
        rows = Approval.objects.filter(tenant_id=self.request.tenant.pk)
        mine = rows.filter(asked_user_id=self.request.user.pk)
        if own is not None:
            mine = mine | rows.filter(asked_staff=own)
        return list(mine.values_list("pk", flat=True))


class _ActView(ConsoleView):
    http_method_names = ["post"]

    def _done(self, row: Approval, verb: str) -> HttpResponse:
        toast(self.request, SAID[verb] % {"what": row.label})
        return go(self.request, self.url("team:approvals"))


class DecideView(_ActView):
    """POST: grant or refuse."""

    permission = write_permission = Permission.APPROVE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row = approval_decide(
            tenant=self.request.tenant,
            approval_id=pk,
            is_granted=verb == "grant",
            note=request.POST.get("note", ""),
            actor=self.request.actor,
        )
        return self._done(row, verb)


class WithdrawView(_ActView):
    """POST: take one's own request back."""

    permission = write_permission = Permission.WORK

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = approval_withdraw(tenant=self.request.tenant, approval_id=pk, actor=self.request.actor)
        return self._done(row, "withdraw")
