"""What a trial flight does with one rule at a time, among members whose habits leave nothing to chance."""

import random
from collections import Counter
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from sop.policies.flight import invented_hands
from sop.policies.flight_people import people_make
from sop.policies.habits import SHARES, Habits, Span, counted, span_of
from tests.sop.test_flight import FIRST, LIMITS, SALE, daily, flown, plan, step
from wecom.enums import QuotaRule
from wecom.sending.quota import RuleFrom

ONE_A_DAY = (RuleFrom(QuotaRule.ONE_A_DAY),)
ALL = 40  # two groups of twenty
SURE = 10**9


def habits(*always: str, **fields: Any) -> Habits:
    """Everybody does what is named, nobody anything else; all are friends with staff."""
    named = {*always, "friends"} - set(fields.pop("never", ()))
    return Habits(**{name: counted(name, SURE * (name in named), SURE) for name in SHARES}, **fields)


def join(**fields: Any) -> Any:
    return replace(step("join", 1, time(9), channel="staff_task", **fields), due_at=None)


TASK = {"channel": "staff_task"}


def test_a_service_message_keeps_no_place_for_itself() -> None:
    early = step("early", 1, time(9), priority=60)
    service = step("service", 1, time(19), priority=10, is_service=True)
    found = flown(plan(early, service, days=1, limits=replace(LIMITS, per_day=1)), habits())
    assert found.held == []
    assert found.days[0].messages_most == 2  # it counts for nobody's cap, and is shown all the same


def test_a_message_that_has_gone_out_keeps_no_place_any_more() -> None:
    first, second = step("first", 1, time(9), priority=10), step("second", 1, time(19), priority=60)
    assert flown(plan(first, second, days=1, limits=replace(LIMITS, per_day=2)), habits()).held == []


def test_a_new_week_begins_with_fresh_counts() -> None:
    found = flown(plan(*daily(range(5, 10)), days=9, limits=replace(LIMITS, per_week=3)), habits())
    assert found.held == []
    found = flown(plan(*daily(range(4, 10)), days=9, limits=replace(LIMITS, per_week=3)), habits())
    assert [one.step_key for one in found.held] == ["s7"]


def test_who_was_there_at_the_start_did_not_join() -> None:
    assert [day.touches for day in flown(plan(join(), days=3), habits()).days] == [0, 0, 0]


def test_each_newcomer_gets_a_message_of_their_own_so_long_after_they_came() -> None:
    found = flown(plan(join(), days=8, limits=replace(LIMITS, per_day=9)), habits("late"))
    assert found.days[0].people == 0
    assert sum(day.messages for day in found.days) == sum(day.touches for day in found.days) == ALL
    late = replace(join(), after_join=timedelta(hours=11))  # they come at noon
    found = flown(plan(late, days=8), habits("late"))
    assert [(one.rule, one.touches, one.first_day) for one in found.held] == [("QUIET-01", ALL, 2)]


def test_who_is_not_there_yet_or_has_left_gets_nothing() -> None:
    assert flown(plan(step("s", 1, time(9)), days=2), habits("late")).days[0].touches == 0
    gone = flown(plan(*daily(range(1, 3)), days=2), habits("leaves"))
    assert [(day.people, day.touches) for day in gone.days] == [(ALL, 2), (0, 0)]


@pytest.mark.parametrize("audience", ["buyers", "interacted", "undecided", "core"])
def test_a_step_that_is_for_nobody_is_no_touch_and_costs_nobody_a_minute(audience: str) -> None:
    found = flown(plan(step("s", 1, time(9), audience=audience, **TASK), days=1), habits())
    assert (found.days[0].touches, found.days[0].minutes, found.held) == (0, {}, [])


def test_somebody_in_two_groups_is_written_to_from_one() -> None:
    found = flown(plan(step("s", 1, time(9), **TASK), days=1), habits("overlap"))
    assert (found.days[0].messages_most, found.days[0].messages) == (1, found.days[0].people)


def test_a_mass_send_to_persons_reaches_friends_only() -> None:
    sent = step("s", 1, time(9), channel="private_mass")
    assert flown(plan(sent, days=1), habits()).days[0].messages == ALL
    assert flown(plan(sent, days=1), habits(never=["friends"])).days[0].touches == 0


def test_who_wants_no_marketing_is_left_out_of_it_and_of_nothing_else() -> None:
    found = flown(plan(step("s", 1, time(9), **TASK, is_marketing=True), days=1), habits("opted_out"))
    assert (found.days[0].touches, sum(found.days[0].left_out.values())) == (0, ALL)
    assert flown(plan(step("s", 1, time(9), **TASK), days=1), habits("opted_out")).days[0].messages == ALL


def test_buyers_are_sold_nothing_more_and_found_as_buyers() -> None:
    bought = habits("buys_unasked")
    again = step("again", 2, time(9), **TASK, is_marketing=True)
    thanks = step("thanks", 2, time(10), **TASK, audience="buyers")
    assert [one.step_key for one in flown(plan(again, thanks, days=2), bought).held] == ["again"]
    assert flown(plan(thanks, days=2), bought).days[1].messages == ALL
    assert flown(plan(again, days=2), habits()).days[1].messages == ALL


def test_who_is_asked_to_buy_buys_on_that_day_only() -> None:
    offer = step("offer", 1, time(9), is_marketing=True)
    after = step("after", 2, time(9), **TASK, audience="buyers")
    keen = habits("buys_asked", order_fen=(19_900,))
    found = flown(plan(offer, after, days=2), keen)
    assert found.days[1].messages == ALL
    assert found.funnel["bought"] == Span(ALL, ALL, ALL)
    assert found.funnel["income_fen"] == Span(*[ALL * 19_900] * 3)
    told = flown(plan(step("tip", 1, time(9)), after, days=2), keen)
    assert told.days[1].messages == 0
    assert told.funnel["bought"] == Span(0, 0, 0)


def test_income_is_unknown_without_past_orders() -> None:
    assert flown(plan(step("s", 1, time(9)), days=1), habits("buys_unasked")).funnel["income_fen"] is None


def test_a_message_brings_people_to_the_key_interaction_and_silence_does_not() -> None:
    asks = {"audience": "uninteracted", **TASK}
    silent = flown(plan(step("boost", 2, time(9), **asks), days=2), habits("interacts_told"))
    assert silent.days[1].messages == ALL
    told = flown(
        plan(step("s", 1, time(9)), step("boost", 2, time(9), **asks), days=2), habits("interacts_told")
    )
    assert told.days[1].messages == 0


def test_the_undecided_took_part_and_did_not_buy() -> None:
    ask = step("ask", 2, time(9), **TASK, audience="undecided")
    assert flown(plan(ask, days=2), habits("interacts_untold")).days[1].messages == ALL
    bought = flown(plan(ask, days=2), habits("interacts_untold", "buys_unasked"))
    assert (bought.days[1].messages, bought.held) == (
        0,
        [],
    )  # it is not for buyers: no rule need keep it from them


def test_who_took_part_stands_for_the_engaged_and_the_rest_for_the_periphery() -> None:
    for audience, silent, active in (("core", 0, ALL), ("periphery", ALL, 0)):
        asked = plan(step("s", 2, time(9), **TASK, audience=audience), days=2)
        assert flown(asked, habits()).days[1].messages == silent
        assert flown(asked, habits("interacts_untold")).days[1].messages == active


def test_wecoms_limit_counts_persons_who_were_reached_and_nobody_else() -> None:
    twice = [step(key, 1, time(hour), channel="private_mass") for key, hour in (("a", 9), ("b", 15))]
    found = flown(plan(*twice, days=1, quota_rules=ONE_A_DAY), habits())
    assert [(one.step_key, one.rule) for one in found.held] == [("b", "QUOTA-01")]
    assert (found.days[0].quota_most, found.days[0].quota_limit) == (1, 1)
    half = replace(habits(), new=counted("new", SURE, 2 * SURE))
    some = [step("sale", 1, time(9), **SALE), step("tip", 1, time(15), channel="private_mass")]
    found = flown(plan(*some, days=1, quota_rules=ONE_A_DAY, limits=FIRST), half)
    left = {one.step_key: (one.rule, one.people) for one in found.left}
    assert left["sale"][0] == "VALUE-01"
    assert left["tip"] == ("QUOTA-01", ALL - left["sale"][1])  # the newcomers' place was still free
    assert (found.days[0].messages, found.days[0].messages_most) == (ALL, 1)


def test_what_comes_too_early_is_sent_when_the_quiet_hours_end() -> None:
    early = step("early", 1, time(7, 30), on_block="delay")
    found = flown(plan(early, step("next", 1, time(8, 10)), days=1), habits())
    assert (found.held, found.days[0].touches) == ([], 4)
    assert [(one.titles, one.minutes) for one in found.close] == [(("early", "next"), 10)]
    short = replace(early, window=timedelta(minutes=10))
    assert [one.rule for one in flown(plan(short, days=1), habits()).held] == ["QUIET-01"]


def test_what_a_limit_stops_goes_by_the_other_channel_and_not_by_the_same_again() -> None:
    first = step("m1", 1, time(9), channel="group_mass")
    second = step(
        "m2", 1, time(15), channel="group_mass", on_block="replace", replace_channel="group_forward"
    )
    found = flown(plan(first, second, days=1, quota_rules=ONE_A_DAY), habits())
    assert (found.held, found.days[0].touches, found.days[0].quota_most) == ([], 4, 1)
    same = step("m2", 1, time(15), channel="group_mass", on_block="replace", replace_channel="group_mass")
    found = flown(plan(first, same, days=1, quota_rules=ONE_A_DAY), habits())
    assert [(one.step_key, one.rule, one.touches) for one in found.held] == [("m2", "QUOTA-01", 2)]


def test_conversations_are_counted_and_a_post_rings_no_phone() -> None:
    found = flown(
        plan(step("talk", 1, time(9), **TASK, is_talk=True), step("tip", 1, time(10)), days=1), habits()
    )
    assert (found.days[0].touches, found.days[0].talks) == (4, 2)
    posted = flown(plan(step("post", 1, time(9), channel="moments"), days=1), habits())
    assert (posted.days[0].touches, posted.days[0].messages) == (2, 0)


def test_a_post_uses_up_nobodys_place_in_the_day_and_needs_none() -> None:
    post, tip = step("post", 1, time(9), channel="moments"), step("tip", 1, time(10), **TASK)
    one = replace(LIMITS, per_day=1)
    assert flown(plan(post, tip, days=1, limits=one), habits()).held == []
    late = step("post", 1, time(11), channel="moments")
    assert flown(plan(tip, late, days=1, limits=one), habits()).held == []


def test_who_keeps_a_group_message_back_is_not_counted_as_left_out() -> None:
    both = [step("a", 1, time(9)), step("b", 1, time(15))]
    found = flown(plan(*both, days=1, limits=replace(LIMITS, per_day=1)), habits())
    assert [(one.step_key, one.rule, one.touches) for one in found.held] == [("b", "CAP-01", 2)]
    assert (found.days[0].left_out, found.left) == ({}, [])


def test_half_an_hour_between_two_messages_is_enough_and_a_full_day_is_not_too_much() -> None:
    def close(minutes: int) -> list[int]:
        two = [step("a", 1, time(9)), step("b", 1, time(9, minutes))]
        return [one.minutes for one in flown(plan(*two, days=1), habits()).close]

    assert (close(29), close(30)) == ([29], [])
    busy = plan(step("s", 1, time(9), cost_minutes=5), days=1, staff_minutes=10)
    assert flown(busy, habits()).over_minutes == []
    assert flown(replace(busy, staff_minutes=9), habits()).over_minutes == [(1, "owner 1", 10)]


def test_a_camp_may_sleep_at_its_end() -> None:
    assert flown(plan(*daily(range(1, 5)), days=7), habits()).asleep == [(5, 7)]


def test_everybody_who_leaves_on_the_last_day_has_left() -> None:
    assert flown(plan(step("s", 1, time(9)), days=1), habits("leaves")).funnel["left"] == Span(ALL, ALL, ALL)


def test_a_group_never_has_more_members_than_seats_and_late_ones_come_in_the_first_half() -> None:
    made = people_make(4, 20, 20, habits("overlap", "late"), random.Random(3))
    assert set(Counter(group for one in made for group in one.groups).values()) == {20}
    assert any(len(one.groups) == 2 for one in made)
    assert {one.joins_on for one in made} <= set(range(2, 11))
    assert max(one.joins_on for one in made) > 7


def test_eighty_of_a_hundred_lie_in_a_span() -> None:
    assert span_of(list(range(101))) == Span(50, 10, 90)


def test_invented_colleagues_take_the_roles_that_there_are_hands_for() -> None:
    assert invented_hands(groups=3, groups_each=2, colleagues=1)[2] == dict.fromkeys(
        ("owner", "assistant", "sales"), "owner 2"
    )
    two = invented_hands(groups=1, groups_each=2, colleagues=2)
    assert two == ({"owner": "owner 1", "assistant": "assistant 1", "sales": "assistant 1"},)
    assert invented_hands(groups=1, groups_each=1, colleagues=3)[0]["sales"] == "sales 1"
