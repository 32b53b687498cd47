"""Campaigns with a join play, and people who join."""

from datetime import timedelta
from typing import Any

from campaigns.enums import PrizeKind
from campaigns.handlers import on_join_left, on_join_members
from campaigns.models import JoinPlay
from campaigns.services.joining import JoinWish, join_set
from campaigns.services.life import campaign_start
from contacts.models import Customer
from groups.events import MemberJoined, MemberLeft
from groups.models import Group, Member
from team.models import Staff
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign
from tests.factories.groups import make_member

PACKET = [("进群红包", PrizeKind.RED_PACKET, 288, 50)]
BOOK = [("分级绘本一本", PrizeKind.GOODS, 1_800, 50)]


def make_join(
    *, tenant: Tenant, owner: Actor, kind: str = "packet", is_started: bool = True, wish: dict[str, Any] | None = None,
    **fields: Any,
) -> tuple[Played, JoinPlay]:  # fmt: skip
    """A campaign that gives something for joining, running unless told otherwise."""
    prizes = PACKET if kind == "packet" else BOOK
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": prizes, **fields})
    task = {"task": "form", "task_words": "填写入营问卷", "task_url": "https://form.example.com/1"}
    given = {"prize_id": played.prizes[0].pk, **(task if kind == "task" else {}), **(wish or {})}
    made = join_set(
        tenant=tenant, campaign_id=played.campaign.pk, wish=JoinWish(kind=kind, **given), actor=owner
    )
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, made


def joins(
    *, tenant: Tenant, group: Group, people: list[Customer], staff: list[Staff] | None = None
) -> MemberJoined:
    """They come in now; the event that groups tell is handled, and returned."""
    now = clock.now()
    for one in people:
        make_member(group=group, customer=one, joined_at=now)
    event = MemberJoined(
        tenant_id=tenant.pk, occurred_at=now, group_id=group.pk, customer_ids=[one.pk for one in people],
        staff_ids=[one.pk for one in staff or []], joined_at=now,
    )  # fmt: skip
    on_join_members(tenant_id=tenant.pk, events=[event])
    return event


def leaves(*, tenant: Tenant, group: Group, people: list[Customer], days: float = 0) -> MemberLeft:
    """They leave, so many days from now; the event is handled, and returned."""
    at = clock.now() + timedelta(days=days)
    Member.objects.filter(group=group, customer__in=people, left_at=None).update(left_at=at)
    event = MemberLeft(
        tenant_id=tenant.pk, occurred_at=at, group_id=group.pk, customer_ids=[one.pk for one in people], staff_ids=[],
        left_at=at,
    )  # fmt: skip
    on_join_left(tenant_id=tenant.pk, events=[event])
    return event
