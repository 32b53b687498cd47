"""The planner on a real week: both ways side by side, what binds, put in force and taken back."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from contacts.models import Customer, Exposure, ExposureDay, ExposureWeek
from sop.enums import TouchState
from sop.errors import PlanChanged
from sop.models import Run, Touch, WeekPlan
from sop.selectors.planned import planner_plan
from sop.selectors.planner_shown import planner_shown
from sop.services.dispatch import dispatch_due
from sop.services.planner import planner_apply, planner_undo
from sop.services.planning import plan_apply
from sop.services.staff import touch_retime
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Preference, User
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from wecom.models import QuotaRuleChange

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MONDAY = date(2026, 3, 2)
Make = Callable[..., Camp]


def planned(camp: Make, *steps: dict[str, Any], caps: dict[str, int] | None = None, **more: Any) -> Camp:
    made = camp(steps=list(steps), **more)
    for key, value in (caps or {}).items():
        Preference.objects.create(tenant=made.tenant, key=key, value=value)
    plan_apply(tenant=made.tenant, run=made.run)
    return made


def plan(made: Camp, moves: int = 0) -> Any:
    return planner_plan(tenant=made.tenant, starts_on=MONDAY, moves=moves)


def states(made: Camp, way: str, moves: int = 0) -> list[tuple[str, str]]:
    """(state, rule) of each message, the most important first."""
    shown = planner_shown(tenant=made.tenant, planned=plan(made, moves))
    rows = sorted(shown.rows, key=lambda row: row.touch.step.priority)
    return [(getattr(row, way).state, getattr(row, way).rule) for row in rows]


def test_a_cap_of_one_sends_what_matters_and_names_the_cap_for_the_rest(camp: Make) -> None:
    made = planned(
        camp,
        {"at": time(10, 0), "priority": 60},
        {"at": time(18, 0), "priority": 10},
        caps={"touch.cap_per_day": 1},
    )
    assert states(made, "first") == [("dropped", "CAP-01"), ("sent", "")]
    assert states(made, "best") == [("sent", ""), ("dropped", "CAP-01")]
    assert states(made, "best", moves=1) == [("sent", ""), ("moved", "CAP-01")]
    found = plan(made)
    assert (found.first.value, found.best.value) == (41 * 3, 91 * 3)
    assert found.best.is_proven


def test_wecoms_quota_is_a_limit_and_the_declared_channel_is_used(camp: Make) -> None:
    steps = [
        {"at": time(10, 0), "channel": "group_mass", "priority": 60, "on_block": "replace",
         "replace_channel": "group_forward"},
        {"at": time(18, 0), "channel": "group_mass", "priority": 10},
    ]  # fmt: skip
    made = planned(camp, *steps)
    QuotaRuleChange.objects.create(tenant=made.tenant, rule="1_day", effective_from=date(2026, 1, 1))
    assert states(made, "first") == [("dropped", "QUOTA-01"), ("sent", "")]
    assert states(made, "best") == [("sent", ""), ("replaced", "QUOTA-01")]


def test_staff_minutes_and_a_groups_day_are_limits(camp: Make) -> None:
    made = planned(
        camp,
        {"at": time(10, 0), "priority": 10, "cost_minutes": 8},
        {"at": time(11, 0), "priority": 50, "cost_minutes": 8},
        caps={"sop.staff_minutes_a_day": 10},
    )
    assert states(made, "best") == [("sent", ""), ("dropped", "LOAD-01")]
    Preference.objects.update(value=100)
    Preference.objects.create(tenant=made.tenant, key="touch.group_per_day", value=1)
    assert states(made, "best") == [("sent", ""), ("dropped", "GROUP-01")]


def test_quiet_hours_are_waited_for_only_where_the_step_says_so(camp: Make) -> None:
    made = planned(
        camp,
        {"at": time(7, 30), "day": 2, "window_minutes": 90, "on_block": "delay", "priority": 10},
        {"at": time(7, 40), "day": 2, "window_minutes": 90, "priority": 50},
    )
    assert states(made, "best") == [("moved", "QUIET-01"), ("dropped", "QUIET-01")]


def test_what_people_had_today_and_this_week_is_taken_off_their_places(camp: Make) -> None:
    made = planned(
        camp, {"at": time(10, 0), "priority": 10}, {"at": time(10, 0), "day": 2, "priority": 50},
        {"at": time(18, 0), "priority": 60},
    )  # fmt: skip
    one = made.people[0][0]
    ExposureDay.objects.create(tenant=made.tenant, customer=one, local_date=MONDAY, count=2)
    assert states(made, "best") == [("sent", ""), ("sent", ""), ("dropped", "CAP-01")]
    ExposureDay.objects.all().delete()
    ExposureWeek.objects.create(tenant=made.tenant, customer=one, starts_on=MONDAY, count=13)
    assert states(made, "best") == [("sent", ""), ("sent", ""), ("dropped", "CAP-02")]


def test_somebody_with_two_records_in_two_groups_has_one_place(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)}, caps={"touch.cap_per_day": 1}, groups=2, people=1)
    one, two = (some[0].pk for some in made.people)
    assert {state for state, _rule in states(made, "best")} == {"sent"}
    Customer.objects.filter(pk=two).update(person=one)
    assert {state for state, _rule in states(made, "best")} == {"sent", "dropped"}


def test_minutes_given_today_are_taken_off_and_no_move_leaves_the_camp(
    camp: Make, frozen: MovableClock
) -> None:
    steps = [{"at": time(10, 0), "cost_minutes": 8}, {"at": time(18, 0), "cost_minutes": 8}]
    made = planned(camp, *steps, caps={"sop.staff_minutes_a_day": 10})
    frozen.set(datetime.fromisoformat("2026-03-02T10:00+08:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert states(made, "best") == [("dropped", "LOAD-01")]
    assert states(made, "best", moves=1) == [("moved", "LOAD-01")]
    Run.objects.update(days=1)
    assert states(made, "best", moves=1) == [("dropped", "LOAD-01")]


def test_a_marked_step_keeps_its_day(camp: Make) -> None:
    made = planned(
        camp,
        {"at": time(10, 0), "priority": 60, "mark": "first"},
        {"at": time(18, 0), "priority": 10},
        caps={"touch.cap_per_day": 1},
    )
    assert states(made, "best", moves=0) == [("sent", ""), ("dropped", "CAP-01")]
    assert states(made, "best", moves=3) == [("moved", "CAP-01"), ("sent", "")]


def test_a_plan_in_force_moves_and_leaves_out_and_goes_back(camp: Make, frozen: MovableClock) -> None:
    made = planned(
        camp,
        {"at": time(10, 0), "priority": 60},
        {"at": time(11, 0), "priority": 70, "mark": "peak"},
        {"at": time(18, 0), "priority": 10},
        caps={"touch.cap_per_day": 1},
    )
    before = {one.pk: (one.state, one.due_at, one.window_ends_at) for one in Touch.objects.all()}
    mark = plan(made, 1).mark
    ask = {"tenant": made.tenant, "starts_on": MONDAY, "group_ids": None, "moves": 1, "actor": SYSTEM}
    with pytest.raises(PlanChanged):
        planner_apply(**ask, mark="another")
    row = planner_apply(**ask, mark=mark)
    first, marked, last = Touch.objects.order_by("step__at")
    assert first.due_at == before[first.pk][1] + timedelta(days=1)
    assert (marked.state, marked.rule_code, "CAP-01" in marked.reason) == (TouchState.SKIPPED, "SOP-10", True)
    assert last.due_at == before[last.pk][1]
    assert (len(row.moves), row.dropped) == (1, [marked.pk])
    assert planner_undo(tenant=made.tenant, plan_id=row.pk, actor=SYSTEM) == 2
    assert planner_undo(tenant=made.tenant, plan_id=row.pk, actor=SYSTEM) == 0
    assert {one.pk: (one.state, one.due_at, one.window_ends_at) for one in Touch.objects.all()} == before


def test_what_a_person_moved_after_a_plan_stays_when_the_plan_goes_back(camp: Make) -> None:
    made = planned(
        camp,
        {"at": time(10, 0), "priority": 60},
        {"at": time(18, 0), "priority": 10},
        caps={"touch.cap_per_day": 1},
    )
    row = planner_apply(
        tenant=made.tenant, starts_on=MONDAY, group_ids=None, moves=1, mark=plan(made, 1).mark, actor=SYSTEM
    )
    touch = Touch.objects.get(pk=row.moves[0][0])
    to = touch.due_at + timedelta(hours=2)
    touch_retime(tenant=made.tenant, touch_id=touch.pk, due_at=to, actor=SYSTEM)
    assert planner_undo(tenant=made.tenant, plan_id=row.pk, actor=SYSTEM) == 0
    touch.refresh_from_db()
    assert touch.due_at == to


def test_the_page_teaches_when_empty_then_plans_applies_and_takes_back(
    camp: Make, client: Client, django_assert_max_num_queries: Any
) -> None:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    made = camp(steps=[{"at": time(10, 0), "priority": 60}, {"at": time(18, 0), "priority": 10}], groups=3)
    page = reverse("sop:planner", args=[made.tenant.slug])
    assert "Nothing is planned for the rest of this week" in client.get(page).content.decode()
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=1)
    plan_apply(tenant=made.tenant, run=made.run)
    with django_assert_max_num_queries(25):
        shown = client.get(page).content.decode()
    assert "First come, first served" in shown
    assert "CAP-01" in shown
    assert "Proven: no plan is worth more." in shown
    assert "+220%" in shown  # 91 + 41 less a little for the move, beside 41 alone
    mark = planner_plan(tenant=made.tenant, starts_on=MONDAY, moves=1).mark
    asked = {"week": "2026-03-02", "moves": "1", "mark": mark}
    client.post(reverse("sop:planner_apply", args=[made.tenant.slug]), asked)
    row = WeekPlan.objects.get()
    assert len(row.moves) == 3
    assert "put a plan of this week in force" in client.get(page).content.decode()
    client.post(reverse("sop:planner_undo", args=[made.tenant.slug, row.pk]))
    assert Touch.objects.get(group=made.groups[0], step__priority=60).due_at == datetime.fromisoformat(
        "2026-03-02T10:00+08:00"
    )


def test_other_weeks_and_groups_are_left_alone(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)}, {"at": time(10, 0), "day": 7}, groups=2)
    assert len(plan(made).week.touches) == 4
    one = planner_plan(tenant=made.tenant, starts_on=MONDAY, group_ids=[made.groups[0].pk])
    assert len(one.week.touches) == 2
    assert not planner_plan(tenant=made.tenant, starts_on=MONDAY + timedelta(days=7)).week.touches


def test_a_plan_of_very_many_messages_comes_after_the_page(
    camp: Make, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    made = planned(camp, {"at": time(10, 0)}, {"at": time(18, 0)}, groups=2)
    url = reverse("sop:planner", args=[made.tenant.slug])
    monkeypatch.setattr("sop.views.planner.AT_ONCE", 3)
    page, part, waited = (
        client.get(asked, headers=headers).content.decode()
        for asked, headers in ((url, {}), (url, {"HX-Request": "true"}), (f"{url}?planned=1", {}))
    )
    told = "No plan is worth more" if "No plan is worth more" in waited else "no plan is worth more"
    assert (told in page, told in part, told in waited) == (False, True, True)
    assert ('hx-trigger="load"' in page, "<html" in part, "<html" in waited) == (True, False, True)
    monkeypatch.setattr("sop.views.planner.AT_ONCE", 4)
    assert told in client.get(url).content.decode()


SELLS = {"channel": "private_mass", "content_type": "marketing", "is_marketing": True, "text": "今晚八点开抢"}
GIVES = {"channel": "group_forward", "content_type": "value", "is_marketing": False}


def all_new(made: Camp, days: int = 1) -> None:
    Customer.objects.update(
        first_seen_at=clock.at_local(MONDAY - timedelta(days=days), time(9), "Asia/Shanghai")
    )


def test_nothing_is_sold_in_private_to_newcomers_without_something_of_value(camp: Make) -> None:
    made = planned(camp, {**SELLS, "at": time(18, 0), "priority": 10})
    all_new(made)
    assert states(made, "best", moves=3) == states(made, "first") == [("dropped", "VALUE-01")]
    with override("en"):
        why = planner_shown(tenant=made.tenant, planned=plan(made)).rows[0].best.why
    assert why == "New people get something of value first"
    all_new(made, days=5)  # on Wednesday evening they are not new any more
    assert states(made, "best", moves=3) == [("moved", "VALUE-01")]
    moved = plan(made, 3)
    touch = Touch.objects.get()
    slot = moved.slot(moved.best, touch.pk)
    assert slot is not None
    assert slot.at == touch.due_at + timedelta(days=2)
    Preference.objects.create(tenant=made.tenant, key="touch.value_before_sales", value=0)
    assert states(made, "best") == [("sent", "")]


def test_a_message_of_value_comes_before_what_is_sold_to_newcomers(camp: Make) -> None:
    """The cap leaves room for one a day: the value touch is worth less, and the sale needs it."""
    made = planned(
        camp,
        {**GIVES, "at": time(10, 0), "priority": 90},
        {**SELLS, "at": time(18, 0), "priority": 10},
        caps={"touch.cap_per_day": 1},
    )
    all_new(made)
    assert states(made, "best") == states(made, "first") == [("dropped", "CAP-01"), ("sent", "")]
    assert states(made, "best", moves=1) == [("moved", "CAP-01"), ("sent", "")]


def test_a_message_of_value_that_goes_out_later_helps_nobody(camp: Make) -> None:
    made = planned(
        camp, {**SELLS, "at": time(10, 0), "priority": 10}, {**GIVES, "at": time(18, 0), "priority": 90}
    )
    all_new(made)
    assert states(made, "best") == states(made, "first") == [("dropped", "VALUE-01"), ("sent", "")]
    assert states(made, "best", moves=1) == [("moved", "VALUE-01"), ("sent", "")]


def test_who_had_something_of_value_or_is_known_long_is_sold_to_at_once(camp: Make) -> None:
    made = planned(camp, {**SELLS, "at": time(18, 0), "priority": 10})
    all_new(made)
    for one in made.people[0]:
        Exposure.objects.create(
            tenant=made.tenant, customer=one, touch_key="sop.touch:0", local_date=MONDAY, at=clock.now(),
            channel="group_forward", gives_value=True,
        )  # fmt: skip
    assert states(made, "best") == [("sent", "")]


def test_where_some_are_new_the_others_are_told_and_count_alone(camp: Make) -> None:
    made = planned(camp, {**SELLS, "at": time(18, 0), "priority": 1})
    all_new(made)
    Customer.objects.filter(pk__in=[one.pk for one in made.people[0][1:]]).update(
        first_seen_at=clock.at_local(MONDAY - timedelta(days=90), time(9), "Asia/Shanghai")
    )
    assert states(made, "best") == [("sent", "")]
    assert plan(made).best.value == 100 * 2
    assert [row.people for row in planner_shown(tenant=made.tenant, planned=plan(made)).rows] == [3]


def test_the_gate_lets_through_what_the_plan_orders_after_something_of_value(
    camp: Make, frozen: MovableClock
) -> None:
    made = planned(
        camp,
        {**SELLS, "at": time(10, 0), "priority": 10},
        {**GIVES, "at": time(18, 0), "priority": 90},
        {**SELLS, "at": time(20, 0), "priority": 20},
    )
    all_new(made)
    found = plan(made)
    planner_apply(
        tenant=made.tenant, starts_on=MONDAY, group_ids=None, moves=0, mark=found.mark, actor=SYSTEM
    )
    for hour in (10, 18, 20):
        frozen.set(clock.at_local(MONDAY, time(hour, 1), "Asia/Shanghai"))
        dispatch_due(tenant_id=made.tenant.pk)
    rows = Touch.objects.order_by("due_at").values_list("state", "rule_code")
    assert [state for state, _rule in rows] == ["skipped", "handed", "handed"]


def known_long(*people: Customer) -> None:
    Customer.objects.filter(pk__in=[one.pk for one in people]).update(
        first_seen_at=clock.at_local(MONDAY - timedelta(days=90), time(9), "Asia/Shanghai")
    )


def test_what_gives_value_only_afterwards_adds_no_newcomers_to_a_sale(camp: Make) -> None:
    made = planned(
        camp, {**SELLS, "at": time(10, 0), "priority": 1}, {**GIVES, "at": time(18, 0), "priority": 91}
    )
    all_new(made)
    known_long(*made.people[0][1:])
    assert states(made, "best") == [("sent", ""), ("sent", "")]
    assert plan(made).best.value == 100 * 2 + 10 * 3


def test_a_newcomer_who_had_something_of_value_is_sold_to_beside_one_who_had_not(camp: Make) -> None:
    made = planned(camp, {**SELLS, "at": time(18, 0), "priority": 1})
    all_new(made)
    Exposure.objects.create(
        tenant=made.tenant, customer=made.people[0][0], touch_key="sop.touch:0", local_date=MONDAY, at=clock.now(),
        channel="group_forward", gives_value=True,
    )  # fmt: skip
    assert states(made, "best") == [("sent", "")]
    assert plan(made).best.value == 100


def test_a_sale_to_known_people_waits_for_nothing_that_newcomers_among_them_need(camp: Make) -> None:
    """One a day: the message of value would take the place of the sale, which known people can be told at once."""
    made = planned(
        camp, {**GIVES, "at": time(10, 0), "priority": 90}, {**SELLS, "at": time(18, 0), "priority": 1},
        caps={"touch.cap_per_day": 1},
    )  # fmt: skip
    all_new(made)
    known_long(*made.people[0][1:])
    assert states(made, "best") == [("sent", ""), ("dropped", "CAP-01")]


def test_a_sale_waits_for_no_message_of_value_where_one_of_its_newcomers_had_one(camp: Make) -> None:
    """The gate leaves out who had none; the one who had one can be told at once."""
    made = planned(
        camp, {**GIVES, "at": time(10, 0), "priority": 90}, {**SELLS, "at": time(18, 0), "priority": 1},
        caps={"touch.cap_per_day": 1},
    )  # fmt: skip
    all_new(made)
    before = MONDAY - timedelta(days=2)
    Exposure.objects.create(
        tenant=made.tenant, customer=made.people[0][0], touch_key="sop.touch:0", local_date=before,
        at=clock.at_local(before, time(10), "Asia/Shanghai"), channel="group_forward", gives_value=True,
    )  # fmt: skip
    assert states(made, "best") == [("sent", ""), ("dropped", "CAP-01")]
