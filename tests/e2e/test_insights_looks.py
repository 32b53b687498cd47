"""Pictures of how the company and its groups go, in both languages; each asserts what a picture can show."""

import random
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from analytics.services.fills import days_fill
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import make_group, make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy(transactional_db: None, tenant: Tenant, frozen: MovableClock) -> Tenant:
    """Eight groups over seven weeks, with comings, goings, talk and orders."""
    dice = random.Random(3)
    with tenant_scope(tenant):
        now = clock.now()
        for number in range(8):
            began = now - timedelta(days=50 - 5 * (number // 2))
            group = make_group(
                tenant=tenant, kind=("flash", "delivery", "new_user")[number % 3], created_at=began,
                name=f"小芽英语{('启蒙', '进阶', '快闪')[number % 3]}{number + 1:02d}群",
            )  # fmt: skip
            for person in make_customers(tenant=tenant, count=30):
                joined = began + timedelta(hours=dice.randint(1, 900))
                left = joined + timedelta(days=9) if dice.random() < 0.15 else None
                make_member(
                    group=group, customer=person, joined_at=min(joined, now), join_scene="qr",
                    left_at=left if left and left < now else None, quit_scene="left" if left and left < now else "",
                )  # fmt: skip
                for _ in range(dice.randint(0, 6)):
                    make_behaviour(
                        tenant=tenant, customer=person, group=group, kind=dice.choice(["message", "checkin"]),
                        occurred_at=now - timedelta(hours=dice.randint(1, 1000)),
                    )  # fmt: skip
                if dice.random() < 0.1:
                    make_order(
                        tenant=tenant, customer=person, ordered_at=now - timedelta(hours=dice.randint(1, 500))
                    )
        while days_fill(tenant=tenant):
            pass
    return tenant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_of_days_look_right_and_open_who_is_behind(
    busy: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    for name, path in {"overview": "", "overview-28": "?days=28", "league": "groups/"}.items():
        page.goto(f"/t/{busy.slug}/insights/{path}")
        page.wait_for_load_state("networkidle")
        expect(page.locator("main h1").first).not_to_be_empty()
        look(page, f"insights-{name}")
    page.locator("tbody th a").last.click()
    expect(page.locator(".q-tile")).to_have_count(8)
    page.wait_for_load_state("networkidle")
    look(page, "insights-group")
    page.get_by_role("link", name=re.compile("28")).click()
    for number, name in ((1, "moves"), (3, "people")):
        figure = page.locator(".q-tile").nth(number).locator(".q-val a")
        said = figure.inner_text()
        figure.click()
        expect(page.locator("main .q-listpart")).to_be_visible()
        expect(page.locator("main h1").first).to_contain_text(said)
        look(page, f"insights-{name}")
        page.go_back()
