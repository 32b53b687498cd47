"""Customers whom WeCom did not move, before the lead: on Today until somebody decided (R125)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db.models import Count
from django.urls import reverse

from contacts.models import CustomerTransfer
from contacts.policies.transfers import CAME_BACK
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import staff_by_id, staff_leads
from team.services import work_item_put, work_items_close
from team.services.handover import leaver_settle
from tenants import clock
from tenants.models import Tenant
from tenants.words import say

if TYPE_CHECKING:
    from team.models import Staff

BACK = "contacts.transfers_back"


def back_look(*, tenant_id: int, giver_ids: Collection[int]) -> None:
    """Put, or close, what these colleagues' customers ask of the lead. In the caller's transaction; safe to repeat.

    Of a leaver it is the must "hand over what was left behind"; of a colleague who is here a reminder of its own.
    """
    if not giver_ids:
        return
    rows = CustomerTransfer.objects.filter(tenant_id=tenant_id, giver_id__in=giver_ids, state__in=CAME_BACK)
    counts = dict(rows.order_by().values("giver_id").annotate(n=Count("pk")).values_list("giver_id", "n"))
    tenant = Tenant.objects.get(pk=tenant_id)
    for giver in staff_by_id(tenant_id=tenant_id, staff_ids=sorted(giver_ids)).values():
        count = counts.get(giver.pk, 0)
        if not giver.is_active:
            leaver_settle(tenant=tenant, staff=giver)
        if count and giver.is_active:
            _remind(tenant, giver, count)
        else:
            work_items_close(
                tenant_id=tenant_id, source_kind=BACK, source_ids=[giver.pk], state=WorkState.DONE
            )


def _remind(tenant: Tenant, giver: "Staff", count: int) -> None:
    lead = next((one for one in staff_leads(tenant_id=tenant.pk) if one.pk != giver.pk), None)
    page = reverse("team:handover", kwargs={"tenant_slug": tenant.slug, "pk": giver.pk})
    work_item_put(
        tenant_id=tenant.pk, source_kind=BACK, source_id=giver.pk, staff_id=lead.pk if lead else None,
        kind=WorkKind.ALERT, bucket=Bucket.REMIND,
        title=say("Customers of %(who)s were not handed over") % {"who": giver},
        detail=say("%(n)s came back: refused, or a limit of WeCom's.") % {"n": count},
        reason=say("WeCom did not move them"), rule_code="TRANSFER-01", starts_at=clock.now(),
        verb_label=say("Decide"), url=f"{page}?customers=back#customers",
    )  # fmt: skip
