"""Edges of the decisions of leads that a fault could move unseen: each case was seen to fail with its fault planted."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.enums import LeadEventKind, LeadState
from leads.policies.evidence import Past, by_behaviour, past_of
from leads.policies.follow import outcome_of, sla_due_at, waiting_since
from leads.policies.history import rule_at, tier_through_rules
from leads.policies.orders import order_class
from leads.policies.rules import BUILT_IN, rule_parse
from leads.policies.share import Hand, ToShare, share_out
from leads.policies.tiers import Act, Mark, Result, Window, tier_of

pytestmark = pytest.mark.unit

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=33))
RULE = rule_parse(1, BUILT_IN)


def act(kind: str, at: datetime, text: str = "", fen: int | None = None) -> Act:
    return Act(id=1, key=f"{kind}-{at.isoformat()}-{text}", kind=kind, at=at, text=text, amount_fen=fen)


def judge(*acts: Act, marks: tuple[Mark, ...] = (), as_of: datetime = WINDOW.ends_at) -> Result:
    return tier_of(acts, rule=RULE, window=WINDOW, as_of=as_of, marks=marks)


@pytest.mark.parametrize(
    ("at", "tier"),
    [
        (START - timedelta(microseconds=1), ""),
        (START, "A+"),
        (WINDOW.ends_at - timedelta(microseconds=1), "A+"),
        (WINDOW.ends_at, ""),
    ],
)
def test_a_click_counts_from_the_camps_first_moment_until_before_its_end(at: datetime, tier: str) -> None:
    assert judge(act("pay_click", at)).tier == tier


def test_an_order_before_the_camp_closes_nothing_and_one_at_its_first_moment_or_after_its_end_does() -> None:
    click = act("pay_click", START + timedelta(hours=1))
    before = act("order", START - timedelta(seconds=1), fen=100)
    assert judge(click, before).won is None
    assert outcome_of(judge(click, before), (), None, WINDOW.ends_at).state == LeadState.OPEN
    for at in (START, WINDOW.ends_at + timedelta(days=2)):
        order = act("order", at, fen=100)
        assert judge(click, before, order, as_of=at + timedelta(days=1)).won == order


def test_what_was_asked_at_the_moment_of_a_no_is_answered_by_it_and_a_moment_later_is_asked_anew() -> None:
    at = START + timedelta(hours=1)
    denied = Mark(LeadEventKind.S_DENIED, at)
    now = at + timedelta(minutes=1)
    assert judge(act("message", at, "多少钱"), marks=(denied,), as_of=now).suggestion is None
    later = act("message", at + timedelta(microseconds=1), "多少钱")
    found = judge(later, marks=(denied,), as_of=now).suggestion
    assert found is not None
    assert found.act == later


def test_whoever_was_followed_up_at_the_very_moment_of_the_click_waits_no_more() -> None:
    at = START + timedelta(hours=1)
    result = judge(act("pay_click", at))
    assert waiting_since(result, at) is None
    assert waiting_since(result, at - timedelta(microseconds=1)) == at


def test_what_people_say_tomorrow_is_not_known_today() -> None:
    at = START + timedelta(hours=1)
    said = (Mark(LeadEventKind.S_SET, at + timedelta(hours=1)),)
    assert judge(marks=said, as_of=at).tier == ""
    assert judge(marks=said, as_of=at + timedelta(hours=1)).tier == "S"
    closed = (Mark(LeadEventKind.CLOSED_NOT_BUYING, at + timedelta(hours=1)),)
    open_now = judge(act("pay_click", at), as_of=at)
    assert outcome_of(open_now, closed, None, at).state == LeadState.OPEN
    assert outcome_of(open_now, closed, None, at + timedelta(hours=1)).state == LeadState.NOT_BUYING
    assert outcome_of(open_now, (), at + timedelta(hours=1), at).state == LeadState.OPEN


def test_an_order_given_back_at_its_very_moment_is_given_back() -> None:
    at = START + timedelta(hours=1)
    assert judge(act("order", at, fen=100), act("refund", at, fen=100)).refunded_at == at
    assert judge(act("order", at, fen=100), act("refund", at - timedelta(seconds=1))).refunded_at is None


def test_a_suggestion_says_when_it_lapses_and_that_is_when_the_lead_may_move() -> None:
    at = START + timedelta(hours=1)
    found = judge(act("message", at, "多少钱"), as_of=at)
    assert found.suggestion is not None
    assert found.next_change_at == found.suggestion.lapses_at == at + timedelta(hours=24)


def test_one_more_click_is_said_only_where_one_is_enough() -> None:
    clicks = [act("purchase_click", START + timedelta(minutes=n)) for n in range(2)]
    assert "A" not in dict(judge(clicks[0]).one_steps)
    assert dict(judge(*clicks).one_steps)["A"].missing == 1
    lessons = [act("lesson", START + timedelta(minutes=n)) for n in range(3)]
    handed = [act("assignment", START + timedelta(minutes=n)) for n in range(2)]
    assert "B" not in dict(judge(*lessons, handed[0]).one_steps)
    assert dict(judge(*lessons, *handed).one_steps)["B"].missing == 1


def test_a_rule_holds_from_the_very_moment_of_its_publication_and_tells_that_moment_once() -> None:
    strict = rule_parse(2, {**BUILT_IN, "tiers": [BUILT_IN["tiers"][0]]})  # knows A+ only
    at = START + timedelta(hours=1)
    rules = [(START, RULE), (at, strict)]
    assert rule_at(rules, at) is strict
    assert rule_at(rules, at - timedelta(microseconds=1)) is RULE
    assert rule_at(rules, START - timedelta(days=9)) is RULE
    clicks = [act("purchase_click", at - timedelta(minutes=n)) for n in range(3)]
    found = tier_through_rules(clicks, rules=rules, window=WINDOW, as_of=at + timedelta(hours=1))
    assert (found.tier, found.steps) == ("", ())
    earlier = [act("purchase_click", at - timedelta(minutes=n + 1)) for n in range(3)]
    found = tier_through_rules(earlier, rules=rules, window=WINDOW, as_of=at + timedelta(hours=1))
    assert [(one.at, one.tier) for one in found.steps] == [(at - timedelta(minutes=1), "A"), (at, "")]


def test_a_rule_published_at_the_camps_first_moment_judges_all_of_it() -> None:
    strict = rule_parse(2, {**BUILT_IN, "tiers": [BUILT_IN["tiers"][0]]})
    rules = [(START - timedelta(days=1), RULE), (START, strict)]
    clicks = [act("purchase_click", START + timedelta(minutes=n)) for n in range(3)]
    found = tier_through_rules(clicks, rules=rules, window=WINDOW, as_of=WINDOW.ends_at)
    assert (found.tier, found.steps) == ("", ())


def test_taken_up_again_at_the_moment_of_the_order_stays_open_and_won_counts_from_the_first_word() -> None:
    at = START + timedelta(hours=2)
    click, order = act("pay_click", START), act("order", at, fen=100)
    again = Mark(LeadEventKind.REOPENED, at)
    assert (
        outcome_of(judge(click, order, marks=(again,)), (again,), None, WINDOW.ends_at).state
        == LeadState.OPEN
    )
    by_hand = Mark(LeadEventKind.CLOSED_WON, at + timedelta(hours=5))
    ended = outcome_of(judge(click, order, marks=(by_hand,)), (by_hand,), None, WINDOW.ends_at)
    assert (ended.state, ended.closed_at) == (LeadState.WON, at)


def test_the_first_deadline_that_runs_counts_not_the_last() -> None:
    minutes = {"S": 10, "A+": 30, "A": 240, "B": 1440}
    at = START + timedelta(hours=1)
    asked = act("message", at + timedelta(minutes=25), "多少钱")
    result = judge(act("pay_click", at), asked, as_of=at + timedelta(minutes=26))
    since = waiting_since(result, None)
    assert since == at
    assert sla_due_at(result, since, None, minutes) == at + timedelta(minutes=30)
    sooner = judge(
        act("pay_click", at),
        act("message", at + timedelta(minutes=5), "多少钱"),
        as_of=at + timedelta(hours=1),
    )
    assert sla_due_at(sooner, at, None, minutes) == at + timedelta(minutes=15)
    followed = asked.at
    assert sla_due_at(result, since, followed, minutes) is None


def test_who_asked_twice_has_waited_since_the_first_time_nobody_answered() -> None:
    first, again = (
        act("message", START + timedelta(hours=1), "多少钱"),
        act("message", START + timedelta(hours=2), "学费"),
    )
    confirmed = Mark(LeadEventKind.S_CONFIRMED, START + timedelta(hours=3))
    result = judge(first, again, marks=(confirmed,))
    assert waiting_since(result, None) == first.at
    assert waiting_since(result, first.at) == again.at
    assert waiting_since(result, again.at) is None


@pytest.mark.parametrize(
    ("asked_s", "pushed_s", "expected"),
    [
        (0, None, "active"),
        (None, 0, "stimulated"),
        (1, None, "unknown"),
        (None, 1, "unknown"),
        (-1, 0, "active"),
    ],
)
def test_what_came_at_the_very_moment_of_the_order_counts_and_what_came_after_it_does_not(
    asked_s: int | None, pushed_s: int | None, expected: str
) -> None:
    def at(second: int | None) -> list[datetime]:
        return [] if second is None else [START + timedelta(seconds=second)]

    assert order_class(ordered_at=START, inquiries=at(asked_s), pushes=at(pushed_s)) == expected


def test_the_owner_gives_the_lead_away_where_somebody_carries_less() -> None:
    told = share_out([ToShare(1, "A", owner_id=11)], [Hand(10, 0), Hand(11, 9)])
    assert (told[0].staff_id, told[0].load) == (10, 0)


@pytest.mark.parametrize(
    ("minutes", "fen", "has_bought"),
    [(-1, 100, True), (0, 100, False), (9, 99, True), (9, 100, False), (9, 101, False), (9, None, False)],
)
def test_an_order_counts_as_bought_unless_what_came_back_since_is_all_of_it(
    minutes: int, fen: int | None, has_bought: bool
) -> None:
    at = START + timedelta(hours=1)
    done = [act("order", at, fen=100), act("refund", at + timedelta(minutes=minutes), fen=fen)]
    found = past_of(7, done, rules=[RULE], kinds=["lesson"], window=WINDOW)
    assert found.has_bought is has_bought


def test_a_past_camp_counts_what_was_done_until_the_order_and_not_after_it_nor_at_its_end() -> None:
    at = START + timedelta(hours=1)
    done = [act("lesson", at), act("order", at, fen=100), act("lesson", at + timedelta(seconds=1))]
    assert past_of(7, done, rules=[RULE], kinds=["lesson"], window=WINDOW).did == {"lesson": 1}
    late = [act("lesson", WINDOW.ends_at - timedelta(seconds=1)), act("lesson", WINDOW.ends_at)]
    assert past_of(7, late, rules=[RULE], kinds=["lesson"], window=WINDOW).did == {"lesson": 1}


def test_both_rules_of_a_comparison_count_the_same_orders() -> None:
    """The last rule says which order is big enough: an order too small for it closes nothing in the other's column."""
    dear = rule_parse(2, {**BUILT_IN, "won_min_fen": 500})
    at = START + timedelta(hours=1)
    done = [act("order", at, fen=100), act("pay_click", at + timedelta(hours=1))]
    found = past_of(7, done, rules=[RULE, dear], kinds=["pay_click"], window=WINDOW)
    assert (found.tiers, found.has_bought, found.did) == (("A+", "A+"), False, {"pay_click": 1})


@pytest.mark.parametrize(("times", "reached"), [(2, [0, 1, 2]), (3, [0, 1, 2, 3])])
def test_whoever_did_it_exactly_so_often_is_among_those_who_did_it_at_least_so_often(
    times: int, reached: list[int]
) -> None:
    people = [Past(7, ("",), False, {"lesson": times})]
    assert [least for least, _rate in by_behaviour(people, "lesson")] == reached


def test_who_asks_again_after_a_talk_waits_again_while_the_first_question_is_still_unconfirmed() -> None:
    minutes = {"S": 10, "A+": 30, "A": 240, "B": 1440}
    first, again = (
        act("message", START + timedelta(hours=1), "多少钱"),
        act("message", START + timedelta(hours=3), "学费"),
    )
    result = judge(act("pay_click", START), first, again, as_of=START + timedelta(hours=4))
    talked = START + timedelta(hours=2)
    since = waiting_since(result, talked)
    assert since == again.at
    assert sla_due_at(result, since, talked, minutes) == again.at + timedelta(minutes=10)
    assert waiting_since(result, again.at) is None
