"""Testimonials: which may be shown and why the others may not, the form, taking back, into the library."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, toast
from console.templatetags.q import money
from contacts.selectors import customer_get, customer_list
from contacts.selectors.skus import order_facts, order_list
from content.forms.proofs import ProofForm, WithdrawForm
from content.models import Proof
from content.policies.proofs import name_shown
from content.selectors.proofs import proof_get, proof_list, standing_of
from content.services.proofs import proof_material, proof_save, proof_withdraw
from tenants.enums import Permission
from wecom.keeping import assets

PAGE = 30
FOUND = 12


class ProofsPage(TemplatePage):
    """Every testimonial with what stands behind it; `?q=` searches."""

    template_name = "content/proofs.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, asked = self.request.tenant, self.request.GET.get("q", "").strip()[:60]
        rows = proof_list(tenant_id=tenant.pk)
        total = rows.count()
        if asked:
            rows = rows.filter(Q(title__icontains=asked) | Q(text__icontains=asked))
        page = Paginator(rows, PAGE).get_page(self.request.GET.get("page"))
        standing = standing_of(tenant=tenant, proof_ids=[row.pk for row in page])
        return {
            "title": _("Testimonials"), "here": "proofs", "q": asked, "total": total, "page": page,
            "purpose": _("Real customers, real orders, and their word that we may show it. Nothing else is shown."),
            "rows": [
                {
                    "row": row, "problems": standing[row.pk].problems,
                    "name": name_shown(row.customer.name if row.customer else "", row.name_shown),
                }
                for row in page
            ],
            "can_write": self.can(Permission.OPERATE), "can_work": self.can(Permission.WORK),
        }  # fmt: skip


class ProofNewPage(FormPage):
    """A new testimonial of one customer; without `?customer=` the search for one."""

    template_name = "content/proof_form.html"
    form_class = ProofForm
    permission = write_permission = Permission.OPERATE
    title = gettext_lazy("New testimonial")

    def _customer_id(self, **kwargs: Any) -> int | None:
        raw = self.request.GET.get("customer", "")
        return int(raw) if raw.isdecimal() and len(raw) < 19 else None

    def _customer(self, **kwargs: Any) -> Any:
        customer_id = self._customer_id(**kwargs)
        return (
            customer_get(tenant_id=self.request.tenant.pk, customer_id=customer_id) if customer_id else None
        )

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        customer = self._customer(**kwargs)
        if customer is None:
            return {"orders": []}
        person = customer.person_id or customer.pk
        rows = order_list(tenant_id=self.request.tenant.pk)
        rows = rows.filter(Q(customer_id=person) | Q(customer__person_id=person))
        return {
            "orders": [
                (row.pk, f"{row.order_no} · {order_facts(row).sku or row.title} · {money(row.amount_fen)} · "
                         f"{row.get_state_display()}")
                for row in rows
            ]
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("q", "").strip()[:60]
        found = customer_list(tenant_id=self.request.tenant.pk, text=asked)[:FOUND] if asked else []
        return {
            "customer": self._customer(**kwargs), "q": asked, "found": found, "row": None,
            "back_url": self.url("content:proofs"),
        }  # fmt: skip

    def done(self, form: ProofForm, **kwargs: Any) -> HttpResponse:
        sent = form.cleaned_data["picture"]
        asset_id = None
        if sent:
            asset_id = assets.asset_store(
                tenant=self.request.tenant, kind="image", name=sent.name, content=sent.read(),
                actor=self.request.actor,
            ).pk  # fmt: skip
        row = proof_save(
            tenant=self.request.tenant, actor=self.request.actor, proof_id=kwargs.get("pk"),
            wish=form.wish(customer_id=self._customer_id(**kwargs), asset_id=asset_id),
        )  # fmt: skip
        toast(self.request, _("Saved: %(name)s") % {"name": row})
        return go(self.request, self.url("content:proofs"))


class ProofPage(ProofNewPage):
    """Change one."""

    title = gettext_lazy("Edit the testimonial")

    def _row(self, pk: int) -> Proof:
        return proof_get(tenant_id=self.request.tenant.pk, proof_id=pk)

    def _customer_id(self, **kwargs: Any) -> int | None:
        return self._row(kwargs["pk"]).customer_id

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._row(kwargs["pk"])
        return {
            "kind": row.kind, "title": row.title, "text": row.text, "order": row.order_id, "scope": row.scope,
            "permitted": row.permitted_at is not None and row.withdrawn_at is None,
            "permission_note": row.permission_note, "permitted_until": row.permitted_until,
            "name_shown": row.name_shown,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self._row(kwargs["pk"])
        standing = standing_of(tenant=self.request.tenant, proof_ids=[row.pk])[row.pk]
        return {**super().context(**kwargs), "row": row, "problems": standing.problems}


class ProofWithdrawPage(FormPage):
    """A drawer: the customer takes the permission back. Whoever hears it records it."""

    template_name = "content/withdraw.html"
    form_class = WithdrawForm
    write_permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"row": proof_get(tenant_id=self.request.tenant.pk, proof_id=kwargs["pk"])}

    def done(self, form: WithdrawForm, **kwargs: Any) -> HttpResponse:
        proof_withdraw(
            tenant=self.request.tenant, proof_id=kwargs["pk"], reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Taken back: nothing made of it is picked or sent any more."))
        return drawer_done(self.request)


class ProofMaterialView(ConsoleView):
    """POST: a draft in the library, bound to the testimonial."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = proof_material(tenant=self.request.tenant, proof_id=pk, actor=self.request.actor)
        toast(request, _("A draft in the library. It goes when the permission goes."))
        return go(request, self.url("content:material", pk=row.pk))
