"""Pictures of the groups' pages with what is wrong on them, in both languages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from groups.enums import State
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_ready_group

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_wrong_looks_right_and_is_mended_at_one_press(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    with tenant_scope(tenant):
        good = make_ready_group(tenant=tenant, state=State.ACTIVE)
        bad = make_ready_group(
            tenant=tenant,
            state=State.ACTIVE,
            kind="super_user",
            target_size=300,
            announcement="每晚 20:00 带读。",
        )
        for group in (good, bad):
            fill_group(group=group, customers=make_customers(tenant=tenant, count=3))
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))

    page.goto(f"/t/{tenant.slug}/groups/")
    look(page, "groups-wrong")
    page.goto(f"/t/{tenant.slug}/groups/{good.pk}/")
    look(page, "group-right")
    page.goto(f"/t/{tenant.slug}/groups/{bad.pk}/")
    look(page, "group-wrong")
    assert page.get_by_text("RULES-01").count() == 1
    page.locator("form[action$='/fix/rules/'] button").click()
    page.get_by_text("RULES-01").wait_for(state="detached")


def test_on_a_phone_what_a_field_is_called_stands_beside_it(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    with tenant_scope(tenant):
        make_ready_group(tenant=tenant, state=State.ACTIVE)
    User.objects.update(language="en")
    page = make_page(User.objects.get(email="lin@example.com"), width="phone")
    page.goto(f"/t/{tenant.slug}/groups/matrix/")
    for field in ("m-by", "m-across"):
        name, asked = page.locator(f"label[for={field}]"), page.locator(f"#{field}")
        box, beside = asked.bounding_box(), name.bounding_box()
        assert box is not None
        assert beside is not None
        assert box["y"] < beside["y"] + beside["height"] / 2 < box["y"] + box["height"], field
