"""The customer in the present chat, on the phone: only a friend of the staff member who holds it."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.pages import render
from contacts.models import Customer
from contacts.policies.masking import masked_phone
from contacts.selectors import (
    customer_by_external,
    follow_of,
    groups_of,
    orders_for,
    tags_of,
)
from contacts.selectors.exposures import exposures_now
from contacts.selectors.timeline import customer_timeline
from team.phone.base import PhoneView, customer_panels
from tenants.enums import Permission
from wecom.errors import WecomError
from wecom.jssdk import js_signature
from wecom.selectors import app_current

RECENT = 8


class CustomerLookPage(PhoneView):
    """The sidebar's entry: WeCom's script names the chat's customer, then the browser goes to that page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        app = app_current(tenant_id=self.request.tenant.pk)
        sdk: dict[str, Any] | None = None
        if app is not None:
            try:
                sdk = js_signature(app=app, url=request.build_absolute_uri())
            except WecomError:
                sdk = None
        return render(request, "contacts/phone_look.html", {"sdk": sdk})


class CustomerPhonePage(PhoneView):
    """This customer, short: who, groups, tags, what happened last, and what apps above add (the lead)."""

    def get(self, request: HttpRequest, external_userid: str) -> HttpResponse:
        tenant, staff = self.request.tenant, self.request.staff
        customer = customer_by_external(
            tenant_id=tenant.pk, app_id=staff.app_id, external_userid=external_userid
        )
        tie = customer and follow_of(tenant_id=tenant.pk, customer_id=customer.pk, staff_id=staff.pk)
        if customer is None or tie is None:
            return self.say("not_friend", 404)
        return render(request, "contacts/phone_customer.html", self._context(customer, tie))

    def _context(self, customer: Customer, tie: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        may_see = Permission.SEE_PERSONAL in self.request.actor.permissions
        return {
            "customer": customer,
            "tie": tie,
            "phone": masked_phone(customer.phone, may_see=may_see),
            "groups": groups_of(tenant_id=tenant_id, customer_id=customer.pk),
            "tags": tags_of(tenant_id=tenant_id, customer_ids=[customer.pk]).get(customer.pk, []),
            "orders": list(orders_for(tenant_id=tenant_id, customer_ids=[customer.pk])[:3]),
            "entries": customer_timeline(tenant_id=tenant_id, customer_id=customer.pk, limit=RECENT),
            "exposures": exposures_now(tenant=self.request.tenant, customer_id=customer.pk),
            "panels": customer_panels(request=self.request, customer_id=customer.pk),
        }
