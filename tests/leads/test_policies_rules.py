"""The rule as data and in words, what past camps say, and one more click."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from leads.forms import RuleForm
from leads.policies.evidence import Rate, by_behaviour, by_tier, past_of
from leads.policies.history import tier_through_rules
from leads.policies.rule_words import rule_changes, rule_sentences
from leads.policies.rules import BUILT_IN, COUNTABLE, near_step, rule_data, rule_parse
from leads.policies.tiers import Act, Window

pytestmark = pytest.mark.unit

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=10))
RULE = rule_parse(1, BUILT_IN)
TWO_CLICKS = rule_data(
    purchase_clicks=2, lessons=3, assignments=3, learning_both=True, click_gap_s=5, keywords="多少钱",
    s_needs_confirmation=True, suggestion_hours=24, won_min_fen=0,
)  # fmt: skip
SOFT = rule_parse(2, TWO_CLICKS)


def act(kind: str, hour: float, *, fen: int | None = None, text: str = "") -> Act:
    return Act(
        id=int(hour * 60), key=f"{kind}-{hour}", kind=kind, at=START + timedelta(hours=hour), amount_fen=fen,
        text=text,
    )  # fmt: skip


def clicks(count: int, first: float = 0) -> list[Act]:
    return [act("purchase_click", first + one) for one in range(count)]


def past(acts: list[Act], customer_id: int = 1):
    return past_of(customer_id, acts, rules=[RULE, SOFT], kinds=COUNTABLE, window=WINDOW)


def test_past_judges_by_both_rules_at_the_order_and_counts_only_what_came_before_it():
    found = past([*clicks(2), act("order", 5, fen=198000), *clicks(4, 6), act("lesson", 7)])
    assert (found.tiers, found.has_bought, found.did) == (("", "A"), True, {"purchase_click": 2})


@pytest.mark.parametrize(
    ("acts", "has_bought"),
    [
        ([act("order", 5, fen=100)], True),
        ([act("order", 24 * 10, fen=100)], False),
        ([act("order", 5, fen=100), act("refund", 24 * 30, fen=100)], False),
        ([act("order", 5, fen=100), act("refund", 6, fen=40)], True),
        ([act("order", 5, fen=100), act("refund", 6)], False),
    ],
)
def test_bought_is_an_order_inside_the_camp_that_was_not_given_back_in_full(acts, has_bought):
    assert past(acts).has_bought is has_bought


def test_an_inquiry_and_clicks_within_the_gap_are_counted_once():
    twice = Act(id=9, key="again", kind="purchase_click", at=START + timedelta(seconds=3), object_id="year")
    first = Act(id=8, key="first", kind="purchase_click", at=START, object_id="year")
    assert past([first, twice, act("message", 1, text="多少钱")]).did == {"purchase_click": 1, "inquiry": 1}


def test_rates_by_tier_and_by_behaviour_add_up_with_sample_size_and_interval():
    people = [past([*clicks(n), *([act("order", 30)] if n >= 3 else [])], n) for n in range(5)]
    old, new = by_tier(people, 0), by_tier(people, 1)
    assert (old["A"], old[""]) == (Rate(2, 2), Rate(3, 0))
    assert (new["A"], new[""]) == (Rate(3, 2), Rate(2, 0))
    assert sum(one.people for one in old.values()) == sum(one.people for one in new.values()) == 5
    assert by_behaviour(people, "purchase_click") == [
        (0, Rate(1, 0)), (1, Rate(4, 2)), (2, Rate(3, 2)), (3, Rate(2, 2)), (4, Rate(1, 1)),
    ]  # fmt: skip
    low, high = new["A"].interval
    assert 0.2 < low < new["A"].rate < high < 1
    assert Rate(0, 0).interval is None
    assert Rate(0, 0).rate is None
    assert new["A"].is_few
    assert not Rate(30, 1).is_few


@pytest.mark.parametrize(
    ("tier", "counts", "found"),
    [
        ("B", {"purchase_click": 2}, ("A", "purchase_click")),
        ("B", {"purchase_click": 1}, None),
        ("A", {"purchase_click": 4}, None),
        ("", {"lesson": 3, "assignment": 2}, ("B", "assignment")),
        ("", {"lesson": 2, "assignment": 2}, None),
        ("S", {"purchase_click": 2}, None),
        ("A+", {"purchase_click": 2}, None),
    ],
)
def test_one_more_behaviour_is_named_only_where_it_is_on_its_way(tier, counts, found):
    assert near_step(RULE, tier, counts) == found


def test_a_rule_either_of_whose_behaviours_is_enough_names_the_nearer_one():
    rule = rule_parse(1, rule_data(
        purchase_clicks=3, lessons=3, assignments=3, learning_both=False, click_gap_s=5, keywords="",
        s_needs_confirmation=True, suggestion_hours=24, won_min_fen=0,
    ))  # fmt: skip
    assert near_step(rule, "", {"lesson": 1, "assignment": 2}) == ("B", "assignment")


def test_a_rule_is_said_in_plain_words_and_what_differs_is_named():
    with translation.override("en"):
        words = {one.name: one.words for one in rule_sentences(BUILT_IN)}
        changes = rule_changes(BUILT_IN, {**TWO_CLICKS, "s": BUILT_IN["s"]})
    assert words["B"] == "Finished a lesson at least 3 times and Handed in an assignment at least 3 times"
    assert [(one.name, one.before, one.after) for one in changes] == [
        ("A", "Opened a purchase link at least 3 times", "Opened a purchase link at least 2 times")
    ]


def test_the_form_gives_back_the_rule_it_shows():
    shown = {key: value for key, value in RuleForm.initial_of(BUILT_IN).items() if value is not False}
    form = RuleForm(shown)
    assert form.is_valid(), form.errors
    assert form.rules() == BUILT_IN


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"t1_kind0": ""}, "t1_kind0"),
        ({"t1_need0": ""}, "t1_need0"),
        ({"t1_kind1": "purchase_click", "t1_need1": 2}, "t1_kind1"),
        ({"t1_kind0": "order"}, "t1_kind0"),
        ({"t1_need0": 0}, "t1_need0"),
        ({"keywords": "多" * 21}, "keywords"),
    ],
)
def test_the_form_refuses_what_is_no_rule(change, field):
    form = RuleForm({**RuleForm.initial_of(BUILT_IN), **change})
    assert not form.is_valid()
    assert field in form.errors


def test_who_has_bought_keeps_the_tier_of_the_rule_they_bought_under():
    acts = [*clicks(2), act("order", 5)]
    rules = [(START, RULE), (START + timedelta(hours=20), SOFT)]
    result = tier_through_rules(acts, rules=rules, window=WINDOW, as_of=START + timedelta(days=2))
    assert (result.tier, result.rule_number, result.steps) == ("", 1, ())
    open_still = tier_through_rules(acts[:2], rules=rules, window=WINDOW, as_of=START + timedelta(days=2))
    assert (open_still.tier, open_still.rule_number) == ("A", 2)


def test_which_order_counts_is_decided_by_the_rule_in_force():
    big = rule_parse(2, {**BUILT_IN, "won_min_fen": 10_000})
    rules = [(START, RULE), (START + timedelta(hours=20), big)]
    acts = [*clicks(3), act("order", 5, fen=990)]
    result = tier_through_rules(acts, rules=rules, window=WINDOW, as_of=START + timedelta(days=2))
    assert (result.won, result.tier) == (None, "A")
