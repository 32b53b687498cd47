"""The nightly certificate: which days agree, what does not, counting again and mending."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import ConsoleView, TemplatePage, go, toast
from sop.models import Certificate
from sop.selectors.certificates import certificate_get, certificate_list, faults_shown
from sop.services.certificate import certificate_again, certificate_mend
from tenants.enums import Permission


class CertificatesPage(TemplatePage):
    """The last days, newest first."""

    template_name = "sop/certificates.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"certificates": certificate_list(tenant=self.request.tenant), "sheet": "css/wecom.css"}


class CertificatePage(TemplatePage):
    """One day: agrees, or the rows that do not and what to do about each kind."""

    template_name = "sop/certificate.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = _found(self.request, kwargs["pk"])
        return {
            "certificate": row,
            "kinds": faults_shown(tenant=self.request.tenant, certificate=row),
            "sheet": "css/wecom.css",
            "can_operate": self.can(Permission.OPERATE),
        }


class CertificateActView(ConsoleView):
    """POST: count the day again, or mend what can be mended."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        acts = {"again": certificate_again, "mend": certificate_mend}
        if verb not in acts:
            raise Http404
        row = acts[verb](tenant=self.request.tenant, certificate_id=pk, actor=self.request.actor)
        said = ngettext("%(n)s row does not agree", "%(n)s rows do not agree", row.fault_count)
        toast(request, said % {"n": row.fault_count} if row.fault_count else _("Both counts agree."))
        return go(request, self.url("sop:certificate", pk=pk))


def _found(request: Any, pk: int) -> Certificate:
    try:
        return certificate_get(tenant=request.tenant, certificate_id=pk)
    except Certificate.DoesNotExist as error:
        raise Http404 from error
