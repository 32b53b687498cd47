"""What campaigns hand over when a colleague leaves or moves (R125)."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignState
from campaigns.models import Campaign, FlashNode
from team.services.handover import Part, renamed


def _campaigns(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = Campaign.objects.filter(tenant_id=tenant_id, owner_id=staff_id)
    return rows.exclude(state=CampaignState.REVIEWED).order_by("pk")


def _flash_nodes(*, tenant_id: int, staff_id: int) -> QuerySet:
    """Those that nobody has posted yet."""
    rows = FlashNode.objects.filter(tenant_id=tenant_id, owner_id=staff_id, posted_at=None)
    return rows.exclude(run__campaign__state=CampaignState.REVIEWED).order_by("pk")


PARTS = [
    Part("campaigns", _("Campaigns they answer for"), _campaigns, renamed(_campaigns, "owner"), order=65),
    Part("flash_nodes", _("Nodes of flash runs"), _flash_nodes, renamed(_flash_nodes, "owner"), order=66),
]
