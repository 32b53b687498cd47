"""A lottery of the camp: each day other members open its page and draw; odds are public."""

from datetime import timedelta

from campaigns.enums import GoalKind, PageColour, PrizeKind, Theme
from campaigns.errors import NoDrawsLeft
from campaigns.policies.lottery import PERCENT
from campaigns.selectors.frame import campaign_get, group_ids_of, people_in
from campaigns.selectors.lottery import lottery_get, lottery_of
from campaigns.services.frame import (
    Costs,
    Idea,
    PrizeWish,
    campaign_create,
    campaign_set_costs,
    campaign_set_place,
    campaign_set_rules,
    prize_save,
)
from campaigns.services.life import campaign_start
from campaigns.services.lottery import LotteryWish, draw_make, lottery_set
from demo.company import Company
from groups.selectors import groups_open
from team.selectors import staff_contactable
from tenants import clock
from tenants.scoping import tenant_scope

NAME = "周末抽绘本"
DAYS = 10
BUDGET_FEN = 200_000
A_DAY = 40  # how many members open the page in a day
RULES = (
    "营内群成员都能参加，每人免费抽 2 次。\n"
    "概率和库存写在抽奖页上，抽完的奖品按「谢谢参与」算。到期不延。\n"
    "红包当天到账；绘本和点读笔三天内寄出，老师私聊问地址。\n"
    "不收费，不要求转发。有疑问在群里找班主任。"
)
# Name, kind, what a piece costs in fen, pieces, odds in percent.
PRIZES = (
    ("点读笔", PrizeKind.GOODS, 9_600, 3, 1),
    ("分级绘本一本", PrizeKind.GOODS, 1_800, 30, 10),
    ("小红包", PrizeKind.RED_PACKET, 188, 150, 35),
)


def lottery_begin(company: Company) -> int:
    """The campaign with its lottery, started. Returns the campaign's id."""
    tenant, owner, now = company.tenant, company.owner, clock.now()
    with tenant_scope(tenant):
        staff = staff_contactable(tenant_id=tenant.pk)
        idea = Idea(
            name=NAME, about="每人免费抽两次，概率公开，谁都能验。", theme=Theme.FAN_TREAT, goal_kind=GoalKind.PEOPLE,
            goal_target=60, colour=PageColour.ORANGE,
        )  # fmt: skip
        row = campaign_create(tenant=tenant, idea=idea, actor=owner)
        group_ids = [one.pk for one in groups_open(tenant_id=tenant.pk)]
        campaign_set_place(
            tenant=tenant, campaign_id=row.pk, group_ids=group_ids, starts_at=now, ends_at=now + timedelta(days=DAYS),
            actor=owner,
        )  # fmt: skip
        costs = Costs(budget_fen=BUDGET_FEN, media_fen=0, labour_minutes=3 * 60)
        campaign_set_costs(tenant=tenant, campaign_id=row.pk, costs=costs, actor=owner)
        odds = {}
        for name, kind, unit_fen, stock, percent in PRIZES:
            wish = PrizeWish(name=name, kind=kind, unit_fen=unit_fen, stock=stock)
            odds[prize_save(tenant=tenant, campaign_id=row.pk, wish=wish, actor=owner).pk] = percent * PERCENT
        lottery_set(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=LotteryWish(kind="grid", free_draws=2, draws_most=2, odds=odds),
        )  # fmt: skip
        owner_id = staff[0].pk if staff else None
        campaign_set_rules(
            tenant=tenant, campaign_id=row.pk, rules_text=RULES, owner_id=owner_id, actor=owner
        )
        campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner)
    return row.pk


def day_of_draws(company: Company, campaign_id: int, day: int) -> int:
    """Members of the day open the page and draw until nothing is left for them. Returns how many draws were made."""
    tenant = company.tenant
    with tenant_scope(tenant):
        found = lottery_of(campaign=campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id))
        lottery = lottery_get(tenant_id=tenant.pk, lottery_id=found.pk) if found else None
        if lottery is None:
            return 0
        inside = sorted(
            people_in(
                tenant_id=tenant.pk, group_ids=group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
            )
        )
        made = 0
        for person in inside[day * A_DAY : (day + 1) * A_DAY]:
            try:
                for number in range(lottery.draws_most):
                    draw_make(tenant=tenant, lottery=lottery, person_id=person, key=f"{day}-{number}")
                    made += 1
            except NoDrawsLeft:
                continue
    return made
