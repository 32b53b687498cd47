"""The people of a private touch, and what a staff member has to do on the phone."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from sop.models import Touch, TouchRecipient

if TYPE_CHECKING:
    from tenants.models import Tenant


def recipient_list(*, tenant: "Tenant", touch_id: int) -> QuerySet[TouchRecipient]:
    """People of one touch, with their customers: those it reaches first, then those left out."""
    rows = TouchRecipient.objects.filter(tenant=tenant, touch_id=touch_id)
    return rows.select_related("customer").order_by("-state", "customer__name", "pk")


def bundle_list(*, tenant: "Tenant", touch_id: int, staff_id: int) -> list[Touch]:
    """What one staff member does together with this touch: the same step for several groups. Empty: not theirs."""
    first = Touch.objects.filter(tenant=tenant, pk=touch_id, staff_id=staff_id).first()
    if first is None:
        return []
    rows = Touch.objects.filter(tenant=tenant, staff_id=staff_id).select_related(
        "step", "run", "group", "staff"
    )
    rows = rows.filter(bundle=first.bundle) if first.bundle else rows.filter(pk=first.pk)
    return list(rows.order_by("pk"))
