"""Plans that break no rule, one of each kind, planned and running: what examples of checks are cut from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from groups.enums import PLAN_DAYS, ContentKind, Kind, PaymentBasis, Purpose, Question, Slot, State, SubKind
from groups.policies.answers import Week
from groups.policies.plan import GroupPlan

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = NOW.date()
_M, _V = ContentKind.MARKETING.value, ContentKind.VALUE.value
DAY = timedelta(days=1)

GOOD_WEEK: Week = {
    Slot.MORNING.value: [_V] * PLAN_DAYS,
    Slot.NOON.value: [_M] * PLAN_DAYS,
    Slot.EVENING.value: [_V] * PLAN_DAYS,
}
ADS_WEEK: Week = {slot: [_M] * PLAN_DAYS for slot in Slot.values}
PLANNED_DAYS: tuple[tuple[str, ...], ...] = ((_V, _M),) * PLAN_DAYS  # a week of an SOP or of a running group
_ANSWERS: dict[str, Mapping[str, Any]] = {
    Question.POSITIONING.value: {
        "audience": "3–6 岁孩子的妈妈", "not_for": "同行", "outcome": "30 天养成听读习惯",
        "actions": "每晚带读、交作业", "age": "28–38 岁", "gender": "妈妈为主", "interests": "绘本、亲子",
        "occupation": "上班族与全职妈妈", "spending": "每月为孩子花 300–800 元",
    },
    Question.OPERATION.value: {"week": GOOD_WEEK},
    Question.DELIVERABLE.value: {"promises": "每晚 20:00 老师带读\n作业 24 小时内点评"},
    Question.RULES.value: {
        "lines": "不发违法与不实信息\n不私加成员\n不发无关广告和链接", "ladder": "警告、禁言、移出",
    },
    Question.MANAGEMENT.value: {"duties": "周岚定规矩，林晓审进群、断争执"},
    Question.ENDING.value: {"how": "结营后三天发通知，再解散", "next": "启蒙进阶群"},
    Question.CRISIS.value: {"first_speaker": "周岚，15 分钟内", "complaint": "用群诉脚本", "competitor": "冻结并声明"},
}  # fmt: skip
_NEW_USER = GroupPlan(
    now=NOW, today=TODAY, brand="小芽英语", name="小芽英语启蒙07群", planned_name="小芽英语启蒙07群", series="启蒙",
    sibling_count=6, kind=Kind.NEW_USER, purpose=Purpose.CONVERSION,
    payment_basis=PaymentBasis.LOW_PRICE, staff_count=4, value_proposition="30 天养成听读习惯",
    starts_on=TODAY, ends_at=NOW + 30 * DAY,
    welcome="欢迎。30 天养成听读习惯，每晚 20:00 带读。请先介绍一下孩子的年龄。",
    announcement="每晚 20:00 带读。群规：不发违法与不实信息；不私加成员；不发无关广告和链接。", answers=_ANSWERS,
)  # fmt: skip
_SUPER_WEEK: Week = {slot: [_V] * PLAN_DAYS for slot in Slot.values}
PLANNED: dict[str, GroupPlan] = {
    "new_user": _NEW_USER,
    "flash": replace(_NEW_USER, kind=Kind.FLASH, ends_at=NOW + 3 * DAY),
    "super_user": replace(
        _NEW_USER, kind=Kind.SUPER_USER, purpose=Purpose.MAINTENANCE, payment_basis=PaymentBasis.PAID, ends_at=None,
        answers={
            **_ANSWERS,
            Question.OPERATION.value: {"week": _SUPER_WEEK},
            Question.POSITIONING.value: {
                **_ANSWERS[Question.POSITIONING.value],
                "screening": "一年内复购两次或带来三位朋友", "benefits": "新课先听，每月一次答疑",
            },
        },
    ),
    "learning": replace(
        _NEW_USER, kind=Kind.DELIVERY, sub_kind=SubKind.LEARNING, payment_basis=PaymentBasis.PAID,
        purpose=Purpose.AFTER_SALES,
    ),
    "service": replace(
        _NEW_USER, kind=Kind.DELIVERY, sub_kind=SubKind.SERVICE, payment_basis=PaymentBasis.PAID,
        purpose=Purpose.AFTER_SALES,
    ),
}  # fmt: skip
RUNNING: dict[str, GroupPlan] = {
    key: replace(
        one, state=State.ACTIVE, is_linked=True, customer_count=180, sees_messages=True,
        starts_on=TODAY - DAY if key == "flash" else TODAY - 20 * DAY, goes_live_at=NOW - 20 * DAY,
        last_message_at=NOW - timedelta(hours=1),
    )
    for key, one in PLANNED.items()
}  # fmt: skip


def planned(key: str = "new_user", **changes: Any) -> GroupPlan:
    """A good plan of the kind with some things changed; `answers` replaces only the questions it names."""
    return _changed(PLANNED[key], changes)


def running(key: str = "new_user", **changes: Any) -> GroupPlan:
    """A good running group of the kind with some things changed."""
    return _changed(RUNNING[key], changes)


def _changed(base: GroupPlan, changes: Mapping[str, Any]) -> GroupPlan:
    answers = {**base.answers, **changes.get("answers", {})}
    return replace(base, **{**changes, "answers": answers})
