"""What people decide: answers, type, approvals, going live, life cycle, freezing."""

from datetime import date, time, timedelta

import pytest

from groups.enums import LIVE_STATES, TRANSITIONS, State
from groups.errors import (
    AnswerInvalid,
    ApprovalInvalid,
    GroupUnknown,
    KindNeedsApproval,
    NotReady,
    ReasonNeeded,
    StateRefused,
)
from groups.events import GroupsFrozen, GroupsUnfrozen, GroupWentLive
from groups.models import Group, Member
from groups.selectors import customer_groups, group_facts, group_names_of
from groups.services.freezing import group_freeze, group_unfreeze
from groups.services.glance import glance_refresh
from groups.services.moving import group_go_live, group_move
from groups.services.setup import (
    group_approve,
    group_edit_plan,
    group_plan,
    group_set_kind,
    groups_set_kind,
    readiness_answer,
)
from outbox.models import EventRow
from tenants import clock
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry
from tenants.scoping import unscoped
from tests.factories.contacts import make_behaviour, make_customers
from tests.factories.groups import fill_group, make_answers, make_group, make_member, make_ready_group
from tests.factories.team import make_staff
from tests.factories.tenants import actor_of
from tests.factories.tenants import make_member as make_membership

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def operator(scoped):
    return actor_of(make_membership(tenant=scoped, role=Role.OPERATOR))


@pytest.fixture
def leader(scoped):
    return actor_of(make_membership(tenant=scoped, role=Role.LEADER))


def stops(error):
    return [finding.code for finding in error.value.findings]


def test_a_ready_group_goes_live_and_says_so(scoped, operator):
    group = make_ready_group(tenant=scoped)
    live = group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    assert (live.state, live.goes_live_at) == (State.ACTIVE, clock.now())
    assert EventRow.objects.filter(name=GroupWentLive.name).count() == 1
    entry = AuditEntry.objects.get(verb="groups.group.moved")
    assert entry.changes == {"state": ["planning", "active"]}


def test_a_group_that_starts_later_warms_up_first(scoped, operator, frozen):
    tomorrow = clock.local_date(frozen.moment, scoped.timezone) + timedelta(days=1)
    group = make_ready_group(tenant=scoped, starts_on=tomorrow)
    assert group_go_live(tenant=scoped, group_id=group.pk, actor=operator).state == State.WARMING


def test_a_bare_group_is_refused_with_every_check_that_stops_it(scoped, operator):
    group = make_group(tenant=scoped)
    with pytest.raises(NotReady) as error:
        group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    assert {"TYPE-01", "READY-01", "READY-06", "CRISIS-01", "STAFF-01", "BASE-05"} <= set(stops(error))
    group.refresh_from_db()
    assert group.state == State.PLANNING


def test_a_live_group_does_not_go_live_again(scoped, operator):
    group = make_ready_group(tenant=scoped)
    group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    with pytest.raises(StateRefused):
        group_go_live(tenant=scoped, group_id=group.pk, actor=operator)


def test_two_staff_stop_until_a_leader_approves(scoped, operator, leader):
    group = make_ready_group(tenant=scoped)
    Member.objects.filter(group=group).first().delete()
    with pytest.raises(NotReady) as error:
        group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    assert stops(error) == ["STAFF-01"]
    with pytest.raises(NotPermitted):
        group_approve(tenant=scoped, group_id=group.pk, code="STAFF-01", reason="下周补人", actor=operator)
    group_approve(tenant=scoped, group_id=group.pk, code="STAFF-01", reason="下周补人", actor=leader)
    assert group_go_live(tenant=scoped, group_id=group.pk, actor=operator).state == State.ACTIVE


def test_a_flash_group_without_an_end_cannot_go_live(scoped, operator):
    group = make_ready_group(tenant=scoped, kind="flash", ends_on=None)
    with pytest.raises(NotReady) as error:
        group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    assert stops(error) == ["FLASH-01"]


def test_a_flash_group_past_its_end_is_broken(scoped, operator, frozen):
    today = clock.local_date(frozen.moment, scoped.timezone)
    group = make_ready_group(tenant=scoped, kind="flash", ends_on=today, ends_time=time(22, 0))
    group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    group.refresh_from_db()
    assert group.risk_code == ""
    frozen.set(clock.at_local(today, time(22, 0), scoped.timezone))
    glance_refresh(tenant=scoped, group_ids=[group.pk])
    group.refresh_from_db()
    assert (group.risk, group.risk_code) == (3, "FLASH-02")


def test_an_unpaid_endless_group_needs_approval_with_a_later_review_day(scoped, operator, leader, frozen):
    today = clock.local_date(frozen.moment, scoped.timezone)
    group = make_ready_group(tenant=scoped, payment_basis="unpaid", ends_on=None)
    with pytest.raises(NotReady) as error:
        group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    assert stops(error) == ["UNPAID-01"]
    call = {"tenant": scoped, "group_id": group.pk, "code": "UNPAID-01", "actor": leader}
    for review_on in (None, today):
        with pytest.raises(ApprovalInvalid):
            group_approve(**call, reason="品牌需要", review_on=review_on)
    group_approve(**call, reason="品牌需要", review_on=today + timedelta(days=30))
    assert group_go_live(tenant=scoped, group_id=group.pk, actor=operator).state == State.ACTIVE


@pytest.mark.parametrize("code", ["FLASH-01", "NOPE-01"])
def test_only_checks_made_for_it_can_be_approved(scoped, leader, code):
    group = make_group(tenant=scoped)
    with pytest.raises(ApprovalInvalid):
        group_approve(tenant=scoped, group_id=group.pk, code=code, reason="x", actor=leader)


def test_the_second_group_of_a_series_needs_a_number(scoped, operator):
    make_group(tenant=scoped, series="启蒙")
    group = make_ready_group(tenant=scoped, series="启蒙", name="小芽英语启蒙群")
    with pytest.raises(NotReady) as error:
        group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    assert stops(error) == ["NAME-03"]


def test_a_live_group_changes_type_only_with_a_reason_that_is_kept_and_by_a_leader(scoped, operator, leader):
    group = make_ready_group(tenant=scoped)
    group_set_kind(tenant=scoped, group_id=group.pk, actor=operator, purpose="brand")
    group_go_live(tenant=scoped, group_id=group.pk, actor=operator)
    with pytest.raises(ReasonNeeded):
        group_set_kind(tenant=scoped, group_id=group.pk, actor=operator, kind="delivery", sub_kind="learning")
    group.refresh_from_db()
    assert group.kind == "new_user"
    with pytest.raises(KindNeedsApproval):
        group_set_kind(tenant=scoped, group_id=group.pk, actor=operator, kind="flash", reason="已开课")
    group_set_kind(
        tenant=scoped,
        group_id=group.pk,
        actor=leader,
        kind="delivery",
        sub_kind="learning",
        reason="已开课",
    )
    entry = AuditEntry.objects.filter(verb="groups.group.kind_set").latest("pk")
    assert (entry.reason, entry.changes["kind"]) == ("已开课", ["new_user", "delivery"])


def test_choosing_the_same_type_again_writes_nothing(scoped, operator):
    group = make_group(tenant=scoped, kind="flash")
    group_set_kind(tenant=scoped, group_id=group.pk, actor=operator, kind="flash")
    assert not AuditEntry.objects.filter(verb="groups.group.kind_set").exists()


def test_types_of_many_groups_change_all_or_none(scoped, operator):
    planned, live = make_group(tenant=scoped), make_group(tenant=scoped, kind="flash", state=State.ACTIVE)
    with pytest.raises(ReasonNeeded):
        groups_set_kind(tenant=scoped, group_ids=[planned.pk, live.pk], kind="new_user", actor=operator)
    planned.refresh_from_db()
    assert planned.kind == ""


@pytest.mark.parametrize("fields", [{"kind": "party"}, {"state": "active"}])
def test_unknown_values_and_fields_are_refused(scoped, operator, fields):
    group = make_group(tenant=scoped)
    with pytest.raises(AnswerInvalid):
        group_set_kind(tenant=scoped, group_id=group.pk, actor=operator, **fields)


def test_an_answer_is_kept_with_who_and_when_and_what_it_was(scoped, operator):
    group = make_group(tenant=scoped)
    call = {"tenant": scoped, "group_id": group.pk, "question": "rules", "actor": operator}
    readiness_answer(**call, answer={"lines": "不发广告"})
    row = readiness_answer(**call, answer={"lines": "不发广告", "ladder": "警告、移出"})
    assert (row.answered_by, row.at) == (operator.name, clock.now())
    entry = AuditEntry.objects.filter(verb="groups.group.answered").latest("pk")
    assert entry.changes["rules"][0] == {"lines": "不发广告"}
    assert group_facts(tenant=scoped, group=group).answers["rules"]["ladder"] == "警告、移出"


def test_an_answer_of_the_wrong_shape_is_refused(scoped, operator):
    group = make_group(tenant=scoped)
    with pytest.raises(AnswerInvalid):
        readiness_answer(
            tenant=scoped, group_id=group.pk, question="operation", answer={"week": "later"}, actor=operator
        )


def test_a_planned_group_counts_the_staff_chosen_for_it(scoped, operator):
    group = group_plan(tenant=scoped, name="小芽英语启蒙09群", actor=operator, series="启蒙")
    crew = [make_staff(tenant=scoped).pk for _ in range(3)]
    make_answers(group=group, management={"duties": "周岚", "crew": crew})
    facts = group_facts(tenant=scoped, group=group)
    assert (facts.staff_count, facts.name, facts.is_linked) == (3, "小芽英语启蒙09群", False)


MOVES = [(before, after) for before in TRANSITIONS for after in State.values if before != after]


def test_a_group_moves_only_along_its_table(scoped, operator):
    group = make_group(tenant=scoped)
    for before, after in MOVES:
        Group.objects.filter(pk=group.pk).update(state=before)
        call = {"tenant": scoped, "group_id": group.pk, "state": after, "actor": operator, "reason": "原因"}
        if after in TRANSITIONS[before] and not (before == State.PLANNING and after in LIVE_STATES):
            assert group_move(**call).state == after
        else:
            with pytest.raises(StateRefused):
                group_move(**call)


@pytest.mark.parametrize(
    ("before", "after"), [("closing", "active"), ("closing", "archived"), ("planning", "archived")]
)
def test_moving_back_or_away_needs_a_reason(scoped, operator, before, after):
    group = make_group(tenant=scoped, state=before)
    with pytest.raises(ReasonNeeded):
        group_move(tenant=scoped, group_id=group.pk, state=after, actor=operator)


def test_many_groups_freeze_at_once_and_say_so_once(scoped, operator):
    ids = [make_group(tenant=scoped).pk for _ in range(3)]
    changed = group_freeze(tenant=scoped, group_ids=ids, reason="群诉", actor=operator)
    assert len(changed) == 3
    assert group_freeze(tenant=scoped, group_ids=ids, reason="群诉", actor=operator) == []
    assert set(Group.objects.values_list("freeze_reason", flat=True)) == {"群诉"}
    (event,) = EventRow.objects.filter(name=GroupsFrozen.name)
    assert event.payload["group_ids"] == ids
    assert AuditEntry.objects.filter(verb="groups.group.frozen", reason="群诉").count() == 3


def test_unfreezing_needs_a_reason(scoped, operator):
    group = make_group(tenant=scoped)
    group_freeze(tenant=scoped, group_ids=[group.pk], reason="群诉", actor=operator)
    with pytest.raises(ReasonNeeded):
        group_unfreeze(tenant=scoped, group_ids=[group.pk], reason=" ", actor=operator)
    group.refresh_from_db()
    assert group.is_frozen
    group_unfreeze(tenant=scoped, group_ids=[group.pk], reason="已解决", actor=operator)
    group.refresh_from_db()
    assert not group.is_frozen
    assert EventRow.objects.filter(name=GroupsUnfrozen.name).count() == 1


def test_groups_of_another_tenant_are_unknown_and_nothing_freezes(other_tenant, scoped, operator):
    own = make_group(tenant=scoped)
    with unscoped("a test plants a foreign group"):
        foreign = make_group(tenant=other_tenant)
    with pytest.raises(GroupUnknown):
        group_freeze(tenant=scoped, group_ids=[own.pk, foreign.pk], reason="群诉", actor=operator)
    own.refresh_from_db()
    assert not own.is_frozen
    with pytest.raises(GroupUnknown):
        group_go_live(tenant=scoped, group_id=foreign.pk, actor=operator)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SALES])
def test_who_may_not_run_groups_may_not_decide(scoped, role):
    actor = actor_of(make_membership(tenant=scoped, role=role))
    group = make_group(tenant=scoped)
    call = {"tenant": scoped, "actor": actor}
    for refused in (
        lambda: group_plan(**call, name="x"),
        lambda: group_edit_plan(**call, group_id=group.pk, series="x"),
        lambda: group_set_kind(**call, group_id=group.pk, kind="flash"),
        lambda: readiness_answer(**call, group_id=group.pk, question="rules", answer={}),
        lambda: group_go_live(**call, group_id=group.pk),
        lambda: group_move(**call, group_id=group.pk, state="archived", reason="x"),
        lambda: group_freeze(**call, group_ids=[group.pk], reason="x"),
        lambda: group_unfreeze(**call, group_ids=[group.pk], reason="x"),
    ):
        with pytest.raises(NotPermitted):
            refused()


def test_plan_dates_are_audited_before_and_after(scoped, operator):
    group = make_group(tenant=scoped, ends_on=date(2026, 4, 1))
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=operator, ends_on=date(2026, 4, 9))
    entry = AuditEntry.objects.get(verb="groups.group.edited")
    assert entry.changes == {"ends_on": ["2026-04-01", "2026-04-09"]}


def test_a_persons_groups_are_those_of_now(scoped):
    (person,) = make_customers(tenant=scoped, count=1)
    here, gone, over = (make_group(tenant=scoped) for _ in range(3))
    make_member(group=here, customer=person)
    make_member(group=gone, customer=person, left_at=clock.now())
    make_member(group=over, customer=person)
    Group.objects.filter(pk=over.pk).update(dismissed_at=clock.now())
    found = customer_groups(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert found == {person.pk: [here]}
    assert group_names_of(tenant_id=scoped.pk, customer_ids=[person.pk]) == {person.pk: [here.name]}


def test_a_group_whose_customers_fell_silent_is_dead(scoped, frozen):
    people = make_customers(tenant=scoped, count=2)
    group = fill_group(group=make_ready_group(tenant=scoped, state=State.ACTIVE), customers=people)
    make_behaviour(tenant=scoped, customer=people[0], kind="message", group=group, occurred_at=frozen.moment)
    frozen.move(days=7)
    glance_refresh(tenant=scoped, group_ids=[group.pk])
    group.refresh_from_db()
    assert group.risk_code != "DEAD-01"
    frozen.move(seconds=1)
    glance_refresh(tenant=scoped, group_ids=[group.pk])
    group.refresh_from_db()
    assert group.risk_code == "DEAD-01"
