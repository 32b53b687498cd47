"""What the pages of one campaign share: its head, its tabs, and what a form may choose from."""

from typing import Any

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from campaigns.selectors.frame import campaign_get
from campaigns.selectors.ledger import counts_of
from campaigns.selectors.plays import plays_of
from campaigns.services.life import BUDGET, START, target_of
from campaigns.tables import state_chip
from groups.selectors import groups_open
from team.selectors import approvals_of_targets, staff_list
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows


def campaign_of(request: Any, pk: int) -> Campaign:
    """Asked once a request. Raises Campaign.DoesNotExist."""
    held: dict[int, Campaign] = getattr(request, "campaigns_held", {})
    if pk not in held:
        held[pk] = campaign_get(tenant_id=request.tenant.pk, campaign_id=pk)
        request.campaigns_held = held
    return held[pk]


def head(request: Any, campaign: Campaign, here: str) -> dict[str, Any]:
    """What the head of each page of a campaign shows: state, time, tabs with counts, and what may be done."""
    tenant_id, now = request.tenant.pk, clock.now()
    waiting = approvals_of_targets(tenant_id=tenant_id, target=target_of(campaign.pk))
    awards, entries = counts_of(campaign=campaign)
    is_running = campaign.state == CampaignState.RUNNING
    return {
        "campaign": campaign, "here": here, "state": state_chip(campaign),
        "is_draft": campaign.state == CampaignState.DRAFT, "is_running": is_running,
        "is_ended": campaign.state == CampaignState.ENDED,
        "is_reviewed": campaign.state == CampaignState.REVIEWED,
        "is_open": is_running and campaign.starts_at is not None and campaign.starts_at <= now,
        "can_operate": allows(request.role, Permission.OPERATE),
        "can_approve": allows(request.role, Permission.APPROVE),
        "award_count": awards, "entry_count": entries,
        "plays": plays_of(campaign),
        "asked_start": waiting.get(START), "asked_budget": waiting.get(BUDGET),
    }  # fmt: skip


def group_choices(tenant_id: int) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in groups_open(tenant_id=tenant_id)]


def staff_choices(tenant_id: int) -> list[tuple[int, str]]:
    return [(one.pk, str(one)) for one in staff_list(tenant_id=tenant_id, active_only=True)]
