"""When what a step waits for has happened, and who leaves a run: pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.enums import TIERS
from sop.enums import ExitRule
from sop.policies import exits, triggers
from sop.policies.exits import Exit, GroupFacts, PersonFacts
from sop.policies.triggers import Trigger

pytestmark = pytest.mark.unit
START = datetime(2026, 3, 2, tzinfo=UTC)
minutes = st.integers(0, 600).map(lambda count: START + timedelta(minutes=count))
spans = st.lists(
    st.tuples(st.integers(0, 300), st.none() | st.integers(1, 300)).map(
        lambda pair: (
            START + timedelta(minutes=pair[0]),
            None if pair[1] is None else START + timedelta(minutes=pair[0] + pair[1]),
        )
    ),
    max_size=8,
)


def held(known: list[triggers.Span], at: datetime) -> bool:
    return any(first <= at and (last is None or at <= last) for first, last in known)


@given(spans, st.randoms())
def test_a_tag_is_given_only_where_nothing_gave_it_a_moment_before(known, random) -> None:
    found = triggers.gains(known, START)
    mixed = list(known)
    random.shuffle(mixed)
    assert triggers.gains(mixed, START) == found
    assert found == sorted(set(found))
    assert bool(found) == bool(known)
    for at in found:
        assert held(known, at)
        assert not held(known, at - timedelta(seconds=1))


@given(spans, st.integers(1, 6), minutes)
def test_a_size_is_reached_only_from_below_and_never_before_the_run(known, size, since) -> None:
    for at in triggers.sizes_reached(known, size, since):
        assert at >= since
        here = sum(first <= at and (last is None or last > at) for first, last in known)
        just_before = at - timedelta(seconds=1)
        before = sum(first <= just_before and (last is None or last > just_before) for first, last in known)
        assert before < size <= here


def test_leaving_and_coming_back_reaches_a_size_again_only_for_a_step_that_repeats() -> None:
    hour = timedelta(hours=1)
    known = [(START, None), (START + hour, START + 2 * hour), (START + 3 * hour, None)]
    assert triggers.sizes_reached(known, 2, START) == [START + hour, START + 3 * hour]


@given(st.lists(minutes, max_size=20), st.integers(1, 4), st.integers(0, 5), st.randoms())
def test_acts_in_any_order_make_the_same_moments(times, count, hours, random) -> None:
    found = triggers.nth_within(times, count, hours)
    mixed = list(times)
    random.shuffle(mixed)
    assert triggers.nth_within(mixed, count, hours) == found
    assert len(found) * count <= len(times)
    for at in found:
        near = [one for one in times if one <= at and (not hours or at - one <= timedelta(hours=hours))]
        assert len(near) >= count


@given(
    st.lists(st.tuples(st.integers(1, 6), minutes), max_size=20),
    st.integers(1, 5),
    st.integers(0, 8),
    st.integers(0, 900),
)
def test_a_chain_counts_people_not_messages(acts, count, hours, passed_min) -> None:
    now = START + timedelta(minutes=passed_min)
    chain = triggers.chain_of(sent_at=START, acts=acts, count=count, hours=hours, now=now)
    in_time = {who for who, at in acts if at <= now and (not hours or at <= START + timedelta(hours=hours))}
    assert chain.answered == len(in_time)
    assert (chain.reached_at is not None) == (len(in_time) >= count)
    assert not (chain.is_stalled(now) and chain.reached_at)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"anchor": "behaviour", "trigger": Trigger(kind="live"), "is_group": True}, "TRIG-01"),
        ({"anchor": "customer_tag", "trigger": Trigger(tag=1), "is_group": True}, "TRIG-01"),
        ({"anchor": "group_tag"}, "TRIG-02"),
        ({"anchor": "behaviour"}, "TRIG-03"),
        ({"anchor": "answers", "trigger": Trigger(kind="message", step="gone")}, "TRIG-04"),
        (
            {"anchor": "answers", "trigger": Trigger(kind="message", step="b"), "sources": {"a": "b", "b": "a"}},
            "TRIG-04",
        ),
    ],
)  # fmt: skip
def test_a_step_that_can_never_fire_is_named(fields, code) -> None:
    asked = {
        "trigger": Trigger(), "key": "a", "keys": frozenset("ab"), "is_group": False, "sources": {}, **fields,
    }  # fmt: skip
    assert triggers.faults(**asked) == [code]


def test_exit_rules_are_stored_once_each_and_read_back() -> None:
    said = [
        Exit(ExitRule.GROUP_SIZE, 200), Exit(ExitRule.BOUGHT), Exit(ExitRule.TIER, "A"), Exit(ExitRule.BOUGHT),
    ]  # fmt: skip
    stored = exits.write(said)
    assert stored == [
        {"rule": "EXIT-01"}, {"rule": "EXIT-05", "value": "A"}, {"rule": "EXIT-07", "value": 200},
    ]  # fmt: skip
    assert exits.write(exits.read(stored)) == stored


@pytest.mark.parametrize(
    "raw",
    [
        {"rule": "EXIT-05", "value": "Z"}, {"rule": "EXIT-06", "value": 8}, {"rule": "EXIT-07"},
        {"rule": "EXIT-04", "value": True}, {"rule": "EXIT-99"},
    ],
)  # fmt: skip
def test_a_rule_that_can_never_be_judged_is_refused(raw) -> None:
    with pytest.raises(ValueError, match=r"EXIT|rule"):
        exits.read([raw])


@given(st.sampled_from(TIERS), st.sampled_from(["", *TIERS]))
def test_a_tier_takes_out_whoever_stands_there_or_higher(asked, has) -> None:
    found = exits.person_exit([Exit(ExitRule.TIER, asked)], PersonFacts(tier=has))
    assert (found is not None) == (has != "" and TIERS.index(has) <= TIERS.index(asked))


def test_each_rule_takes_out_those_it_names_and_nobody_else() -> None:
    plain = PersonFacts(stage=2, tags=frozenset({3}))
    cases = [
        (Exit(ExitRule.BOUGHT), PersonFacts(bought=True)),
        (Exit(ExitRule.OPTED_OUT), PersonFacts(opted_out=True)),
        (Exit(ExitRule.LEFT), PersonFacts(present=False)),
        (Exit(ExitRule.CUSTOMER_TAG, 4), PersonFacts(tags=frozenset({4}))),
        (Exit(ExitRule.STAGE, 5), PersonFacts(stage=5)),
        (Exit(ExitRule.STAGE, 5), PersonFacts(stage=6)),
    ]
    for rule, facts in cases:
        assert exits.person_exit([rule], facts) == rule
        assert exits.person_exit([rule], plain) is None
    groups = [
        (Exit(ExitRule.GROUP_SIZE, 200), GroupFacts(customers=200)),
        (Exit(ExitRule.GROUP_TAG, 4), GroupFacts(tags=frozenset({4}))),
        (Exit(ExitRule.FROZEN), GroupFacts(frozen=True)),
        (Exit(ExitRule.ENDED), GroupFacts(ended=True)),
    ]
    for rule, facts in groups:
        assert exits.group_exit([rule], facts) == rule
        assert exits.group_exit([rule], GroupFacts(customers=199)) is None


def test_what_touches_goes_on_and_what_happens_as_the_run_begins_counts() -> None:
    hour = timedelta(hours=1)
    assert triggers.gains([(START, START + hour), (START + hour, None)], START) == [START]
    assert triggers.gains([(START, START + hour), (START + 2 * hour, None)], START) == [
        START,
        START + 2 * hour,
    ]
    assert triggers.sizes_reached([(START, None)], 1, START) == [START]
    assert triggers.sizes_reached([(START, None)], 1, START + hour) == []


def test_the_last_moment_of_the_hours_counts() -> None:
    hours, second = timedelta(hours=3), timedelta(seconds=1)
    assert triggers.nth_within([START, START + hours], 2, 3) == [START + hours]
    assert triggers.nth_within([START, START + hours + second], 2, 3) == []


def test_a_chain_goes_on_when_enough_had_answered_up_to_its_deadline_and_stalls_after_it() -> None:
    hour = timedelta(hours=1)
    acts = [(1, START + hour), (2, START + 2 * hour), (3, START + 4 * hour)]
    asked = {"sent_at": START, "hours": 4, "now": START + 9 * hour}
    assert triggers.chain_of(acts=acts, count=2, **asked).reached_at == START + 2 * hour
    assert triggers.chain_of(acts=acts, count=3, **asked).reached_at == START + 4 * hour
    waiting = triggers.chain_of(acts=acts[:1], count=2, **asked)
    assert [waiting.is_stalled(START + after) for after in (4 * hour, 4 * hour + hour)] == [False, True]
