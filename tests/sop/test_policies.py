"""Camp days, due times, rulings, wording and plan checks: pure."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.policies import wording
from sop.enums import TOUCH_ENDED, TOUCH_MOVES, TouchState
from sop.models import Step
from sop.policies import calendar, dispatch, plan
from sop.policies.dispatch import Verdict
from sop.selectors.builtin import builtin_get

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMITS = plan.Limits(
    messages_a_day=3, messages_a_week=15, mass_a_group_and_day=1, staff_minutes_a_day=180, value_share_percent=40,
    quiet_from=time(22), quiet_until=time(8), groups_each=3,
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "phase"),
    [
        (1, "groundwork"), (7, "groundwork"), (8, "momentum"), (16, "momentum"), (17, "climax"), (24, "climax"),
        (25, "wrap_up"), (30, "wrap_up"), (31, "extension"), (33, "extension"), (34, "over"),
    ],
)  # fmt: skip
def test_camp_day_of_the_thirty_day_camp(day: int, phase: str) -> None:
    assert calendar.phase_of(day, 30, 3) == phase


def test_camp_day_one_is_the_start_date() -> None:
    start = date(2026, 3, 2)
    assert [calendar.camp_day(start, start + timedelta(days=one)) for one in (-1, 0, 32)] == [0, 1, 33]
    assert calendar.day_date(start, 1) == start


@given(st.integers(4, 120), st.integers(0, 10))
def test_scaled_camp_keeps_four_phases_in_a_row(days: int, after: int) -> None:
    phases = calendar.phases_for(days, after)
    assert [one.key for one in phases][:4] == ["groundwork", "momentum", "climax", "wrap_up"]
    assert phases[0].first == 1
    assert phases[-1].last == days + after
    assert all(one.first <= one.last for one in phases)
    assert all(b.first == a.last + 1 for a, b in itertools.pairwise(phases))


@given(st.integers(4, 60), st.integers(1, 33))
def test_scaled_day_stays_in_its_phase(days: int, day: int) -> None:
    moved = calendar.scale_day(day, from_days=30, to_days=days)
    assert calendar.phase_of(moved, days, 3) == calendar.phase_of(day, 30, 3)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=2).map(sorted), st.integers(4, 60))
def test_scaled_days_keep_their_order(pair: list[int], days: int) -> None:
    first, second = (calendar.scale_day(one, from_days=30, to_days=days) for one in pair)
    assert first <= second


def _cut(lengths: list[int]) -> list[calendar.Phase]:
    ends = list(itertools.accumulate(lengths))
    return [
        calendar.Phase(str(number), end - length + 1, end)
        for number, (length, end) in enumerate(zip(lengths, ends, strict=True))
    ]


_LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=7)


@given(_LENGTHS, st.integers(0, 4), st.integers(0, 60))
def test_any_template_keeps_its_phases_in_a_row_at_any_length(
    lengths: list[int], after: int, more: int
) -> None:
    source, days = _cut(lengths), sum(lengths)
    source += [calendar.Phase("after", days + 1, days + after)] if after else []
    to_days = len(lengths) + more
    made = calendar.stretched(source, from_days=days, to_days=to_days)
    assert [one.key for one in made] == [one.key for one in source]
    assert (made[0].first, made[-1].last) == (1, to_days + after)
    assert all(one.first <= one.last for one in made)
    assert all(b.first == a.last + 1 for a, b in itertools.pairwise(made))
    assert calendar.stretched(source, from_days=days, to_days=days) == source
    for day in range(1, days + after + 1):
        moved = calendar.scale_day(day, from_days=days, to_days=to_days, phases=source)
        assert calendar.phase_in(moved, made) == calendar.phase_in(day, source)


_MOMENTS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(1, 30), st.sampled_from([time(8), time(12), time(20)])),
    min_size=2,
)  # fmt: skip


@given(_MOMENTS, st.integers(5, 30), st.data())
def test_what_came_after_a_marked_step_still_does_in_a_shorter_camp(
    moments: dict[str, tuple[int, time]], days: int, data: st.DataObject
) -> None:
    mark = data.draw(st.sampled_from(sorted(moments)))
    scaled = {key: calendar.scale_day(day, from_days=30, to_days=days) for key, (day, _at) in moments.items()}
    found = calendar.beside_marks(moments, scaled, {mark}, last=days + 3)
    stands = (found[mark], moments[mark][1])
    assert found[mark] == scaled[mark]
    for key, was in moments.items():
        if was > moments[mark]:
            assert (found[key], was[1]) > stands
        elif was < moments[mark] and scaled[mark] > 1:
            assert (found[key], was[1]) < stands


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(1, 33), st.times())
def test_due_time_stands_on_the_tenants_wall(start: date, day: int, at: time) -> None:
    at = at.replace(tzinfo=None, fold=0)
    due = calendar.due_at(starts_on=start, day=day, at=at, zone="Asia/Shanghai")
    wall = due.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (wall.date(), wall.time()) == (start + timedelta(days=day - 1), at)


def test_countdown_stands_three_two_one_hours_before_then_the_card() -> None:
    end = datetime(2026, 3, 21, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai
    walls = [
        one.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M") for one in calendar.countdown(end, 20)
    ]
    assert walls == ["17:00", "18:00", "19:00", "19:40"]


def test_window_never_outlives_the_offer() -> None:
    assert calendar.window_end(NOW, 30, not_after=NOW + timedelta(minutes=10)) == NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("catch_up", "late", "verdict", "rule"),
    [
        ("skip", False, Verdict.SEND, ""), ("skip", True, Verdict.EXPIRE, "SOP-01"), ("late", True, Verdict.SEND, ""),
        ("ask", True, Verdict.PARK, "SOP-06"),
    ],
)  # fmt: skip
def test_catch_up_after_an_outage(catch_up: str, late: bool, verdict: Verdict, rule: str) -> None:
    end = NOW - timedelta(seconds=1) if late else NOW
    ruling = dispatch.before_gate(
        now=NOW, window_ends_at=end, catch_up=catch_up, run_is_live=True, offer_ends_at=None
    )
    assert (ruling.verdict, ruling.rule) == (verdict, rule)


@given(st.sampled_from(["skip", "late", "ask"]), st.integers(0, 10_000))
def test_nothing_of_an_offer_goes_out_after_its_end(catch_up: str, after_s: int) -> None:
    ruling = dispatch.before_gate(
        now=NOW + timedelta(seconds=after_s),
        window_ends_at=NOW + timedelta(days=1),
        catch_up=catch_up,
        run_is_live=True,
        offer_ends_at=NOW,
    )
    assert ruling.verdict is Verdict.EXPIRE


@given(
    st.sampled_from(["drop", "delay", "replace"]),
    st.none() | st.integers(-600, 600),
    st.integers(0, 600),
    st.booleans(),
)
def test_refusal_is_never_silent_nor_outside_the_window(
    on_block: str, retry_min: int | None, window_min: int, can_replace: bool
) -> None:
    end = NOW + timedelta(minutes=window_min)
    retry = None if retry_min is None else NOW + timedelta(minutes=retry_min)
    ruling = dispatch.after_refusal(
        rule="CAP-01", retry_at=retry, window_ends_at=end, now=NOW, on_block=on_block, can_replace=can_replace
    )
    assert ruling.rule == "CAP-01"
    if ruling.verdict is Verdict.RETIME:
        assert ruling.at is not None
        assert NOW < ruling.at <= end
    else:
        assert ruling.verdict in (Verdict.BLOCK, Verdict.REPLACE)


def test_every_state_leads_to_an_end() -> None:
    for state in TouchState:
        seen, waiting = {state}, [state]
        while waiting:
            for nearby in TOUCH_MOVES[waiting.pop()] - seen:
                seen.add(nearby)
                waiting.append(nearby)
        assert seen & TOUCH_ENDED


def test_words_are_filled_in_both_languages() -> None:
    values = {"group": "启蒙01群", "teacher": "小鱼老师", "学员": "王女士"}
    text = "{群名} {group} {老师称呼} {学员} {链接:报名} {link:报名} {没有}"
    assert wording.render(text, values, {"报名": "https://x/r/1"}) == (
        "启蒙01群 启蒙01群 小鱼老师 王女士 https://x/r/1 https://x/r/1 {没有}"
    )
    assert wording.unknown_names(text, values, frozenset({"报名"})) == ["没有"]


def step(**fields: object) -> plan.PlanStep:
    base = {
        "key": "k", "title": "步", "anchor": "run_start", "day": 1, "at": time(10), "channel": "group_forward",
        "audience": "members", "content_type": "value", "mark": "", "text": "大家好", "link_keys": frozenset(),
        "is_marketing": False, "is_service": False, "opens_talk": True, "cost_minutes": 5,
    }  # fmt: skip
    return plan.PlanStep(**{**base, **fields})  # type: ignore[arg-type]


def codes(*steps: plan.PlanStep, is_camp: bool = False) -> list[str]:
    return [one.code for one in plan.check(list(steps), last_day=30, limits=LIMITS, is_camp=is_camp)]


def test_camp_without_first_peak_and_end_is_blocked() -> None:
    marks = [step(mark="first"), step(mark="peak", day=2)]
    assert codes(*marks, is_camp=True) == ["PEAK-01"]
    assert codes(*marks, step(mark="end", day=3), is_camp=True) == []


def test_all_broadcast_plan_is_flagged() -> None:
    assert codes(step(opens_talk=False)) == ["TALK-01"]
    assert codes(step(opens_talk=False), step(day=2)) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": " "}, "TEXT-01"), ({"text": "{群民}你好"}, "VAR-01"), ({"text": "{客户称呼}你好"}, "VAR-02"),
        ({"at": time(22)}, "QUIET-01"), ({"at": time(7, 59)}, "QUIET-01"), ({"day": 31}, "DAY-01"),
        ({"anchor": "offer_end", "day": None, "at": None}, "OFFER-01"),
    ],
)  # fmt: skip
def test_step_that_cannot_work_blocks(fields: dict[str, object], code: str) -> None:
    found = plan.check([step(**fields)], last_day=30, limits=LIMITS, is_camp=False)
    assert [one.code for one in plan.blocks(found)] == [code]


def test_second_mass_send_and_fourth_message_of_a_day_are_named() -> None:
    mass = [step(channel="group_mass", key=str(one)) for one in range(2)]
    assert codes(*mass) == ["QUOTA-01"]
    assert codes(*(step(key=str(one)) for one in range(4))) == ["CAP-01"]
    assert codes(*(step(key=str(one)) for one in range(3)), step(channel="moments")) == []


@pytest.mark.parametrize("days", [14, 21, 45])
def test_squeezed_builtin_still_passes(days: int) -> None:
    source = builtin_get(code="camp30", language="zh")
    steps = []
    for one in source.steps:
        day = one["day"] and calendar.scale_day(one["day"], from_days=30, to_days=days)
        made = Step(**{**one, "day": day})
        offer = calendar.scale_day(source.offer_day or 1, from_days=30, to_days=days)
        steps.append(made.to_plan(offer_day=offer, offer_at=source.offer_at))
    kept = plan.thinned(steps)
    found = plan.check(
        [one for one in steps if one.key in kept], last_day=days + 3, limits=LIMITS, is_camp=True
    )
    assert plan.blocks(found) == []
    assert not {"CAP-01", "CAP-02"} & {one.code for one in found}
    assert {"d01_opening", "d17_session", "d30_closing", "d19_3h", "d19_2h", "d19_1h"} <= kept


@pytest.mark.parametrize(
    ("after_min", "verdict"), [(0, "block"), (1, "retime"), (60, "retime"), (61, "block")]
)
def test_a_later_try_lies_after_now_and_up_to_the_end_of_the_window(after_min: int, verdict: str) -> None:
    now = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    ruling = dispatch.after_refusal(
        rule="QUIET-01", retry_at=now + timedelta(minutes=after_min), window_ends_at=now + timedelta(hours=1), now=now,
        on_block="delay", can_replace=False,
    )  # fmt: skip
    assert ruling.verdict == verdict


def test_nothing_is_late_before_its_time_and_a_countdown_never_comes_after_the_offer() -> None:
    at, minute = datetime(2026, 3, 2, 2, 0, tzinfo=UTC), timedelta(minutes=1)
    assert [dispatch.lateness_s(planned_at=at, handed_at=at + n * minute) for n in (-1, 0, 1)] == [0, 0, 60]
    assert [calendar.due_before_offer_end(at, one) for one in (-5, 0, 5)] == [at - 5 * minute, at, at]
