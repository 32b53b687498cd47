"""Pictures of the customers' pages, in both languages: one person, trust stages, channels, ways in, six panels."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from contacts.enums import TrustStage
from contacts.models import Channel, Customer, CustomerTag
from contacts.services.stages import stages_judge
from groups.models import Group, NewUserGoal
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_behaviour, make_customers, make_follow, make_order, make_tag
from tests.factories.groups import fill_group, make_ready_group
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def settled(transactional_db: None, tenant: Tenant) -> Tenant:
    """A company with a group of twelve, of whom some learnt, spoke and bought."""
    with tenant_scope(tenant):
        group = make_ready_group(tenant=tenant, state="active")
        people = make_customers(tenant=tenant, count=12)
        fill_group(group=group, customers=people)
        staff, tag = make_staff(tenant=tenant, name="何静"), make_tag(tenant=tenant, name="关心发音")
        for number, one in enumerate(people):
            make_follow(tenant=tenant, customer=one, staff=staff)
            CustomerTag.objects.create(tenant=tenant, customer=one, tag=tag, staff=staff, source="manual")
            for day in range(number):
                at = clock.now() - timedelta(days=day, hours=1)
                make_behaviour(
                    tenant=tenant,
                    customer=one,
                    group=group,
                    kind="message",
                    text="孩子跟读了吗",
                    occurred_at=at,
                )
                make_behaviour(
                    tenant=tenant,
                    customer=one,
                    group=group,
                    kind="lesson",
                    object_title="第 3 课",
                    occurred_at=at,
                )
            if number > 9:
                make_order(tenant=tenant, customer=one)
        stages_judge(tenant_id=tenant.pk, customer_ids=[one.pk for one in people])
        NewUserGoal.objects.create(
            tenant=tenant, group=group, opening="flash_sale", goals={"deal": 10, "referral": 5}
        )
        Channel.objects.create(
            tenant=tenant, name="小红书笔记", kind="content", place="xhs", means="influencer", cost_fen=1_280_000,
            persona="3–6 岁孩子的妈妈，自己做攻略", target=200, group=group, goal="开营前招满",
        )  # fmt: skip
        Channel.objects.create(
            tenant=tenant,
            name="小树绘本馆互推",
            kind="partner",
            partner="小树绘本馆",
            partner_fit="只借绘本不上课",
        )
    return tenant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_customers_pages_look_right_in_every_size_and_theme(
    settled: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    with tenant_scope(settled):
        group = Group.objects.get()
        buyer = Customer.objects.filter(stage=TrustStage.BOUGHT).latest("pk")
    page = make_page(User.objects.get(email="lin@example.com"))
    home = f"/t/{settled.slug}/"
    pages = {
        "person": f"customers/{buyer.pk}/", "stages": "customers/stages/", "channels": "groups/codes/channels/",
        "paths": "insights/paths/", "group": f"groups/{group.pk}/",
    }  # fmt: skip
    for name, path in pages.items():
        page.goto(home + path)
        page.wait_for_load_state("networkidle")
        expect(page.locator("h1")).to_have_count(1)
        look(page, f"customers-{name}")
    page.goto(f"{home}customers/stages/")
    page.locator("button[hx-get$='/customers/stages/5/']").click()
    expect(page.locator("#q-drawer .q-foot button[type=submit]").first).to_be_in_viewport()
    look(page, "customers-stage-drawer")
    page.goto(f"{home}groups/codes/channels/")
    page.locator("button[hx-get*='/channels/']").first.click()
    expect(page.locator("#q-drawer .q-foot button[type=submit]").first).to_be_in_viewport()
    look(page, "customers-channel-drawer")
