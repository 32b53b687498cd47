"""Give open touches to a colleague: from a touch's drawer, from picked rows of the list, or a leaver's all at once."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy, ngettext

from console.pages import ConsoleView, go, render, toast
from sop.forms.reassign import ReassignForm
from sop.selectors.reassign import WORDS, Match, matches, touches_of_leavers, touches_open
from sop.services.reassign import reassign_undo, touches_reassign
from sop.views.touches import picked
from tenants.enums import Permission
from tenants.errors import DomainError

SHOWN = 100


class ReassignPage(ConsoleView):
    """GET ?touch=<id> or ?from=<leaver>; POST with picked rows of the list shows the same; with a colleague it acts."""

    permission = write_permission = Permission.OPERATE

    def _touches(self) -> list[Any]:
        tenant = self.request.tenant
        leaver = self.request.GET.get("from", "")
        if self.request.method == "GET" and leaver.isdecimal() and len(leaver) < 19:
            return touches_of_leavers(tenant=tenant, staff_id=int(leaver))
        one = self.request.GET.get("touch", "")
        ids = [int(one)] if one.isdecimal() and len(one) < 19 else picked(self.request)
        return touches_open(tenant=tenant, touch_ids=ids)

    def _show(self, touches: list[Any], form: ReassignForm | None = None, status: int = 200) -> HttpResponse:
        offers = [one for one in matches(tenant=self.request.tenant, touches=touches) if one.taken]
        form = form or ReassignForm(offers=offers, total=len(touches))
        context = {
            "title": gettext_lazy("Give to a colleague"),
            "touches": touches[:SHOWN],
            "total": len(touches),
            "shown": SHOWN,
            "picked": ",".join(str(one.pk) for one in touches),
            "offers": offers,
            "form": form,
            "why": self._why(offers),
        }
        return render(self.request, "sop/reassign.html", context, status=status)

    def _why(self, offers: list[Match]) -> dict[int, Any]:
        """{touch: why the best colleague cannot take it}."""
        return {touch.pk: WORDS[why] for touch, why in offers[0].refused} if offers else {}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(self._touches())

    def post(self, request: HttpRequest) -> HttpResponse:
        touches = self._touches()
        if "reason" not in request.POST:
            return self._show(touches)
        offers = [one for one in matches(tenant=self.request.tenant, touches=touches) if one.taken]
        form = ReassignForm(request.POST, offers=offers, total=len(touches))
        if not form.is_valid():
            return self._show(touches, form, 422)
        try:
            done = touches_reassign(
                tenant=self.request.tenant, touch_ids=[one.pk for one in touches], actor=self.request.actor,
                staff_id=form.cleaned_data["staff"], reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except DomainError as error:
            form.add_error(None, f"{error.message} ({error.code})")
            return self._show(touches, form, error.status)
        said = ngettext("%(n)s touch given away.", "%(n)s touches given away.", done.moved) % {
            "n": done.moved
        }
        if done.refused:
            left = {"n": len(done.refused), "why": WORDS[done.refused[0][1]]}
            said += (
                " " + ngettext("%(n)s stays: %(why)s.", "%(n)s stay, the first: %(why)s.", left["n"]) % left
            )
        assert done.batch is not None
        toast(request, said, self.url("sop:reassign_undo", pk=done.batch.pk))
        return go(request, self.url("sop:touches") + f"?staff={form.cleaned_data['staff']}")


class ReassignUndoView(ConsoleView):
    """POST: back to whose it was."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        count = reassign_undo(tenant=self.request.tenant, batch_id=pk, actor=self.request.actor)
        if not count:
            raise Http404
        said = ngettext("%(n)s touch is back.", "%(n)s touches are back.", count) % {"n": count}
        toast(request, said)
        return go(request, self.url("sop:touches"))
