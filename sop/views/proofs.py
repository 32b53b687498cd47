"""Screenshots that staff sent as proof: a colleague looks at each, beside the words that were to be sent."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import ConsoleView, TemplatePage, go, toast
from console.pictures import picture_response
from sop.forms.proofs import RefuseForm
from sop.selectors.proofs import names_of, proof_picture, proofs_waiting
from sop.services.proofs import is_own, proof_accept, proof_refuse
from tenants.enums import Permission

SHOWN = 30


class ProofsPage(TemplatePage):
    """The queue of pictures; `?run=` narrows it."""

    template_name = "sop/proofs.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("run", "")
        run_id = int(asked) if asked.isdecimal() and len(asked) < 19 else None
        rows = proofs_waiting(tenant=self.request.tenant, run_id=run_id)
        shown = list(rows[:SHOWN])
        names = names_of(tenant=self.request.tenant, touches=[one.touch for one in shown])
        return {
            "title": gettext_lazy("Screenshots to look at"),
            "rows": [
                (one, is_own(one.touch, self.request.actor), names.get(one.touch_id, [])) for one in shown
            ],
            "total": rows.count(),
            "shown": SHOWN,
            "run_id": run_id,
            "can_review": self.can(Permission.OPERATE),
        }


class ProofPictureView(ConsoleView):
    """GET: one picture."""

    permission = Permission.WORK

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        proof = proof_picture(tenant=self.request.tenant, proof_id=pk)
        return picture_response(bytes(proof.picture or b""), proof.picture_type)


class ProofActView(ConsoleView):
    """POST: the picture shows it, or it does not and why."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if verb not in ("accept", "refuse"):
            raise Http404
        common = {"tenant": self.request.tenant, "proof_id": pk, "actor": self.request.actor}
        if verb == "accept":
            proof_accept(**common)
            toast(request, _("Confirmed."))
        else:
            form = RefuseForm(request.POST)
            reason = form.cleaned_data["reason"] if form.is_valid() else ""
            proof_refuse(**common, reason=reason)
            toast(request, _("Sent back with the reason."))
        back = request.POST.get("run", "")
        narrowed = f"?run={back}" if back.isdecimal() else ""
        return go(request, self.url("sop:proofs") + narrowed)
