"""One person's data: what there is, the file of it, and forgetting the person."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import ConsoleView, FormPage, TemplatePage, go, toast
from contacts.forms.personal import EraseForm
from contacts.selectors.identity import person_records
from contacts.selectors.personal import KEPT_DAYS, erasure_of, exports_of
from contacts.services.personal import erasure_ask, export_ask, holding_counts
from contacts.views.customers import found
from tenants.enums import Permission

RECENT = 5


class PersonalPage(TemplatePage):
    """Where something about this person lives, the files made of it, and the way to erase it."""

    template_name = "contacts/personal.html"
    permission = Permission.EXPORT
    write_permission = Permission.EXPORT

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        customer = found(tenant_id, kwargs["pk"])
        files = list(exports_of(tenant_id=tenant_id, customer_id=customer.pk)[:RECENT])
        return {
            "customer": customer,
            "holdings": holding_counts(tenant_id=tenant_id, customer=customer),
            "files": files,
            "is_busy": any(one.done_at is None for one in files),
            "erasure": erasure_of(tenant_id=tenant_id, customer_id=customer.pk),
            "kept_days": KEPT_DAYS,
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        export_ask(tenant=self.request.tenant, customer_id=pk, actor=self.request.actor)
        toast(request, _("The file is being made. Load this page again in a moment."))
        return go(request, self.url("contacts:personal", pk=pk))


class PersonalFileView(ConsoleView):
    """The file itself, for a week."""

    permission = Permission.EXPORT

    def get(self, request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
        rows = exports_of(tenant_id=self.request.tenant.pk, customer_id=pk)
        row = rows.filter(pk=file_pk).exclude(body="").first()
        if row is None or not self.can(Permission.SEE_PERSONAL):
            raise Http404
        response = HttpResponse(row.body, content_type="application/json; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="qunce-person-{pk}-{row.pk}.json"'
        response.headers["Cache-Control"] = "no-store"
        return response


class ErasePage(FormPage):
    """The second step: the reason, and the name typed once more."""

    template_name = "contacts/erase.html"
    form_class = EraseForm
    permission = write_permission = Permission.MANAGE
    title = gettext_lazy("Erase this person")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        customer = found(tenant_id, kwargs["pk"])
        return {
            "customer": customer,
            "records": person_records(customer=customer),
            "holdings": holding_counts(tenant_id=tenant_id, customer=customer),
        }

    def done(self, form: EraseForm, **kwargs: Any) -> HttpResponse:
        erasure_ask(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            actor=self.request.actor,
            **form.cleaned_data,
        )
        toast(self.request, _("This person is being erased."))
        return go(self.request, self.url("contacts:personal", pk=kwargs["pk"]))
