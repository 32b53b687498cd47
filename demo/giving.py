"""A campaign of the camp: who hands in assignments gets something, within a budget; what was promised is sent.

Given for assignments that the simulated people really handed in, and decided by ids, so that the same story comes out
each time.
"""

from contextlib import suppress
from datetime import timedelta

from campaigns.enums import AwardState, GoalKind, PrizeKind, Theme
from campaigns.enums.coupons import OfferKind
from campaigns.errors import BudgetSpent, PersonNotInGroups, StockOut
from campaigns.selectors.coupons import coupons_of, offers_of
from campaigns.selectors.frame import campaign_get, group_ids_of, people_in, prize_list
from campaigns.selectors.ledger import awards_of
from campaigns.services.awards import award_by_hand, award_hand_over, award_take_back
from campaigns.services.coupons import OfferWish, coupon_claim, coupon_viewed, offer_save
from campaigns.services.frame import (
    Costs,
    Idea,
    PrizeWish,
    campaign_clone,
    campaign_create,
    campaign_set_costs,
    campaign_set_place,
    campaign_set_rules,
    prize_save,
)
from campaigns.services.life import campaign_start
from campaigns.services.redeeming import coupon_redeem
from contacts.selectors import behaviours_for, orders_for
from demo.company import Company
from groups.selectors import groups_open
from team.selectors import staff_contactable
from tenants import clock
from tenants.errors import DomainError
from tenants.scoping import tenant_scope

NAME = "交作业送绘本"
DAYS = 14
BUDGET_FEN = 360_000
GOAL = 60
RULES = (
    "营内群成员都能参加。交满 1 次作业得小红包，交满 3 次得分级绘本一本，交满 5 次得点读笔一支，每样每人一次。\n"
    "奖品数量有限，先到先得，发完为止。到期不延。\n"
    "红包当天到账；实物三天内寄出，老师私聊问地址。\n"
    "不需要转发，也不需要拉人。有疑问在群里找班主任。"
)
# Name, kind, what a piece costs in fen, pieces, after how many assignments.
PRIZES = (
    ("小红包", PrizeKind.RED_PACKET, 288, 120, 1),
    ("分级绘本一本", PrizeKind.GOODS, 1_800, 60, 3),
    ("点读笔", PrizeKind.GOODS, 9_600, 8, 5),
)
# For who looked at the shop: it brings some of them to their order.
COUPON = OfferWish(
    name="正价课立减券", stock=30, cost_fen=0, kind=OfferKind.AMOUNT, off_fen=2_000, threshold_fen=10_000, valid_days=7,
    how="付款前把券码发给班主任",
)  # fmt: skip
SENT_AFTER = timedelta(days=2)
A_DAY = 12  # how many one colleague gives in a day


def campaign_begin(company: Company) -> int:
    """The campaign, planned and started, and the next one as a draft that still lacks its dates. Returns its id."""
    tenant, owner, now = company.tenant, company.owner, clock.now()
    with tenant_scope(tenant):
        staff = staff_contactable(tenant_id=tenant.pk)
        idea = Idea(
            name=NAME, about="交作业得红包、绘本和点读笔，不用转发。", theme=Theme.FAN_TREAT, goal_kind=GoalKind.PEOPLE,
            goal_target=GOAL,
        )  # fmt: skip
        row = campaign_create(tenant=tenant, idea=idea, actor=owner)
        group_ids = [one.pk for one in groups_open(tenant_id=tenant.pk)]
        campaign_set_place(
            tenant=tenant, campaign_id=row.pk, group_ids=group_ids, starts_at=now, ends_at=now + timedelta(days=DAYS),
            actor=owner,
        )  # fmt: skip
        costs = Costs(budget_fen=BUDGET_FEN, media_fen=0, labour_minutes=6 * 60)
        campaign_set_costs(tenant=tenant, campaign_id=row.pk, costs=costs, actor=owner)
        for name, kind, unit_fen, stock, _after in PRIZES:
            wish = PrizeWish(name=name, kind=kind, unit_fen=unit_fen, stock=stock)
            prize_save(tenant=tenant, campaign_id=row.pk, wish=wish, actor=owner)
        offer_save(tenant=tenant, campaign_id=row.pk, wish=COUPON, actor=owner)
        campaign_set_rules(
            tenant=tenant,
            campaign_id=row.pk,
            rules_text=RULES,
            owner_id=staff[0].pk if staff else None,
            actor=owner,
        )
        campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner)
        campaign_clone(tenant=tenant, campaign_id=row.pk, actor=owner)
    return row.pk


def day_of_giving(company: Company, campaign_id: int) -> int:
    """Who handed in enough assignments gets the next prize; goods of two days ago are sent. Returns how many gave."""
    with tenant_scope(company.tenant):
        given = _give(company, campaign_id)
        _coupons(company, campaign_id)
        _send(company, campaign_id)
    return given


def _give(company: Company, campaign_id: int) -> int:
    tenant = company.tenant
    row = campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id)
    inside = people_in(
        tenant_id=tenant.pk, group_ids=group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
    )
    handed_in: dict[int, int] = {}
    for one in behaviours_for(
        tenant_id=tenant.pk, customer_ids=inside, since=row.starts_at, kinds=["assignment"]
    ):
        if one.customer_id is not None:
            handed_in[one.customer_id] = handed_in.get(one.customer_id, 0) + 1
    prizes = {one.name: one for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign_id)}
    had = set(awards_of(tenant_id=tenant.pk, campaign_id=campaign_id).values_list("customer_id", "prize_id"))
    wanted = [
        (person, prizes[name].pk, after)
        for name, _kind, _fen, _stock, after in PRIZES
        for person, count in sorted(handed_in.items())
        if count >= after and (person, prizes[name].pk) not in had
    ]
    return sum(_give_one(company, campaign_id, *one) for one in wanted[:A_DAY])


def _coupons(company: Company, campaign_id: int) -> None:
    """Who opened a purchase link takes a coupon; two of three look at it again; who then orders uses it."""
    tenant = company.tenant
    row = campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id)
    (offer,) = offers_of(tenant_id=tenant.pk, campaign_id=campaign_id)
    inside = people_in(
        tenant_id=tenant.pk, group_ids=group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
    )
    clicks = behaviours_for(
        tenant_id=tenant.pk, customer_ids=inside, since=row.starts_at, kinds=["purchase_click"]
    )
    held = list(coupons_of(tenant_id=tenant.pk, campaign_id=campaign_id))
    for coupon in held:
        orders = orders_for(tenant_id=tenant.pk, customer_ids=[coupon.customer_id], since=coupon.issued_at)
        if coupon.pk % 3:
            coupon_viewed(tenant=tenant, coupon=coupon)
        for order in orders[:1]:
            with suppress(DomainError):
                coupon_redeem(tenant=tenant, raw=coupon.code, order_no=order.order_no, actor=company.owner)
    known = {one.customer_id for one in held}
    wanted = sorted({one.customer_id for one in clicks if one.customer_id and one.customer_id not in known})
    for person in wanted[:A_DAY]:
        with suppress(DomainError):
            coupon_claim(tenant=tenant, offer_id=offer.pk, customer_id=person, number=1)


def _give_one(company: Company, campaign_id: int, person: int, prize_id: int, after: int) -> bool:
    try:
        award_by_hand(
            tenant=company.tenant, campaign_id=campaign_id, prize_id=prize_id, customer_id=person,
            key=f"{prize_id}-{person}", note=f"作业交满 {after} 次", actor=company.owner,
        )  # fmt: skip
    except (BudgetSpent, PersonNotInGroups, StockOut):
        return False
    return True


def _send(company: Company, campaign_id: int) -> None:
    """Parcels of two days ago; one in nine comes back, as nobody told an address."""
    rows = awards_of(tenant_id=company.tenant.pk, campaign_id=campaign_id)
    waiting = rows.filter(state=AwardState.HELD, made_at__lte=clock.now() - SENT_AFTER)
    waiting = waiting.exclude(prize__kind=PrizeKind.COUPON)
    for one in waiting.order_by("pk"):
        if one.pk % 9 == 0:
            award_take_back(
                tenant=company.tenant, award_id=one.pk, reason="问了两次没给地址", actor=company.owner
            )
        else:
            award_hand_over(
                tenant=company.tenant, award_id=one.pk, proof=f"SF{one.pk:010d}", actor=company.owner
            )
