"""Campaigns as people see them: from nothing to a review, looked at in both sizes, themes and languages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from campaigns.enums import PrizeKind
from campaigns.models import Award, Campaign
from campaigns.services.awards import award_by_hand, award_hand_over
from campaigns.services.frame import campaign_clone
from campaigns.services.payouts import payouts_run
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer, make_order
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]
PRIZES = [
    ("点读笔", PrizeKind.GOODS.value, 9_600, 5),
    ("分级绘本一本", PrizeKind.GOODS.value, 1_800, 40),
    ("体验课一节", PrizeKind.SERVICE.value, 1_200, 60),
    ("小红包", PrizeKind.RED_PACKET.value, 10_000, 8),
]


@pytest.fixture
def played(transactional_db: None, tenant: Tenant, owner: Actor) -> Played:
    """A running campaign with prizes handed over, paid and promised, orders in the window, and a draft beside it."""
    with tenant_scope(tenant):
        made = make_campaign(tenant=tenant, actor=owner, prizes=PRIZES, people=12, name="邀好友抽绘本")
        who = {"tenant": tenant, "campaign_id": made.campaign.pk, "actor": owner}
        for number, person in enumerate(made.people[:9]):
            award = award_by_hand(
                **who,
                prize_id=made.prizes[number % 4].pk,
                customer_id=person.pk,
                key=str(number),
                note="答得又快又好",
            )
            if number % 4 < 2 and number < 6:
                award_hand_over(tenant=tenant, award_id=award.pk, proof="SF1234567890", actor=owner)
        for person in made.people[:3]:
            make_order(tenant=tenant, customer=person, ordered_at=clock.now() + timedelta(minutes=1))
        payouts_run(tenant=tenant)
        campaign_clone(**who)
    return made


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_of_a_campaign_can_be_looked_at(
    played: Played, tenant: Tenant, owner: Actor, make_page: MakePage, language: str
) -> None:
    User.objects.filter(pk=owner.id).update(language=language)
    page = make_page(User.objects.get(pk=owner.id))
    home = f"/t/{tenant.slug}/campaigns/"
    with tenant_scope(tenant):
        draft = Campaign.objects.get(state="draft")
    page.goto(home)
    expect(page.locator("h1")).to_contain_text("活动" if language == "zh-hans" else "Campaigns")
    look(page, "camp-list")
    for name in ("", "awards/", "ledger/", "rules/", "give/", "give/?q=客户"):
        page.goto(f"{home}{played.campaign.pk}/{name}")
        look(page, f"camp-{name.replace('/', '').replace('?q=', '-') or 'detail'}")
    page.goto(f"{home}{draft.pk}/")
    look(page, "camp-draft")
    for step in ("idea", "place", "prizes", "rules"):
        page.goto(f"{home}{draft.pk}/set-up/{step}/")
        look(page, f"camp-step-{step}")
    expect(page.locator("form.q-stack button[type=submit]")).to_be_visible()


def test_from_an_idea_to_a_prize_in_a_hand(
    transactional_db: None, tenant: Tenant, owner: Actor, make_page: MakePage
) -> None:
    """An operator's whole way, by hand: what is missing is said until nothing is."""
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant, name="林晓")
        mother = make_customer(tenant=tenant, name="豆豆妈妈")
        group = fill_group(
            group=make_group(tenant=tenant, name="启蒙05群"), customers=[mother], staff=[staff]
        )
    page = make_page(User.objects.get(pk=owner.id))
    home = f"/t/{tenant.slug}/campaigns/"
    page.goto(home)
    look(page, "camp-empty")
    page.locator("main a.btn-primary").first.click()
    page.fill("input[name=name]", "国庆宠粉")
    page.fill("input[name=goal_target]", "20")
    page.locator("form.q-stack button[type=submit]").click()
    expect(page.locator("h1")).to_have_text("群与时间")
    page.locator(f"input[name=groups][value='{group.pk}']").check()
    begins = clock.local(clock.now() - timedelta(hours=1), tenant.timezone)
    page.fill("input[name=starts_at]", begins.strftime("%Y-%m-%dT%H:%M"))
    page.fill("input[name=ends_at]", (begins + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("form.q-stack button[type=submit]").click()
    expect(page.locator("main .q-note.is-warn")).to_contain_text("CAMP-06")
    page.get_by_role("button", name="添加奖品").click()
    drawer = page.locator("#q-drawer")
    drawer.locator("input[name=name]").fill("点读笔")
    drawer.locator("input[name=unit_yuan]").fill("96")
    drawer.locator("input[name=stock]").fill("5")
    look(page, "camp-prize-drawer")
    drawer.locator("button[type=submit]").click()
    expect(page.locator("main table")).to_contain_text("点读笔")
    page.fill("input[name=budget_yuan]", "500")
    page.locator("form.q-stack button[type=submit]").last.click()
    expect(page.locator("h1")).to_have_text("玩法")
    look(page, "camp-step-play")
    page.locator("form.q-stack button[type=submit]").click()
    page.fill("textarea[name=rules_text]", "群成员均可参加，不需要转发。")
    page.select_option("select[name=owner]", label="林晓")
    page.locator("form.q-stack button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("都齐了")
    look(page, "camp-ready")
    page.get_by_role("button", name="启动").click()
    page.locator("#q-confirm-go").click()
    expect(page.locator("h1")).to_contain_text("进行中")
    page.get_by_role("link", name="发奖品").click()
    page.fill("main input[name=q]", "豆豆")
    page.locator("form.q-filter button").click()
    page.get_by_role("link", name="豆豆妈妈").click()
    page.fill("input[name=note]", "作业连交 7 天")
    look(page, "camp-give-form")
    page.get_by_role("button", name="发放").click()
    expect(page.locator("main table")).to_contain_text("作业连交 7 天")
    page.locator("main table button", has_text="已交付").click()
    drawer.locator("input[name=proof]").fill("SF1001")
    look(page, "camp-hand-over")
    drawer.locator("button[type=submit]").click()
    expect(page.locator("main table")).to_contain_text("SF1001")
    with tenant_scope(tenant):
        assert Award.objects.get().state == "given"
