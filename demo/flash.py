"""A flash group of the camp's company: three days, four nodes, a box that sells out or not, orders told by the shop.

Who wakes up, joins the relay and orders is decided by ids, so that the same story comes out each time.
"""

from contextlib import suppress
from datetime import timedelta

from campaigns.enums import GoalKind, PageColour, PrizeKind, Theme
from campaigns.models import Campaign, Deal
from campaigns.policies.flash import node_words, nodes_placed
from campaigns.selectors.deals import deals_of
from campaigns.selectors.flash import nodes_of, run_of, spans_of_run
from campaigns.selectors.frame import campaign_get, group_ids_of, people_in
from campaigns.services.deals import DealWish, deal_save, post_make, reservations_lapse, reserve
from campaigns.services.flash import FlashWish, NodeWish, flash_set, flash_wake, node_settle, nodes_tell
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
from contacts.enums import BehaviourKind, SkuKind
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.skus import sku_save
from demo.company import Company
from demo.groups import ANSWERS, NOTICE, REPLIES
from groups.enums import Kind, PaymentBasis, Purpose, Scenario
from groups.selectors import group_list
from groups.selectors import groups_open as open_groups
from groups.services.moving import group_go_live
from groups.services.setup import group_approve, group_edit_plan, group_set_kind, readiness_answer
from sop.enums import Part
from team.selectors import staff_contactable
from tenants import clock
from tenants.errors import DomainError
from tenants.scoping import tenant_scope

NAME = "绘本礼盒三天快闪"
DAYS = 3
BUDGET_FEN = 30_000
PRICE_FEN, LATER_FEN, LIST_FEN = 12_900, 14_900, 19_900
STOCK = 30
PROMISE = "三天绘本礼盒专场，每晚讲一个用法"
WELCOME = f"欢迎进群。{PROMISE}，到点闭群。请先介绍一下孩子多大，有问题随时问。"
RULES = (
    "群成员都能参加。叫醒红包先到先得，发完为止。\n"
    "礼盒每人最多 2 份，预订后 12 小时内下单，超时放出来。价格和截止时间写在页面上，到点不延。\n"
    "不要求转发。有疑问在群里找老师。"
)
WISHES = ("3 岁，认动物", "5 岁，想练自然拼读", "送朋友", "")


def flash_begin(company: Company) -> int:
    """The first group that still is in planning becomes a flash group and runs. Returns its campaign's id, or 0."""
    tenant, owner, now = company.tenant, company.owner, clock.now()
    with tenant_scope(tenant):
        group = group_list(tenant_id=tenant.pk).filter(state="planning").order_by("name").first()
        if group is None:
            return 0
        _prepare(company, group.pk)
        idea = Idea(
            name=NAME, about="三天，30 份，到点不延。", theme=Theme.NEW_PRODUCT, goal_kind=GoalKind.ORDERS,
            goal_target=20, colour=PageColour.RED,
        )  # fmt: skip
        row = campaign_create(tenant=tenant, idea=idea, actor=owner)
        ends_at = now + timedelta(days=DAYS)
        campaign_set_place(
            tenant=tenant,
            campaign_id=row.pk,
            group_ids=[group.pk],
            starts_at=now,
            ends_at=ends_at,
            actor=owner,
        )
        costs = Costs(budget_fen=BUDGET_FEN, media_fen=0, labour_minutes=4 * 60)
        campaign_set_costs(tenant=tenant, campaign_id=row.pk, costs=costs, actor=owner)
        gift = prize_save(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=PrizeWish(name="叫醒红包", kind=PrizeKind.RED_PACKET, unit_fen=188, stock=20),
        )  # fmt: skip
        staff = staff_contactable(tenant_id=tenant.pk)
        owner_id = staff[0].pk if staff else None
        target = open_groups(tenant_id=tenant.pk).filter(kind=Kind.NEW_USER).first()
        wall = clock.local(ends_at, tenant.timezone)
        nodes = {
            part: NodeWish(
                after=after, owner_id=owner_id,
                words=node_words(part, name=NAME, ends=f"{wall.month}月{wall.day}日 {wall:%H:%M}", url=""),
            )
            for part, after in nodes_placed("sale", timedelta(days=DAYS)).items()
        }  # fmt: skip
        flash_set(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=FlashWish(
                use="first_sale", rhythm="sale", target_id=target.pk if target else None, wake_prize_id=gift.pk,
                nodes=nodes,
            ),
        )  # fmt: skip
        sku = sku_save(
            tenant=tenant,
            code="box-1",
            name="分级绘本礼盒",
            price_fen=LIST_FEN,
            kind=SkuKind.FIRST,
            actor=owner,
        )
        deal_save(
            tenant=tenant, campaign_id=row.pk, actor=owner,
            wish=DealWish(
                sku_id=sku.pk, kind="sale", price_fen=PRICE_FEN, stock=STOCK, per_person=2, people_needed=2,
                hold_minutes=12 * 60, ends_at=None, url="https://shop.example.com/box-1",
                steps={timedelta(days=2): LATER_FEN},
            ),
        )  # fmt: skip
        campaign_set_rules(
            tenant=tenant, campaign_id=row.pk, rules_text=RULES, owner_id=owner_id, actor=owner
        )
        campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner)
    return row.pk


def _prepare(company: Company, group_id: int) -> None:
    """Everything that the gate asks of a flash group, and through it."""
    tenant, owner = company.tenant, company.owner
    today = clock.local_date(clock.now(), tenant.timezone)
    group_set_kind(
        tenant=tenant, group_id=group_id, actor=owner, kind=Kind.FLASH, purpose=Purpose.CONVERSION,
        scenario=Scenario.WELFARE, payment_basis=PaymentBasis.LOW_PRICE,
    )  # fmt: skip
    group_edit_plan(
        tenant=tenant, group_id=group_id, actor=owner, series="快闪", starts_on=today,
        ends_on=today + timedelta(days=DAYS), value_proposition=PROMISE, welcome=WELCOME, announcement=NOTICE,
        replies=REPLIES,
    )  # fmt: skip
    for question, answer in ANSWERS.items():
        readiness_answer(tenant=tenant, group_id=group_id, question=question, answer=answer, actor=owner)
    group_approve(
        tenant=tenant, group_id=group_id, code="STAFF-01", reason="三天的群，两位老师轮值", actor=owner
    )
    group_go_live(tenant=tenant, group_id=group_id, actor=owner)


def flash_goes_on(company: Company, campaign_id: int) -> None:
    """Staff post what is due; members wake up, join the relay and order. Safe to repeat at any hour."""
    tenant, now = company.tenant, clock.now()
    with tenant_scope(tenant):
        campaign = campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id)
        run = run_of(campaign=campaign)
        if run is None or campaign.ends_at is None or now >= campaign.ends_at:
            return
        run.campaign = campaign
        nodes_tell(tenant=tenant)
        nodes = nodes_of(run=run)
        spans = {one.part: one for one in spans_of_run(campaign=campaign, nodes=nodes)}
        for node in nodes:
            if node.posted_at is None and spans[node.part].since <= now:
                node_settle(tenant=tenant, node_id=node.pk, is_posted=True, actor=company.owner)
        groups = group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
        inside = sorted(people_in(tenant_id=tenant.pk, group_ids=groups))
        for person in inside[::3]:
            with suppress(DomainError):
                flash_wake(tenant=tenant, run=run, person_id=person)
        (deal,) = deals_of(campaign=campaign)
        if spans[Part.RELAY].since <= now:
            _relay(company, campaign, deal, inside)
        reservations_lapse(tenant=tenant)
        for kind in ("relay", "stream"):
            with suppress(DomainError):
                post_make(tenant=tenant, campaign_id=campaign_id, kind=kind, actor=company.owner)


def _relay(company: Company, campaign: Campaign, deal: Deal, inside: list[int]) -> None:
    """Every other one joins in the course of the days, two of three of them order; the shop tells it by the API."""
    assert campaign.starts_at is not None
    hours = int((clock.now() - campaign.starts_at) / timedelta(hours=1))
    items = []
    for place, person in enumerate(inside[::2][: hours // 2]):
        with suppress(DomainError):
            row = reserve(
                tenant=company.tenant, deal_id=deal.pk, person_id=person, pieces=1 + person % 2,
                wish=WISHES[place % len(WISHES)], key="demo",
            )  # fmt: skip
            if place % 3:
                items.append(
                    BehaviourItem(
                        event_id=f"flash-{row.pk}",
                        kind=BehaviourKind.ORDER,
                        customer_id=person,
                        occurred_at=row.made_at + timedelta(minutes=1),
                        object_kind="order",
                        object_id=f"KS{row.pk:06d}",
                        object_title=str(deal.sku),
                        amount_fen=row.price_fen * row.pieces,
                        data={"sku_id": deal.sku.code},
                    )
                )
    due = [one for one in items if one.occurred_at <= clock.now()]
    if due:
        behaviour_record_many(tenant_id=company.tenant.pk, source="shop", items=due)
