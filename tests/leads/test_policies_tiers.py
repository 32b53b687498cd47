"""Tiers: the golden cases, boundaries, and the promise that arrival order never matters."""

import random
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.enums import LeadEventKind
from leads.policies.rules import BUILT_IN, rule_data, rule_parse
from leads.policies.tiers import Act, Mark, Result, Window, tier_of

pytestmark = pytest.mark.unit

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=33))
RULE = rule_parse(1, BUILT_IN)
NOON = START + timedelta(days=3)


def act(
    kind: str, minute: float = 0, *, link: str = "", text: str = "", fen: int | None = None, key: str = ""
) -> Act:
    at = START + timedelta(minutes=minute)
    name = key or f"{kind}-{minute}-{link}-{text}"
    return Act(
        id=zlib.crc32(name.encode()), key=name, kind=kind, at=at, object_id=link, text=text, amount_fen=fen
    )


def clicks(count: int, every_min: float = 10) -> list[Act]:
    return [act("purchase_click", one * every_min, link="year") for one in range(count)]


def lessons(done: int, handed_in: int) -> list[Act]:
    return [act("lesson", 10 * one) for one in range(done)] + [
        act("assignment", 10 * one + 5) for one in range(handed_in)
    ]


def judge(acts: list[Act], *, as_of: datetime = NOON, marks: tuple[Mark, ...] = (), rule=RULE) -> Result:
    return tier_of(acts, rule=rule, window=WINDOW, as_of=as_of, marks=marks)


@pytest.mark.parametrize(
    ("acts", "tier"),
    [
        ([], ""),
        (clicks(2), ""),
        (clicks(3), "A"),
        ([*clicks(3), act("pay_click", 60)], "A+"),
        (lessons(3, 2), ""),
        (lessons(2, 3), ""),
        (lessons(3, 3), "B"),
        ([*lessons(3, 3), *clicks(3)], "A"),
    ],
)
def test_tier_of_golden_cases(acts, tier):
    assert judge(acts).tier == tier


def test_inquiry_confirmed_is_s_above_all():
    asked = act("message", 90, text="年课多少钱")
    acts = [*clicks(3), act("pay_click", 60), asked]
    waiting = judge(acts, as_of=START + timedelta(hours=2))
    assert (waiting.tier, waiting.suggestion.word) == ("A+", "多少钱")
    confirmed = judge(acts, marks=(Mark(LeadEventKind.S_CONFIRMED, START + timedelta(minutes=95)),))
    assert (confirmed.tier, confirmed.suggestion) == ("S", None)
    assert confirmed.evidence == (asked,)
    assert confirmed.since == START + timedelta(minutes=95)


def test_s_set_by_hand_needs_no_message():
    result = judge([], marks=(Mark(LeadEventKind.S_SET, START + timedelta(minutes=1)),))
    assert (result.tier, result.since) == ("S", START + timedelta(minutes=1))


def test_s_denied_returns_to_the_tier_of_behaviours_and_asks_no_more():
    asked = act("message", 10, text="多少钱呀")
    result = judge([*clicks(3), asked], marks=(Mark(LeadEventKind.S_DENIED, START + timedelta(minutes=60)),))
    assert (result.tier, result.suggestion) == ("A", None)


def test_message_after_a_denial_is_suggested_again():
    later = act("message", 120, text="怎么报名")
    result = judge(
        [act("message", 10, text="多少钱呀"), later],
        as_of=START + timedelta(hours=3),
        marks=(Mark(LeadEventKind.S_DENIED, START + timedelta(minutes=60)),),
    )
    assert result.suggestion.act == later


def test_suggestion_lapses_after_its_hours():
    asked = act("message", 0, text="多少钱")
    last = START + timedelta(hours=24) - timedelta(seconds=1)
    assert judge([asked], as_of=last).suggestion.lapses_at == START + timedelta(hours=24)
    assert judge([asked], as_of=START + timedelta(hours=24)).suggestion is None


def test_keyword_alone_makes_s_where_no_confirmation_is_wanted():
    rule = rule_parse(2, {**BUILT_IN, "s": {**BUILT_IN["s"], "confirm": False}})
    assert judge([act("message", 5, text="怎么报名呢")], rule=rule).tier == "S"


def test_message_without_keyword_suggests_nothing():
    assert judge([act("message", 5, text="老师晚上好")]).suggestion is None


def test_order_closes_and_keeps_the_tier_it_came_from():
    order = act("order", 90, fen=198000)
    result = judge([*clicks(3), act("pay_click", 60), order])
    assert (result.won, result.tier) == (order, "A+")


def test_clicks_after_the_order_move_no_tier():
    result = judge([act("order", 5), *[act("purchase_click", 10 + n, link="year") for n in range(3)]])
    assert (result.tier, result.steps) == ("", ())


def test_refund_keeps_the_lead_won_and_is_noted():
    order, refund = act("order", 90, fen=198000), act("refund", 600)
    result = judge([*clicks(3), order, refund])
    assert (result.won, result.refunded_at, result.tier) == (order, refund.at, "A")


def test_order_after_the_window_closes_but_a_click_after_it_does_not_count():
    late = timedelta(days=40).total_seconds() / 60
    order = act("order", late)
    as_of = START + timedelta(days=50)
    assert judge([order], as_of=as_of).won == order
    assert judge([*clicks(2), act("purchase_click", late, link="year")], as_of=as_of).tier == ""


def test_small_order_closes_nothing_where_a_minimum_is_set():
    rule = rule_parse(2, {**BUILT_IN, "won_min_fen": 10000})
    assert judge([act("order", 5, fen=2900)], rule=rule).won is None
    assert judge([act("order", 5, fen=198000)], rule=rule).won is not None


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [([0, 5], 1), ([0, 5.001], 2), ([0, 3, 6], 2), ([0, 4, 8, 12], 2), ([0, 0, 0], 1)],
)
def test_clicks_on_one_link_within_five_seconds_count_once(seconds, counted):
    acts = [act("purchase_click", one / 60, link="year", key=f"k{n}") for n, one in enumerate(seconds)]
    chance = random.Random(7)
    for _ in range(5):
        chance.shuffle(acts)
        assert next(one for one in judge(acts).states if one.tier == "A").conditions[0].have == counted


def test_clicks_on_two_links_within_five_seconds_count_each():
    acts = [act("purchase_click", 0, link=name) for name in ("year", "half", "month")]
    assert judge(acts).tier == "A"


def test_same_event_twice_changes_nothing():
    assert judge(clicks(2) * 3).tier == ""
    assert judge(clicks(3) + clicks(3)) == judge(clicks(3))


def test_as_of_shows_the_tier_of_that_day():
    acts = [*clicks(3, every_min=24 * 60), act("pay_click", 3 * 24 * 60)]
    days = [judge(acts, as_of=START + timedelta(days=day, hours=1)).tier for day in range(4)]
    assert days == ["", "", "A", "A+"]


def test_learning_either_way_is_enough_where_the_setting_says_or():
    data = rule_data(
        purchase_clicks=3, lessons=3, assignments=3, learning_both=False, click_gap_s=5, keywords="",
        s_needs_confirmation=True, suggestion_hours=24, won_min_fen=0,
    )  # fmt: skip
    assert judge(lessons(3, 0), rule=rule_parse(1, data)).tier == "B"


def test_one_step_names_the_missing_behaviour():
    steps = {tier: part.code for tier, part in judge([*clicks(2), *lessons(3, 2)]).one_steps}
    assert steps == {"S": "inquiry", "A+": "pay_click", "A": "purchase_click", "B": "assignment"}


def test_result_cites_evidence_for_every_tier():
    for acts in (clicks(4), lessons(5, 3), [act("pay_click", 1)]):
        result = judge(acts)
        assert len(result.evidence) >= 1
        assert all(one in acts for one in result.evidence)


KINDS = ["purchase_click", "pay_click", "lesson", "assignment", "order", "refund", "message", "join"]


@st.composite
def streams(draw):
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(KINDS), st.integers(-600, 60 * 60 * 40), st.sampled_from(["", "a", "b"]),
                      st.sampled_from(["", "多少钱", "好的"])),
            max_size=40,
        )
    )  # fmt: skip
    return [
        act(kind, second / 60, link=link, text=text if kind == "message" else "", key=f"{number}")
        for number, (kind, second, link, text) in enumerate(rows)
    ]


@settings(max_examples=300, deadline=None)
@given(streams(), st.randoms(use_true_random=False), st.lists(st.integers(0, 60 * 40), max_size=3))
def test_any_arrival_order_and_duplicates_give_the_same_result(acts, rng, minutes):
    cycle = [LeadEventKind.S_CONFIRMED, LeadEventKind.S_DENIED, LeadEventKind.S_SET]
    marks = [Mark(cycle[n % 3], START + timedelta(minutes=one)) for n, one in enumerate(minutes)]
    expected = judge(acts, marks=tuple(marks))
    shuffled = acts + rng.sample(acts, k=len(acts) // 2)
    rng.shuffle(shuffled)
    rng.shuffle(marks)
    assert judge(shuffled, marks=tuple(marks)) == expected


@settings(max_examples=200, deadline=None)
@given(streams(), st.integers(0, 60 * 60 * 40))
def test_the_steps_replayed_to_a_day_equal_the_result_of_that_day(acts, second):
    as_of = START + timedelta(seconds=second)
    full = judge(acts, as_of=START + timedelta(days=33))
    then = judge(acts, as_of=as_of)
    replayed = [one.tier for one in full.steps if one.at <= as_of]
    assert (replayed[-1] if replayed else "") == then.tier
