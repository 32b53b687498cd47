"""Groups, members and answers. Each needs its tenant's scope open."""

import itertools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from contacts.models import Customer
from groups.models import Group, Member
from groups.services.glance import glance_refresh
from groups.services.setup import readiness_answer
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tests.factories.wecom import make_app
from wecom.models import App

_numbers = itertools.count(1)

WEEK = {
    "morning": ["value"] * 7,
    "noon": ["marketing", "talk", "value", "marketing", "talk", "value", "marketing"],
    "evening": ["talk"] * 7,
}
ANSWERS: dict[str, dict[str, Any]] = {
    "positioning": {
        "audience": "3–6 岁孩子的妈妈", "not_for": "同行；已报年课的家长", "outcome": "30 天养成听读习惯",
        "actions": "每晚 20:00 带读、交作业、提问",
    },
    "operation": {"week": WEEK},
    "deliverable": {"promises": "每晚 20:00 老师带读\n作业 24 小时内点评"},
    "rules": {"lines": "不发违法与不实信息\n不私加成员\n不发无关广告和链接", "ladder": "警告、禁言、移出"},
    "management": {"duties": "周岚定规矩，林晓审进群、断争执"},
    "ending": {"how": "结营后三天发通知，再解散", "next": "启蒙进阶群"},
    "crisis": {"first_speaker": "周岚，15 分钟内", "complaint": "用群诉脚本", "competitor": "冻结并声明"},
}  # fmt: skip


def make_group(*, tenant: Tenant, app: App | None = None, **fields: Any) -> Group:
    """A group that exists in WeCom and nobody has typed yet."""
    number = next(_numbers)
    app = app or App.objects.filter(tenant=tenant).order_by("pk").first() or make_app(tenant=tenant)
    now = clock.now()
    values = {
        "chat_id": f"wr{number:08d}", "name": f"{tenant.brand}启蒙{number:02d}群",
        "created_at": now - timedelta(days=3),
        "synced_at": now, "member_version": f"v{number}", "members_as_of": now - timedelta(days=1),
    }  # fmt: skip
    return Group.objects.create(tenant=tenant, app=app, **{**values, **fields})


def make_member(
    *, group: Group, customer: Customer | None = None, staff: Staff | None = None, **fields: Any
) -> Member:
    """One spell, open unless `left_at` is given."""
    userid = (
        customer.external_userid if customer else staff.userid if staff else f"wm-unknown-{next(_numbers)}"
    )
    values = {"userid": userid, "is_staff": staff is not None, "joined_at": clock.now() - timedelta(days=2)}
    return Member.objects.create(
        tenant=group.tenant, group=group, customer=customer, staff=staff, **{**values, **fields}
    )


def fill_group(*, group: Group, customers: Iterable[Customer] = (), staff: Iterable[Staff] = ()) -> Group:
    """Seat people in a group, in one insert, and bring its counts up to date."""
    joined_at = clock.now() - timedelta(days=2)
    common = {"tenant": group.tenant, "group": group, "joined_at": joined_at}
    Member.objects.bulk_create(
        [
            *(Member(**common, customer=one, userid=one.external_userid) for one in customers),
            *(Member(**common, staff=one, userid=one.userid, is_staff=True) for one in staff),
        ]
    )
    glance_refresh(tenant=group.tenant, group_ids=[group.pk])
    group.refresh_from_db()
    return group


def make_answers(*, group: Group, **changed: dict[str, Any]) -> None:
    """Complete answers to the six questions and the crisis plan; `changed` replaces some, None leaves one out."""
    for question, answer in {**ANSWERS, **changed}.items():
        if answer is not None:
            readiness_answer(
                tenant=group.tenant, group_id=group.pk, question=question, answer=answer, actor=SYSTEM
            )


def make_ready_group(*, tenant: Tenant, **fields: Any) -> Group:
    """A planned new-user group that passes every check: three staff, answers, welcome, announcement."""
    from tests.factories.team import make_staff  # noqa: PLC0415 - team's factory imports ours for work items

    values = {
        "kind": "new_user", "payment_basis": "low_price", "purpose": "conversion", "scenario": "camp",
        "value_proposition": "30 天养成听读习惯",
        "announcement": "每晚 20:00 带读，作业 24 小时内点评。不发违法与不实信息；不私加成员；不发无关广告和链接。",
        "starts_on": clock.local_date(clock.now(), tenant.timezone),
        "welcome": "欢迎。30 天养成听读习惯，每晚 20:00 带读。请先介绍一下孩子的年龄。",
        "ends_on": clock.local_date(clock.now(), tenant.timezone) + timedelta(days=30),
    }  # fmt: skip
    group = make_group(tenant=tenant, **{**values, **fields})
    fill_group(group=group, staff=[make_staff(tenant=tenant, app=group.app) for _ in range(3)])
    make_answers(group=group)
    return group
