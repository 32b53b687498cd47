"""What the checks are told of a group: settings, staff chosen, codes that lead in, super-users, the week ahead."""

from datetime import timedelta

import pytest

from contacts.enums import BehaviourKind
from contacts.models import Channel
from groups.enums import SIZE_TARGET, State
from groups.models import JoinWay, JoinWayRoom
from groups.policies.checks import evaluate
from groups.selectors import active_counts, group_facts
from groups.selectors.silence import looks
from groups.services.overdue import overdue_ask
from groups.services.setup import group_plan
from tenants import clock
from tenants.audit import SYSTEM
from tenants.services import preference_set
from tests.factories.contacts import make_behaviour, make_customer_tag, make_customers, make_tag
from tests.factories.groups import fill_group, make_group, make_member, make_ready_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

ACTS = (
    "message", "link_click", "purchase_click", "pay_click", "order", "lesson", "assignment", "form", "live",
    "mini_program", "checkin", "draw", "red_packet", "radar", "coupon", "coupon_view", "redeem",
)  # fmt: skip


def codes(group):
    return {one.code for one in evaluate(group_facts(tenant=group.tenant, group=group))}


def test_a_group_without_a_size_of_its_own_has_the_companys(scoped):
    preference_set(tenant=scoped, setting=SIZE_TARGET, raw=150, actor=SYSTEM)
    usual = make_ready_group(tenant=scoped)
    own = make_ready_group(tenant=scoped, target_size=151)
    assert group_facts(tenant=scoped, group=usual).target_size == 150
    assert ("SIZE-01" in codes(usual), "SIZE-01" in codes(own)) == (False, True)


def test_somebody_chosen_twice_is_one_of_the_staff(scoped):
    one, two = (make_staff(tenant=scoped) for _number in range(2))
    group = group_plan(tenant=scoped, name="小芽英语启蒙07群", actor=SYSTEM, leader_id=one.pk)
    group.answers.filter(question="management").update(answer={"crew": [one.pk, one.pk, two.pk]})
    assert group_facts(tenant=scoped, group=group).staff_count == 2


def test_only_a_code_in_use_that_leads_here_now_lets_anyone_in(scoped):
    group = make_ready_group(tenant=scoped, kind="super_user", state=State.ACTIVE)
    poster = Channel.objects.create(tenant=scoped, name="海报", kind="offline")
    way = JoinWay.objects.create(tenant=scoped, app=group.app, name="海报", channel=poster)
    room = JoinWayRoom.objects.create(tenant=scoped, join_way=way, chat_id=group.chat_id, group=group)
    assert "SUPER-04" in codes(group)
    JoinWay.objects.update(ended_at=clock.now())
    assert "SUPER-04" not in codes(group)
    JoinWay.objects.update(ended_at=None)
    JoinWayRoom.objects.filter(pk=room.pk).update(removed_at=clock.now())
    assert "SUPER-04" not in codes(group)


def test_super_users_are_those_who_sit_there_now(scoped):
    group = make_group(tenant=scoped, kind="super_user", state=State.ACTIVE)
    people = make_customers(tenant=scoped, count=4, app=group.app)
    fill_group(group=group, customers=people)
    tag = make_tag(tenant=scoped, name="超级用户")
    for one in people[:2]:
        make_customer_tag(tenant=scoped, customer=one, tag=tag)
    assert group_facts(tenant=scoped, group=group).super_count == 2
    group.members.filter(customer=people[0]).update(left_at=clock.now())
    facts = group_facts(tenant=scoped, group=group)
    assert (facts.super_count, facts.customer_count) == (1, 3)


def test_the_first_week_of_the_gate_counts_as_planned_while_it_lasts(scoped, frozen):
    group = make_ready_group(tenant=scoped, kind="super_user", state=State.ACTIVE)
    assert group_facts(tenant=scoped, group=group).week_ahead == 21
    assert "SUPER-02" not in codes(group)
    frozen.move(days=6)
    assert group_facts(tenant=scoped, group=group).week_ahead == 3
    frozen.move(days=1)
    assert group_facts(tenant=scoped, group=group).week_ahead == 0
    assert "SUPER-02" in codes(group)


def test_a_flash_group_that_never_ran_is_not_put_before_anybody(scoped, frozen):
    yesterday = clock.local_date(frozen.moment, scoped.timezone) - timedelta(days=1)
    make_ready_group(tenant=scoped, kind="flash", ends_on=yesterday)
    assert overdue_ask(tenant=scoped) == 0
    make_ready_group(tenant=scoped, kind="flash", ends_on=yesterday, state=State.ACTIVE)
    assert overdue_ask(tenant=scoped) == 1


@pytest.mark.parametrize("kind", sorted(BehaviourKind.values))
def test_what_a_customer_does_counts_as_active_and_coming_or_going_does_not(scoped, frozen, kind):
    group = make_group(tenant=scoped, state=State.ACTIVE)
    (person,) = make_customers(tenant=scoped, count=1, app=group.app)
    make_member(group=group, customer=person, joined_at=frozen.moment - timedelta(days=20))
    make_behaviour(
        tenant=scoped, customer=person, kind=kind, group=group, occurred_at=frozen.moment - timedelta(hours=2)
    )
    since = frozen.moment - timedelta(days=7)
    found = active_counts(
        tenant_id=scoped.pk, group_ids=[group.pk], before=since, since=since, until=frozen.moment
    )
    assert found[group.pk].now == int(kind in ACTS)


def test_an_act_dated_ahead_breaks_no_silence_today(scoped, frozen):
    group = make_group(tenant=scoped, state=State.ACTIVE)
    (person,) = make_customers(tenant=scoped, count=1, app=group.app)
    make_member(group=group, customer=person, joined_at=frozen.moment - timedelta(days=20))
    at = frozen.moment - timedelta(days=9)
    for moment in (at, frozen.moment + timedelta(hours=1)):
        make_behaviour(tenant=scoped, customer=person, kind="checkin", group=group, occurred_at=moment)
    (seen,) = looks(tenant_id=scoped.pk, groups=[group], now=frozen.moment)[group.pk].members
    assert seen.last_at == at
