"""A leader chooses the north star; everybody sees where it stands and what plans say of it, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from analytics.models import NorthStar
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.e2e.test_insights_looks import busy  # noqa: F401 - a fixture
from tests.factories.groups import make_group
from tests.factories.sop import make_run, make_version

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_leader_chooses_the_north_star_and_a_plan_says_how_it_serves(
    busy: Tenant,  # noqa: F811
    make_page: Callable[..., Page],
    language: str,
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    with tenant_scope(busy):
        version = make_version(tenant=busy)
        run = make_run(tenant=busy, version=version, groups=[make_group(tenant=busy)], name="启蒙营第7期")
    page.goto(f"/t/{busy.slug}/insights/stars/")
    look(page, f"stars-empty-{language}")
    page.locator("main [hx-get$='stars/new/']").first.click()
    page.wait_for_function("!document.querySelector('#q-drawer .htmx-added')")
    page.locator("#id_metric").select_option("day_active")
    page.locator("#id_target").press_sequentially("150")
    page.locator("#id_starts_on").fill("2026-02-01")
    page.locator("#id_ends_on").fill("2026-03-31")
    look(page, f"stars-drawer-{language}")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator(".q-starfig")).to_contain_text("150")
    page.locator("[hx-get*='serves/run']").click()
    page.wait_for_function("!document.querySelector('#q-drawer .htmx-added')")
    page.locator("#id_words").press_sequentially("每周一次体验课，让沉默的家长先动起来")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator("main table")).to_contain_text("让沉默的家长先动起来")
    page.wait_for_load_state("networkidle")
    look(page, f"stars-one-{language}")
    with tenant_scope(busy):
        assert NorthStar.objects.get().target == 150
    page.goto(f"/t/{busy.slug}/insights/stars/")
    expect(page.locator(".q-starfig")).to_be_visible()
    look(page, f"stars-list-{language}")
    for name, path in (
        ("run", f"sop/runs/{run.pk}/"),
        ("run-new", "sop/runs/new/"),
        ("campaign", "campaigns/new/"),
    ):
        page.goto(f"/t/{busy.slug}/{path}")
        page.wait_for_load_state("networkidle")
        look(page, f"stars-{name}-{language}")
