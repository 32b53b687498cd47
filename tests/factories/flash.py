"""Campaigns with a flash run."""

from datetime import timedelta
from typing import Any

from campaigns.enums import PrizeKind
from campaigns.models import FlashRun
from campaigns.policies.flash import nodes_placed
from campaigns.selectors.frame import group_ids_of
from campaigns.services.flash import FlashWish, NodeWish, flash_set
from campaigns.services.frame import campaign_set_place
from campaigns.services.life import campaign_start
from groups.models import Group
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign
from tests.factories.groups import make_group

WAKE = [("叫醒红包", PrizeKind.RED_PACKET, 188, 2)]
HOURS = 24


def flash_wish(played: Played, **fields: Any) -> FlashWish:
    """A flash sale over a day whose nodes are the colleague's."""
    placed = nodes_placed("sale", timedelta(hours=HOURS))
    values: dict[str, Any] = {
        "use": "first_sale", "rhythm": "sale", "target_id": None, "wake_prize_id": played.prizes[0].pk,
        "nodes": {
            part: NodeWish(after=after, owner_id=played.staff.pk, words=f"文案 {part}")
            for part, after in placed.items()
        },
    }  # fmt: skip
    return FlashWish(**{**values, **fields})


def make_flash(
    *, tenant: Tenant, owner: Actor, is_started: bool = True, with_target: bool = True, kind: str = "flash",
    state: str = "active", **fields: Any,
) -> tuple[Played, FlashRun, Group]:  # fmt: skip
    """A run of a day that begins an hour from now, with a long-term group to go to."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": WAKE, **fields})
    now = clock.now()
    Group.objects.filter(pk=played.group.pk).update(
        kind=kind,
        state=state,
        owner=played.staff,
        ends_on=clock.local_date(now, tenant.timezone) + timedelta(days=1),
    )
    target = make_group(tenant=tenant, kind="new_user", state="active", name="长期群")
    who: dict[str, Any] = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
    start = now + timedelta(hours=1)
    campaign_set_place(
        **who, group_ids=group_ids_of(tenant_id=tenant.pk, campaign_id=played.campaign.pk), starts_at=start,
        ends_at=start + timedelta(hours=HOURS),
    )  # fmt: skip
    made = flash_set(**who, wish=flash_wish(played, target_id=target.pk if with_target else None))
    if is_started:
        campaign_start(**who)
    return played, FlashRun.objects.select_related("campaign").get(pk=made.pk), target
