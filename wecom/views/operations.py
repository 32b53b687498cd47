"""Settings, Operations: does everything work, and if not, what to do. The upper part refreshes itself."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import TemplatePage, toast
from tenants.enums import Permission
from wecom import decisions
from wecom.operations.board import board

SHEET = "css/wecom.css"


class Operations(TemplatePage):
    """The whole page; an htmx request gets the part that refreshes itself."""

    permission = write_permission = Permission.MANAGE
    template_name = "wecom/operations.html"
    partial_name = "wecom/_operations.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"board": board(self.request.tenant), "sheet": SHEET}


class OperationsAct(TemplatePage):
    """What the page's own buttons do."""

    permission = write_permission = Permission.MANAGE
    http_method_names = ("post",)

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        if verb != "redeliver":
            raise Http404
        count = decisions.deliveries_retry(tenant=self.request.tenant, actor=self.request.actor)
        toast(
            request,
            ngettext("%(n)s reaction is tried again.", "%(n)s reactions are tried again.", count)
            % {"n": count}
            if count
            else _("Nothing was left to try again."),
        )
        return HttpResponseRedirect(self.url("wecom:operations"))
