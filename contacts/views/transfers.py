"""Customers WeCom did not move: ask again, perhaps for somebody else, or decide that they stay (R125)."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.keys import key_of, keys_of
from console.pages import ConsoleView, go, toast
from contacts.policies.transfers import CAME_BACK
from contacts.selectors.transfers import transfer_list
from contacts.services.handing import BACK
from contacts.services.transfers import transfers_again, transfers_rest
from tenants.enums import Permission


class _ActView(ConsoleView):
    permission = write_permission = Permission.APPROVE
    http_method_names = ["post"]

    def picked(self, giver_id: int) -> list[int]:
        """The ticked rows, or all of the shown state."""
        if not self.request.POST.get("every"):
            return keys_of(self.request.POST.getlist("pick"))
        state = self.request.POST.get("shown", "")
        rows = transfer_list(
            tenant_id=self.request.tenant.pk, giver_id=giver_id, state="" if state == BACK else state
        )
        if state == BACK:
            rows = rows.filter(state__in=CAME_BACK)
        return list(rows.order_by().values_list("pk", flat=True))

    def back(self, pk: int) -> HttpResponse:
        return go(self.request, self.url("team:handover", pk=pk) + "#customers")


class TransfersAgainView(_ActView):
    """POST: ask WeCom again for the picked customers."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = transfers_again(
            tenant=self.request.tenant, giver_id=pk, transfer_ids=self.picked(pk),
            taker_id=key_of(request.POST.get("taker")) or 0, actor=self.request.actor,
        )  # fmt: skip
        said = ngettext(
            "WeCom is asked again for %(n)s customer", "WeCom is asked again for %(n)s customers", asked
        )
        toast(request, said % {"n": asked} if asked else _("Nobody was picked whom WeCom can be asked for."))
        return self.back(pk)


class TransfersRestView(_ActView):
    """POST: the picked customers stay without a colleague, for a reason."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        count = transfers_rest(
            tenant=self.request.tenant, giver_id=pk, transfer_ids=self.picked(pk),
            reason=request.POST.get("reason", ""), actor=self.request.actor,
        )  # fmt: skip
        said = ngettext("%(n)s customer stays as they are", "%(n)s customers stay as they are", count)
        toast(request, said % {"n": count} if count else _("Nobody was picked who came back."))
        return self.back(pk)
