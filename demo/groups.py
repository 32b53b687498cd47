"""Making groups ready: the six answers, the welcome, the staff, and going live."""

from datetime import date, timedelta
from typing import Any

from demo.company import Company
from demo.vendor import Vendor
from groups.enums import ContentKind, Kind, PaymentBasis, Purpose, Question, Scenario, Slot
from groups.selectors import group_list
from groups.services.moving import group_go_live
from groups.services.setup import group_approve, group_edit_plan, group_set_kind, readiness_answer
from tenants.scoping import tenant_scope

SERIES = "启蒙"
PROMISE = "30 天，每晚 20 分钟，养成听读习惯"
WELCOME = (
    f"欢迎进群。{PROMISE}。每晚 20:00 老师在群里带读，有问题随时问。"
    "请先介绍一下：怎么称呼、孩子多大、最想解决什么。回复“课表”看每天的安排。"
)
NOTICE = (
    "每晚 20:00 带读，作业当天点评，提问 2 小时内有人答。不发违法与不实信息；不私加群友；不发无关广告和链接。"
)
REPLIES = (
    "课表、安排：每晚 20:00 带读 20 分钟，周末补读，第 30 天结班。\n"
    "补课：回放在每天 21:00 发到群里，一周内都能看。"
)
CAMP_DAYS = 33

_V, _T, _M = ContentKind.VALUE, ContentKind.TALK, ContentKind.MARKETING
WEEK = {
    Slot.MORNING: [_V, _V, _V, _V, _V, _V, _V],
    Slot.NOON: [_T, _V, _T, _V, _T, _V, _T],
    Slot.EVENING: [_T, _V, _T, _M, _V, _T, _M],
}
ANSWERS: dict[str, dict[str, Any]] = {
    Question.POSITIONING: {
        "audience": "3–6 岁孩子的家长，买过 9.9 元体验课",
        "not_for": "同行，已报年课的老客户",
        "outcome": "30 天养成每天听读的习惯",
        "actions": "每晚 20:00 跟读，交作业，提问",
        "age": "28–38 岁",
        "gender": "妈妈为主",
        "interests": "绘本、亲子活动",
        "occupation": "上班族与全职妈妈",
        "spending": "每月为孩子花 300–800 元",
    },
    Question.OPERATION: {"week": WEEK},
    Question.DELIVERABLE: {
        "promises": "每晚 20:00 老师带读\n作业 24 小时内点评\n提问 2 小时内有人答\n第 30 天每人一份学习报告"
    },
    Question.RULES: {
        "lines": "不发违法与不实信息\n不私加群友\n不发无关广告和链接",
        "ladder": "警告，禁言，移出",
    },
    Question.MANAGEMENT: {
        "duties": "群主定规矩、断争执；管理员答疑；带读老师每晚 20:00 在",
        "care": "带读老师活跃气氛，管理员答疑，群主稳场",
    },
    Question.ENDING: {
        "how": "第 30 天结班，第 33 天发结束通知并归档",
        "next": "已报年课的进入交付群，其余转到公众号",
    },
    Question.CRISIS: {
        "first_speaker": "群主 15 分钟内先回应",
        "complaint": "先道歉，再单聊，当天给处理结果",
        "competitor": "不在群里争辩，留证据，按群规处理",
    },
}


def names_give(company: Company, vendor: Vendor) -> None:
    """The owner renames the groups in WeCom, as the naming rule asks: brand, series, number."""
    for number, group in enumerate(company.corp["groups"], start=1):
        name = f"{company.plan.brand}·{SERIES}{number:02d}群"
        vendor.call("POST", "/sim/group/rename", corp_id=company.corp_id, chat_id=group["chat_id"], name=name)


def groups_open(company: Company, starts_on: date, *, leave: int = 0) -> list[int]:
    """Answer everything for every group but the last `leave`, and go live. Returns the ids of those live."""
    tenant, owner = company.tenant, company.owner
    with tenant_scope(tenant):
        chosen = list(group_list(tenant_id=tenant.pk).filter(state="planning").order_by("name"))
        chosen = chosen[: len(chosen) - leave]
        for group in chosen:
            _prepare(company, group.pk, starts_on)
            group_go_live(tenant=tenant, group_id=group.pk, actor=owner)
        return [group.pk for group in chosen]


def _prepare(company: Company, group_id: int, starts_on: date) -> None:
    tenant, owner = company.tenant, company.owner
    group_set_kind(
        tenant=tenant,
        group_id=group_id,
        actor=owner,
        kind=Kind.NEW_USER,
        purpose=Purpose.CONVERSION,
        scenario=Scenario.CAMP,
        payment_basis=PaymentBasis.LOW_PRICE,
    )
    group_edit_plan(
        tenant=tenant,
        group_id=group_id,
        actor=owner,
        series=SERIES,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=CAMP_DAYS),
        value_proposition=PROMISE,
        welcome=WELCOME,
        announcement=NOTICE,
        replies=REPLIES,
    )
    for question, answer in ANSWERS.items():
        readiness_answer(tenant=tenant, group_id=group_id, question=question, answer=answer, actor=owner)
    group_approve(tenant=tenant, group_id=group_id, code="STAFF-01", reason="带读老师下周入群", actor=owner)
