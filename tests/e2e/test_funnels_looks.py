"""Pictures of funnels and of retention in both languages; a figure of a funnel opens as many people as it says."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from analytics.services.weeks import weeks_fill
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.analytics.test_funnels import ask, count_all, make_world
from tests.conftest import MovableClock
from tests.e2e.conftest import look

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_funnels_and_retention_look_right_and_open_their_people(
    transactional_db: None,
    tenant: Tenant,
    frozen: MovableClock,
    make_page: Callable[..., Page],
    language: str,
) -> None:
    with tenant_scope(tenant):
        make_world(tenant, 4)
        funnel = ask(tenant, ["join", "message", "order"], name="入群到下单")
        other = ask(tenant, ["friend", "message", "order"], name="加好友到下单")
        count_all(tenant)
        while weeks_fill(tenant=tenant):
            pass
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    for name, path in {
        "funnels": "funnels/", "funnel": f"funnels/{funnel.pk}/", "funnel-new": "funnels/new/?ready=purchase",
        "funnel-beside": f"funnels/{funnel.pk}/?by=kind&beside={other.pk}", "cohorts": "cohorts/",
    }.items():  # fmt: skip
        page.goto(f"/t/{tenant.slug}/insights/{path}")
        page.wait_for_load_state("networkidle")
        look(page, f"insights-{name}")
    page.goto(f"/t/{tenant.slug}/insights/funnels/{funnel.pk}/")
    figure = page.locator("main td a[href*='people/?step=1']").first
    said = figure.inner_text()
    figure.click()
    expect(page.locator("main .q-listpart")).to_be_visible()
    expect(page.locator("main h1").first).to_contain_text(re.compile(rf"(?<!\d){said}\s?(人|p)"))
    look(page, "insights-funnel-people")
