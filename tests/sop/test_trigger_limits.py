"""What fires no step, fires it once, or fires it anew: runs that are over, people who left, answers elsewhere."""

import html
import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from contacts.models import Customer
from groups.models import Group
from sop.errors import RunOver
from sop.models import Run, RunGroup, Step, Touch, TouchRecipient
from sop.selectors.happened import chains_of
from sop.services.joins import joins_plan
from sop.services.planning import plan_apply
from sop.services.runs import run_set_groups
from sop.services.triggers import chain_release, triggers_plan
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customer_tag, make_customers, make_order, make_tag
from tests.factories.groups import make_member
from tests.factories.sop import make_touch
from tests.sop.conftest import Camp
from tests.sop.test_pages import page
from tests.sop.test_triggers import LIVE_TWICE, at, chain, did, who

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
LIVE = {**LIVE_TWICE, "trigger_count": 1}


def lived(made: Camp, customer: Customer, when: datetime) -> None:
    make_behaviour(tenant=made.tenant, customer=customer, kind="live", occurred_at=when)


def planned(made: Camp, **only: Any) -> set[tuple[int | None, frozenset[int]]]:
    """{(group, its people)} of everything that triggers have planned by now."""
    triggers_plan(tenant=made.tenant, **only)
    return {(one.group_id, frozenset(who(one))) for one in Touch.objects.filter(state="planned")}


def test_only_running_runs_and_the_groups_still_in_them_are_planned_for(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[LIVE], groups=3)
    frozen.set(at("12:00"))
    for people in made.people:
        lived(made, people[0], at("10:00"))
    first, second, gone = made.groups
    RunGroup.objects.filter(group=gone).update(removed_at=at("11:00"))
    Run.objects.update(state="finished")
    assert planned(made) == set()
    Run.objects.update(state="running")
    one, two = (
        (group.pk, frozenset({people[0].pk}))
        for group, people in zip((first, second), made.people[:2], strict=True)
    )
    assert planned(made, group_ids=[gone.pk]) == set()
    assert planned(made, group_ids=[first.pk]) == {one}
    assert planned(made) == {one, two}


def test_who_or_which_group_left_by_a_rule_gets_no_step_that_waited(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[LIVE], groups=2)
    made.version.exits = [{"rule": "EXIT-01"}, {"rule": "EXIT-09"}]
    made.version.save()
    frozen.set(at("12:00"))
    buyer, other, _idle = made.people[0]
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("09:30"))
    for one in (buyer, other, made.people[1][0]):
        lived(made, one, at("10:00"))
    Group.objects.filter(pk=made.groups[1].pk).update(frozen_at=at("11:00"))
    assert planned(made) == {(made.groups[0].pk, frozenset({other.pk}))}


def test_the_last_moment_of_the_last_day_fires_and_the_next_does_not(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[LIVE])
    frozen.set(at("170:00"))
    end = at("168:00")  # 00:00 of the day after the seventh
    first, second, _third = made.people[0]
    lived(made, first, end - timedelta(seconds=1))
    lived(made, second, end)
    assert planned(made) == {(made.groups[0].pk, frozenset({first.pk}))}


def test_one_minute_is_one_task_counted_from_the_last_of_its_people(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[LIVE])
    frozen.set(at("12:00"))
    first, second, _third = made.people[0]
    lived(made, first, at("10:00") + timedelta(seconds=5))
    lived(made, second, at("10:00") + timedelta(seconds=40))
    assert planned(made) == {(made.groups[0].pk, frozenset({first.pk, second.pk}))}
    assert Touch.objects.get().due_at == at("10:10") + timedelta(seconds=40)


def test_a_step_that_repeats_comes_with_each_act_once(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{**LIVE, "repeats": True}])
    frozen.set(at("12:00"))
    doer = made.people[0][0]
    for when in ("10:00", "11:00"):
        lived(made, doer, at(when))
    for _again in range(2):
        triggers_plan(tenant=made.tenant)
    assert set(Touch.objects.values_list("due_at", flat=True)) == {at("10:10"), at("11:10")}
    assert TouchRecipient.objects.count() == 2


def test_a_size_reached_twice_before_the_tick_is_one_message(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"anchor": "group_size", "trigger_count": 4}])
    frozen.set(at("13:00"))
    first, second = make_customers(tenant=made.tenant, count=2)
    seat = make_member(group=made.groups[0], customer=first, joined_at=at("10:00"))
    seat.left_at = at("11:00")
    seat.save()
    make_member(group=made.groups[0], customer=second, joined_at=at("12:00"))
    triggers_plan(tenant=made.tenant)
    assert Touch.objects.values_list("due_at", flat=True).get() == at("10:00")


def test_a_group_taken_out_and_back_gets_what_waits_for_it_again(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{**LIVE, "offset_minutes": 300}], groups=2)
    frozen.set(at("10:00"))
    lived(made, made.people[0][0], at("09:30"))
    triggers_plan(tenant=made.tenant)
    common = {"tenant": made.tenant, "run_id": made.run.pk, "actor": SYSTEM}
    first, second = (group.pk for group in made.groups)
    run_set_groups(**common, group_ids=[second])
    assert Touch.objects.get().state == "cancelled"
    run_set_groups(**common, group_ids=[first, second])
    triggers_plan(tenant=made.tenant)
    assert Touch.objects.values_list("state", "due_at").get() == ("planned", at("14:30"))


def test_what_was_there_before_the_group_took_part_fires_nothing(camp: Make, frozen: MovableClock) -> None:
    tag = make_tag(tenant=camp(steps=[{}]).tenant)
    tagged = {"anchor": "customer_tag", "trigger_tag": tag.pk, "channel": "private_mass", "text": "早"}
    made = camp(steps=[LIVE, tagged, {**LIVE, "anchor": "member_join"}], groups=2)
    early, late = made.groups
    RunGroup.objects.filter(group=late).update(added_at=at("12:00"))
    frozen.set(at("13:00"))
    for people in made.people:
        lived(made, people[0], at("10:00"))
        make_customer_tag(
            tenant=made.tenant, customer=people[1], tag=tag, staff=made.staff, added_at=at("10:00")
        )
    for group in made.groups:
        (newcomer,) = make_customers(tenant=made.tenant, count=1)
        make_member(group=group, customer=newcomer, joined_at=at("11:00"))
    triggers_plan(tenant=made.tenant)
    assert Touch.objects.filter(run=made.run, group=early).count() == 3
    assert not Touch.objects.filter(run=made.run, group=late).exists()


def answered(made: Camp) -> int:
    """Of the chain in the first group: how many have answered; -1 before its first step was sent."""
    step = Step.objects.get(version=made.version, key="reveal")
    found = chains_of(run=made.run, steps=[step], group_ids=[made.groups[0].pk])["reveal"]
    return found[made.groups[0].pk].answered if found else -1


def sent(made: Camp, **evidence: Any) -> Touch:
    """The first step of the chain, out since 10:00."""
    touch = Touch.objects.get(step__key="theme", group=made.groups[0])
    touch.state, touch.handed_at, touch.done_at = "confirmed", at("10:00"), at("10:05")
    touch.evidence = evidence
    touch.save()
    return touch


def test_an_answer_counts_in_the_group_it_answers_and_on_what_was_asked(
    camp: Make, frozen: MovableClock
) -> None:
    made = chain(camp)
    assert answered(made) == -1
    sent(made)
    frozen.set(at("11:00"))
    first, second, third = made.people[0]
    make_behaviour(
        tenant=made.tenant, customer=first, kind="message", occurred_at=at("10:20"), group=made.groups[1]
    )
    assert answered(made) == 0
    Step.objects.filter(key="reveal").update(trigger_object="room-2")
    did(made, second, "message", "10:20", object_id="room-1")
    did(made, third, "message", "10:20", object_id="room-2")
    assert answered(made) == 1


def test_a_click_counts_on_a_link_of_that_step_alone(camp: Make, frozen: MovableClock) -> None:
    made = chain(camp, trigger_kind="link_click")
    Step.objects.filter(key="theme").update(
        links=[{"key": "直播", "title": "直播", "kind": "live", "url": "https://live.example/1"}]
    )
    sent(made)
    frozen.set(at("11:00"))
    did(made, made.people[0][0], "link_click", "10:20", object_id="elsewhere")
    assert answered(made) == 0
    did(made, made.people[0][1], "link_click", "10:20", object_id="直播")
    assert answered(made) == 1


def test_answers_count_from_when_wecom_sent_it_and_from_the_first_time_it_went_out(
    camp: Make, frozen: MovableClock
) -> None:
    made = chain(camp)
    touch = sent(made, kind="send_result", confirmed_at=at("10:30").isoformat())
    frozen.set(at("12:00"))
    did(made, made.people[0][0], "message", "10:20")
    did(made, made.people[0][1], "message", "10:40")
    assert answered(made) == 1
    common = {"tenant": made.tenant, "run": made.run, "step": touch.step, "group": made.groups[0]}
    make_touch(**common, occurrence="again", state="confirmed", handed_at=at("11:00"), done_at=at("11:00"))
    assert answered(made) == 1
    make_touch(
        **common,
        occurrence="talk",
        state="confirmed",
        handed_at=at("09:10"),
        done_at=at("09:10"),
        is_talk=True,
    )
    assert answered(made) == 1


def test_only_those_whom_a_private_step_reached_may_answer_it(camp: Make, frozen: MovableClock) -> None:
    made = chain(camp)
    Step.objects.filter(key="theme").update(channel="private_mass")
    touch = sent(made)
    Touch.objects.filter(pk=touch.pk).update(channel="private_mass")
    asked, left_out, stranger = made.people[0]
    for one, state in ((asked, "sent"), (left_out, "blocked")):
        TouchRecipient.objects.create(tenant=made.tenant, touch=touch, customer=one, state=state)
    frozen.set(at("11:00"))
    for one in (left_out, stranger):
        did(made, one, "message", "10:20")
    assert answered(made) == 0
    did(made, asked, "message", "10:20")
    assert answered(made) == 1


def test_a_chain_is_let_go_on_only_in_a_running_run_its_own_groups_and_steps(
    camp: Make, frozen: MovableClock
) -> None:
    made = chain(camp)
    step = made.version.steps.get(key="reveal")
    other = camp(
        steps=[{"key": "elsewhere", "anchor": "answers", "trigger_step": "x", "trigger_kind": "message"}]
    )
    asked = {
        "tenant": made.tenant, "run_id": made.run.pk, "step_id": step.pk, "group_id": made.groups[0].pk,
        "reason": "私聊里答了", "actor": SYSTEM,
    }  # fmt: skip
    with pytest.raises(NotPermitted):
        chain_release(**asked | {"actor": Actor.of_staff(1, "何静", frozenset({Permission.WORK}))})
    with pytest.raises(Step.DoesNotExist):
        chain_release(**asked | {"step_id": other.version.steps.get().pk})
    RunGroup.objects.filter(run=made.run, group=made.groups[1]).update(removed_at=at("09:00"))
    with pytest.raises(RunGroup.DoesNotExist):
        chain_release(**asked | {"group_id": made.groups[1].pk})
    Run.objects.filter(pk=made.run.pk).update(state="cancelled")
    with pytest.raises(RunOver):
        chain_release(**asked)
    assert not Touch.objects.filter(step=step).exists()


JOIN = {
    "anchor": "member_join",
    "channel": "group_forward",
    "audience": "joined",
    "text": "欢迎",
    "window_minutes": 30,
}


def test_a_join_is_greeted_in_running_runs_of_its_group_and_each_time_only_where_the_step_says_so(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[JOIN], groups=2)
    first, second = made.groups
    newcomer = made.people[0][0]
    RunGroup.objects.filter(group=second).update(removed_at=at("09:00"))
    frozen.set(at("10:01"))

    def joins(group: Group, when: str) -> int:
        return joins_plan(
            tenant_id=made.tenant.pk, group_id=group.pk, customer_ids=[newcomer.pk], joined_at=at(when)
        )

    assert joins(second, "10:00") == 0
    Run.objects.update(state="finished")
    assert joins(first, "10:00") == 0
    Run.objects.update(state="running")
    assert joins(first, "08:00") == 0  # before the run, its window over
    assert [joins(first, "10:00") for _again in range(2)] == [1, 0]
    assert who(Touch.objects.get()) == {newcomer.pk}
    assert joins(first, "10:01") == 0
    made.version.steps.update(repeats=True)
    assert [joins(first, "10:01") for _again in range(2)] == [1, 0]


def test_a_plan_does_not_touch_what_a_trigger_has_planned(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[LIVE, {"at": time(20, 0)}])
    frozen.set(at("12:00"))
    lived(made, made.people[0][0], at("11:30"))
    triggers_plan(tenant=made.tenant)
    plan_apply(tenant=made.tenant, run=made.run)
    assert sorted(Touch.objects.values_list("state", flat=True)) == ["planned", "planned"]


def test_each_figure_of_a_trigger_opens_its_own_touches(
    camp: Make, frozen: MovableClock, page: Callable[..., Any]
) -> None:
    made = camp(
        steps=[
            {**LIVE, "key": "a", "title": "聊聊"},
            {**LIVE, "key": "b", "title": "聊聊看", "repeats": True},
        ]
    )
    frozen.set(at("12:00"))
    for when in ("10:00", "11:00"):
        lived(made, made.people[0][0], at(when))
    triggers_plan(tenant=made.tenant)
    Touch.objects.filter(step__key="b", due_at=at("10:10")).update(state="confirmed")
    flow = page(f"/sop/runs/{made.run.pk}/flow/").content.decode()
    opened = {}
    for where, count in re.findall(r'href="[^"]*?(/sop/touches/[^"]*step=[^"]*)">(\d+)</a>', flow):
        rows = page(html.unescape(where)).content.decode()
        found = set(re.findall(r'hx-get="[^"]*/sop/touches/(\d+)/"', rows))
        opened[html.unescape(where).partition("step=")[2]] = (int(count), len(found))
    assert {name: found for name, found in opened.items() if "&" not in name} == {"a": (1, 1), "b": (2, 2)}
    assert len(opened) == 5
    assert all(count == rows for count, rows in opened.values())
