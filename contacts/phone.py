"""The customer in the present chat, on the phone: only a friend of the staff member who holds it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from console.pages import render, toast
from contacts.enums import TagSource
from contacts.errors import TagUnknown
from contacts.models import Customer, CustomerTag, Follow
from contacts.policies.masking import masked_phone
from contacts.selectors import (
    customer_by_external,
    follow_of,
    follows_of,
    groups_of,
    orders_for,
    tag_list,
)
from contacts.selectors.exposures import exposures_now
from contacts.selectors.identity import person_records
from contacts.selectors.timeline import MESSAGE, customer_timeline
from contacts.services.customers import customer_set_opt_out
from contacts.services.tags import customer_tag_add, customer_tag_remove
from team.errors import SignInRefused
from team.phone import PhoneView
from team.phone.base import customer_panels
from tenants.enums import Permission
from wecom.selectors import freshness

RECENT = 8
MESSAGES = 3
READ = 60  # entries that are looked through for the last messages
TAGS_OFFERED = 300


class CustomerView(PhoneView):
    """Finds the customer of a WeCom id, for a friend only; anybody else's is a 404 that says why."""

    def customer(self, external_userid: str) -> tuple[Customer, Follow]:
        tenant, staff = self.request.tenant, self.request.staff
        customer = customer_by_external(
            tenant_id=tenant.pk, app_id=staff.app_id, external_userid=external_userid
        )
        tie = None
        if customer is not None:
            tie = follow_of(tenant_id=tenant.pk, customer_id=customer.pk, staff_id=staff.pk)
        if customer is None or tie is None:
            raise SignInRefused("not_friend")
        return customer, tie

    def tags(self, customer: Customer) -> dict[str, Any]:
        """Tags held, WeCom's own beside ours, and those that may be added."""
        tenant_id = self.request.tenant.pk
        rows = CustomerTag.objects.filter(tenant_id=tenant_id, customer=customer, tag__deleted_at=None)
        held: dict[int, dict[str, Any]] = {}
        for row in rows.select_related("tag").order_by("tag__name"):
            one = held.setdefault(row.tag_id, {"pk": row.tag_id, "name": row.tag.name, "is_fixed": False})
            one["is_fixed"] = one["is_fixed"] or row.source == TagSource.WECOM
        return {
            "tags": list(held.values()),
            "tags_free": [one for one in tag_list(tenant_id=tenant_id)[:TAGS_OFFERED] if one.pk not in held],
            "may_work": Permission.WORK in self.request.actor.permissions,
        }


class CustomerPhonePage(CustomerView):
    """This customer, short: who, groups, tags, what happened last, and what apps above add (the lead)."""

    def get(self, request: HttpRequest, external_userid: str) -> HttpResponse:
        customer, tie = self.customer(external_userid)
        return render(request, "contacts/phone_customer.html", self._context(customer, tie))

    def _context(self, customer: Customer, tie: Follow) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        may_see = Permission.SEE_PERSONAL in self.request.actor.permissions
        entries = customer_timeline(tenant_id=tenant_id, customer_id=customer.pk, limit=READ)
        return {
            "customer": customer,
            "refusal": next((one for one in person_records(customer=customer) if one.opt_out_at), None),
            "tie": tie,
            "friends": [
                one.staff
                for one in follows_of(tenant_id=tenant_id, customer_ids=[customer.pk])
                if one.ended_at is None and one.staff_id != self.request.staff.pk
            ],
            "phone": masked_phone(customer.phone, may_see=may_see),
            "groups": groups_of(tenant_id=tenant_id, customer_id=customer.pk),
            "orders": list(orders_for(tenant_id=tenant_id, customer_ids=[customer.pk])[:3]),
            "talk": [one for one in entries if one.facet == MESSAGE][:MESSAGES],
            "entries": [one for one in entries if one.facet != MESSAGE][:RECENT],
            "exposures": exposures_now(tenant=self.request.tenant, customer_id=customer.pk),
            "fresh": freshness(tenant_id=tenant_id),
            "panels": customer_panels(request=self.request, customer_id=customer.pk),
            **self.tags(customer),
        }


class CustomerTagView(CustomerView):
    """POST: put a tag on, or take one of ours off; the answer is the row of tags."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, external_userid: str, verb: str) -> HttpResponse:
        customer, _tie = self.customer(external_userid)
        raw = request.POST.get("tag") or request.GET.get("tag", "")
        if not raw.isdecimal() or len(raw) > 18:
            raise TagUnknown
        told = {"tenant": self.request.tenant, "customer_id": customer.pk, "tag_id": int(raw)}
        names = {one.pk: one.name for one in tag_list(tenant_id=self.request.tenant.pk)}
        other, is_new = "remove" if verb == "add" else "add", True
        if verb == "add":
            _tag, is_new = customer_tag_add(**told, actor=self.request.actor)
        else:
            customer_tag_remove(**told, actor=self.request.actor)
        back = self.url("contacts_phone:tag", external_userid=external_userid, verb=other)
        said = _("Tagged: %(name)s") if verb == "add" else _("Took off: %(name)s")
        # What a colleague put there before is not taken off by going back.
        toast(request, said % {"name": names.get(int(raw), raw)}, f"{back}?tag={raw}" if is_new else "")
        if not getattr(request, "htmx", False):
            return HttpResponseRedirect(self.url("contacts_phone:customer", external_userid=external_userid))
        context = {"customer": customer, **self.tags(customer)}
        return render(request, "contacts/_phone_tags.html", context, partial="contacts/_phone_tags.html")


class CustomerOptOutView(CustomerView):
    """POST: the customer wants no marketing, or wants it again; the reason is what was said."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, external_userid: str) -> HttpResponse:
        customer, _tie = self.customer(external_userid)
        wants_none = request.POST.get("opted_out") == "1"
        customer_set_opt_out(
            tenant=self.request.tenant,
            customer_id=customer.pk,
            opted_out=wants_none,
            reason=request.POST.get("reason", ""),
            actor=self.request.actor,
        )
        toast(request, _("Gets no marketing from now on") if wants_none else _("May be reached again"))
        return HttpResponseRedirect(self.url("contacts_phone:customer", external_userid=external_userid))
