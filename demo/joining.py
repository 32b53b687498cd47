"""A join play of the camp's first days: who joins a group and hands in a first assignment gets a red packet.

The people join and hand in by themselves; what became of each is on the list of the play.
"""

from datetime import timedelta

from campaigns.enums import GoalKind, PageColour, PrizeKind, Theme
from campaigns.enums.joining import JoinKind, JoinTask
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
from campaigns.services.joining import JoinWish, join_set
from campaigns.services.life import campaign_start
from demo.company import Company
from groups.selectors import groups_open
from team.selectors import staff_contactable
from tenants import clock
from tenants.scoping import tenant_scope

NAME = "进营交首作业得红包"
DAYS = 7
BUDGET_FEN = 60_000
PACKET_FEN, PACKETS = 200, 300
RULES = (
    "活动期间新进营内群的家长都能参加，每人一次，同一个人换号不重复发。\n"
    "进群后 3 天内交出第一次作业，红包当天到账。\n"
    "进群不满 3 天就退群，没发的红包收回。红包 300 个，发完为止，到期不延。\n"
    "不收费，不需要转发，也不需要拉人。有疑问在群里找班主任。"
)


def joining_begin(company: Company) -> int:
    """The campaign with its join play, started. Returns the campaign's id."""
    tenant, owner, now = company.tenant, company.owner, clock.now()
    with tenant_scope(tenant):
        staff = staff_contactable(tenant_id=tenant.pk)
        idea = Idea(
            name=NAME, about="新进群的家长交出第一次作业，得一个红包。", theme=Theme.FAN_TREAT,
            goal_kind=GoalKind.PEOPLE, goal_target=100, colour=PageColour.RED,
        )  # fmt: skip
        row = campaign_create(tenant=tenant, idea=idea, actor=owner)
        group_ids = [one.pk for one in groups_open(tenant_id=tenant.pk)]
        campaign_set_place(
            tenant=tenant, campaign_id=row.pk, group_ids=group_ids, starts_at=now, ends_at=now + timedelta(days=DAYS),
            actor=owner,
        )  # fmt: skip
        costs = Costs(budget_fen=BUDGET_FEN, media_fen=0, labour_minutes=2 * 60)
        campaign_set_costs(tenant=tenant, campaign_id=row.pk, costs=costs, actor=owner)
        wish = PrizeWish(name="首作业红包", kind=PrizeKind.RED_PACKET, unit_fen=PACKET_FEN, stock=PACKETS)
        prize = prize_save(tenant=tenant, campaign_id=row.pk, wish=wish, actor=owner)
        join_set(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=JoinWish(
                kind=JoinKind.TASK, prize_id=prize.pk, task=JoinTask.ASSIGNMENT, task_words="交出第一次作业",
                task_days=3, stay_days=3,
            ),
        )  # fmt: skip
        owner_id = staff[0].pk if staff else None
        campaign_set_rules(
            tenant=tenant, campaign_id=row.pk, rules_text=RULES, owner_id=owner_id, actor=owner
        )
        campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner)
    return row.pk
