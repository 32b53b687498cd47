"""Settings, WeCom, mass-send limit: which rule holds from when, and how much of it is used."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from console.pages import FormPage, toast
from tenants import clock
from wecom.forms import QuotaRuleForm
from wecom.models import PersonalFeed
from wecom.sending import ledger
from wecom.sending.quota import rule_on
from wecom.views.setup import Managed


class QuotaPage(Managed, FormPage):
    """The stated rules, a form for the next one, and the present window."""

    template_name = "wecom/quota.html"
    form_class = QuotaRuleForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"effective_from": clock.local_date(clock.now(), self.request.tenant.timezone)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        today = clock.local_date(clock.now(), tenant.timezone)
        rules = ledger.quota_rules(tenant_id=tenant.pk)
        return {
            "changes": ledger.quota_rule_list(tenant_id=tenant.pk),
            "present": rule_on(rules, today),
            "today": today,
            "figures": ledger.quota_figures(tenant_id=tenant.pk, day=today),
            "feed": PersonalFeed.objects.filter(tenant=tenant).order_by("-read_at").first(),
            "sheet": "css/wecom.css",
        }

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        ledger.quota_rule_state(tenant=self.request.tenant, actor=self.request.actor, **form.cleaned_data)
        toast(self.request, _("The rule is kept. Plans and sends follow it from that day on."))
        return HttpResponseRedirect(self.url("wecom:quota"))


class QuotaForget(Managed):
    """Take a statement back."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(ledger.quota_rule_list(tenant_id=request.tenant.pk), pk=pk)  # type: ignore[attr-defined]
        ledger.quota_rule_forget(tenant=request.tenant, change_id=pk, actor=request.actor)  # type: ignore[attr-defined]
        toast(request, _("The statement is taken back."))
        return HttpResponseRedirect(self.url("wecom:quota"))
