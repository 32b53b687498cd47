"""The points mall as a member and an operator see it, in both languages and at both widths."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from campaigns.enums import EntryReason, PrizeKind
from campaigns.selectors.mall import mall_token
from campaigns.selectors.pages import page_path
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_start
from campaigns.services.mall import GoodWish, mall_set
from campaigns.services.points import points_move
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.e2e.test_members_looks import look_at, open_phone
from tests.factories.campaigns import Played, make_campaign

__all__ = ["open_phone"]
pytestmark = pytest.mark.django_db(transaction=True)
PRIZES = [
    ("分级绘本一本", PrizeKind.GOODS, 1_800, 20),
    ("外教一对一体验课", PrizeKind.SERVICE, 9_600, 3),
    ("返还学费 ¥50", PrizeKind.FEE_REFUND, 5_000, 5),
]


@pytest.fixture
def played(transactional_db: None, tenant: Tenant, owner: Actor, frozen: MovableClock) -> Played:
    """Three goods; the first member has enough points for the first two."""
    with tenant_scope(tenant):
        made = make_campaign(
            tenant=tenant, actor=owner, is_started=False, people=4, prizes=PRIZES, name="打卡积分商城"
        )
        goods = {
            prize.pk: GoodWish(points, 1) for prize, points in zip(made.prizes, (30, 60, 200), strict=True)
        }
        mall_set(tenant=tenant, campaign_id=made.campaign.pk, goods=goods, actor=owner)
        campaign_start(tenant=tenant, campaign_id=made.campaign.pk, actor=owner)
        for one in made.people:
            points_move(
                tenant=tenant, campaign_id=made.campaign.pk, person_id=one.pk, amount=95,
                reason=EntryReason.EARNED, key=f"given:{one.pk}", actor=SYSTEM,
            )  # fmt: skip
        made.campaign.refresh_from_db()
    return made


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_member_has_a_good_for_points_and_staff_sees_it(
    played: Played, tenant: Tenant, owner: Actor, open_phone: Callable[..., Page],
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    with tenant_scope(tenant):
        home = page_path(mall_token(played.campaign))
    page = open_phone(played, language, scripts=False)
    page.goto(home)
    look_at(page, "mall")
    page.locator(".q-h5-have").first.click()
    look_at(page, "mall-asked")
    page.locator("form button[data-once]").click()
    expect(page.locator("[role=status]").first).to_be_visible()
    expect(page.locator(".q-h5-hero h1")).to_contain_text("65")
    look_at(page, "mall-got")

    User.objects.update(language="en" if language == "en" else "zh-hans")
    desk = make_page(User.objects.get(email="lin@example.com"))
    base = f"/t/{tenant.slug}/campaigns/"
    with tenant_scope(tenant):
        draft = campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    paths = {
        "running": f"{played.campaign.pk}/mall/", "draft": f"{draft.pk}/mall/",
        "redemptions": f"{played.campaign.pk}/redemptions/", "points": "points/",
    }  # fmt: skip
    for name, path in paths.items():
        desk.goto(base + path)
        desk.wait_for_load_state("networkidle")
        expect(desk.locator("main h1").first).not_to_be_empty()
        look(desk, f"mall-{name}")
