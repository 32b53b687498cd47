"""The calendar of all groups as an operator meets it: what stands where, what collides, moves, re-planning (R50)."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from contacts.services.identity import customers_merge
from groups.models import Group
from sop.enums import TouchState
from sop.errors import MoveOfferOver, MovePast, MoveRefused, TouchFixed
from sop.models import EventGroup, Run, Touch, ValueEvent
from sop.selectors.board import board_of
from sop.selectors.board_groups import Wanted
from sop.selectors.lanes import Bar, lanes_of, lines_of, register_lane
from sop.selectors.replans import replan_of
from sop.services.calendar import calendar_back, calendar_move, replan_apply
from sop.services.planner import planner_undo
from sop.services.push import SlotWish, slot_put
from sop.services.push_confirm import week_confirm
from tenants import clock
from tenants.audit import SYSTEM
from tenants.errors import NotPermitted
from tenants.models import Preference
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.groups import fill_group, make_group
from tests.factories.tenants import actor_of
from tests.factories.tenants import make_member as make_seat
from tests.sop.boards import MONDAY, ZONE, Make, at, beside, blocked, board, planned, rows, sharing_group
from wecom.models import OwnReach, QuotaEntry
from wecom.sending.own_reach import Told, reach_note

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_group_stands_once_with_all_its_runs_and_the_clash_names_both(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "早安"}, {"day": 2, "at": time(10, 0)}, groups=2)
    beside(made, made.groups[0], {"at": time(10, 40), "title": "加播"})
    first, second = rows(made)
    assert [chip.touch.step.title for chip in first.cells[0].chips] == ["早安", "加播"]
    assert [chip.is_foreign for chip in first.cells[0].chips] == [False, True]
    told = first.cells[0].clashes
    assert [(one.code, one.one.touch.step.title, one.other.touch.step.title) for one in told] == [
        ("CLASH-01", "早安", "加播")
    ]
    assert not first.cells[1].clashes
    assert not second.cells[0].clashes


def test_people_in_two_groups_collide_across_them(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    other = make_group(
        tenant=made.tenant,
        app=made.groups[0].app,
        owner=made.staff,
        state="active",
        name="拼读01群",
        kind="new_user",
    )
    fill_group(group=other, customers=made.people[0][:1], staff=[made.staff])
    beside(made, other, {"at": time(10, 30)})
    told = {
        str(row.group): [(one.code, one.other_group) for one in row.cells[0].clashes] for row in rows(made)
    }
    assert told == {"启蒙01群": [("CLASH-01", "拼读01群")], "拼读01群": [("CLASH-01", "启蒙01群")]}


def test_people_shared_with_a_group_that_is_not_on_the_page_collide_too(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    other = sharing_group(made, made.people[0][0])
    beside(made, other, {"at": time(10, 30), "title": "加播"}, {"at": time(11, 0), "title": "远的"})
    (row,) = rows(made, group_id=made.groups[0].pk)
    told = [(one.code, one.other_group, one.other.touch.step.title) for one in row.cells[0].clashes]
    assert told == [("CLASH-01", "拼读01群", "加播")]


def test_a_person_with_two_records_is_one_when_groups_are_compared(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    again = make_customer(tenant=made.tenant, name="同一个人")
    other = sharing_group(made, again)
    beside(made, other, {"at": time(10, 30)})
    assert not rows(made, group_id=made.groups[0].pk)[0].cells[0].clashes
    customers_merge(
        tenant=made.tenant, goes_on_id=made.people[0][0].pk, other_id=again.pk, reason="同一人", actor=SYSTEM
    )
    (row,) = rows(made, group_id=made.groups[0].pk)
    assert [one.other_group for one in row.cells[0].clashes] == ["拼读01群"]


def test_an_event_stands_in_its_groups_and_a_message_meanwhile_collides(camp: Make) -> None:
    made = planned(camp, {"at": time(20, 30), "title": "晚安"})
    event = ValueEvent.objects.create(
        tenant=made.tenant, kind="talk", title="专家讲座", host="周老师", token="a-1", check_in="a-2",
        starts_at=at(0, 20), ends_at=at(0, 21),
    )  # fmt: skip
    EventGroup.objects.create(tenant=made.tenant, event=event, group=made.groups[0])
    row = rows(made)[0]
    assert [(one.code, one.one.event, one.other.touch.step.title) for one in row.cells[0].clashes] == [
        ("CLASH-05", event, "晚安")
    ]
    lanes = {lane.key: [bar.label for bar in lane.bars] for lane in board(made).lanes}
    assert lanes["events"] == ["专家讲座"]
    assert "妇女" in str(lanes["festivals"]) or "Women" in str(lanes["festivals"])


def test_own_sends_use_up_the_quota_and_bring_a_group_on_the_page(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    lonely = make_group(
        tenant=made.tenant,
        app=made.groups[0].app,
        owner=made.staff,
        state="active",
        name="自发群",
        kind="new_user",
    )
    QuotaEntry.objects.create(
        tenant=made.tenant, receiver_kind="group", receiver_id=lonely.chat_id, local_date=MONDAY,
        source="personal", vendor_msgid="own",
    )  # fmt: skip
    known = {str(row.group): (row.left, row.own_today, row.cells[0].own_sends) for row in rows(made)}
    assert known == {"启蒙01群": (31, 0, 0), "自发群": (30, 1, 1)}
    assert [band.part for band in board(made).bands] == [str(made.run.pk), "rest"]
    assert [str(row.group) for row in rows(made, part="rest")] == ["自发群"]
    assert [str(row.group) for row in rows(made, words="启蒙")] == ["启蒙01群"]
    assert rows(made, operator=made.staff.pk + 1) == []


def test_only_one_field_is_shown_where_it_is_asked_for(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)}, {"at": time(12, 0), "channel": "moments", "title": "圈"})
    assert [chip.touch.step.title for chip in rows(made, field="moments")[0].cells[0].chips] == ["圈"]


def test_quiet_hours_are_marked(camp: Make) -> None:
    made = planned(camp, {"at": time(23, 0)}, {"at": time(12, 0)})
    assert [chip.is_quiet for chip in rows(made)[0].cells[0].chips] == [False, True]


def test_a_touch_moves_and_goes_back(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    touch = Touch.objects.get()
    moved = calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(2, 11), actor=SYSTEM)
    touch.refresh_from_db()
    assert (touch.due_at, touch.planned_at) == (at(2, 11), at(2, 11))
    assert calendar_back(tenant=made.tenant, moved=moved, actor=SYSTEM) is True
    touch.refresh_from_db()
    assert touch.due_at == at(0, 10)
    assert calendar_back(tenant=made.tenant, moved=moved, actor=SYSTEM) is False


def test_what_waited_for_a_decision_moves_for_good(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    Touch.objects.update(state=TouchState.PARKED)
    moved = calendar_move(tenant=made.tenant, touch_id=Touch.objects.get().pk, due_at=at(1, 10), actor=SYSTEM)
    assert Touch.objects.get().state == TouchState.PLANNED
    assert not moved.may_go_back


def test_what_was_moved_stays_once_its_old_time_is_over(camp: Make, frozen: MovableClock) -> None:
    made = planned(camp, {"at": time(10, 0)})
    touch = Touch.objects.get()
    moved = calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(0, 16), actor=SYSTEM)
    frozen.set(at(0, 11))
    assert calendar_back(tenant=made.tenant, moved=moved, actor=SYSTEM) is False
    touch.refresh_from_db()
    assert (touch.state, touch.due_at) == (TouchState.PLANNED, at(0, 16))


@pytest.mark.parametrize(
    ("caps", "when", "rule"),
    [
        ({}, (1, 23), "QUIET-01"),
        ({"touch.group_per_day": 1}, (1, 15), "GROUP-01"),
        ({"touch.cap_per_day": 1}, (1, 15), "CAP-01"),
    ],
)
def test_a_move_that_a_rule_forbids_is_refused_with_it(
    camp: Make, caps: dict[str, int], when: tuple[int, int], rule: str
) -> None:
    made = planned(camp, {"at": time(10, 0)}, {"day": 2, "at": time(12, 0)})
    for key, value in caps.items():
        Preference.objects.create(tenant=made.tenant, key=key, value=value)
    touch = Touch.objects.order_by("planned_at").first()
    with pytest.raises(MoveRefused) as refused:
        calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(*when), actor=SYSTEM)
    assert refused.value.code == rule
    touch.refresh_from_db()
    assert touch.due_at == at(0, 10)
    calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(0, 16), actor=SYSTEM)


def test_a_frozen_group_the_past_and_what_went_out_refuse(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    touch = Touch.objects.get()
    with pytest.raises(MovePast):
        calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(0, 8), actor=SYSTEM)
    Group.objects.update(frozen_at=clock.now())
    with pytest.raises(MoveRefused) as refused:
        calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(1, 10), actor=SYSTEM)
    assert refused.value.code == "FREEZE-01"
    assert [one.code for one in rows(made)[0].cells[0].clashes] == ["CLASH-04"]
    Touch.objects.update(state=TouchState.CONFIRMED)
    with pytest.raises(TouchFixed):
        calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(1, 10), actor=SYSTEM)


def test_the_blocked_ones_get_the_next_free_place_as_shown_and_go_back(camp: Make) -> None:
    made = planned(camp, {"at": time(22, 30)}, {"at": time(12, 0), "day": 2}, {"at": time(15, 0), "day": 1})
    Touch.objects.filter(planned_at=at(0, 15)).update(planned_at=at(0, 21, 20), due_at=at(0, 21, 20))
    late = Touch.objects.get(planned_at=at(0, 22, 30))
    Touch.objects.filter(pk=late.pk).update(state=TouchState.BLOCKED, rule_code="QUIET-01", reason="why")
    ids = [one.pk for one in made.groups]
    plan = replan_of(tenant=made.tenant, starts_on=MONDAY, group_ids=ids)
    assert [(one.touch.pk, one.at, one.rule) for one in plan.proposals] == [(late.pk, at(0, 21, 30), "")]
    row = replan_apply(tenant=made.tenant, starts_on=MONDAY, group_ids=ids, mark=plan.mark, actor=SYSTEM)
    late.refresh_from_db()
    assert (late.state, late.due_at) == (TouchState.PLANNED, at(0, 21, 30))
    assert planner_undo(tenant=made.tenant, plan_id=row.pk, actor=SYSTEM) == 1
    late.refresh_from_db()
    assert (late.state, late.rule_code, late.due_at) == (TouchState.BLOCKED, "QUIET-01", at(0, 22, 30))


def test_two_blocked_ones_do_not_get_the_same_last_place(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)}, {"at": time(11, 0)}, {"at": time(12, 0), "day": 2})
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=1)
    blocked(made, "CAP-01", 2)
    plan = replan_of(tenant=made.tenant, starts_on=MONDAY, group_ids=[one.pk for one in made.groups])
    days = [clock.local_date(one.at, ZONE) for one in plan.proposals if one.at]
    assert sorted(days) == [MONDAY, MONDAY + timedelta(days=2)]


def test_what_time_does_not_mend_keeps_its_rule(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    blocked(made, "SOP-02")
    plan = replan_of(tenant=made.tenant, starts_on=MONDAY, group_ids=[one.pk for one in made.groups])
    assert [(one.at, one.rule) for one in plan.proposals] == [(None, "SOP-02")]


def test_bars_share_lines_and_are_cut_at_the_week(camp: Make) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    long = Bar(MONDAY - timedelta(days=3), MONDAY + timedelta(days=1), "a", "leaf")
    inner, after = Bar(days[1], days[1], "b", "leaf"), Bar(days[3], days[6] + timedelta(days=2), "c", "leaf")
    lines = [
        [(bar.label if bar else "", wide) for bar, wide in line]
        for line in lines_of([long, inner, after], days)
    ]
    assert lines == [
        [("a", 2), ("", 1), ("c", 4)],
        [("", 1), ("b", 1), ("", 1), ("", 1), ("", 1), ("", 1), ("", 1)],
    ]


def test_an_upper_app_adds_a_lane(camp: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = planned(camp, {"at": time(10, 0)})
    monkeypatch.setattr("sop.selectors.lanes._lanes", {})
    register_lane(
        key="plays", label="Plays", source=lambda *, tenant, first, last: [Bar(first, last, "拼团", "gift")]
    )
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    assert [(lane.key, lane.lines[0][0][1]) for lane in lanes_of(tenant=made.tenant, days=days)] == [
        ("plays", 7)
    ]


def test_groups_are_paged_by_thirty(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)}, groups=31, people=1)
    assert len(rows(made)) == 30
    assert [str(row.group) for row in rows(made, page=2)] == ["启蒙31群"]


def test_of_many_groups_only_those_of_the_page_are_made_objects(
    camp: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned(camp, {"at": time(10, 0)}, groups=34, people=1)
    of_db, names = Group.from_db.__func__, []

    def counted(cls: type[Group], *told: Any) -> Group:
        row: Group = of_db(cls, *told)
        names.append(row.name)
        return row

    monkeypatch.setattr(Group, "from_db", classmethod(counted))
    made_of = board_of(tenant=made.tenant, wanted=Wanted(day=MONDAY, page=2))
    rows = [str(row.group) for band in made_of.bands for row in band.rows]
    assert rows == [f"启蒙{number:02d}群" for number in range(31, 35)]
    assert sorted(names) == rows
    assert len(made_of.cast.groups) == 34
    assert made_of.cast.operators == [(made.staff.pk, "林晓")]


def test_a_countdown_never_moves_to_the_end_of_its_offer(camp: Make) -> None:
    made = planned(
        camp, {"anchor": "offer_end", "offset_minutes": -60, "title": "最后一小时"}, offer_ends_at=at(0, 20)
    )
    touch = Touch.objects.get()
    with pytest.raises(MoveOfferOver):
        calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(0, 20), actor=SYSTEM)
    calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(0, 19, 59), actor=SYSTEM)


def test_a_blocked_one_goes_back_as_it_stood_and_only_by_who_operates(camp: Make) -> None:
    made = planned(camp, {"at": time(22, 30), "window_minutes": 45})
    (touch,) = blocked(made, "QUIET-01")
    moved = calendar_move(tenant=made.tenant, touch_id=touch.pk, due_at=at(1, 15), actor=SYSTEM)
    viewer = actor_of(make_seat(tenant=made.tenant, role="viewer"))
    with pytest.raises(NotPermitted):
        calendar_back(tenant=made.tenant, moved=moved, actor=viewer)
    assert calendar_back(tenant=made.tenant, moved=moved, actor=SYSTEM) is True
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code, touch.reason) == (TouchState.BLOCKED, "QUIET-01", "why")
    assert (touch.planned_at, touch.due_at) == (at(0, 22, 30), at(0, 22, 30))
    assert touch.window_ends_at == at(0, 23, 15)


def test_what_was_called_off_is_not_on_the_calendar(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "留着"}, {"at": time(12, 0), "title": "取消了"})
    Touch.objects.filter(step__title="取消了").update(state=TouchState.CANCELLED)
    assert [chip.touch.step.title for chip in rows(made)[0].cells[0].chips] == ["留着"]


def test_what_both_went_out_is_no_clash_any_more(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    beside(made, made.groups[0], {"at": time(10, 30)})
    assert [one.code for one in rows(made)[0].cells[0].clashes] == ["CLASH-01"]
    Touch.objects.update(state=TouchState.CONFIRMED)
    assert rows(made)[0].cells[0].clashes == []


def test_what_nobody_hears_at_night_is_not_marked_quiet(camp: Make) -> None:
    made = planned(
        camp, {"at": time(23, 0), "channel": "internal"}, {"at": time(23, 10), "is_service": True},
        {"at": time(23, 20)},
    )  # fmt: skip
    assert [chip.is_quiet for chip in rows(made)[0].cells[0].chips] == [False, False, True]


def test_a_stopped_run_has_nothing_to_give_another_place(camp: Make) -> None:
    made = planned(camp, {"at": time(22, 30)})
    blocked(made, "QUIET-01")
    assert board(made).blocked == 1
    Run.objects.update(state="paused")
    assert board(made).blocked == 0


def test_steps_for_newcomers_of_a_day_are_one_mark_with_their_count(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    touch = Touch.objects.get()
    for number in range(3):
        touch.pk, touch.occurrence = None, f"join:{number}"
        touch.save(force_insert=True)
    chips = rows(made)[0].cells[0].chips
    assert sorted((one.count, bool(one.touch.occurrence)) for one in chips) == [(1, False), (3, True)]


def test_slots_of_a_confirmed_week_stand_as_its_touches_alone(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "营里的"})
    common = {"tenant": made.tenant, "group_id": made.groups[0].pk, "monday": MONDAY, "actor": SYSTEM}
    for number in range(1, 8):
        wish = SlotWish(content_type="value", title=f"第{number}天", text="跟读一页")
        slot_put(**common, place=(number, "noon"), wish=wish)
    assert sum(chip.slot is not None for cell in rows(made)[0].cells for chip in cell.chips) == 7
    other = make_group(
        tenant=made.tenant, app=made.groups[0].app, owner=made.staff, state="active", name="另一群"
    )
    slot_put(
        **{**common, "group_id": other.pk},
        place=(1, "noon"),
        wish=SlotWish(content_type="value", title="草稿"),
    )
    week_confirm(**common)
    chips = [chip for cell in rows(made)[0].cells for chip in cell.chips]
    assert not any(chip.slot for chip in chips)
    assert {chip.touch.step.title for chip in chips} == {"营里的", *(f"第{n}天" for n in range(1, 8))}
    assert len(chips) == 8


def test_an_event_called_off_and_a_camp_that_is_over_leave_the_calendar(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    lonely = make_group(
        tenant=made.tenant, app=made.groups[0].app, owner=made.staff, state="active", name="讲座群"
    )
    event = ValueEvent.objects.create(
        tenant=made.tenant, kind="talk", title="专家讲座", host="周老师", token="a-1", check_in="a-2",
        starts_at=at(1, 20), ends_at=at(1, 21),
    )  # fmt: skip
    EventGroup.objects.create(tenant=made.tenant, event=event, group=lonely)
    assert {str(row.group) for row in rows(made)} == {"启蒙01群", "讲座群"}
    ValueEvent.objects.update(state="cancelled")
    assert {str(row.group) for row in rows(made)} == {"启蒙01群"}
    Touch.objects.all().delete()
    Run.objects.update(ended_at=at(-1, 12))
    assert rows(made) == []
    Run.objects.update(ended_at=at(0, 12))
    assert {str(row.group) for row in rows(made)} == {"启蒙01群"}
    Run.objects.update(ended_at=None, state="cancelled")
    assert rows(made) == []


def test_what_colleagues_sent_in_private_or_in_moments_stands_over_its_day(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    one, two, _three = (person.external_userid for person in made.people[0])
    for msgid, kind, told in (
        ("m1", "single", [(one, at(0, 23, 59)), (two, at(1, 0))]),
        ("m2", "single", [(one, at(1, 9))]),
        ("m3", "moment", [(one, at(1, 9)), (two, at(1, 9))]),
        ("m4", "group", [(made.groups[0].chat_id, at(1, 9))]),
        ("m5", "single", [(one, at(7, 0))]),
    ):
        reach_note(
            tenant_id=made.tenant.pk, kind=kind, msgid=msgid, sender="linxiao",
            told=[Told(who, when) for who, when in told], counts=kind != "moment",
        )  # fmt: skip
    OwnReach.objects.filter(msgid="m2").update(counts=False)  # carried out something planned
    with override("en"):
        (lane,) = [lane for lane in board(made).lanes if lane.key == "own"]
        shown = [(str(bar.label), bar.first, bar.note) for bar in lane.bars]
    assert shown == [
        ("Own mass send to people", MONDAY, "1 sent to 1"),
        ("Moments", MONDAY + timedelta(days=1), "1 sent to 2"),
        ("Own mass send to people", MONDAY + timedelta(days=1), "1 sent to 1"),
    ]
