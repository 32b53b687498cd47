"""The marketing calendar looked at, in both languages and sizes."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.factories.deals import make_deal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_year_of_nodes_with_a_campaign_on_them(
    transactional_db: None,
    tenant: Tenant,
    owner: Actor,
    frozen: MovableClock,
    make_page: Callable[..., Page],
    language: str,
) -> None:
    User.objects.filter(pk=owner.id).update(language=language)
    with tenant_scope(tenant):
        make_deal(tenant=tenant, owner=owner)
    page = make_page(User.objects.get(pk=owner.id))
    page.goto(f"/t/{tenant.slug}/campaigns/calendar/")
    expect(page.locator("main")).to_contain_text("三八妇女节")
    look(page, "camp-calendar")
