"""A group's culture as people see it: norms of members, roles, thanks beside sanctions, the friendly word (R130)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from groups.enums import State
from groups.models import Group, Koc, Norm, Thanks, Violation
from groups.services.norms import norm_add, norm_ask, norm_voices_tell
from groups.services.thanks import thanks_write
from groups.services.violations import violation_record
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_ready_group
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(transactional_db: None, tenant: Tenant) -> Group:
    with tenant_scope(tenant):
        made = make_ready_group(
            tenant=tenant, state=State.ACTIVE, owner=make_staff(tenant=tenant), goes_live_at=clock.now()
        )
        people = make_customers(tenant=tenant, count=12)
        fill_group(group=made, customers=people)
        common = {"tenant": tenant, "group_id": made.pk, "actor": SYSTEM}
        ids = [one.pk for one in people]
        first = norm_add(
            **common, customer_id=ids[0], text="晚上十点后不发语音", said="孩子睡了，夜里听语音会吵醒"
        )
        norm_ask(tenant=tenant, norm_id=first.pk, actor=SYSTEM)
        norm_voices_tell(tenant=tenant, norm_id=first.pk, customer_ids=ids[:6], actor=SYSTEM)
        second = norm_add(**common, customer_id=ids[1], text="分享资料先说结论，再发链接")
        norm_ask(tenant=tenant, norm_id=second.pk, actor=SYSTEM)
        norm_voices_tell(tenant=tenant, norm_id=second.pk, customer_ids=ids[3:5], actor=SYSTEM)
        norm_add(**common, customer_id=ids[2], text="每周五晒一张孩子的作业")
        for number, role in ((1, "greeter"), (2, "answers"), (3, "answers")):
            Koc.objects.create(
                tenant=tenant, group=made, customer=people[number], state="helper", origin="grown", role=role
            )
        thanks_write(
            **common, customer_id=ids[2], reason="answer", words="谢谢你这几天帮大家答疑。", is_said=True
        )
        thanks_write(**common, customer_id=ids[4], reason="share", words="谢谢你的绘本单子，大家都收藏了。")
        violation_record(
            **common, userid=people[9].external_userid, rule="晚上十点后不发语音", evidence="23:10 连发三条"
        )
        violation_record(
            **common, userid=people[10].external_userid, rule="不发无关广告和链接", evidence="加我微信领红包"
        )
    return made


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_culture_looks_right_and_a_thanks_is_two_presses(
    tenant: Tenant, group: Group, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/groups/{group.pk}/?tab=culture")
    expect(page.locator("#h-thanks")).to_be_visible()
    expect(page.locator("#h-norms")).to_be_visible()
    look(page, "group-culture")
    page.locator("[hx-get*='/thanks/new/?who']").first.click()
    drawer = page.locator("#q-drawer form")
    expect(drawer.locator("textarea[name=words]")).not_to_have_value("")
    look(page, "group-thanks-drawer")
    drawer.locator("button[type=submit]").click()
    expect(page.locator("form[action$='/said/']")).to_have_count(2)
    with tenant_scope(tenant):
        assert Thanks.objects.filter(state="open").count() == 2
    page.locator("form[action*='/norms/'][action$='/tell/welcome/'] button").click()
    expect(page.locator("form[action$='/tell/welcome/']")).to_have_count(0)
    with tenant_scope(tenant):
        assert "晚上十点后不发语音" in Group.objects.get(pk=group.pk).welcome
        assert Norm.objects.filter(state="agreed").count() == 1


def test_the_drawer_of_a_breach_shows_the_friendly_word_and_leaves_it_there(
    tenant: Tenant, group: Group, make_page: Callable[..., Page]
) -> None:
    with tenant_scope(tenant):
        userid = group.members.filter(is_staff=False).order_by("pk").first().userid  # type: ignore[union-attr]
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/groups/{group.pk}/?tab=violations")
    look(page, "group-breaches-beside-thanks")
    page.locator("[hx-get$='/violations/new/']").click()
    drawer = page.locator("#q-drawer form")
    drawer.wait_for()
    expect(page.locator("#q-drawer .htmx-added")).to_have_count(0)  # until then nobody hears a choice
    drawer.locator("select[name=userid]").select_option(userid)
    friendly = drawer.locator("button[name=friendly]")
    expect(friendly).to_be_visible()
    look(page, "group-breach-friendly")
    drawer.locator("select[name=rule]").select_option("晚上十点后不发语音")
    expect(drawer.locator("#v-next")).to_contain_text("晚上十点后不发语音")
    drawer.locator("select[name=rule]").select_option(index=0)
    expect(friendly).to_be_visible()
    friendly.click()
    expect(page.locator("table.q-table tbody tr")).to_have_count(3)
    with tenant_scope(tenant):
        assert Violation.objects.get(userid=userid).step == "kind"
