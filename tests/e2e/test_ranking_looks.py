"""Pictures of the ranking: the table, a person, the cases; and a leader's way from a place to the people (R127)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from groups.services.newcomers import newcomers_put
from team.selectors import staff_list
from tenants import clock
from tenants.audit import Actor
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff, make_work_item
from tests.team.test_ranking_pages import give

pytestmark = pytest.mark.django_db(transaction=True)

# name: leads and orders with S, with B
TEAM = {
    "何静": ((90, 55), (70, 7)), "许真": ((0, 0), (90, 32)), "陆远": ((110, 60), (60, 6)), "方敏": ((80, 22), (40, 3)),
    "郑一诺": ((60, 36), (60, 5)), "周岚": ((12, 9), (0, 0)),
}  # fmt: skip


@pytest.fixture
def team(transactional_db: None, tenant: Tenant, owner: Actor) -> Tenant:
    with tenant_scope(tenant):
        member = Membership.objects.get(tenant=tenant, user_id=owner.id)
        at = clock.now() - timedelta(days=4)
        for name, parts in TEAM.items():
            staff = make_staff(tenant=tenant, name=name, membership=member if name == "周岚" else None)
            for tier, (cases, won) in zip(("S", "B"), parts, strict=True):
                if cases:
                    give(tenant, staff, tier, cases, won, at)
    return tenant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_a_place_to_the_people(
    team: Tenant, make_page: Callable[..., Page], owner: Actor, language: str
) -> None:
    user = User.objects.get(pk=owner.id)
    user.language = language
    user.save()
    page = make_page(user)
    page.goto(f"/t/{team.slug}/team/ranking/")
    expect(page.locator("tbody tr").first).to_contain_text("许真")
    look(page, "team-ranking")
    page.get_by_role("link", name="许真").first.click()
    expect(page.locator("h1")).to_contain_text("许真")
    look(page, "team-ranking-person")
    page.get_by_role("link", name=re.compile("^32$")).first.click()
    expect(page.locator("h1")).to_contain_text("32")
    look(page, "team-ranking-cases")
    page.goto(f"/t/{team.slug}/team/ranking/?figure=execution")
    look(page, "team-ranking-empty")


def test_today_by_kind_and_the_load_with_minutes(
    team: Tenant, make_page: Callable[..., Page], owner: Actor
) -> None:
    with tenant_scope(team):
        chief = next(one for one in staff_list(tenant_id=team.pk) if one.name == "周岚")
        group = make_group(tenant=team, name="小芽启蒙03群", state="active", owner=chief)
        people = make_customers(tenant=team, count=4)
        for person in people:
            make_member(group=group, customer=person, joined_at=clock.now())
        with translation.override("zh-hans"):  # as the worker speaks
            newcomers_put(tenant_id=team.pk, joined=[(group.pk, clock.now() - timedelta(minutes=1))])
        for kind, title in (
            ("sop_task", "转发明晚直播预告"),
            ("alert", "启蒙05群 7 天没人说话"),
            ("check", "看 3 张截图"),
        ):
            make_work_item(tenant=team, staff=chief, kind=kind, title=title, due_at=clock.now())
    page = make_page(User.objects.get(pk=owner.id))
    page.goto(f"/t/{team.slug}/")
    look(page, "team-today-kinds")
    page.get_by_role("link", name=re.compile("^新成员")).click()
    expect(page.locator(".q-todo")).to_have_count(1)
    expect(page.locator(".q-todo")).to_contain_text("小芽启蒙03群新进 4 人")
    look(page, "team-today-kind")
    page.goto(f"/t/{team.slug}/team/load/")
    look(page, "team-load-minutes")
