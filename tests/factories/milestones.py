"""Campaigns with milestones, and groups that fill."""

from datetime import datetime
from typing import Any

from campaigns.enums import PrizeKind
from campaigns.handlers import on_milestones
from campaigns.models import Milestones
from campaigns.services.life import campaign_start
from campaigns.services.milestones import MilestonesWish, milestones_set
from contacts.models import Customer
from groups.events import MemberJoined
from groups.models import Group
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customers
from tests.factories.groups import make_member

PACKETS = [("群红包", PrizeKind.RED_PACKET, 300, 60), ("群大红包", PrizeKind.RED_PACKET, 800, 40)]


def make_milestones(
    *, tenant: Tenant, owner: Actor, is_started: bool = True, wish: dict[str, Any] | None = None, people: int = 40,
    **fields: Any,
) -> tuple[Played, Milestones]:  # fmt: skip
    """A campaign whose group has `people` customers when it begins, and red packets of 20 and 10 shares."""
    given: dict[str, Any] = {"prizes": PACKETS, "budget_fen": 100_000, "people": people, **fields}
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **given)
    small, large = played.prizes[:2]
    values = {
        "small_id": small.pk,
        "small_shares": 20,
        "large_id": large.pk,
        "large_shares": 10,
        **(wish or {}),
    }
    row = milestones_set(
        tenant=tenant, campaign_id=played.campaign.pk, wish=MilestonesWish(**values), actor=owner
    )
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        played.campaign.refresh_from_db()
    return played, row


def fills(
    *, tenant: Tenant, group: Group, count: int = 0, people: list[Customer] | None = None, at: datetime | None = None
) -> list[Customer]:  # fmt: skip
    """So many new people, or these, come in; the others are told. Returns who came."""
    came = people if people is not None else list(make_customers(tenant=tenant, count=count))
    when = at or clock.now()
    for one in came:
        make_member(group=group, customer=one, joined_at=when)
    tell(tenant=tenant, group=group, people=came)
    return came


def tell(*, tenant: Tenant, group: Group, people: list[Customer]) -> None:
    """What groups tell of people who came in."""
    event = MemberJoined(
        tenant_id=tenant.pk, occurred_at=clock.now(), group_id=group.pk, customer_ids=[one.pk for one in people],
        staff_ids=[], joined_at=clock.now(),
    )  # fmt: skip
    on_milestones(tenant_id=tenant.pk, events=[event])
