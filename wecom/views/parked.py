"""One send that waits for a person: what, to whom, what WeCom says, and three choices with what they cause."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from console.pages import TemplatePage, render, toast
from wecom import decisions
from wecom.enums import SEND_FINAL, Choice, SendKind, SendState
from wecom.forms import ReasonForm
from wecom.gateway.reactions import reaction_to
from wecom.models import OutboundSend
from wecom.sending import parked
from wecom.views.setup import Managed

SHEET = "css/wecom.css"
DECIDABLE = (SendState.UNKNOWN, SendState.FAILED)


class _OfSend(Managed):
    def row(self, pk: int) -> OutboundSend:
        found = OutboundSend.objects.filter(tenant_id=self.request.tenant.pk, pk=pk).first()
        if found is None:
            raise Http404
        return found


class SendDetail(_OfSend, TemplatePage):
    """One send that waits for a person."""

    template_name = "wecom/send_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row(kwargs["pk"])
        return {
            "row": row,
            "content": parked.content_of(row),
            "reaction": reaction_to(row.error_code) if row.error_code else None,
            "is_parked": row.state == SendState.UNKNOWN,
            "is_mass": row.kind == SendKind.MASS_SEND,
            "can_decide": row.state in DECIDABLE,
            "is_final": row.state in SEND_FINAL,
            "form": ReasonForm(),
            "sheet": SHEET,
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.row(pk)
        form = ReasonForm(request.POST)
        choice = request.POST.get("choice", "")
        decisions.send_decide(
            tenant=self.request.tenant,
            send_id=pk,
            choice=choice,
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            vendor_id=request.POST.get("msgid", ""),
            actor=self.request.actor,
        )
        said = {
            Choice.DONE: _("Counted as sent."),
            Choice.AGAIN: _("It is being sent again."),
            Choice.DROP: _("Dropped. Nothing is sent."),
        }
        toast(request, said[Choice(choice)])
        return HttpResponseRedirect(self.url("wecom:sends"))


class SendEvidence(_OfSend):
    """What WeCom says about it, asked when the page is open."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.row(pk)
        context = {"row": row, "evidence": parked.evidence_of(row), "can_decide": row.state in DECIDABLE}
        return render(request, "wecom/_send_evidence.html", context, partial="wecom/_send_evidence.html")
