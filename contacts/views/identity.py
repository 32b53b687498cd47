"""Who may be the same person, and saying so: together, apart, and apart again (R37)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from console.keys import key_of
from console.listing import AsFile
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, toast
from contacts.errors import CustomerUnknown
from contacts.forms import MergeForm, SplitForm
from contacts.models import Customer
from contacts.policies.masking import masked_phone
from contacts.selectors import customer_count, customer_get, customers_by_external
from contacts.selectors.identity import Proposal, merged_among, proposals
from contacts.services.identity import customer_split, customers_apart, customers_merge
from contacts.views.customers import found
from tenants.enums import Permission


def evidence_rows(view: ConsoleView, pairs: list[Proposal]) -> list[dict[str, Any]]:
    """Pairs with what both carry, a phone number masked by role."""
    may_see = view.can(Permission.SEE_PERSONAL)
    return [
        {
            "pair": one,
            "unionid": one.evidence.get("unionid", ""),
            "phone": masked_phone(one.evidence.get("phone", ""), may_see=may_see),
        }
        for one in pairs
    ]


class SamePage(AsFile, TemplatePage):
    """Pairs of records that carry the same union id or phone number and were not decided on."""

    template_name = "contacts/same.html"
    key = "contacts.same"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return self._file() if "export" in request.GET else super().get(request, **kwargs)

    def _file(self) -> HttpResponseBase:
        head = [
            _("First record"),
            _("WeCom id 1"),
            _("The other record"),
            _("WeCom id 2"),
            _("Union id"),
            _("Phone"),
        ]
        pairs = evidence_rows(self, proposals(tenant_id=self.request.tenant.pk))
        return self.send_lines(
            head,
            [
                [
                    row["pair"].goes_on.name, row["pair"].goes_on.external_userid, row["pair"].other.name,
                    row["pair"].other.external_userid, row["unionid"], row["phone"],
                ]
                for row in pairs
            ],
        )  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        return {
            "rows": evidence_rows(self, proposals(tenant_id=tenant_id)),
            "people": customer_count(tenant_id=tenant_id),
            "merged": len(merged_among(tenant_id=tenant_id)),
        }


class MergePage(FormPage):
    """A drawer: another record is this person too. `?with=` names it; by hand it needs a reason."""

    template_name = "contacts/merge.html"
    form_class = MergeForm
    permission = write_permission = Permission.WORK

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"other": self.request.GET.get("with", "")}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: MergeForm, **kwargs: Any) -> HttpResponse:
        customers_merge(
            tenant=self.request.tenant,
            goes_on_id=kwargs["pk"],
            other_id=self._other(form.cleaned_data["other"]).pk,
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("One person from now on. Nothing was lost; it can be taken back on this page"))
        return drawer_done(self.request)

    def _other(self, said: str) -> Customer:
        """By the number in the address of its page, or by its WeCom id."""
        tenant_id = self.request.tenant.pk
        number = key_of(said.rstrip("/").rpartition("/")[2])
        if number is not None:
            return found(tenant_id, number)
        known = customers_by_external(tenant_id=tenant_id, external_userids=[said]).get(said)
        if known is None:
            raise CustomerUnknown
        return known


class SplitPage(FormPage):
    """A drawer: a merged record is another person after all."""

    template_name = "contacts/split.html"
    form_class = SplitForm
    permission = write_permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": customer_get(tenant_id=self.request.tenant.pk, customer_id=kwargs["pk"])}

    def done(self, form: SplitForm, **kwargs: Any) -> HttpResponse:
        customer_split(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("Two people again, each with what is theirs"))
        return drawer_done(self.request)


class ApartView(ConsoleView):
    """Two records were looked at and are two people."""

    def post(self, request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
        customers_apart(tenant=request.tenant, one_id=pk, other_id=other_pk, actor=request.actor)  # type: ignore[attr-defined]
        toast(request, _("Kept apart; they are not proposed again"))
        return go(request, self.url("contacts:same"))
