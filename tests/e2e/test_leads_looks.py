"""Pictures of the pages of leads, in both languages; each asserts what a picture can show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from content.services import script_save
from leads.models import Lead
from leads.services import (
    doubt_answer,
    doubt_raise,
    lead_assign,
    lead_close,
    lead_follow_up,
    need_note,
    need_tie,
)
from leads.services.rule_reports import rule_report_ask, rule_report_make
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers, make_follow
from tests.factories.groups import make_group
from tests.factories.leads import act, item, make_camp, purchase_clicks
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = (
    "王女士",
    "刘女士",
    "陈先生",
    "吴女士",
    "何女士",
    "郑先生",
    "马女士",
    "高女士",
    "沈女士",
    "冯女士",
    "曹先生",
    "孙女士",
)
DOUBTS = ("比线下贵", "担心孩子坐不住", "没时间陪")
NEEDS = (
    ("need", "想跟上学校进度"),
    ("pain", "孩子不敢开口"),
    ("scenario", "暑假去新加坡"),
    ("competitor", "某某英语"),
)


@pytest.fixture
def busy(transactional_db: None, tenant: Tenant, frozen: MovableClock) -> Tenant:
    """A camp on its third day: leads of every tier, talks, doubts, needs, deals, a past camp."""
    now = frozen.moment
    actor = SYSTEM
    with tenant_scope(tenant):
        crew = [make_staff(tenant=tenant, name=name) for name in ("林晓", "周岚")]
        group = make_group(tenant=tenant, app=crew[0].app, owner=crew[0], name="启蒙03群", state="active")
        people = make_customers(tenant=tenant, count=len(NAMES))
        for person, name in zip(people, NAMES, strict=True):
            person.name = name
            person.save()
        past = make_customers(tenant=tenant, count=6)
        make_camp(
            tenant=tenant,
            customers=past,
            source_id=1,
            starts_at=now - timedelta(days=40),
            days=33,
            name="启蒙营第5期",
        )
        make_camp(
            tenant=tenant,
            customers=people,
            source_id=2,
            starts_at=now - timedelta(days=2),
            group_id=group.pk,
            name="启蒙营第6期",
        )
        for number, one in enumerate(past):
            act(tenant, *purchase_clicks(one, 3, now - timedelta(days=30)))
            if number % 2:
                act(tenant, item(one, "order", now - timedelta(days=20), fen=198000))
        learned = now - timedelta(hours=30)
        for number, one in enumerate(people):
            if number == 0:
                act(
                    tenant,
                    item(one, "message", now - timedelta(minutes=4), text="年课现在报多少钱，还送绘本吗？"),
                )
            elif number < 4:
                act(tenant, item(one, "pay_click", now - timedelta(minutes=10 * number)))
            elif number < 8:
                act(tenant, *purchase_clicks(one, 2 + number % 3, now - timedelta(hours=number)))
            else:
                act(
                    tenant,
                    *[
                        item(one, kind, learned + timedelta(minutes=n), event_id=f"{kind}{number}-{n}")
                        for kind in ("lesson", "assignment")
                        for n in range(3)
                    ],
                )
        leads = list(Lead.objects.filter(customer__in=people, state="open").order_by("pk"))
        lead_assign(tenant=tenant, lead_ids=[one.pk for one in leads[::2]], staff_id=crew[0].pk, actor=actor)
        make_follow(tenant=tenant, customer=leads[1].customer, staff=crew[1])
        agreed = script_save(
            tenant=tenant,
            script_id=None,
            title="比线下贵吗",
            text="{客户称呼}，一节合 20.6 元，回放一年内都能看。要不要我把和线下班的课时对照发您？",
            kind="product",
            actor=actor,
        )
        need_tie(tenant=tenant, kind="objection", text="比线下贵", script_id=agreed.pk, actor=actor)
        for number, lead in enumerate(leads):
            who = {"tenant": tenant, "lead_id": lead.pk, "actor": actor}
            kind, text = NEEDS[number % 4]
            need_note(**who, kind=kind, text=text)
            if number % 2:
                continue
            frozen.move(seconds=20)
            lead_follow_up(
                **who,
                result="new_doubt",
                doubt=DOUBTS[number % 3],
                minutes=4 + number,
                note="下班后再聊",
                key=f"k{number}",
            )
            if number % 4 == 0:
                doubt_answer(
                    tenant=tenant,
                    doubt_id=doubt_raise(**who, text=DOUBTS[number % 3]).pk,
                    answer="前 5 分钟老师单独带",
                    actor=actor,
                )
        lead_close(tenant=tenant, lead_id=leads[2].pk, state="won", actor=actor)
        rule_report_ask(tenant_id=tenant.pk)
        rule_report_make(tenant_id=tenant.pk)
    return tenant


def lead_id(tenant: Tenant, name: str) -> int:
    with tenant_scope(tenant):
        return Lead.objects.get(customer__name=name).pk


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_of_leads_look_right_in_every_size_and_theme(
    busy: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    base = f"/t/{busy.slug}/leads/"
    paths = {
        "board": "", "lead": f"{lead_id(busy, '刘女士')}/", "needs": "needs/", "doubts": "needs/?kind=objection",
        "all": "list/all/?pain=孩子不敢开口", "overdue": "list/overdue/", "rules": "rules/", "draft": "rules/draft/",
        "conversion": "conversion/", "days": "days/",
    }  # fmt: skip
    for name, path in paths.items():
        answer = page.goto(base + path)
        page.wait_for_load_state("networkidle")
        assert answer is not None
        assert answer.status == 200
        expect(page.locator("main h1").first).not_to_be_empty()
        look(page, f"leads-{name}")
