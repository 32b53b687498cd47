"""Steps that wait for something: a date, a tag, a size, what a member does, answers; each once, told or found."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from contacts.events import BehavioursRecorded
from contacts.models import Customer
from groups.events import GroupsTagged, MemberJoined
from groups.models import Group, GroupTag, GroupTagTie
from groups.services.group_tags import group_tag_save, groups_tag, groups_untag
from sop.errors import ReasonMissing
from sop.handlers import on_behaviours_recorded, on_groups_tagged, on_member_joined
from sop.models import RunGroup, Touch, TouchRecipient
from sop.selectors.flow import run_flow
from sop.services.dispatch import dispatch_due
from sop.services.following import runs_follow
from sop.services.planning import plan_apply
from sop.services.runs import run_set_groups
from sop.services.triggers import chain_release, triggers_plan
from tenants.audit import SYSTEM
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customer_tag, make_customers, make_tag
from tests.factories.groups import fill_group, make_member
from tests.factories.team import make_staff
from tests.sop.conftest import Camp, befriend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
DAY1 = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # 00:00 of 2 March in Shanghai


def at(clock_time: str) -> datetime:
    hours, minutes = clock_time.split(":")
    return DAY1 + timedelta(hours=int(hours), minutes=int(minutes))


def who(touch: Touch) -> set[int]:
    return set(TouchRecipient.objects.filter(touch=touch).values_list("customer_id", flat=True))


def did(made: Camp, customer: Customer, kind: str, when: str, **fields: Any) -> None:
    make_behaviour(
        tenant=made.tenant, customer=customer, kind=kind, occurred_at=at(when), group=made.groups[0], **fields
    )


def told(made: Camp, kind: str, *people: Customer) -> None:
    """The event, told twice."""
    event = BehavioursRecorded(
        tenant_id=made.tenant.pk, occurred_at=at("12:00"), customer_ids=[one.pk for one in people],
        behaviour_ids=[], kinds=[kind], first_at=at("12:00"), last_at=at("12:00"),
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=made.tenant.pk, events=[event, event])


def test_a_date_and_time_stand_on_the_companys_wall_whenever_the_run_begins(camp: Make) -> None:
    made = camp(steps=[{"anchor": "absolute", "on": date(2026, 3, 8), "at": time(20, 0)}])
    plan_apply(tenant=made.tenant, run=made.run)
    assert Touch.objects.get().due_at == datetime(2026, 3, 8, 12, 0, tzinfo=UTC)


def give(made: Camp, tag: GroupTag, group: Group, when: str) -> None:
    groups_tag(tenant=made.tenant, tag_id=tag.pk, group_ids=[group.pk], actor=SYSTEM)
    GroupTagTie.objects.filter(tag=tag, group=group).update(added_at=at(when))


def test_a_group_tag_plans_its_step_once_and_not_for_what_was_there_before(
    camp: Make, frozen: MovableClock
) -> None:
    tenant = camp(steps=[{}]).tenant
    tag = group_tag_save(tenant=tenant, name="满员", actor=SYSTEM)
    made = camp(steps=[{"anchor": "group_tag", "trigger_tag": tag.pk, "offset_minutes": 30}], groups=2)
    first, second = made.groups
    RunGroup.objects.filter(group=second).update(added_at=at("12:00"))
    give(made, tag, second, "11:00")  # before its run
    frozen.set(at("13:00"))
    give(made, tag, first, "13:00")
    event = GroupsTagged(
        tenant_id=tenant.pk, occurred_at=at("13:00"), tag_id=tag.pk, group_ids=[first.pk, second.pk]
    )
    on_groups_tagged(tenant_id=tenant.pk, events=[event, event])
    assert Touch.objects.values_list("group", "due_at").get() == (first.pk, at("13:30"))
    groups_untag(tenant=tenant, tag_id=tag.pk, group_ids=[first.pk], actor=SYSTEM)
    frozen.set(at("15:00"))
    give(made, tag, first, "15:00")
    runs_follow(tenant=tenant)
    assert Touch.objects.count() == 1
    made.version.steps.update(repeats=True)
    runs_follow(tenant=tenant)
    runs_follow(tenant=tenant)
    assert set(Touch.objects.exclude(occurrence="group_tag").values_list("due_at", flat=True)) == {
        at("13:30"), at("15:30"),
    }  # fmt: skip


def test_a_group_that_reaches_its_size_gets_the_step_when_it_did_and_never_again(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"anchor": "group_size", "trigger_count": 5}], people=3)
    group = made.groups[0]
    frozen.set(at("20:00"))
    fresh = make_customers(tenant=made.tenant, count=3)
    seats = [make_member(group=group, customer=one, joined_at=at(f"1{n}:00")) for n, one in enumerate(fresh)]
    seats[2].left_at = at("13:00")  # five at 11:00, six at 12:00
    seats[2].save()
    runs_follow(tenant=made.tenant)
    runs_follow(tenant=made.tenant)
    assert Touch.objects.values_list("due_at", "window_ends_at").get() == (at("11:00"), at("12:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert Touch.objects.values_list("state", "rule_code").get() == ("expired", "SOP-01")


LIVE_TWICE = {
    "anchor": "behaviour", "trigger_kind": "live", "trigger_count": 2, "trigger_hours": 3, "offset_minutes": 10,
    "channel": "staff_task", "text": "聊聊", "window_minutes": 240,
}  # fmt: skip


def test_what_a_member_does_plans_a_private_step_for_that_member_alone(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[LIVE_TWICE])
    doer, slow, _idle = made.people[0]
    frozen.set(at("12:00"))
    for when in ("10:00", "11:00"):
        did(made, doer, "live", when)
    for when in ("09:30", "13:00"):  # too far apart
        did(made, slow, "live", when)
    told(made, "live", doer, slow)
    touch = Touch.objects.get()
    assert (touch.due_at, who(touch)) == (at("11:10"), {doer.pk})
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert (touch.state, touch.recipients_count) == ("handed", 1)
    did(made, doer, "live", "10:30")  # told of late, out of order
    did(made, doer, "live", "11:30")
    told(made, "live", doer)
    runs_follow(tenant=made.tenant)
    assert Touch.objects.count() == 1


def test_only_the_named_object_counts(camp: Make, frozen: MovableClock) -> None:
    step = {**LIVE_TWICE, "trigger_count": 1, "trigger_object": "room-2"}
    made = camp(steps=[step])
    frozen.set(at("12:00"))
    did(made, made.people[0][0], "live", "10:00", object_id="room-1")
    did(made, made.people[0][1], "live", "10:00", object_id="room-2")
    runs_follow(tenant=made.tenant)
    assert who(Touch.objects.get()) == {made.people[0][1].pk}


def test_a_members_tag_fires_once_for_each_person_over_all_groups_of_the_run(
    camp: Make, frozen: MovableClock
) -> None:
    tag = make_tag(tenant=camp(steps=[{}]).tenant)
    step = {"anchor": "customer_tag", "trigger_tag": tag.pk, "channel": "private_mass", "text": "早"}
    made = camp(steps=[step], groups=2)
    fill_group(group=made.groups[1], customers=[made.people[0][0]])  # sits in both
    frozen.set(at("12:00"))
    for one in made.people[0][:2]:
        make_customer_tag(tenant=made.tenant, customer=one, tag=tag, staff=made.staff, added_at=at("11:00"))
    for _again in range(2):
        runs_follow(tenant=made.tenant)
    touch = Touch.objects.get()
    assert (touch.group, who(touch)) == (made.groups[0], {one.pk for one in made.people[0][:2]})


def test_who_joins_unseen_by_any_event_is_found_by_the_tick_once(camp: Make, frozen: MovableClock) -> None:
    step = {"anchor": "member_join", "channel": "staff_task", "audience": "joined", "text": "欢迎"}
    made = camp(steps=[step])
    newcomer = make_customers(tenant=made.tenant, count=1)[0]
    make_member(group=made.groups[0], customer=newcomer, joined_at=at("10:00"))
    frozen.set(at("10:01"))
    for _again in range(2):
        runs_follow(tenant=made.tenant)
    assert who(Touch.objects.get()) == {newcomer.pk}


def test_a_newcomers_step_is_the_task_of_its_role_whoever_tells_of_the_join(
    camp: Make, frozen: MovableClock
) -> None:
    step = {
        "anchor": "member_join",
        "channel": "staff_task",
        "audience": "joined",
        "text": "欢迎",
        "role": "assistant",
    }
    made = camp(steps=[step])
    helper = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="zhuli", name="助教")
    make_member(group=made.groups[0], staff=helper)
    first, second = make_customers(tenant=made.tenant, count=2)
    frozen.set(at("10:00"))
    event = MemberJoined(
        tenant_id=made.tenant.pk, occurred_at=at("10:00"), group_id=made.groups[0].pk, customer_ids=[first.pk],
        staff_ids=[], joined_at=at("10:00"),
    )  # fmt: skip
    on_member_joined(tenant_id=made.tenant.pk, events=[event, event])
    make_member(group=made.groups[0], customer=second, joined_at=at("10:00"))
    runs_follow(tenant=made.tenant)
    assert {(who(one) == {first.pk}, one.staff_id) for one in Touch.objects.all()} == {
        (True, helper.pk), (False, helper.pk),
    }  # fmt: skip


def chain(camp: Make, **fields: Any) -> Camp:
    steps = [
        {"key": "theme", "title": "悬念", "at": time(10, 0), "evidence": "record"},
        {"key": "reveal", "title": "揭晓", "anchor": "answers", "trigger_step": "theme", "trigger_kind": "message",
         "trigger_count": 2, "trigger_hours": 4, "offset_minutes": 15, **fields},
    ]  # fmt: skip
    made = camp(steps=steps, groups=2)
    plan_apply(tenant=made.tenant, run=made.run)
    return made


def send_theme(made: Camp, frozen: MovableClock) -> None:
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    Touch.objects.filter(step__key="theme").update(state="confirmed", done_at=at("10:05"))


def test_a_chain_goes_on_once_enough_different_members_have_answered(
    camp: Make, frozen: MovableClock
) -> None:
    made = chain(camp)
    did(made, made.people[0][2], "message", "09:30")  # before the step
    send_theme(made, frozen)
    frozen.set(at("11:00"))
    did(made, made.people[0][0], "message", "10:20")
    did(made, made.people[0][0], "message", "10:21")
    told(made, "message", made.people[0][0])
    assert not Touch.objects.filter(step__key="reveal").exists()
    did(made, made.people[0][1], "message", "10:40")
    told(made, "message", made.people[0][1])
    reveal = Touch.objects.get(step__key="reveal")
    assert (reveal.group, reveal.due_at) == (made.groups[0], at("10:55"))


def test_a_stalled_chain_says_so_and_goes_on_by_a_persons_word(camp: Make, frozen: MovableClock) -> None:
    made = chain(camp)
    send_theme(made, frozen)
    did(made, made.people[0][0], "message", "10:20")
    frozen.set(at("14:01"))
    runs_follow(tenant=made.tenant)
    flow = run_flow(tenant=made.tenant, run=made.run)
    assert [(one.state, one.chain.answered) for one in flow.chains[0].links] == [
        ("stalled", 1),
        ("stalled", 0),
    ]
    asked = {
        "tenant": made.tenant, "run_id": made.run.pk, "step_id": made.version.steps.get(key="reveal").pk,
        "group_id": made.groups[0].pk, "actor": SYSTEM,
    }  # fmt: skip
    with pytest.raises(ReasonMissing):
        chain_release(**asked, reason=" ")
    assert chain_release(**asked, reason="私聊里都答了")
    assert not chain_release(**asked, reason="再按一次")
    assert Touch.objects.filter(step__key="reveal").values_list("group", "due_at").get() == (
        made.groups[0].pk,
        at("14:01"),
    )
    assert run_flow(tenant=made.tenant, run=made.run).stalled == 1


def test_a_chain_whose_first_step_never_went_out_is_stalled(camp: Make, frozen: MovableClock) -> None:
    made = chain(camp)
    Touch.objects.filter(step__key="theme").update(state="skipped", reason="老师请假")
    frozen.set(at("12:00"))
    links = run_flow(tenant=made.tenant, run=made.run).chains[0].links
    assert {(one.state, one.words) for one in links} == {("stalled", "老师请假")}


def test_a_group_taken_out_of_the_run_gets_nothing_that_was_triggered(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{**LIVE_TWICE, "trigger_count": 1, "offset_minutes": 60}], groups=2)
    befriend(made.staff, [])
    frozen.set(at("10:00"))
    did(made, made.people[0][0], "live", "09:30")
    triggers_plan(tenant=made.tenant)
    run_set_groups(tenant=made.tenant, run_id=made.run.pk, group_ids=[made.groups[1].pk], actor=SYSTEM)
    frozen.set(at("10:30"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert Touch.objects.values_list("state", "rule_code").get() == ("cancelled", "SOP-12")
