"""Campaigns with invitations, and friends who join by them."""

from datetime import datetime
from typing import Any

from campaigns.enums import PrizeKind
from campaigns.models import Invite, Referral
from campaigns.policies.pictures import code_uri
from campaigns.services.invites import invites_follow
from campaigns.services.life import campaign_start
from campaigns.services.lottery import LotteryWish, lottery_set
from campaigns.services.referral import ReferralWish, referral_set
from contacts.enums import ChannelKind
from contacts.models import Channel, Customer
from groups.models import Group, JoinWay, JoinWayRoom, Member
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer
from tests.factories.groups import make_member

BOOKS = [("绘本一套", PrizeKind.GOODS, 12_900, 2)]


def make_referral(
    *, tenant: Tenant, owner: Actor, needed: int = 10, stay_days: int = 3, has_lottery: bool = False,
    is_started: bool = True, tags: tuple[int, ...] = (), barred: tuple[int, ...] = (), way_id: int | None = None,
    has_prize: bool = True, **fields: Any,
) -> tuple[Played, Referral]:  # fmt: skip
    """A campaign that gives its first prize for enough invitees; the first of its people is 豆豆妈妈."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": BOOKS, **fields})
    who = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
    wish = ReferralWish(
        prize_id=played.prizes[0].pk if has_prize else None, needed=needed, stay_days=stay_days, tag_ids=tags,
        barred_ids=barred, way_id=way_id,
    )  # fmt: skip
    row = referral_set(**who, wish=wish)
    if has_lottery:
        lottery_set(
            **who, wish=LotteryWish(kind="grid", free_draws=0, draws_most=50, odds={played.prizes[-1].pk: 1})
        )
    if is_started:
        campaign_start(**who)
    return played, Referral.objects.select_related("campaign").get(pk=row.pk)


def join(
    played: Played, inviter: Customer | None = None, *, person: Customer | None = None, at: datetime | None = None,
    **fields: Any,
) -> Customer:  # fmt: skip
    """A newcomer joins the campaign's group, by the invitation of somebody; the product hears of it."""
    tenant = played.group.tenant
    person = person or make_customer(tenant=tenant, name="朵朵妈妈")
    invited_by = inviter.external_userid if inviter else ""
    make_member(
        group=played.group, customer=person,
        **{"joined_at": at or clock.now(), "invited_by": invited_by, **fields},
    )  # fmt: skip
    invites_follow(tenant=tenant, customer_ids=[person.pk])
    return person


def leave(played: Played, person: Customer) -> None:
    """Somebody leaves the campaign's group; the product hears of it."""
    Member.objects.filter(group=played.group, customer=person, left_at=None).update(left_at=clock.now())
    invites_follow(tenant=played.group.tenant, customer_ids=[person.pk])


def invite(person: Customer) -> Invite:
    """The invite of one person."""
    return Invite.objects.get(customer=person)


def make_way(*, tenant: Tenant, group: Group, **fields: Any) -> JoinWay:
    """A group code that WeCom has, with a picture."""
    channel, _is_new = Channel.objects.get_or_create(tenant=tenant, name="老带新", kind=ChannelKind.ACTIVITY)
    number = JoinWay.objects.count() + 1
    values = {
        "name": "邀请进群", "vendor_id": f"cfg{number}", "state": f"c{channel.pk}g{number}",
        "qr_picture": code_uri("https://work.weixin.qq.com/g/1"), **fields,
    }  # fmt: skip
    row = JoinWay.objects.create(tenant=tenant, app=group.app, channel=channel, **values)
    JoinWayRoom.objects.create(tenant=tenant, join_way=row, chat_id=group.chat_id, group=group)
    return row
