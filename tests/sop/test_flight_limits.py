"""What a trial flight keeps, counts and tells apart: places of the day, WeCom's limit, minutes, what was held back."""

import random
from dataclasses import replace
from datetime import time
from typing import Any

from sop.policies.flight_people import Member, outcomes, people_make
from sop.policies.habits import Habits, Span, counted
from tests.sop.test_flight import FIRST, LIMITS, SALE, flown, plan, step
from tests.sop.test_flight_rules import ALL, ONE_A_DAY, SURE, TASK, habits, join
from wecom.enums import QuotaRule
from wecom.sending.quota import RuleFrom

MASS = {"channel": "group_mass"}
ROOM = replace(LIMITS, per_day=9)


def held(*steps: Any, **fields: Any) -> list[str]:
    return [one.step_key for one in flown(plan(*steps, **{"days": 1, **fields}), habits()).held]


def test_what_was_given_in_one_week_still_counts_in_the_next() -> None:
    newcomers = habits(never=[])
    newcomers = replace(newcomers, new=counted("new", SURE, SURE))
    steps = [step("gift", 6, time(9), gives_value=True), step("sale", 9, time(10), **SALE)]
    found = flown(plan(*steps, days=9, limits=replace(FIRST, new_days=30)), newcomers)
    assert (found.held, found.days[8].messages) == ([], ALL)


def test_a_place_is_kept_for_what_is_due_on_the_same_day_only() -> None:
    today, tomorrow = step("today", 1, time(9), priority=60), step("tomorrow", 2, time(9), priority=10)
    assert held(today, tomorrow, days=2, limits=replace(LIMITS, per_day=1)) == []


def test_the_more_important_message_that_comes_first_has_the_place() -> None:
    first, second = step("first", 1, time(9), priority=20), step("second", 1, time(19), priority=40)
    assert held(first, second, limits=replace(LIMITS, per_day=1)) == ["second"]


def test_midnight_belongs_to_the_day_that_begins() -> None:
    receipt = step("receipt", 2, time(0), is_service=True)
    assert [day.touches for day in flown(plan(receipt, days=2), habits()).days] == [0, 2]


def test_a_post_keeps_no_place_for_itself() -> None:
    early, post = (
        step("early", 1, time(9), priority=60),
        step("post", 1, time(19), priority=10, channel="moments"),
    )
    assert held(early, post, limits=replace(LIMITS, per_day=1)) == []


def test_a_group_that_hears_one_message_a_day_hears_the_more_important_one() -> None:
    early, late = step("early", 1, time(9), priority=60), step("late", 1, time(19), priority=10)
    assert held(early, late, limits=replace(ROOM, group_per_day=1)) == ["early"]


def test_wecoms_one_mass_send_of_the_day_is_kept_for_the_more_important_one() -> None:
    early, late = (
        step("early", 1, time(9), priority=60, **MASS),
        step("late", 1, time(19), priority=10, **MASS),
    )
    assert held(early, late, limits=ROOM, quota_rules=ONE_A_DAY) == ["early"]


def test_who_joins_two_groups_is_welcomed_by_the_colleague_of_the_first() -> None:
    found = flown(plan(join(), days=8, limits=ROOM, groups_each=1), habits("late", "overlap"))
    assert (
        sum(day.minutes.get("owner 1", 0) for day in found.days) == 20 * 5
    )  # everybody who sits in the first


def test_a_task_reaches_people_who_are_nobodys_friend() -> None:
    assert (
        flown(plan(step("s", 1, time(9), **TASK), days=1), habits(never=["friends"])).days[0].messages == ALL
    )


def test_what_a_day_holds_back_is_counted_by_rule() -> None:
    four = [step(f"s{hour}", 1, time(hour)) for hour in (9, 11, 13, 15)]
    assert flown(plan(*four, days=1), habits()).days[0].held_back == {"CAP-01": 2}  # in both groups


def test_a_mass_send_takes_minutes_of_the_owner_whoever_is_meant_to_do_it() -> None:
    sent = step("s", 1, time(9), role="sales", **MASS)
    assert flown(plan(sent, days=1, quota_rules=ONE_A_DAY), habits()).days[0].minutes == {"owner 1": 10}
    said = step("s", 1, time(9), role="sales")
    assert flown(plan(said, days=1), habits()).days[0].minutes == {"sales 1": 10}


def test_every_mass_send_of_the_week_uses_up_the_weeks_limit() -> None:
    rules = (RuleFrom(QuotaRule.SEVEN_A_WEEK, limit=2),)
    sends = [step(f"m{day}", day, time(9), **MASS) for day in (1, 2, 3)]
    found = flown(plan(*sends, days=3, quota_rules=rules), habits())
    assert [(one.step_key, one.rule) for one in found.held] == [("m3", "QUOTA-01")]
    assert [day.quota_most for day in found.days] == [1, 2, 0]


def test_the_limit_told_is_that_of_whoever_got_most() -> None:
    half = replace(habits(), new=counted("new", SURE, 2 * SURE))
    rules = (RuleFrom(QuotaRule.SEVEN_A_WEEK, limit=5),)
    steps = [step("sale", 1, time(9), **SALE), step("tip", 1, time(15), channel="private_mass")]
    for seed in range(6):  # whoever stands last, a newcomer with one or somebody known with two
        found = flown(plan(*steps, days=1, quota_rules=rules, limits=FIRST), half, seed)
        assert found.days[0].quota_most == 2


def test_a_message_is_compared_with_the_one_just_before_it() -> None:
    three = [step("a", 1, time(9)), step("b", 1, time(12)), step("c", 1, time(12, 10))]
    found = flown(plan(*three, days=1), habits())
    assert [(one.titles, one.minutes) for one in found.close] == [(("b", "c"), 10)]


def test_the_busiest_is_who_has_most_minutes_and_those_with_too_many_stand_by_name() -> None:
    steps = [
        step("sell", 1, time(9), role="sales", cost_minutes=5),
        step("tell", 1, time(10), cost_minutes=50),
    ]
    found = flown(plan(*steps, days=1, staff_minutes=1), habits())
    assert (found.days[0].busiest, found.days[0].minutes_most) == ("owner 1", 100)
    assert found.over_minutes == [(1, "owner 1", 100), (1, "sales 1", 10)]


def test_what_is_held_back_stands_in_the_order_of_days() -> None:
    nights = [step("z", 1, time(23)), step("a", 2, time(23))]
    assert held(*nights, days=2) == ["z", "a"]


def test_who_was_left_out_stands_in_the_order_of_days_then_steps() -> None:
    half = replace(habits(), new=counted("new", SURE, 2 * SURE))
    steps = [
        step(key, day, time(hour), **SALE) for key, day, hour in (("z", 1, 9), ("m", 1, 15), ("a", 2, 9))
    ]
    found = flown(plan(*steps, days=2, limits=FIRST), half)
    assert [(one.first_day, one.step_key) for one in found.left] == [(1, "m"), (1, "z"), (2, "a")]


def half_likely(name: str, *always: str, **fields: Any) -> Habits:
    return replace(habits(*always, **fields), **{name: counted(name, SURE, 2 * SURE)})


def told_daily(members: list[Member], *, is_asked: bool, days: int = 10) -> list[Member]:
    for one in members:
        for day in range(one.joins_on, days + 1):
            one.told_on(day, is_asked=is_asked)
    return members


def test_what_may_come_of_a_camp_counts_everybody_in_it() -> None:
    found = flown(plan(step("s", 1, time(9)), days=1), habits()).funnel
    assert found["people"] == Span(ALL, ALL, ALL)
    assert found["left"] == Span(0, 0, 0)


def test_some_take_part_and_buy_on_days_without_a_message() -> None:
    quiet = flown(plan(days=3), habits("interacts_untold", "buys_unasked"))
    assert quiet.funnel["interacted"] == quiet.funnel["bought"] == Span(ALL, ALL, ALL)


def test_who_has_left_neither_takes_part_nor_buys_any_more() -> None:
    """All leave on their first evening: of ten days with a message one counts, and half of them acted on it."""
    for name, what, is_asked in (
        ("interacts_told", "interacted", False), ("interacts_untold", "interacted", None),
        ("buys_asked", "bought", True), ("buys_unasked", "bought", None),
    ):  # fmt: skip
        likely, dice = half_likely(name, "leaves"), random.Random(5)
        members = people_make(2, 20, 10, likely, dice)
        if is_asked is not None:
            told_daily(members, is_asked=is_asked)
        span = outcomes(members, likely, 10, dice)[what]
        assert span is not None
        assert 0 < span.low <= span.high < ALL - 5, name


def test_whoever_may_leave_every_day_has_mostly_left_after_ten() -> None:
    likely, dice = half_likely("leaves"), random.Random(5)
    left = outcomes(people_make(2, 20, 10, likely, dice), likely, 10, dice)["left"]
    assert left is not None
    assert left.low >= ALL - 2


def test_who_came_late_and_left_was_there_on_the_day_of_coming() -> None:
    sure, dice = habits("late", "leaves", "interacts_told", "buys_asked"), random.Random(5)
    members = told_daily(people_make(2, 20, 10, sure, dice), is_asked=True)
    found = outcomes(members, sure, 10, dice)
    assert found["interacted"] == found["bought"] == Span(ALL, ALL, ALL)


def test_income_is_drawn_from_all_orders_of_the_past() -> None:
    income = flown(plan(days=1), habits("buys_unasked", order_fen=(100, 300))).funnel["income_fen"]
    assert income is not None
    assert ALL * 100 < income.low <= income.high < ALL * 300
