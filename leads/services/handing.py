"""What leads hands over when a colleague leaves or moves (R125)."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.enums import DoubtState, LeadState
from leads.models import Doubt, Lead
from leads.services.share import MOST, lead_assign
from team.services.handover import Move, Part, renamed


def _open(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = Lead.objects.filter(tenant_id=tenant_id, owner_id=staff_id, state=LeadState.OPEN)
    return rows.select_related("customer").order_by("next_action_at", "pk")


def _resting(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = Lead.objects.filter(tenant_id=tenant_id, owner_id=staff_id, state=LeadState.UNRANKED)
    return rows.select_related("customer").order_by("pk")


def _move_open(one: Move) -> int:
    ids = list(_open(tenant_id=one.tenant.pk, staff_id=one.giver.pk).values_list("pk", flat=True))
    return sum(
        lead_assign(tenant=one.tenant, lead_ids=ids[at : at + MOST], staff_id=one.taker.pk, actor=one.actor)
        for at in range(0, len(ids), MOST)
    )


def _doubts(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = Doubt.objects.filter(tenant_id=tenant_id, lead__owner_id=staff_id, lead__state=LeadState.OPEN)
    return rows.filter(state=DoubtState.OPEN).select_related("lead__customer").order_by("pk")


PARTS = [
    Part("leads", _("Open leads"), _open, _move_open, order=20,
         url=lambda tenant, staff: reverse("leads:board", kwargs={"tenant_slug": tenant.slug}) + f"?owner={staff.pk}",
         line=lambda row: (str(row), f"{row.next_action_label} {row.next_action_at:%Y-%m-%d}")),
    Part("doubts", _("Open doubts of their leads"), _doubts, None, order=21, note=_("They come with the lead."),
         line=lambda row: (row.text, str(row.lead.customer))),
    Part("resting_leads", _("Leads without intent now"), _resting, renamed(_resting, "owner"), order=22),
]  # fmt: skip
