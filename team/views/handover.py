"""Handing over what a colleague holds: what there is, to whom, WeCom's limits, and the pack for the receiver."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.exports import xlsx_response
from console.keys import key_of
from console.pages import ConsoleView, go, render, toast
from team.models import Staff
from team.selectors import open_counts, staff_get, staff_list
from team.services.handover import Held, handover_run, holdings, pack_lines, sections, suggested_taker
from tenants import audit
from tenants.enums import Permission

NOBODY = 0  # no row has this id


@dataclass(frozen=True)
class Taker:
    """A colleague who may take over, with the open work they have already."""

    pk: int
    name: str
    open_items: int


class _OfOne(ConsoleView):
    permission = write_permission = Permission.APPROVE

    def staff(self, pk: int) -> Staff:
        try:
            return staff_get(tenant_id=self.request.tenant.pk, staff_id=pk)
        except Staff.DoesNotExist as error:
            raise Http404 from error


class HandoverPage(_OfOne):
    """What one colleague holds; posting gives the ticked parts to the chosen receivers in one go."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant, staff = self.request.tenant, self.staff(pk)
        people = list(
            staff_list(tenant_id=tenant.pk, active_only=True).filter(app_id=staff.app_id).exclude(pk=pk)
        )
        loads = open_counts(tenant_id=tenant.pk)
        takers = sorted(
            (Taker(one.pk, str(one), loads.get(one.pk, 0)) for one in people), key=lambda one: one.open_items
        )
        held = holdings(tenant=tenant, staff=staff)
        context = {
            "staff": staff, "takers": takers, "suggested": suggested_taker(tenant=tenant, staff=staff, people=people),
            "movable": [one for one in held if one.part.move is not None and one.count],
            "beside": [one for one in held if one.part.move is None and one.count],
            "sections": sections(tenant=tenant, staff=staff, told=request.GET),
            "total": _movable(held), "can_export": self.can(Permission.EXPORT),
        }  # fmt: skip
        return render(self.request, "team/handover.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        staff = self.staff(pk)
        form = request.POST
        takers = {code: key_of(form.get(f"taker_{code}")) or NOBODY for code in form.getlist("part")}
        moved = handover_run(
            tenant=self.request.tenant, staff_id=pk, takers=takers, reason=form.get("reason", ""),
            actor=self.request.actor,
        )  # fmt: skip
        count = sum(moved.values())
        toast(request, _("%(n)s things of %(who)s have somebody else now.") % {"n": count, "who": staff})
        return go(request, self.url("team:handover", pk=pk))


def _movable(held: list[Held]) -> int:
    return sum(one.count for one in held if one.part.move is not None)


class HandoverPack(_OfOne):
    """Everything held, as a file for the receiver: promises, doubts, next steps."""

    def get(self, request: HttpRequest, pk: int) -> Any:
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        tenant, staff = self.request.tenant, self.staff(pk)
        rows = list(pack_lines(tenant=tenant, staff=staff))
        audit.record(
            tenant=tenant, actor=self.request.actor, verb="console.list.exported", target=staff,
            changes={"list": [None, "team.handover"], "rows": [None, len(rows) - 1]},
        )  # fmt: skip
        return xlsx_response(rows, f"handover-{staff.userid}.xlsx")
