"""Groups in their first days, and how customers were added, as pictures in every size, theme and language."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Channel
from groups.models import Group
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers, make_follow
from tests.factories.groups import fill_group, make_group, make_member
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watched(transactional_db: None, tenant: Tenant) -> Group:
    """A new-user group on its third day, with people from a channel, by invitation and from nobody knows where."""
    with tenant_scope(tenant):
        app, live = make_app(tenant=tenant), clock.now() - timedelta(days=2)
        staff = make_staff(tenant=tenant, app=app, name="何静")
        group = make_group(
            tenant=tenant, app=app, owner=staff, name="小芽启蒙09群", state="active", kind="new_user",
            goes_live_at=live, value_proposition="30 天养成听读习惯",
        )  # fmt: skip
        channel = Channel.objects.create(tenant=tenant, name="视频号直播间", kind="content", place="channels")
        people = make_customers(tenant=tenant, count=9, app=app)
        for number, person in enumerate(people):
            at = live + timedelta(hours=number + 1)
            by = {"channel": channel, "join_scene": "qr"} if number < 5 else {"join_scene": "invited"}
            make_member(group=group, customer=person, joined_at=at, **(by if number < 8 else {}))
            make_follow(
                tenant=tenant, customer=person, staff=staff, followed_at=at, add_way=10 if number < 5 else 4
            )
        fill_group(group=group, staff=[staff])
    return group


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_watch_and_the_ways_of_being_added_look_right(
    watched: Group, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"), language=language)
    base = f"/t/{watched.tenant.slug}"
    page.goto(f"{base}/groups/?tab=first")
    expect(page.get_by_role("link", name="小芽启蒙09群").first).to_be_visible()
    look(page, "groups-first-days")
    page.goto(f"{base}/groups/{watched.pk}/")
    source = page.locator("#first-week a.q-link").first
    expect(source).to_have_text("5")
    look(page, "group-first-days")
    source.click()
    expect(page.locator("tbody tr")).to_have_count(5)
    look(page, "group-source-people")
    page.goto(f"{base}/customers/?added=10")
    expect(page.locator("tbody tr")).to_have_count(5)
    look(page, "customers-added")
    page.locator("tbody a").first.click()
    expect(page.locator("#p-friends")).to_be_visible()
    look(page, "customer-added")
    page.goto(f"{base}/groups/matrix/")
    look(page, "groups-matrix-days")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".q-bell").click()
    said = {"zh-hans": "现在没有要你处理的事。", "en": "Nothing needs you now."}[language]
    expect(page.locator(".q-bell-list li")).to_have_text([said])
    look(page, "bell-empty")
