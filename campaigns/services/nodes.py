"""Beginning a campaign for a marketing node (R79)."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import GoalKind, PageColour, Theme
from campaigns.errors import CampaignInvalid
from campaigns.models import Campaign
from campaigns.policies.nodes import node_of, starts_on
from campaigns.services.frame import Idea, campaign_create, campaign_set_place
from tenants import clock
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant

BEGINS = time(10, 0)


def node_begin(*, tenant: "Tenant", key: str, first: date, actor: Actor) -> Campaign:
    """A draft for a node: its name, the festival theme, dates from some days before until its last evening.

    Safe to repeat: a draft of the same name and dates is given back. Raises CampaignInvalid for what is no node ahead,
    NotPermitted.
    """
    node = node_of(key, first)
    now = clock.now()
    today = clock.local_date(now, tenant.timezone)
    if node is None or node.last < today:
        raise CampaignInvalid(_("This day is not in the calendar ahead."))
    starts_at = clock.at_local(starts_on(node, today), BEGINS, tenant.timezone)
    ends_at = clock.day_bounds(node.last, tenant.timezone)[1]
    name = f"{node.festival.label} {node.first.year}"
    with transaction.atomic():
        known = _same(tenant, name, ends_at)
        if known is not None:
            return known
        idea = Idea(
            name=name,
            about="",
            theme=Theme.FESTIVAL,
            goal_kind=GoalKind.PEOPLE,
            goal_target=None,
            colour=PageColour.RED,
        )
        row = campaign_create(tenant=tenant, idea=idea, actor=actor)
        return campaign_set_place(
            tenant=tenant, campaign_id=row.pk, group_ids=[], starts_at=starts_at, ends_at=ends_at, actor=actor
        )


def _same(tenant: "Tenant", name: str, ends_at: datetime) -> Campaign | None:
    return Campaign.objects.filter(tenant=tenant, name=name[:60], ends_at=ends_at).order_by("pk").first()
