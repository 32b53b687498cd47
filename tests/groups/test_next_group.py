"""The next group of a series: proposed where a group is full, planned with what was decided for the one before."""

from datetime import timedelta

import pytest
from django.test import Client

from console.pages import tenant_url
from groups.enums import State
from groups.models import Group
from groups.policies.naming import name_after
from groups.selectors import group_facts
from groups.services.next_group import group_plan_next
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group, make_ready_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def web(tenant):
    User.objects.update(language="en")
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("小芽英语07群", [], "小芽英语08群"),
        ("小芽英语09群", ["小芽英语10群"], "小芽英语11群"),
        ("21天营第3期", ["21天营第3期"], "21天营第4期"),
        ("小芽杭州群", [], ""),
    ],
)
def test_the_last_number_counts_on_until_nobody_has_the_name(name, taken, made):
    assert name_after(name, taken) == made


def test_what_was_decided_is_taken_over_and_promises_and_dates_are_not(scoped):
    before = make_ready_group(tenant=scoped, name="小芽英语07群", series="启蒙", state=State.ACTIVE)
    leader = make_staff(tenant=scoped, app=before.app)
    starts_on = clock.local_date(clock.now(), scoped.timezone) + timedelta(days=40)
    made = group_plan_next(
        tenant=scoped, after_id=before.pk, name="小芽英语08群", series="启蒙", kind="new_user",
        starts_on=starts_on, leader_id=leader.pk, actor=SYSTEM,
    )  # fmt: skip
    facts, old = group_facts(tenant=scoped, group=made), group_facts(tenant=scoped, group=before)
    assert made.state == State.PLANNING
    assert made.ends_on == starts_on + timedelta(days=30)
    assert (facts.payment_basis, facts.welcome) == (old.payment_basis, old.welcome)
    for question in ("positioning", "operation", "rules", "ending", "crisis"):
        assert facts.answer(question) == old.answer(question) != {}
    assert facts.answer("management")["crew"] == [leader.pk]
    assert facts.answer("management")["duties"] == old.answer("management")["duties"]
    assert facts.answer("deliverable") == {}


def test_a_full_group_proposes_the_next_which_is_planned_from_it(web, tenant):
    with tenant_scope(tenant):
        full = make_ready_group(
            tenant=tenant, name="小芽英语启蒙07群", series="启蒙", state=State.ACTIVE, target_size=10
        )
        fill_group(group=full, customers=make_customers(tenant=tenant, count=8, app=full.app))
    next_one = f"{tenant_url(tenant, 'groups:plan')}?after={full.pk}"
    assert next_one in web.get(tenant_url(tenant, "groups:detail", pk=full.pk)).text
    page = web.get(next_one).text
    assert "小芽英语启蒙08群" in page
    assert "Taken over from 小芽英语启蒙07群" in page
    data = {"name": "小芽英语启蒙08群", "series": "启蒙", "kind": "new_user"}
    answer = web.post(next_one, data)
    with tenant_scope(tenant):
        made = Group.objects.get(planned_name="小芽英语启蒙08群")
        assert group_facts(tenant=tenant, group=made).answer("rules")["ladder"] == "警告、禁言、移出"
    assert answer["location"] == tenant_url(tenant, "groups:readiness", pk=made.pk)


def test_another_companys_group_is_not_followed(web, tenant, other_tenant):
    with tenant_scope(other_tenant):
        theirs = make_group(tenant=other_tenant, name="别家03群")
    assert "别家" not in web.get(f"{tenant_url(tenant, 'groups:plan')}?after={theirs.pk}").text


@pytest.mark.parametrize(
    ("state", "where"),
    [(State.ACTIVE, "{week}?group={pk}"), (State.PLANNING, "{gate}#")],
)
def test_a_fix_leads_to_where_a_running_group_is_mended(web, tenant, state, where):
    with tenant_scope(tenant):
        group = make_ready_group(
            tenant=tenant, state=state, kind="super_user", starts_on=None, ends_on=None, series=""
        )
    wanted = where.format(
        week=tenant_url(tenant, "sop:week"),
        gate=tenant_url(tenant, "groups:readiness", pk=group.pk),
        pk=group.pk,
    )
    assert wanted in web.get(tenant_url(tenant, "groups:detail", pk=group.pk)).text.split('id="checks"')[1]
