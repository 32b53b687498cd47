"""The check-in as a member and an operator see it, in both languages and at both widths."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from campaigns.enums import PrizeKind
from campaigns.models import Campaign, CheckIn
from campaigns.selectors.checkins import checkin_token
from campaigns.selectors.pages import page_path
from campaigns.services.checkins import checkin_reject
from campaigns.services.frame import campaign_clone
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.e2e.test_members_looks import look_at, open_phone
from tests.factories.campaigns import Played
from tests.factories.checkins import check_in, make_checkin

__all__ = ["open_phone"]
pytestmark = pytest.mark.django_db(transaction=True)
PRIZES = [("自然拼读课 4 节", PrizeKind.SERVICE, 9_600, 20), ("返还学费 ¥50", PrizeKind.FEE_REFUND, 5_000, 5)]
WISH = {
    "proof": "text", "streak_days": 3, "streak_points": 10, "goal_days": 5, "hint": "约 4 分钟，写一句孩子的反应",
    "tasks": "跟读《Brown Bear》第 1 页\n跟读《Brown Bear》第 2 页\n跟读《Brown Bear》第 3 页", "card_days": 3,
}  # fmt: skip


@pytest.fixture
def played(transactional_db: None, tenant: Tenant, owner: Actor, frozen: MovableClock) -> Played:
    """Five days lived through: a row with a gap, somebody who came every day, one day rejected."""
    with tenant_scope(tenant):
        made, _plan = make_checkin(
            tenant=tenant,
            owner=owner,
            has_gift=True,
            people=14,
            prizes=PRIZES,
            wish=WISH,
            name="21 天跟读打卡",
        )
        for day in range(5):
            for number, one in enumerate(made.people):
                if number == 0 and day in (2, 4):
                    continue
                if number == 0 or (day + number) % (number // 4 + 2) != 1:
                    check_in(tenant, made, one.pk, proof="孩子自己读了两遍，还会指着图说 bear")
            if day < 4:
                frozen.move(days=1)
        last = CheckIn.objects.order_by("-pk")[0]
        checkin_reject(
            tenant=tenant,
            campaign_id=made.campaign.pk,
            checkin_id=last.pk,
            reason="发的是昨天的内容",
            actor=owner,
        )
    return made


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_member_checks_in_by_hand_and_staff_looks_at_it(
    played: Played, tenant: Tenant, owner: Actor, open_phone: Callable[..., Page],
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    with tenant_scope(tenant):
        home = page_path(checkin_token(Campaign.objects.get(pk=played.campaign.pk)))
    page = open_phone(played, language, scripts=False)
    page.goto(home)
    look_at(page, "checkin")
    page.locator("form:has(input[value='make-up']) button").first.click()
    page.wait_for_url("**/?made=1")
    page.locator("textarea").fill("今天读了三页，孩子笑个不停 😄")
    page.locator(".q-h5-foot button").click()
    page.wait_for_url("**/?done=1")
    expect(page.locator("[role=status]").first).to_be_visible()
    look_at(page, "checkin-done")
    page.goto(f"{home}points/")
    look_at(page, "checkin-points")
    User.objects.filter(pk=owner.id).update(language="en" if language == "en" else "zh-hans")
    desk = make_page(User.objects.get(pk=owner.id))
    there = f"/t/{tenant.slug}/campaigns/{played.campaign.pk}/"
    for part in ("checkin/", "checkins/", "ledger/?unit=points"):
        desk.goto(f"{there}{part}")
        look(desk, f"camp-{part.split('/')[0]}")
    desk.goto(f"{there}checkin/")
    desk.locator("main button[hx-get*=reject]").first.click()
    expect(desk.locator("#q-drawer textarea")).to_be_visible()
    look(desk, "camp-checkin-reject")
    with tenant_scope(tenant):
        draft = campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    desk.goto(f"/t/{tenant.slug}/campaigns/{draft.pk}/checkin/")
    look(desk, "camp-checkin-draft")
