"""One running campaign of each kind of play, with its page on the phone and what a member sends there."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from campaigns.enums import EntryReason, PrizeKind
from campaigns.models import Campaign, CouponOffer
from campaigns.selectors import flash, joining, lottery, quiz, referral
from campaigns.selectors.checkins import checkin_token
from campaigns.selectors.deals import deals_token
from campaigns.selectors.mall import mall_token
from campaigns.selectors.pages import home_token, offer_token, page_path
from campaigns.services.invites import inviter_open
from campaigns.services.life import campaign_start
from campaigns.services.mall import GoodWish, mall_set
from campaigns.services.points import points_move
from contacts.models import Customer
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, coupon_wish, make_campaign
from tests.factories.checkins import make_checkin
from tests.factories.contacts import make_customers
from tests.factories.deals import make_deal
from tests.factories.flash import make_flash
from tests.factories.joins import make_join
from tests.factories.lotteries import make_lottery
from tests.factories.quizzes import make_quiz
from tests.factories.referrals import make_referral, make_way

KEY = re.compile(r'name="key" value="([0-9a-f]{32})"')
PLAYS = (
    "checkin", "lottery", "quiz", "coupon", "deals", "flash", "mall", "invite", "invitation", "join", "home",
)  # fmt: skip


@dataclass(frozen=True)
class PlayPage:
    """`form` makes what is sent out of what the page said; `words` are those of its fields that people write in."""

    played: Played
    path: str
    people: list[Customer]
    form: Callable[[str], dict[str, str]] = lambda _text: {}
    words: tuple[str, ...] = ()
    is_once: bool = field(default=True)  # the same form again is the same thing


def _key(text: str) -> str:
    found = KEY.search(text)
    return found[1] if found else "0" * 32


def make_play(kind: str, *, tenant: Tenant, owner: Actor, people: int = 3) -> PlayPage:
    """Its campaign, open now; of a flash run it begins in an hour."""
    who = {"tenant": tenant, "owner": owner, "people": people}
    if kind == "checkin":
        played, _plan = make_checkin(**who, wish={"proof": "text"})
        today = clock.local_date(clock.now(), tenant.timezone).isoformat()
        return _page(
            played, checkin_token, lambda _text: {"day": today, "proof": "读完 3 页"}, words=("proof",)
        )
    if kind == "lottery":
        played, _lottery = make_lottery(**who)
        return _page(played, lottery.token_of, lambda text: {"key": _key(text), "box": "1"}, words=("box",))
    if kind == "quiz":
        played, _quiz = make_quiz(**who)
        return _page(played, quiz.token_of, lambda _text: {"answer_1": "1", "answer_2": "0"})
    if kind == "deals":
        played, deal = make_deal(**who)
        form = {"deal": str(deal.pk), "pieces": "1", "wish": "蓝色"}
        return _page(played, deals_token, lambda text: {**form, "key": _key(text)}, words=("wish",))
    if kind == "flash":
        played, _run, _target = make_flash(**who)
        return _page(played, flash.token_of)
    if kind == "join":
        played, _play = make_join(**who, kind="task")
        return _page(played, joining.token_of)
    if kind in ("invite", "invitation"):
        return _inviting(kind, tenant=tenant, owner=owner, people=people)
    return _more(kind, tenant=tenant, owner=owner, people=people)


def _page(
    played: Played, token: Callable[[Campaign], str], form: Callable[[str], dict[str, str]] = lambda _text: {}, *,
    people: list[Customer] | None = None, words: tuple[str, ...] = (),
) -> PlayPage:  # fmt: skip
    path = page_path(token(Campaign.objects.get(pk=played.campaign.pk)))
    return PlayPage(played, path, people or played.people, form, words)


def _inviting(kind: str, *, tenant: Tenant, owner: Actor, people: int) -> PlayPage:
    played, row = make_referral(tenant=tenant, owner=owner, people=people, needed=2)
    row.way = make_way(tenant=tenant, group=played.group)
    row.save(update_fields=["way"])
    if kind == "invite":
        return _page(played, referral.token_of)
    inviter = inviter_open(referral=row, person_id=played.people[0].pk)
    friends = make_customers(tenant=tenant, count=people)
    return _page(
        played, lambda campaign: referral.invitation_token(campaign=campaign, inviter=inviter), people=friends
    )


def _more(kind: str, *, tenant: Tenant, owner: Actor, people: int) -> PlayPage:
    if kind == "coupon":
        played = make_campaign(
            tenant=tenant, actor=owner, people=people, prizes=[], coupons=[coupon_wish(url="https://shop.example.com/")]
        )  # fmt: skip
        offer = CouponOffer.objects.select_related("prize__campaign").get(prize__campaign=played.campaign)
        return _page(
            played, lambda _campaign: offer_token(offer), lambda _text: {"number": "1"}, words=("number",)
        )
    if kind == "home":
        return _page(make_campaign(tenant=tenant, actor=owner, people=people), home_token)
    assert kind == "mall"
    played = make_campaign(
        tenant=tenant, actor=owner, is_started=False, people=people,
        prizes=[("分级绘本一本", PrizeKind.GOODS, 1_800, 50)],
    )  # fmt: skip
    (good,) = mall_set(
        tenant=tenant,
        campaign_id=played.campaign.pk,
        goods={played.prizes[0].pk: GoodWish(30, 1)},
        actor=owner,
    )
    campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    for one in played.people:
        points_move(
            tenant=tenant, campaign_id=played.campaign.pk, person_id=one.pk, amount=95,
            reason=EntryReason.EARNED, key=f"given:{one.pk}", actor=SYSTEM,
        )  # fmt: skip
    key = "a" * 32
    return _page(played, mall_token, lambda _text: {"good": str(good.pk), "key": key})


UNTIL_FLASH = timedelta(hours=1)
