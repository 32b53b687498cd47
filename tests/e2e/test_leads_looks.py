"""Pictures of the pages of leads, in both languages; each asserts what a picture can show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from analytics.services.order_classes import order_classes_renew
from content.services import script_save
from leads.models import Lead
from leads.policies.rules import BUILT_IN
from leads.services import (
    doubt_answer,
    doubt_raise,
    lead_assign,
    lead_close,
    lead_follow_up,
    need_note,
    need_tie,
)
from leads.services.rule_drafts import rule_draft_save
from leads.services.rule_reports import rule_report_make
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.factories.contacts import make_customer_tag, make_customers, make_follow, make_tag
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
        buyer = people[2]
        act(tenant, item(buyer, "message", now - timedelta(hours=3), text="还送绘本吗"))
        act(tenant, item(buyer, "order", now - timedelta(hours=1), fen=198000))
        order_classes_renew(tenant_id=tenant.pk, customer_ids=[buyer.pk])
        tag = make_tag(tenant=tenant, name="周末有空")
        make_customer_tag(tenant=tenant, customer=people[1], tag=tag, added_by="林晓")
        rules = {**BUILT_IN, "s": {**BUILT_IN["s"], "keywords": ["多少钱", "绘本"]}}
        rule_draft_save(tenant=tenant, actor=actor, rules={**rules, "click_gap_s": 9})
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
    lead = f"{lead_id(busy, '刘女士')}/"
    paths = {
        "board": "", "lead": lead, "needs": "needs/", "doubts": "needs/?kind=objection",
        "all": "list/all/?pain=孩子不敢开口", "overdue": "list/overdue/", "next": "list/next/",
        "rules": "rules/", "draft": "rules/draft/",
        "conversion": "conversion/", "days": "days/", "waiting": "?sort=wait", "tier": "?tier=A",
        "today": "list/today/", "won": "list/won/", "not-buying": "list/not_buying/",
        "people": "rules/people/?of=tier&rule=new&tier=A", "persona": "persona/?figures=1",
        "orders": "rules/people/?of=orders&before=unknown&after=active",
        "persona-people": "persona/people/?field=gender&key=", "lead-asof": f"{lead}?asof=2026-03-01",
    }  # fmt: skip
    for name, path in paths.items():
        answer = page.goto(base + path)
        page.wait_for_load_state("networkidle")
        assert answer is not None
        assert answer.status == 200
        expect(page.locator("main h1").first).not_to_be_empty()
        look(page, f"leads-{name}")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_drawers_of_leads_say_what_they_do_and_look_right(
    busy: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    base = f"/t/{busy.slug}/leads/"
    page.goto(base)
    page.locator(".q-lead .form-check-input").nth(0).check()
    page.locator(".q-lead .form-check-input").nth(1).check()
    page.locator("#bulk [data-plan]").click()
    expect(page.locator("#q-drawer input[name=pick]")).to_have_count(2)
    look(page, "leads-plan-many")
    page.locator("#q-drawer [data-bs-dismiss]").first.click()
    expect(page.locator("#q-drawer")).to_be_hidden()
    page.locator("#bulk [data-share]").click()
    expect(page.locator("#q-drawer select[name^=to_]").first).to_be_visible()
    look(page, "leads-share-many")
    page.goto(f"{base}{lead_id(busy, '刘女士')}/")
    expect(page.locator("#say-1")).not_to_be_empty()
    page.locator("button[data-copy='#say-1'].btn-primary").click()
    expect(page.locator("#q-drawer [data-copy]")).to_have_count(1)
    look(page, "leads-chat")


def test_the_step_of_picked_leads_is_set_in_the_drawer_and_the_board_comes_back(
    busy: Tenant, make_page: Callable[..., Page]
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{busy.slug}/leads/?tier=B")
    boxes = page.locator(".q-lead .form-check-input")
    picked = [int(boxes.nth(n).get_attribute("value") or 0) for n in range(2)]
    for number in range(2):
        boxes.nth(number).check()
    page.locator("#bulk [data-plan]").click()
    page.locator("#q-drawer #m-other").press_sequentially("发课表")
    if page.locator("#q-drawer #m-why").count():
        page.locator("#q-drawer #m-why").press_sequentially("周末统一发")
    with page.expect_navigation():
        page.locator("#q-drawer button[name=in_minutes]").first.click()
    assert page.url.endswith("/leads/?tier=B")
    expect(page.locator(".q-lead", has_text="发课表")).to_have_count(2)
    with tenant_scope(busy):
        assert set(Lead.objects.filter(pk__in=picked).values_list("next_action", flat=True)) == {"发课表"}
