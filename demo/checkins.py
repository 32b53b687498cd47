"""A check-in of the camp: who finished the lesson of the day checks in for it; a few hand in what is not theirs, and
some have a book for their points."""

from contextlib import suppress
from datetime import timedelta

from campaigns.enums import GoalKind, PageColour, PrizeKind, Theme
from campaigns.enums.checkins import GoalPeriod, ProofKind
from campaigns.selectors.checkins import checkin_list, plan_of_campaign
from campaigns.selectors.frame import campaign_get, group_ids_of, people_in
from campaigns.selectors.mall import good_get, goods_of
from campaigns.services.checkins import (
    CheckInWish,
    checkin_make,
    checkin_make_up,
    checkin_reject,
    checkin_set,
)
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
from campaigns.services.mall import GoodWish, good_redeem, mall_set
from contacts.selectors import behaviours_for
from demo.company import Company
from groups.selectors import groups_open
from team.selectors import staff_contactable
from tenants import clock
from tenants.errors import DomainError
from tenants.scoping import tenant_scope

NAME = "21 天学习打卡"
DAYS = 21
BUDGET_FEN = 300_000
A_DAY = 80  # how many check in on one day at most
BOOK_POINTS = 30
BUYER_EACH = 3  # one in so many spends the points as soon as they are enough
REJECT_EACH = 23  # one in so many hands in what is not the day's
RULES = (
    "营内群成员都能参加，每天完成任务、写一句收获就算打卡，一天一次。\n"
    "每周打满 4 天送周礼，连续打卡另有积分；漏了可以用补签卡补最近 7 天。\n"
    "礼品先到先得，送完为止。提交内容与任务不符会被驳回。\n"
    "不收费，不要求转发分享。有疑问在群里找班主任。"
)
TASKS = "听完今天的课，写一句收获\n做完今天的练习，写下最难的一题\n把今天学的讲给家里人听，写他们的反应"
WORDS = (
    "今天这节讲得很清楚，笔记记满一页",
    "最难的是第三题，看了两遍才懂",
    "讲给家里人听，他们也觉得有意思",
    "跟上了，明天继续",
)


def checkin_begin(company: Company) -> int:
    """The campaign with its check-in, started. Returns the campaign's id."""
    tenant, owner, now = company.tenant, company.owner, clock.now()
    with tenant_scope(tenant):
        staff = staff_contactable(tenant_id=tenant.pk)
        idea = Idea(
            name=NAME, about="每天学完写一句，周周有礼。", theme=Theme.FAN_TREAT, goal_kind=GoalKind.PEOPLE,
            goal_target=40, colour=PageColour.BLUE,
        )  # fmt: skip
        row = campaign_create(tenant=tenant, idea=idea, actor=owner)
        group_ids = [one.pk for one in groups_open(tenant_id=tenant.pk)]
        campaign_set_place(
            tenant=tenant, campaign_id=row.pk, group_ids=group_ids, starts_at=now, ends_at=now + timedelta(days=DAYS),
            actor=owner,
        )  # fmt: skip
        costs = Costs(budget_fen=BUDGET_FEN, media_fen=0, labour_minutes=5 * 60)
        campaign_set_costs(tenant=tenant, campaign_id=row.pk, costs=costs, actor=owner)
        gift = prize_save(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=PrizeWish(name="专题课一节", kind=PrizeKind.SERVICE, unit_fen=1_200, stock=120),
        )  # fmt: skip
        book = prize_save(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=PrizeWish(name="练习册一本", kind=PrizeKind.GOODS, unit_fen=1_500, stock=60),
        )  # fmt: skip
        goods = {book.pk: GoodWish(points=BOOK_POINTS, per_person=1)}
        mall_set(tenant=tenant, campaign_id=row.pk, goods=goods, actor=owner)
        checkin_set(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=CheckInWish(
                tasks=TASKS, hint="一两句就行，别人看不到", proof=ProofKind.TEXT, period=GoalPeriod.WEEK, goal_days=4,
                day_points=5, streak_days=3, streak_points=10, goal_points=0, goal_draws=0, gift_id=gift.pk,
                cards_start=1, card_days=5, reach_days=7,
            ),
        )  # fmt: skip
        owner_id = staff[0].pk if staff else None
        campaign_set_rules(
            tenant=tenant, campaign_id=row.pk, rules_text=RULES, owner_id=owner_id, actor=owner
        )
        campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner)
    return row.pk


def day_of_checkins(company: Company, campaign_id: int) -> int:
    """Who finished a lesson since yesterday checks in; who missed one day makes it up. Returns how many checked in."""
    tenant = company.tenant
    with tenant_scope(tenant):
        campaign = campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id)
        plan = plan_of_campaign(campaign=campaign)
        if plan is None:
            return 0
        inside = people_in(
            tenant_id=tenant.pk, group_ids=group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
        )
        since = clock.now() - timedelta(days=1)
        learned = behaviours_for(tenant_id=tenant.pk, customer_ids=inside, since=since, kinds=["lesson"])
        people = sorted({one.customer_id for one in learned if one.customer_id is not None})[:A_DAY]
        today = clock.local_date(clock.now(), tenant.timezone)
        made = 0
        for person in people:
            try:
                proof = WORDS[(person + today.day) % len(WORDS)]
                row = checkin_make(tenant=tenant, plan=plan, person_id=person, day=today, proof=proof)
                made += 1
                if person % 2:
                    checkin_make_up(tenant=tenant, plan=plan, person_id=person, day=today - timedelta(days=1))
                if row.pk % REJECT_EACH == 0:
                    _reject(company, campaign_id, row.pk)
            except DomainError:
                continue
        _spend(company, campaign_id, people)
        return made


def _spend(company: Company, campaign_id: int, people: list[int]) -> None:
    """Some of those who have enough points take the book; who took one already, or has too few, is refused."""
    for good in goods_of(tenant_id=company.tenant.pk, campaign_id=campaign_id):
        row = good_get(tenant_id=company.tenant.pk, campaign_id=campaign_id, good_id=good.row.pk)
        for person in people:
            if person % BUYER_EACH == 0:
                with suppress(DomainError):
                    good_redeem(tenant=company.tenant, good=row, person_id=person, key="demo")


def _reject(company: Company, campaign_id: int, checkin_id: int) -> None:
    rows = checkin_list(tenant_id=company.tenant.pk, campaign_id=campaign_id)
    if rows.filter(pk=checkin_id, rejected_at=None).exists():
        checkin_reject(
            tenant=company.tenant, campaign_id=campaign_id, checkin_id=checkin_id, reason="和昨天交的一模一样",
            actor=company.owner,
        )  # fmt: skip
