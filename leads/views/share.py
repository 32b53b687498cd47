"""Sharing picked leads out: who gets what, seen before it is done, taken back by one tap."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.keys import keys_of
from console.pages import render, toast
from leads.errors import ShareStale
from leads.selectors.share import share_suggested
from leads.services import leads_take_back
from leads.services.share import MOST
from leads.views.actions import ActionView, GivingView
from tenants.enums import Permission


class ShareView(GivingView):
    """GET: the suggestion for the picked leads, in the drawer; POST: give each to whom the form says."""

    http_method_names = ["get", "post"]
    permission = Permission.WORK

    def get(self, request: HttpRequest) -> HttpResponse:
        picked = keys_of(request.GET.getlist("pick"))
        tenant = self.request.tenant
        share = share_suggested(tenant_id=tenant.pk, lead_ids=picked, most=MOST)
        context = {
            "share": share,
            "picked": len(picked),
            "back": self._back(),
            "has_skills": any(one.kind for one in share.colleagues),
        }
        return render(request, "leads/share.html", context, partial="leads/share.html")

    def act(self) -> None:  # type: ignore[override]
        picked = keys_of(self.request.POST.getlist("pick"))
        wanted = {}
        for lead_id in picked:
            staff = keys_of([self.request.POST.get(f"to_{lead_id}", "")])
            if staff:
                wanted[lead_id] = staff[0]
        if not wanted:
            raise ShareStale
        self.give(wanted)


class ShareUndo(ActionView):
    """Give each lead of one act back to whom it had."""

    def act(self, act: str) -> None:  # type: ignore[override]
        count = leads_take_back(act=act, **self.who)
        said = ngettext("%(count)s lead is back.", "%(count)s leads are back.", count)
        toast(self.request, said % {"count": count} if count else _("Nothing to take back."))
