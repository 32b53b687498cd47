"""A leader chooses the north star; everybody sees where it stands and what plans say of it, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from analytics.models import NorthStar
from analytics.services.related import RelatedWish, related_save
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
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
    expect(page.locator("#q-drawer .htmx-added")).to_have_count(0)
    page.locator("#id_metric").select_option("day_active")
    page.locator("#id_target").press_sequentially("150")
    page.locator("#id_starts_on").fill("2026-02-01")
    page.locator("#id_ends_on").fill("2026-03-31")
    look(page, f"stars-drawer-{language}")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator(".q-starfig")).to_contain_text("150")
    page.locator("[hx-get*='serves/run']").click()
    expect(page.locator("#q-drawer .htmx-added")).to_have_count(0)
    page.locator("#id_words").press_sequentially("每周一次体验课，让沉默的家长先动起来")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator("main table")).to_contain_text("让沉默的家长先动起来")
    page.wait_for_load_state("networkidle")
    look(page, f"stars-one-{language}")
    with tenant_scope(busy):
        assert NorthStar.objects.get().target == 150
    with tenant_scope(busy):
        star = NorthStar.objects.get()
        owner = Actor.of_user(User.objects.get(email="lin@example.com"), PERMISSIONS[Role.OWNER])
        for told in (
            {"metric": "day_speakers", "step": "activation", "target": 60, "link": "开过口的人更常回来"},
            {"metric": "day_joined", "step": "acquisition", "target": 300, "link": "新人多，活跃的底数才大"},
            {"metric": "", "step": "activation", "target": 400, "name": "破冰质量", "link": "第一天开口的人留得久",
             "rubric": "1 没人说话；3 一半人自我介绍；5 人人开口"},
        ):  # fmt: skip
            values = {"name": "", "rubric": "", "strategy": "新人进群当天一对一问候", "impact": 1, **told}
            related_save(tenant=busy, star_id=star.pk, wish=RelatedWish(**values), actor=owner)
    page.reload()
    page.locator("[hx-get$='/score/']").click()
    expect(page.locator("#q-drawer .htmx-added")).to_have_count(0)
    page.locator("#id_points").select_option("5")
    look(page, f"stars-score-{language}")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator(".q-reltree")).to_contain_text("林晓 5")
    look(page, f"stars-tree-{language}")
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
